"""Projections against VTK's ray caster, which makes a picture of the same 512 x 512 pixels from the same direction."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np
import vtk
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk

from bench.kernels.contest import Contest, Work
from bench.kernels.phantom import SPACING
from sightline.kernels.geometry import VolumeGeometry
from sightline.kernels.image_plane import ImagePlane
from sightline.kernels.projection import project, x_major_copy

# Its functions have no types.
sitk: Any = import_module("SimpleITK")

SIZE = 512
PIXEL = 0.85
"""mm; the picture holds the whole volume from most directions."""
CASTER = "VTK ray cast"
VIEWS = {
    "z": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    "y": ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
    "x": ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
}
ANGLES = {
    "turned by 30 degrees": (30.0, 0.0),
    "turned by 70 degrees": (70.0, 0.0),
    "turned by 25, tipped by 20": (25.0, 20.0),
    "tipped by 70": (20.0, 70.0),
}
"""How far the reader goes around the patient from the front, and up."""


def contests(volume: NDArray[np.int16], geometry: VolumeGeometry) -> Iterator[Contest]:
    """Yield all views; what is known of a volume once it is loaded is found before."""
    values = float(volume.min()), float(volume.max())
    columns_first = x_major_copy(volume)
    others = {"z": _largest_of_sitk(volume, 2), "y": _largest_of_sitk(volume, 1), "x": _largest_of_sitk(volume, 0)}
    caster = _Caster(volume, geometry)

    def ours(plane: ImagePlane, **options: Any) -> Work:
        return lambda: project(volume, geometry, plane, "max", value_range=values, **options)

    for name, (column, row) in VIEWS.items():
        plane = _plane(np.array(column), np.array(row))
        peers = {CASTER: caster.work(plane, linear=False), "SimpleITK MaximumProjection": others[name]}
        bar = 0.25 if name == "x" else 0.1
        yield Contest(f"MIP along {name}", ours(plane), peers, {CASTER: bar})
        if name == "x":
            yield Contest("MIP along x, copied before", ours(plane, x_major=columns_first), peers, {CASTER: 0.1})
    for name, (around, up) in ANGLES.items():
        plane = _turned(around, up)
        for interpolation, bar in (("nearest", 0.1), ("bilinear", 0.15)):
            yield Contest(
                f"MIP {name}, {interpolation}",
                ours(plane, interpolation=interpolation, x_major=columns_first),
                {CASTER: caster.work(plane, linear=interpolation == "bilinear")},
                {CASTER: bar},
            )


class _Caster:
    """VTK's software ray caster for maxima, one thread, a sample per mm."""

    def __init__(self, volume: NDArray[np.int16], geometry: VolumeGeometry) -> None:
        vtk.vtkMultiThreader.SetGlobalMaximumNumberOfThreads(1)
        vtk.vtkSMPTools.Initialize(1)
        image = vtk.vtkImageData()
        image.SetDimensions(*reversed(volume.shape))
        image.SetSpacing(*reversed(SPACING))
        image.SetOrigin(*geometry.origin)
        image.GetPointData().SetScalars(numpy_to_vtk(volume.ravel()))
        mapper = vtk.vtkFixedPointVolumeRayCastMapper()
        mapper.SetInputData(image)
        mapper.SetNumberOfThreads(1)
        mapper.SetBlendModeToMaximumIntensity()
        mapper.AutoAdjustSampleDistancesOff()
        mapper.SetImageSampleDistance(1.0)
        mapper.SetSampleDistance(1.0)
        opacity, grey = vtk.vtkPiecewiseFunction(), vtk.vtkPiecewiseFunction()
        for function in (opacity, grey):
            function.AddPoint(-1000, 0.0)
            function.AddPoint(2000, 1.0)
        self._look = vtk.vtkVolumeProperty()
        self._look.SetScalarOpacity(opacity)
        self._look.SetColor(grey)
        actor = vtk.vtkVolume()
        actor.SetMapper(mapper)
        actor.SetProperty(self._look)
        self._renderer = vtk.vtkRenderer()
        self._renderer.AddVolume(actor)
        self._window = vtk.vtkRenderWindow()
        self._window.SetOffScreenRendering(1)
        self._window.SetSize(SIZE, SIZE)
        self._window.AddRenderer(self._renderer)
        self._keep = volume

    def work(self, plane: ImagePlane, linear: bool) -> Work:
        """Return the work of making a picture of that plane."""

        def render() -> None:
            self._look.SetInterpolationType(int(linear))
            camera = self._renderer.GetActiveCamera()
            camera.ParallelProjectionOn()
            camera.SetFocalPoint(*plane.centre)
            camera.SetPosition(*plane.moved(-1000.0).centre)
            camera.SetViewUp(*(-np.asarray(plane.row_direction)))
            camera.SetParallelScale(plane.rows * plane.pixel_spacing[0] / 2)
            self._renderer.ResetCameraClippingRange()
            self._window.Render()

        return render


def _largest_of_sitk(volume: NDArray[np.int16], axis: int) -> Work:
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    image = sitk.GetImageFromArray(volume)
    return lambda: sitk.MaximumProjection(image, axis)


def _turned(around: float, up: float) -> ImagePlane:
    a, e = np.radians([around, up])
    column = np.array([np.cos(a), np.sin(a), 0.0])
    normal = np.array([-np.sin(a) * np.cos(e), np.cos(a) * np.cos(e), -np.sin(e)])
    return _plane(column, np.cross(normal, column))


def _plane(column: NDArray[np.float64], row: NDArray[np.float64]) -> ImagePlane:
    x, y, z = (-(column + row) * PIXEL * (SIZE - 1) / 2).tolist()
    return ImagePlane((x, y, z), tuple(column.tolist()), tuple(row.tolist()), (PIXEL, PIXEL), SIZE, SIZE)
