"""How much volume renderings of the chest look like those of a ray caster, from 12 sides and at three sizes."""

from __future__ import annotations

import argparse
from dataclasses import replace

from bench.kernels.of_volume_rendering import BONE, SIZES, SOFT, view_of
from bench.kernels.phantom import chest, geometry
from sightline.kernels.pyramid import build_pyramid
from sightline.kernels.volume_rendering import render
from tests.support.ray_caster import cast_rays
from tests.support.similarity import structural_similarity

SIDES = (
    *((0, 0), (20, 10), (44, 0), (46, 0), (75, -20), (90, 0)),
    *((130, 35), (160, 50), (180, 5), (225, -40), (275, 80), (330, 15)),
)
"""Degrees by which the view is turned and raised."""


def main() -> None:
    """Print the structural similarity of each quality; rays are cast through the middle rows of each picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=64)
    rows = parser.parse_args().rows
    volume, place = chest(), geometry()
    pyramid = build_pyramid(volume, place)
    for name, transfer in (("bone", BONE), ("soft", SOFT)):
        for size in SIZES:
            for turn, rise in SIDES:
                plane = view_of(turn, rise, size)
                first = (size - rows) // 2
                x, y, z = plane.to_patient((first, 0)).tolist()
                strip = replace(plane, origin=(x, y, z), rows=rows)
                expected = cast_rays(volume, place, strip, transfer) * 255
                full, fitting = (
                    structural_similarity(picture[first : first + rows], expected, 255)
                    for picture in (
                        render(pyramid, plane, transfer),
                        render(pyramid, plane, transfer, quality="fitting"),
                    )
                )
                level = pyramid.level_for(plane.pixel_spacing)
                print(f"{name} {size} {turn:4} {rise:4}  full {full:.4f}  level 1/{2**level} {fitting:.4f}", flush=True)


if __name__ == "__main__":
    main()
