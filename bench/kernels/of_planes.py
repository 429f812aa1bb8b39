"""Planes and slabs: against VTK's reslicing and SimpleITK's resampling, all on one thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import numpy as np
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import numpy_to_vtk

from bench.kernels.contest import Contest
from sightline.kernels.geometry import VolumeGeometry
from sightline.kernels.image_plane import ImagePlane, plane_of_grid
from sightline.kernels.oblique import cut_with
from sightline.kernels.planes import plan_planes
from sightline.kernels.projection import x_major_copy
from sightline.kernels.reformat import voxel_planes
from sightline.kernels.sampling import Sampler
from sightline.kernels.slab import SlabMode, cut_slab_with

# Its functions say nothing of their types.
sitk: Any = import_module("SimpleITK")
AIR = -1024
THICKNESS, STEP, SAMPLES = 10.0, 1.0, 11
MODES: tuple[SlabMode, ...] = ("max", "min", "mean")


def contests(volume: NDArray[Any], geometry: VolumeGeometry) -> Iterator[Contest]:
    """Yield slices along the volume's axes, an oblique plane, and slabs around it."""
    vtk.vtkMultiThreader.SetGlobalMaximumNumberOfThreads(1)
    vtk.vtkSMPTools.Initialize(1)
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    peers = _Peers(volume, geometry)
    yield from _slices(volume, geometry, peers)
    plane, sampler = _oblique(geometry), Sampler(volume, geometry)
    yield Contest(
        "oblique 512x512 trilinear",
        ours=lambda: cut_with(sampler, plane),
        peers={
            "vtkImageReslice": peers.reslice(plane),
            "vtkImageReslice, float": peers.reslice(plane, number=vtk.VTK_FLOAT),
            "SimpleITK Resample": peers.resample(plane, 1),
        },
        bars={"vtkImageReslice": 0.65},
        note="ours gives float32",
    )
    for mode in MODES:
        yield Contest(
            f"slab of {SAMPLES} samples, {mode}",
            ours=lambda mode=mode: cut_slab_with(sampler, plane, THICKNESS, mode, STEP),  # type: ignore[misc]
            peers={
                "vtkImageReslice slab": peers.reslice(plane, mode),
                "SimpleITK Resample, projection": peers.resample(plane, SAMPLES, mode),
            },
            bars={"vtkImageReslice slab": 0.65, "SimpleITK Resample, projection": 0.5},
        )


def _slices(volume: NDArray[Any], geometry: VolumeGeometry, peers: _Peers) -> Iterator[Contest]:
    """Yield planes of the volume's own voxels, each copied to lie in memory as a picture does."""
    grids, middle = plan_planes(geometry), 256
    turned = np.moveaxis(x_major_copy(volume), 0, 2)
    for name, source, bar in (("coronal", volume, 0.4), ("sagittal", volume, 0.8), ("sagittal, cached", turned, 0.05)):
        grid = grids[name.partition(",")[0]]
        plane, found = plane_of_grid(grid, middle), voxel_planes(geometry, grid)
        yield Contest(
            f"{name} slice",
            ours=lambda source=source, found=found: np.ascontiguousarray(found.plane(source, middle)),  # type: ignore[misc]
            peers={
                "vtkExtractVOI": peers.extract(grid.orientation, middle),
                "vtkImageReslice nearest": peers.reslice(plane, nearest=True),
            },
            bars={"vtkExtractVOI": bar, "vtkImageReslice nearest": bar},
        )


def _oblique(geometry: VolumeGeometry) -> ImagePlane:
    """Return a doubly oblique picture of 512 x 512 pixels of 0.7 mm through the middle of the volume."""
    normal = np.array([0.5, 0.4, 0.7]) / np.linalg.norm([0.5, 0.4, 0.7])
    across = np.cross(normal, [0.3, 1.0, 0.1])
    across /= np.linalg.norm(across)
    down = np.cross(normal, across)
    origin = geometry.corners().mean(axis=0) - 0.7 * 255.5 * (across + down)
    x, y, z = (tuple(float(v) for v in vector) for vector in (origin, across, down))
    return ImagePlane(x, y, z, (0.7, 0.7), 512, 512)  # type: ignore[arg-type]


