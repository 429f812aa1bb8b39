"""Pictures of a loaded volume over HTTP, beside what kernel and encoder alone need: ``python -m bench.pictures``."""

from __future__ import annotations

import argparse
import math
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread

from bench.data import CT_SERIES, CT_STUDY, ct_instances
from bench.kernels.contest import Result
from bench.load import Client, median_seconds
from bench.operations import PICTURE
from bench.servers import Ours, fill
from sightline.kernels.geometry import SlicePlane, VolumeGeometry, plan_volume
from sightline.kernels.grayscale import GreyTransform, VoiWindow, grey_of_modality_values
from sightline.kernels.image_plane import ImagePlane
from sightline.kernels.oblique import cut
from sightline.kernels.pyramid import build_pyramid
from sightline.kernels.transfer_presets import PRESETS
from sightline.kernels.volume_rendering import render
from sightline.rendering.encoding import encode
from sightline.rendering.view import PictureFormat, View, Window
from sightline.rendering.volume_sources import CutOf, RenderingOf

Stored = NDArray[np.uint16]

SLICES, SIZE, COUNT = 400, 512, 60
PRESET, RENDERINGS = "muscle", 3
WINDOW = Window(1064, 400)
"""In stored values, in which the volume lies here."""


def main() -> None:
    """Measure, print, and write docs/benchmarks.md if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    arguments = parser.parse_args()
    contents = ct_instances(SLICES)
    volume, geometry = _volume(contents)
    alone, rendered_alone = _alone(volume, geometry), _rendered_alone(volume, geometry)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, Ours(Path(folder)) as server:
        fill(server, contents)
        over_http = _median(server, _paths(planes(0)), _paths(planes(9))[:3])
        # While the first is made, the volume is prepared for more.
        rendered = _median(server, _renderings(planes(0)[:RENDERINGS]), _renderings(planes(9))[:1])
        by_one, by_two = (_seconds(server, number, count) for number, count in ((1, 1), (2, 2)))
    results = [
        Result(
            "oblique plane of a loaded volume, 512 x 512 JPEG, over HTTP, p50",
            over_http,
            "kernel and encoder alone",
            alone,
            3.0,
            "to be at most 20 ms",
        ),
        Result(f"{COUNT} oblique planes asked for by two", by_two, "asked for by one", by_one, 0.0, "aim 0.59"),
        Result(
            f"volume rendering of {PRESET} in full, 512 x 512 JPEG, over HTTP, p50",
            rendered,
            "ray caster alone, one core",
            rendered_alone,
            0.0,
            "aim 0.6",
        ),
    ]
    for result in results:
        print(f"{result.name}: {result.ours:.1f} ms; {result.peer_name} {result.peer:.1f} ms, ratio {result.ratio:.2f}")
    if arguments.write:
        from bench.report import write_kernels

        write_kernels(results)


def planes(number: int) -> list[ImagePlane]:
    """Return planes through the middle of the volume, each turned and tipped in its own way; other ones each time."""
    return [_plane(0.3 + 0.011 * index + 0.0013 * number, 0.2 + 0.007 * index) for index in range(COUNT)]


def _plane(turned: float, tipped: float) -> ImagePlane:
    column = np.array([math.cos(turned), math.sin(turned), 0.0])
    row = np.array([-math.sin(turned) * math.cos(tipped), math.cos(turned) * math.cos(tipped), math.sin(tipped)])
    spacing = 0.7
    origin = np.array([0.0, 0.0, SLICES * 0.3]) - (column + row) * spacing * (SIZE - 1) / 2
    (a, b, c), (d, e, f), (x, y, z) = (map(float, vector) for vector in (column, row, origin))
    return ImagePlane((x, y, z), (a, b, c), (d, e, f), (spacing, spacing), SIZE, SIZE)


def _paths(wanted: Sequence[ImagePlane]) -> list[str]:
    window = Window(WINDOW.center - 1024, WINDOW.width)
    return [View(CT_STUDY, CT_SERIES, CutOf(plane), window).path() for plane in wanted]


def _renderings(wanted: Sequence[ImagePlane]) -> list[str]:
    return [View(CT_STUDY, CT_SERIES, RenderingOf(plane, PRESET)).path() for plane in wanted]


def _median(server: Ours, paths: Sequence[str], before: Sequence[str]) -> float:
    """Return the median ms of one request after the other, after some that do not count."""
    connection = Client(server.http_port, server.headers)
    try:
        for path in before:
            connection.send("GET", path, None, **PICTURE)
        return median_seconds(connection, paths, **PICTURE) * 1000
    finally:
        connection.close()


def _seconds(server: Ours, number: int, askers: int) -> float:
    """Return the ms in which so many askers get all planes between them."""
    paths = _paths(planes(number))

    def ask(own: Sequence[str]) -> None:
        connection = Client(server.http_port, server.headers)
        try:
            median_seconds(connection, own, **PICTURE)
        finally:
            connection.close()

    started = time.perf_counter()
    with ThreadPoolExecutor(askers) as threads:
        list(threads.map(ask, [paths[first::askers] for first in range(askers)]))
    return (time.perf_counter() - started) * 1000


def _alone(volume: Stored, geometry: VolumeGeometry) -> float:
    """Return the median ms of cutting, windowing and encoding in this process."""
    transform = GreyTransform(VoiWindow(WINDOW.center, WINDOW.width))

    def work(plane: ImagePlane) -> None:
        encode(grey_of_modality_values(cut(volume, geometry, plane), transform), PictureFormat.JPEG, 85)

    return statistics.median(_timed(lambda plane=plane: work(plane)) for plane in planes(0))  # type: ignore[misc]


def _rendered_alone(volume: Stored, geometry: VolumeGeometry) -> float:
    """Return the median ms of casting rays and encoding in this process."""
    pyramid, transfer = build_pyramid(volume, geometry), PRESETS[PRESET].over_stored_values(1, -1024)

    def work(plane: ImagePlane) -> None:
        encode(np.ascontiguousarray(render(pyramid, plane, transfer)[..., :3]), PictureFormat.JPEG, 85)

    return statistics.median(_timed(lambda plane=plane: work(plane)) for plane in planes(0)[:RENDERINGS])  # type: ignore[misc]


def _volume(contents: Sequence[bytes]) -> tuple[Stored, VolumeGeometry]:
    datasets = [dcmread(BytesIO(content)) for content in contents]
    slices = [
        SlicePlane(
            tuple(map(float, dataset.ImagePositionPatient)),  # type: ignore[arg-type]
            tuple(map(float, dataset.ImageOrientationPatient)),
            tuple(map(float, dataset.PixelSpacing)),  # type: ignore[arg-type]
            dataset.Rows,
            dataset.Columns,
        )
        for dataset in datasets
    ]
    geometry, order = plan_volume(slices)
    return np.stack([datasets[index].pixel_array for index in order]), geometry


def _timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()
