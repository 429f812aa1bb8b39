"""Windows: stored values to 8-bit grey, the result's memory included; the window is that of the whole stack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonCore import vtkMultiThreader
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkImagingColor import vtkImageMapToWindowLevelColors
from vtkmodules.vtkImagingCore import vtkImageShiftScale

from bench.kernels.contest import Contest, Work
from sightline.kernels.geometry import VolumeGeometry
from sightline.kernels.grayscale import GreyTransform, LookUpTable, VoiWindow, grey_of_stored

BARS = {"small": 0.5, "large": 0.45}
_COLOURS, _SCALE = "vtkImageMapToWindowLevelColors", "vtkImageShiftScale"


def contests(volume: NDArray[np.int16], _: VolumeGeometry) -> Iterator[Contest]:
    """Yield windows of a slice and of a radiograph; other functions for information."""
    vtkMultiThreader.SetGlobalMaximumNumberOfThreads(1)
    cv2.setNumThreads(1)
    ct = np.ascontiguousarray(volume[len(volume) // 2])
    film = np.random.default_rng(4).integers(0, 1 << 14, (2500, 2048)).astype(np.uint16)
    for name, pixels, window, bar in (
        ("window 512x512", ct, VoiWindow(40, 400), BARS["small"]),
        ("window 2048x2500", film, VoiWindow(7000, 9000), BARS["large"]),
        ("window 2048x2500 exact", film, VoiWindow(7000, 9000, "LINEAR_EXACT"), BARS["large"]),
    ):
        yield Contest(name, _ours(pixels, GreyTransform(window)), _peers(pixels, window), {_COLOURS: bar, _SCALE: bar})
    sigmoid, table = VoiWindow(7000, 9000, "SIGMOID"), LookUpTable(0, np.arange(1 << 14, dtype=np.uint16)[::-1], 14)
    for name, transform in (("sigmoid", GreyTransform(sigmoid)), ("VOI LUT", GreyTransform(table))):
        yield Contest(f"{name} 2048x2500", _ours(film, transform), _peers(film, sigmoid), {}, "peers: a linear window")


def _ours(pixels: NDArray[Any], transform: GreyTransform) -> Work:
    return lambda: grey_of_stored(pixels, transform)


def _peers(pixels: NDArray[Any], window: VoiWindow) -> dict[str, Work]:
    data = vtkImageData()
    data.SetDimensions(pixels.shape[1], pixels.shape[0], 1)
    data.GetPointData().SetScalars(numpy_to_vtk(pixels.ravel()))
    colours = vtkImageMapToWindowLevelColors(window=window.width, level=window.center)
    colours.SetOutputFormatToLuminance()
    scale = vtkImageShiftScale(shift=window.width / 2 - window.center, scale=255 / window.width)
    scale.SetOutputScalarTypeToUnsignedChar()
    scale.ClampOverflowOn()
    for each in (colours, scale):
        each.SetInputData(data)

    def updated(each: Any) -> Work:
        def work() -> None:
            each.Modified()
            each.Update()

        return work

    factor, shift = 255 / window.width, int(window.center - window.width / 2)

    def of_cv() -> object:
        # Absolute values would fold what is below the window into it.
        return cv2.convertScaleAbs(
            np.maximum(pixels, np.array(shift, pixels.dtype)), alpha=factor, beta=-shift * factor
        )

    return {_COLOURS: updated(colours), _SCALE: updated(scale), "cv2.convertScaleAbs": of_cv}