class _Peers:
    """The volume as the peers hold it, and their filters set up for a plane."""

    def __init__(self, volume: NDArray[Any], geometry: VolumeGeometry) -> None:
        slices, rows, columns = geometry.shape
        spacing = (geometry.spacing[1], geometry.spacing[0], geometry.slice_spacing)
        self._array = numpy_to_vtk(volume.reshape(-1))
        self._image = vtk.vtkImageData()
        self._image.SetDimensions(columns, rows, slices)
        self._image.SetSpacing(*spacing)
        self._image.SetOrigin(*geometry.origin)
        self._image.GetPointData().SetScalars(self._array)
        self._itk = sitk.GetImageFromArray(volume)
        self._itk.SetSpacing(spacing)
        self._itk.SetOrigin(geometry.origin)

    def extract(self, orientation: str, index: int) -> Callable[[], None]:
        last = [size - 1 for size in self._image.GetDimensions()]
        bounds = [0, last[0], 0, last[1], 0, last[2]]
        axis = {"sagittal": 0, "coronal": 1, "axial": 2}[orientation]
        bounds[2 * axis : 2 * axis + 2] = [index, index]
        found = vtk.vtkExtractVOI()
        found.SetInputData(self._image)
        found.SetVOI(*bounds)
        return _again(found)

    def reslice(
        self, plane: ImagePlane, mode: SlabMode | None = None, number: int = vtk.VTK_SHORT, nearest: bool = False
    ) -> Callable[[], None]:
        found = vtk.vtkImageReslice()
        found.SetInputData(self._image)
        found.SetResliceAxesDirectionCosines(*plane.column_direction, *plane.row_direction, *plane.normal)
        found.SetResliceAxesOrigin(*plane.origin)
        found.SetOutputDimensionality(2)
        found.SetOutputOrigin(0, 0, 0)
        found.SetOutputSpacing(plane.pixel_spacing[1], plane.pixel_spacing[0], STEP)
        found.SetOutputExtent(0, plane.columns - 1, 0, plane.rows - 1, 0, 0)
        found.SetInterpolationMode(vtk.VTK_NEAREST_INTERPOLATION if nearest else vtk.VTK_LINEAR_INTERPOLATION)
        found.SetOutputScalarType(number)
        found.SetBackgroundLevel(AIR)
        found.SetNumberOfThreads(1)
        if mode is not None:
            getattr(found, {"max": "SetSlabModeToMax", "min": "SetSlabModeToMin", "mean": "SetSlabModeToMean"}[mode])()
            found.SetSlabNumberOfSlices(SAMPLES)
        return _again(found)

    def resample(self, plane: ImagePlane, samples: int, mode: SlabMode = "max") -> Callable[[], object]:
        found = sitk.ResampleImageFilter()
        found.SetNumberOfThreads(1)
        found.SetSize((plane.columns, plane.rows, samples))
        found.SetOutputSpacing((plane.pixel_spacing[1], plane.pixel_spacing[0], STEP))
        found.SetOutputOrigin(plane.moved(-STEP * (samples - 1) / 2).origin)
        axes = np.stack([plane.column_direction, plane.row_direction, plane.normal], axis=1)
        found.SetOutputDirection(axes.ravel().tolist())
        found.SetInterpolator(sitk.sitkLinear)
        found.SetDefaultPixelValue(AIR)
        if samples == 1:
            return lambda: found.Execute(self._itk)
        kinds = {"max": sitk.MaximumProjection, "min": sitk.MinimumProjection, "mean": sitk.MeanProjection}
        project = kinds[mode]
        return lambda: project(found.Execute(self._itk), 2)


def _again(found: Any) -> Callable[[], None]:
    """Return the filter's work, done anew at each call."""

    def work() -> None:
        found.Modified()
        found.Update()

    return work
