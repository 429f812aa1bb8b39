"""What is written into pictures, and that it shows on any ground and nowhere else."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest

from sightline.rendering.annotations import Notes, annotated, notes_of
from sightline.rendering.headers import read_frames
from sightline.rendering.view import Window
from tests.support.dicom_files import image_file

CONTENT = image_file(
    np.zeros((2, 4, 4), np.uint8),
    NumberOfFrames=2,
    PatientName="Doe^Jane",
    PatientBirthDate="19700102",
    PatientSex="F",
    SeriesDescription="Chest",
    InstanceNumber=7,
    KVP="120",
    SliceThickness="2.50",
)


def notes(*wanted: str) -> Notes | None:
    file = BytesIO(CONTENT)
    return notes_of(file, read_frames(file, "uuid")[1], wanted, Window(40, 400))


def test_what_is_asked_for_is_written() -> None:
    patient = ("Doe Jane", "P1", "1970-01-02 F")
    technique = ("2026-01-02 10:15:00", "CT Chest", "Image 7 frame 2", "120 kV  Thickness 2.5 mm", "C 40 W 400")
    assert notes("patient") == Notes(patient)
    assert notes("technique") == Notes((), technique)
    assert notes("patient", "technique") == Notes(patient, technique)
    assert notes() is None


@pytest.mark.parametrize("shape", [(200, 300), (200, 300, 3)])
@pytest.mark.parametrize("ground", [0, 255])
def test_text_shows_on_black_and_on_white(shape: tuple[int, ...], ground: int) -> None:
    picture = np.full(shape, ground, np.uint8)
    shown = annotated(picture, Notes(("Doe Jane",), ("CT",)))
    assert set(picture.ravel()) == {ground}, "the argument stays as it is"
    assert shown.shape == shape
    for corner in (shown[:25, :100], shown[-25:, :100]):
        assert corner.min() < 60 and corner.max() > 200
    assert set(shown[30:-30].ravel()) == set(shown[:, 150:].ravel()) == {ground}
    np.testing.assert_array_equal(annotated(picture, Notes()), picture)
