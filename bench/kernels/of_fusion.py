"""Fusion of a 512 x 512 CT with a PET in hot iron, both 8-bit grey after their windows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.kernels.contest import Contest
from demo.images import uptake
from sightline.kernels.colour_maps import colour_map
from sightline.kernels.fusion import Opacity, fuse, fusion_table
from sightline.kernels.geometry import VolumeGeometry

SIZE = 512
HALF = Opacity(0.5, 0.5)


def contests(volume: NDArray[Any], geometry: VolumeGeometry) -> Iterator[Contest]:
    """Compare the blending alone; colour maps are made before, as they are for a session of scrolling."""
    del geometry
    base = np.clip((volume[len(volume) // 2].astype(np.float32) + 160) * (255 / 400), 0, 255).astype(np.uint8)
    overlay = np.clip(uptake(9, SIZE)[4] * (255 / 5), 0, 255).astype(np.uint8)
    grey, hot = colour_map("grey"), colour_map("hot_iron")
    table, out = fusion_table(grey, hot, HALF), np.empty((SIZE, SIZE, 4), np.uint8)
    yield Contest(
        name="fusion 512",
        ours=lambda: fuse(base, overlay, table, out),
        peers={"VTK": _vtk(base, overlay, hot), "OpenCV": _opencv(base, overlay, hot)},
        bars={"VTK": 0.4, "OpenCV": 1.0},
        note="RGBX; the peers RGB",
    )
    yield Contest(
        name="fusion 512, another colour map or opacity",
        ours=lambda: fuse(base, overlay, fusion_table(grey, hot, HALF), out),
        peers={"VTK": _vtk(base, overlay, hot)},
        bars={},
        note="the table is made anew",
    )


def _vtk(base: NDArray[np.uint8], overlay: NDArray[np.uint8], colours: NDArray[np.uint8]) -> Any:
    """Map both to colours and blend them; each stage is updated."""
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk

    vtk.vtkMultiThreader.SetGlobalMaximumNumberOfThreads(1)
    vtk.vtkSMPTools.Initialize(1)
    stages = []
    for picture, table in ((base, colour_map("grey")), (overlay, colours)):
        image = vtk.vtkImageData()
        image.SetDimensions(SIZE, SIZE, 1)
        image.GetPointData().SetScalars(numpy_to_vtk(picture.reshape(-1), deep=True))
        lookup = vtk.vtkLookupTable()
        lookup.SetNumberOfTableValues(256)
        lookup.SetTableRange(0, 255)
        for index, (red, green, blue) in enumerate(table / 255.0):
            lookup.SetTableValue(index, red, green, blue, 1.0)
        stage = vtk.vtkImageMapToColors()
        stage.SetInputData(image)
        stage.SetLookupTable(lookup)
        stage.SetOutputFormatToRGB()
        stages.append(stage)
    blend = vtk.vtkImageBlend()
    blend.AddInputConnection(stages[0].GetOutputPort())
    blend.AddInputConnection(stages[1].GetOutputPort())
    blend.SetOpacity(1, 0.5)

    def work() -> object:
        for stage in stages:
            stage.Modified()
        blend.Update()
        return blend.GetOutput()

    return work


def _opencv(base: NDArray[np.uint8], overlay: NDArray[np.uint8], colours: NDArray[np.uint8]) -> Any:
    import cv2

    cv2.setNumThreads(1)
    lookup = np.ascontiguousarray(colours[:, ::-1]).reshape(256, 1, 3)
    below, above, result = (np.empty((SIZE, SIZE, 3), np.uint8) for _ in range(3))

    def work() -> object:
        cv2.cvtColor(base, cv2.COLOR_GRAY2BGR, dst=below)
        cv2.applyColorMap(overlay, lookup, dst=above)
        return cv2.addWeighted(below, 0.5, above, 0.5, 0, dst=result)

    return work
