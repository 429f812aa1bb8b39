"""Captures as DICOM: of the study that was shown, honest about what they are, and never of anything but a PNG."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset, dcmread

from sightline.errors import BadRequestError, TooLargeError
from sightline.objects import captures
from sightline.objects.captures import make_capture
from tests.support.dicom_files import image_file

COLOURS = np.random.default_rng(3).integers(0, 256, (5, 7, 3)).astype(np.uint8)
SHOWN = {
    "PatientName": "Doe^Jane", "PatientID": "P-17", "StudyDescription": "Chest", "AccessionNumber": "ACC1",
    "PatientAge": "056Y", "SeriesDescription": "Axial", "InstitutionName": "not copied",
}  # fmt: skip


def png(pixels: Any, **options: Any) -> bytes:
    target = BytesIO()
    Image.fromarray(pixels).save(target, "PNG", **options)
    return target.getvalue()


def captured(picture: bytes, *shown: bytes, **changes: Any) -> Dataset:
    files = shown or (image_file(np.zeros((4, 4), np.int16), **SHOWN),)
    arguments = {
        "picture": 0, "sources": [{"file": {"buffer": n}, "frame": n} for n in range(1, len(files) + 1)],
        "annotated": False, "lossy": False, "instance": "2.25.1", "series": "2.25.2", "series_number": 4,
        "instance_number": 3, "date": "20261126", "time": "191500", "timezone": "+0100", "version": "0.1.0",
    }  # fmt: skip
    reply = make_capture(arguments | changes, (picture, *files), ())
    return dcmread(BytesIO(bytes(reply.buffers[0])))


def test_patient_and_study_are_those_of_what_was_shown() -> None:
    dataset = captured(png(COLOURS))
    assert (dataset.PatientName, dataset.PatientID, dataset.StudyInstanceUID) == ("Doe^Jane", "P-17", "1.2.826.0.1.1")
    assert (dataset.StudyDescription, dataset.AccessionNumber, dataset.PatientAge) == ("Chest", "ACC1", "056Y")
    assert "InstitutionName" not in dataset
    assert dataset.PatientSex == ""  # not said there, and Type 2


def test_it_says_what_it_is() -> None:
    dataset = captured(png(COLOURS), annotated=True)
    assert dataset.SOPClassUID.name == "Secondary Capture Image Storage"
    assert (dataset.Modality, dataset.ConversionType) == ("OT", "WSD")
    assert dataset.ImageType == ["DERIVED", "SECONDARY"]
    assert (dataset.SeriesDescription, dataset.SeriesNumber, dataset.InstanceNumber) == ("Captures of 2026-11-26", 4, 3)
    assert (dataset.BurnedInAnnotation, captured(png(COLOURS)).BurnedInAnnotation) == ("YES", "NO")
    assert (dataset.ContentDate, dataset.ContentTime, dataset.TimezoneOffsetFromUTC) == ("20261126", "191500", "+0100")


def test_its_pixels_are_those_of_the_picture() -> None:
    colour, grey = captured(png(COLOURS)), captured(png(COLOURS[..., 0]))
    assert (colour.PhotometricInterpretation, grey.PhotometricInterpretation) == ("RGB", "MONOCHROME2")
    np.testing.assert_array_equal(colour.pixel_array, COLOURS)
    np.testing.assert_array_equal(grey.pixel_array, COLOURS[..., 0])
    opaque = np.dstack([COLOURS, np.full(COLOURS.shape[:2], 255, np.uint8)])
    np.testing.assert_array_equal(captured(png(opaque)).pixel_array, COLOURS)


def test_it_refers_to_what_was_shown() -> None:
    one = image_file(np.zeros((4, 4), np.int16), SOPInstanceUID="1.2.3")
    many = image_file(np.zeros((3, 4, 4), np.int16), SOPInstanceUID="1.2.4", LossyImageCompression="01")
    dataset = captured(png(COLOURS), one, many)
    found = [(str(i.ReferencedSOPInstanceUID), i.get("ReferencedFrameNumber")) for i in dataset.SourceImageSequence]
    assert found == [("1.2.3", None), ("1.2.4", 2)]
    assert dataset.SourceImageSequence[0].PurposeOfReferenceCodeSequence[0].CodeValue == "121322"


def test_what_was_lost_before_stays_lost() -> None:
    lossy = image_file(np.zeros((4, 4), np.int16), LossyImageCompression="01")
    assert captured(png(COLOURS), lossy).LossyImageCompression == "01"
    assert captured(png(COLOURS), lossy=True).LossyImageCompression == "01"
    assert "LossyImageCompression" not in captured(png(COLOURS))


def test_names_in_other_scripts_survive() -> None:
    shown = dcmread(BytesIO(image_file(np.zeros((4, 4), np.int16))))
    shown.SpecificCharacterSet = "ISO_IR 144"
    shown.PatientName = "Люкceмбypг"
    target = BytesIO()
    shown.save_as(target)
    assert captured(png(COLOURS), target.getvalue()).PatientName == "Люкceмбypг"


def jpeg() -> bytes:
    target = BytesIO()
    Image.fromarray(COLOURS).save(target, "JPEG")
    return target.getvalue()


@pytest.mark.parametrize("content", [b"", b"GIF89a", png(COLOURS)[:40], png(COLOURS)[:8] + b"x" * 50, jpeg()])
def test_what_is_no_png_is_refused(content: bytes) -> None:
    with pytest.raises(BadRequestError):
        captured(content)


def test_a_picture_that_would_be_too_large_is_not_even_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captures, "MOST_PIXELS", 34)
    with pytest.raises(TooLargeError):
        captured(png(COLOURS))
