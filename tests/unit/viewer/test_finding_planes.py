"""Points in the patient come out on the image that they lie on, at the pixel where they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sightline.rendering.series_table import FrameEntry, InstanceEntry
from sightline.viewer.finding_planes import on_image

HERE = "1.2.9"
INSTANCE = InstanceEntry(
    file_uuid="f", sop_instance_uid="1.1", sop_class_uid="", instance_number=1, transfer_syntax_uid="",
    pixel_keyword="PixelData", pixel_words=True, pixel_offset=0, rows=20, columns=30, number_of_frames=1,
    samples_per_pixel=1, photometric_interpretation="MONOCHROME2", planar_configuration=0, bits_allocated=16,
    bits_stored=16, pixel_representation=0, frame_of_reference_uid=HERE,
)  # fmt: skip
ALONG, DOWN = (0.8, 0.6, 0.0), (-0.6, 0.8, 0.0)
FRAMES = [
    FrameEntry(replace(INSTANCE, sop_instance_uid=f"1.{k}"), 1, (10.0, 20.0, 3.0 * k), ALONG + DOWN, (0.5, 0.25),
               "PixelSpacing")
    for k in range(4)
]  # fmt: skip


def at(column: float, row: float, k: float) -> list[float]:
    """Return where a pixel is whose centre has that index."""
    origin = np.array([10.0, 20.0, 3.0 * k])
    place = origin + 0.25 * column * np.array(ALONG) + 0.5 * row * np.array(DOWN)
    return [float(value) for value in place]


def test_a_pixels_centre_is_half_a_pixel_from_its_corner() -> None:
    found = on_image([at(0, 0, 2), at(7, 3, 2)], HERE, FRAMES)
    assert found is not None
    assert found[0].sop_instance_uid == "1.2"
    assert found[1] == pytest.approx(np.array([[0.5, 0.5], [7.5, 3.5]]))


@pytest.mark.parametrize(
    "points",
    [[at(0, 0, 2), at(1, 1, 2.1)], [at(1, 1, 1.5)], [at(40, 1, 1)], [at(1, -2, 1)]],
    ids=["across planes", "between", "beside", "above"],
)  # fmt: skip
def test_what_is_on_no_image_is_not_moved_there(points: list[list[float]]) -> None:
    assert on_image(points, HERE, FRAMES) is None


def test_another_space_or_image_is_not_taken() -> None:
    assert on_image([at(1, 1, 1)], "1.2.8", FRAMES) is None
    assert on_image([at(1, 1, 1)], HERE, FRAMES, ("1.2", 1)) is None
    assert on_image([at(1, 1, 1)], HERE, [replace(frame, spacing_origin="") for frame in FRAMES]) is None
