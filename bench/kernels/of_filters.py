"""Filters of one slice of 512 x 512, int16."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkImagingCore import vtkImageThreshold

from bench.kernels.contest import Contest, Work
from sightline.kernels.filters import sharpen, smooth_gaussian, sobel_magnitude, threshold, unsharp_mask
from sightline.kernels.geometry import VolumeGeometry
from sightline.kernels.local_contrast import equalize_locally
from sightline.kernels.noise import median, reduce_noise

LOW, HIGH = -100, 300
SIGMA = 1.5


def contests(volume: NDArray[np.int16], _geometry: VolumeGeometry) -> Iterator[Contest]:
    """Yield one contest for each filter."""
    cv2.setNumThreads(1)
    image = np.ascontiguousarray(volume[len(volume) // 2])
    yield Contest(
        "threshold 512",
        lambda: threshold(image, LOW, HIGH),
        {"VTK ImageThreshold": _vtk_threshold(image), "OpenCV inRange": lambda: cv2.inRange(image, LOW, HIGH)},
        {"VTK ImageThreshold": 0.4},
    )
    yield _sharpen(image)
    yield _sobel(image)
    yield from _smooth(image)
    yield Contest(
        "median 3x3 512",
        lambda: median(image),
        {"OpenCV medianBlur": lambda: cv2.medianBlur(image, 3), "SciPy": lambda: ndimage.median_filter(image, 3)},
        {},
    )
    floats = image.astype(np.float32)
    yield Contest(
        "noise reduction 5x5 512",
        lambda: reduce_noise(image, 60),
        {"OpenCV bilateralFilter": lambda: cv2.bilateralFilter(floats, 5, 20, 1.5)},
        {},
        "float32 at OpenCV",
    )
    unsigned, clahe = (image + 1024).astype(np.uint16), cv2.createCLAHE(2.0, (8, 8))
    yield Contest(
        "local contrast 512",
        lambda: equalize_locally(image, -1024, 3071),
        {"OpenCV CLAHE": lambda: clahe.apply(unsigned)},
        {},
    )


def _vtk_threshold(image: NDArray[np.int16]) -> Work:
    """Return VTK's threshold, one thread, to a mask of bytes."""
    data = vtkImageData()
    data.SetDimensions(image.shape[1], image.shape[0], 1)
    data.GetPointData().SetScalars(numpy_to_vtk(image.reshape(-1)))
    work: Any = vtkImageThreshold()
    work.SetInputData(data)
    work.SetNumberOfThreads(1)
    work.ThresholdBetween(LOW, HIGH)
    work.ReplaceInOn()
    work.ReplaceOutOn()
    work.SetInValue(1)
    work.SetOutValue(0)
    work.SetOutputScalarTypeToUnsignedChar()

    def run() -> None:
        work.Modified()
        work.Update()

    return run


def _sharpen(image: NDArray[np.int16]) -> Contest:
    kernel = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], np.float32)
    out = np.empty_like(image)
    border = cv2.BORDER_REPLICATE
    peer = "OpenCV filter2D"
    return Contest(
        "sharpen 512",
        lambda: sharpen(image),
        {peer: lambda: cv2.filter2D(image, cv2.CV_16S, kernel, dst=out, borderType=border)},
        {peer: 0.3},
    )


def _sobel(image: NDArray[np.int16]) -> Contest:
    floats = image.astype(np.float32)
    outs = [np.empty_like(floats) for _ in range(2)]

    def scipy() -> None:
        for axis in (0, 1):
            ndimage.sobel(floats, axis, output=outs[axis], mode="nearest")
        np.multiply(outs[0], outs[0], out=outs[0])
        np.multiply(outs[1], outs[1], out=outs[1])
        np.add(outs[0], outs[1], out=outs[0])
        np.sqrt(outs[0], out=outs[0])

    def opencv() -> None:
        cv2.Sobel(image, cv2.CV_32F, 1, 0, dst=outs[0], borderType=cv2.BORDER_REPLICATE)
        cv2.Sobel(image, cv2.CV_32F, 0, 1, dst=outs[1], borderType=cv2.BORDER_REPLICATE)
        cv2.magnitude(outs[0], outs[1], outs[0])

    return Contest("Sobel 512", lambda: sobel_magnitude(image), {"SciPy": scipy, "OpenCV": opencv}, {"SciPy": 0.1})


def _smooth(image: NDArray[np.int16]) -> Iterator[Contest]:
    out = np.empty_like(image)
    border = cv2.BORDER_REPLICATE

    def opencv() -> None:
        cv2.GaussianBlur(image, (13, 13), SIGMA, dst=out, borderType=border)

    def opencv_unsharp() -> None:
        opencv()
        cv2.addWeighted(image, 2.0, out, -1.0, 0, dst=out)

    def scipy() -> None:
        ndimage.gaussian_filter(image, SIGMA, output=out, mode="nearest")

    peers: dict[str, Work] = {"OpenCV": opencv, "SciPy": scipy}
    yield Contest("Gaussian 1.5 pixels 512", lambda: smooth_gaussian(image, SIGMA), peers, {})
    yield Contest("unsharp mask 512", lambda: unsharp_mask(image, SIGMA, 1.0), {"OpenCV": opencv_unsharp}, {})
