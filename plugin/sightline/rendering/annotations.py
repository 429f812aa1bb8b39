"""Text burned into a picture: who the patient is, and how the image was made. Runs in workers only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from pydicom import Dataset

from sightline.rendering.headers import read_header
from sightline.rendering.series_table import FrameEntry
from sightline.rendering.value_text import clock_time, date_time, person
from sightline.rendering.view import Annotation, Window

Bytes = NDArray[np.uint8]
_SMALLEST_LETTERS, _LINES_PER_PICTURE = 9, 36
_TECHNIQUE = (
    ("KVP", "{} kV"),
    ("XRayTubeCurrent", "{} mA"),
    ("RepetitionTime", "TR {} ms"),
    ("EchoTime", "TE {} ms"),
)
"""Attributes of how an image was made, and how they are written with their unit in the standard."""


@dataclass(frozen=True)
class Notes:
    """Lines for the upper and the lower left corner."""

    patient: tuple[str, ...] = ()
    technique: tuple[str, ...] = ()


def notes_of(file: BinaryIO, entry: FrameEntry, wanted: Sequence[str], window: Window | None) -> Notes | None:
    """Return what is to be written into the picture of a frame, None for nothing.

    Parameters
    ----------
    file : binary file
        The whole DICOM file.
    entry : FrameEntry
    wanted : sequence of str
        Values of `Annotation`.
    window : Window, optional
        The window that was applied.

    References
    ----------
    PS3.18 section 8.3.5.1.1.
    """
    if not wanted:
        return None
    file.seek(0)
    dataset = read_header(file)
    return Notes(
        _patient(dataset) if Annotation.PATIENT in wanted else (),
        _technique(dataset, entry, window) if Annotation.TECHNIQUE in wanted else (),
    )


def _patient(dataset: Dataset) -> tuple[str, ...]:
    about = " ".join(filter(None, (date_time(dataset.get("PatientBirthDate")), _text(dataset, "PatientSex"))))
    return tuple(filter(None, (person(dataset.get("PatientName")), _text(dataset, "PatientID"), about)))


def _technique(dataset: Dataset, entry: FrameEntry, window: Window | None) -> tuple[str, ...]:
    when = f"{date_time(dataset.get('StudyDate'))} {clock_time(dataset.get('StudyTime'))}".strip()
    what = " ".join(filter(None, (_text(dataset, "Modality"), _text(dataset, "SeriesDescription"))))
    number = entry.instance.instance_number
    image = "" if number is None else f"Image {number}"
    if entry.instance.number_of_frames > 1:
        image = f"{image} frame {entry.frame}".strip()
    values = [text.format(_text(dataset, name)) for name, text in _TECHNIQUE if _text(dataset, name)]
    if entry.slice_thickness is not None:
        values.append(f"Thickness {entry.slice_thickness:g} mm")
    shown = f"C {window.center:g} W {window.width:g}" if window else ""
    return tuple(filter(None, (when, what, image, "  ".join(values), shown)))


def _text(dataset: Dataset, keyword: str) -> str:
    value: Any = dataset.get(keyword)
    return "" if value is None else str(value).strip()


def annotated(picture: Bytes, notes: Notes) -> Bytes:
    """Return the picture with the notes in its left corners, white with a black edge so that they show anywhere.

    Parameters
    ----------
    picture : array of uint8, (rows, columns) or (rows, columns, 3)
    notes : Notes
    """
    image = Image.fromarray(np.ascontiguousarray(picture))
    draw = ImageDraw.Draw(image)
    size = max(_SMALLEST_LETTERS, min(image.size) // _LINES_PER_PICTURE)
    font, margin, step = ImageFont.load_default(size), size // 2, size * 5 // 4
    white, black = (255, 0) if picture.ndim == 2 else ((255,) * 3, (0,) * 3)
    lower = image.height - margin - step * len(notes.technique)
    for top, lines in ((margin, notes.patient), (lower, notes.technique)):
        for index, line in enumerate(lines):
            draw.text((margin, top + index * step), line, white, font, stroke_width=1, stroke_fill=black)
    return np.asarray(image)
