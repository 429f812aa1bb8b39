"""How much volume renderings of the chest look like those of a ray caster, from 12 sides and at three sizes.

Run as ``python -m bench.kernels.rendering_quality``; ``--write`` puts the result into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from bench.kernels.likeness import Likeness
from bench.kernels.of_volume_rendering import FUNCTIONS, SIZES, view_of
from bench.kernels.phantom import chest, geometry
from bench.kernels.quick_rays import RayCaster
from sightline.kernels.image_plane import ImagePlane
from sightline.kernels.pyramid import build_pyramid
from sightline.kernels.transfer import TransferFunction
from sightline.kernels.volume_rendering import Quality, render
from tests.support.ray_caster import cast_rays
from tests.support.similarity import structural_similarity

SIDES = (
    *((0, 0), (20, 10), (44, 0), (46, 0), (75, -20), (90, 0)),
    *((130, 35), (160, 50), (180, 5), (225, -40), (275, 80), (330, 15)),
)
"""Degrees by which the view is turned and raised."""
QUALITIES: tuple[Quality, ...] = ("full", "fitting")
_FEW_ROWS = 2
_ROUNDING = 1e-5


def main() -> None:
    """Print the structural similarity of each quality; rays are cast through the middle rows of each picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=64)
    parser.add_argument("--only", default=",".join(FUNCTIONS), help="functions, separated by commas")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    arguments = parser.parse_args()
    found = []
    for likeness in _likenesses(arguments.only.split(","), [*map(int, arguments.sizes.split(","))], arguments.rows):
        print(*vars(likeness).values(), flush=True)
        found.append(likeness)
    if arguments.write:
        from bench.report import write_likeness

        write_likeness(found)


def _likenesses(names: list[str], sizes: list[int], rows: int) -> Iterator[Likeness]:
    volume, place = chest(), geometry()
    caster, pyramid = RayCaster(volume, place), build_pyramid(volume, place)
    for name in names:
        transfer = FUNCTIONS[name]
        _check(caster, transfer)
        for size in sizes:
            for side in SIDES:
                plane = view_of(*side, size)
                strip, middle = _strip(plane, rows)
                expected = caster.cast(strip, transfer) * 255
                for quality in QUALITIES:
                    picture = render(pyramid, plane, transfer, quality=quality)[middle]
                    level = 0 if quality == "full" else pyramid.level_for(plane.pixel_spacing)
                    alike = structural_similarity(picture, expected, 255)
                    yield Likeness(name, size, side, quality, 2**level, alike)


def _check(caster: RayCaster, transfer: TransferFunction) -> None:
    """See that the quick caster does what the tests' does."""
    strip, _ = _strip(view_of(*SIDES[1], SIZES[0]), _FEW_ROWS)
    difference = np.abs(caster.cast(strip, transfer) - cast_rays(chest(), geometry(), strip, transfer)).max()
    assert difference < _ROUNDING, difference


def _strip(plane: ImagePlane, rows: int) -> tuple[ImagePlane, slice]:
    """Return the middle rows of a picture, and which rows they are."""
    first = (plane.rows - rows) // 2
    x, y, z = plane.to_patient((first, 0)).tolist()
    return replace(plane, origin=(x, y, z), rows=rows), slice(first, first + rows)


if __name__ == "__main__":
    main()
