"""Which series may be laid over each other, and why others may not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sightline.errors import UnprocessableError
from sightline.rendering.fusion_plan import fusion_warnings
from sightline.rendering.series_table import FrameEntry, InstanceEntry, SeriesTable
from sightline.rendering.volume_plan import plan


def instance(uid: str, frame_of_reference_uid: str) -> InstanceEntry:
    return InstanceEntry(
        file_uuid=uid,
        sop_instance_uid=uid,
        sop_class_uid="1.2.840.10008.5.1.4.1.1.2",
        instance_number=1,
        transfer_syntax_uid="1.2.840.10008.1.2.1",
        pixel_keyword="PixelData",
        pixel_words=True,
        pixel_offset=0,
        rows=4,
        columns=5,
        number_of_frames=1,
        samples_per_pixel=1,
        photometric_interpretation="MONOCHROME2",
        planar_configuration=0,
        bits_allocated=16,
        bits_stored=16,
        pixel_representation=1,
        frame_of_reference_uid=frame_of_reference_uid,
    )


def series(uid: str, reference: str = "1.2.3", heights: tuple[float, ...] = (0.0, 2.0, 4.0)) -> SeriesTable:
    frames = tuple(
        FrameEntry(
            instance=instance(f"{uid}.{k}", reference),
            frame=1,
            image_position_patient=(0.0, 0.0, height),
            image_orientation_patient=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
            pixel_spacing=(1.0, 1.0),
            spacing_origin="PixelSpacing",
        )
        for k, height in enumerate(heights)
    )
    return SeriesTable(f"id {uid}", "1.2", uid, "CT", frames)


def warnings(base: SeriesTable, overlay: SeriesTable) -> tuple[str, ...]:
    return fusion_warnings(plan(base), plan(overlay))


def test_series_of_one_frame_of_reference_can_be_fused() -> None:
    assert warnings(series("1.1"), series("1.2", heights=(-1.0, 2.0, 5.0))) == ()


def test_series_that_lie_apart_are_said_to() -> None:
    found = warnings(series("1.1"), series("1.2", heights=(10.0, 12.0, 14.0)))
    assert found == ("The two series show different parts of the body; nothing lies over each other.",)


def test_what_a_reader_should_know_of_what_is_laid_over_is_told() -> None:
    (found,) = warnings(series("1.1"), series("1.2", heights=(0.0, 2.0, 3.0)))
    assert "1.00 to 2.00 mm apart" in found


def mixed() -> SeriesTable:
    table = series("1.2")
    other = replace(table.frames[0], instance=instance("1.2.9", "9.9"))
    return replace(table, frames=(other, *table.frames[1:]))


@pytest.mark.parametrize(
    ("base", "overlay", "reason"),
    [
        (series("1.1"), series("1.2", "1.2.4"), "different frames of reference"),
        (series("1.1", ""), series("1.2"), "lower series name no frame of reference"),
        (series("1.1"), series("1.2", ""), "upper series name no frame of reference"),
        (series("1.1"), mixed(), "upper series name different frames of reference"),
    ],
)
def test_a_pair_that_does_not_fit_is_refused_with_a_reason(
    base: SeriesTable, overlay: SeriesTable, reason: str
) -> None:
    with pytest.raises(UnprocessableError, match=reason) as raised:
        warnings(base, overlay)
    assert raised.value.code == "no-fusion"
