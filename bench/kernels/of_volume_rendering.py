"""Volume rendering against VTK's fixed-point ray caster: the same functions, size and view, shaded, one thread."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.kernels.contest import Contest, Work
from sightline.kernels.geometry import VolumeGeometry
from sightline.kernels.image_plane import ImagePlane
from sightline.kernels.pyramid import build_pyramid
from sightline.kernels.transfer import Light, Point, TransferFunction
from sightline.kernels.volume_rendering import Quality, render

PEER = "vtkFixedPointVolumeRayCastMapper"
SIDE_MM = 400.0
SIZES = (128, 256, 512)
BONE = TransferFunction(
    (Point(150.0, 0.0, (0.9, 0.7, 0.5)), Point(450.0, 0.5, (1.0, 0.95, 0.85)), Point(1500.0, 0.9, (1.0, 1.0, 1.0))),
    Light(surface=40.0),
)
SOFT = TransferFunction(
    (
        Point(-200.0, 0.0, (0.8, 0.5, 0.4)),
        Point(0.0, 0.015, (0.8, 0.5, 0.4)),
        Point(100.0, 0.03, (0.9, 0.6, 0.5)),
        Point(300.0, 0.2, (1.0, 1.0, 0.9)),
    ),
    Light(surface=40.0),
)
FUNCTIONS = {"bone": BONE, "soft": SOFT}
BARS = {"bone": (0.3, 0.4, 0.6), "soft": (0.25, 0.45, 1.0)}


def contests(volume: NDArray[np.int16], geometry: VolumeGeometry) -> Iterator[Contest]:
    """Look at the chest from the front, a little askew; for information also from the side, and at full quality."""
    pyramid = build_pyramid(volume, geometry)
    scene = _Scene(volume, geometry)

    def contest(name: str, size: int, turn: float, quality: Quality, bar: float) -> Contest:
        plane, transfer = view_of(turn, 10.0, size), FUNCTIONS[name]
        level = 0 if quality == "full" else pyramid.level_for(plane.pixel_spacing)
        return Contest(
            f"volume rendering {name} {size}, turned {turn:.0f}" + ", in full" * (quality == "full"),
            lambda: render(pyramid, plane, transfer, quality=quality),
            {PEER: scene.work(transfer, plane)},
            {PEER: bar} if bar else {},
            f"{quality}: level 1/{2**level}",
        )

    for name, bars in BARS.items():
        for size, bar in zip(SIZES, bars, strict=True):
            yield contest(name, size, 20.0, "fitting", bar)
    yield contest("bone", 256, 70.0, "fitting", 0.0)
    yield contest("bone", 256, 20.0, "full", 0.0)


def view_of(turn: float, rise: float, size: int) -> ImagePlane:
    """Return a square picture around the origin, looked at from the front, turned and from below, in degrees."""
    a, e = np.radians(turn), np.radians(rise)
    normal = np.array([np.sin(a) * np.cos(e), np.cos(a) * np.cos(e), np.sin(e)])
    right = np.array([np.cos(a), -np.sin(a), 0.0])
    down = np.cross(normal, right)
    step = SIDE_MM / size
    origin = -(right + down) * step * (size - 1) / 2
    return ImagePlane(_vector(origin), _vector(right), _vector(down), (step, step), size, size)


def _vector(values: NDArray[np.float64]) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in values)
    return x, y, z


class _Scene:
    """The volume in VTK, ready to be drawn off the screen."""

    def __init__(self, volume: NDArray[np.int16], geometry: VolumeGeometry) -> None:
        vtk: Any = import_module("vtk")
        numpy_to_vtk = import_module("vtk.util.numpy_support").numpy_to_vtk
        vtk.vtkSMPTools.Initialize(1)
        vtk.vtkMultiThreader.SetGlobalMaximumNumberOfThreads(1)
        self._vtk = vtk
        image = vtk.vtkImageData()
        image.SetDimensions(*reversed(volume.shape))
        image.SetSpacing(geometry.spacing[1], geometry.spacing[0], geometry.slice_spacing)
        image.SetOrigin(*geometry.origin)
        image.GetPointData().SetScalars(numpy_to_vtk(volume.reshape(-1)))
        self._mapper = vtk.vtkFixedPointVolumeRayCastMapper()
        self._mapper.SetInputData(image)
        self._mapper.SetNumberOfThreads(1)
        self._mapper.AutoAdjustSampleDistancesOff()
        self._mapper.SetSampleDistance(1.0)
        self._mapper.SetImageSampleDistance(1.0)
        self._actor = vtk.vtkVolume()
        self._actor.SetMapper(self._mapper)
        self._renderer = vtk.vtkRenderer()
        self._renderer.AddVolume(self._actor)
        self.window = vtk.vtkRenderWindow()
        self.window.SetOffScreenRendering(1)
        self.window.AddRenderer(self._renderer)

    def work(self, transfer: TransferFunction, plane: ImagePlane) -> Work:
        """Return what draws that picture."""
        properties, size = self._properties(transfer), plane.rows

        def draw() -> None:
            self._actor.SetProperty(properties)
            self._look(plane)
            self.window.SetSize(size, size)
            self.window.Render()

        return draw

    def _properties(self, transfer: TransferFunction) -> Any:
        opacity, colour = self._vtk.vtkPiecewiseFunction(), self._vtk.vtkColorTransferFunction()
        for point in transfer.points:
            opacity.AddPoint(point.value, point.opacity)
            colour.AddRGBPoint(point.value, *point.colour)
        properties = self._vtk.vtkVolumeProperty()
        properties.SetScalarOpacity(opacity)
        properties.SetColor(colour)
        properties.SetScalarOpacityUnitDistance(1.0)
        properties.SetInterpolationTypeToLinear()
        properties.ShadeOn()
        properties.SetAmbient(transfer.light.ambient)
        properties.SetDiffuse(transfer.light.diffuse)
        properties.SetSpecular(transfer.light.specular)
        return properties

    def _look(self, plane: ImagePlane) -> None:
        camera = self._renderer.GetActiveCamera()
        centre, normal = np.array(plane.centre), np.array(plane.normal)
        camera.ParallelProjectionOn()
        camera.SetParallelScale(plane.pixel_spacing[0] * plane.rows / 2)
        camera.SetFocalPoint(*centre)
        camera.SetPosition(*(centre - 1000.0 * normal))
        camera.SetViewUp(*(-np.array(plane.row_direction)))
        self._renderer.ResetCameraClippingRange()
