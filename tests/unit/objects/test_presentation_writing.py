"""Presentation states that we write: shown by ourselves, by DCMTK and by hand, they are what was on the screen."""

from __future__ import annotations

import subprocess
from io import BytesIO
from pathlib import Path
from shutil import which
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from sightline.errors import UnprocessableError
from sightline.objects.graphic_writing import TOOLS
from sightline.objects.presentation_listing import list_presentations
from sightline.objects.presentation_writing import make_presentation
from sightline.rendering.headers import read_frames
from tests.support.corpus import corpus_files
from tests.support.presentation_states import area, presentation_state, reference
from tests.unit.objects.test_presented import (
    COLUMNS,
    PIXELS,
    ROWS,
    UID,
    image,
    lut,
    needs_dcmtk,
    of_dcmtk,
    shown,
)

Pixels = np.ndarray[Any, Any]
WINDOW = {"center": 1800.5, "width": 2400.0, "function": "LINEAR"}
WHOLE = [1, 1, COLUMNS, ROWS]
UPRIGHT = {"rotation": 0, "flip": False}
TURNS = [{"rotation": rotation, "flip": flip} for rotation in (0, 90, 180, 270) for flip in (False, True)]


def written(content: bytes, frame: int = 1, **changes: Any) -> bytes:
    entry = read_frames(BytesIO(content), "file")[frame - 1]
    arguments = {
        "file": {"buffer": 0}, "entry": entry.argument, "image_series": "1.2.826.0.1.1.1",
        "images": [{"instance": UID, "sop_class": entry.instance.sop_class_uid, "frames": []}],
        "label": "FRACTURE", "description": "Fracture, shown to surgery", "author": "Ängström^Ada", "window": WINDOW,
        "invert": False, **UPRIGHT, "area": WHOLE, "magnification": None, "overlays": True, "shutter": True,
        "graphics": [], "instance": "1.2.3.99", "series": "1.2.3.9", "series_number": 5, "instance_number": 1,
        "date": "20261127", "time": "101500.000000", "timezone": "+0000", "version": "1.0",
    }  # fmt: skip
    reply = make_presentation(arguments | changes, [content], ())
    assert reply.values == {"study": "1.2.826.0.1.1"}
    return bytes(reply.buffers[0])


def windowed(values: Pixels, center: float = 1800.5, width: float = 2400.0) -> Pixels:
    """The loop of PS3.3 C.11.2.1.2.1, written out."""
    grey = np.zeros(values.shape)
    for place, x in np.ndenumerate(values.astype(float)):
        if x <= center - 0.5 - (width - 1) / 2:
            grey[place] = 0
        elif x > center - 0.5 + (width - 1) / 2:
            grey[place] = 255
        else:
            grey[place] = ((x - (center - 0.5)) / (width - 1) + 0.5) * 255
    return grey


def test_window_and_inversion_are_kept() -> None:
    content = image(RescaleSlope=0.5, RescaleIntercept=-7)
    expected = windowed(PIXELS * 0.5 - 7)
    assert np.abs(shown(content, written(content)) - expected).max() <= 0.51
    inverted = shown(content, written(content, invert=True))
    assert np.abs(inverted - (255 - expected)).max() <= 0.51


def test_an_image_that_is_inverse_itself_stays_so() -> None:
    content = image(PhotometricInterpretation="MONOCHROME1")
    expected = 255 - windowed(PIXELS)
    assert np.abs(shown(content, written(content)) - expected).max() <= 0.51
    assert np.abs(shown(content, written(content, invert=True)) - (255 - expected)).max() <= 0.51


@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_turned_pictures_are_rotated_then_flipped(turn: dict[str, Any]) -> None:
    content = image()
    expected = np.rot90(windowed(PIXELS), -turn["rotation"] // 90)
    expected = expected[:, ::-1] if turn["flip"] else expected
    assert np.abs(shown(content, written(content, **turn)) - expected).max() <= 0.51


@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_the_displayed_area_is_told_by_its_corners_on_the_screen(turn: dict[str, Any]) -> None:
    content = image()
    state = written(content, area=[3, 2, 12, 20], **turn)
    part = np.rot90(windowed(PIXELS)[1:20, 2:12], -turn["rotation"] // 90)
    part = part[:, ::-1] if turn["flip"] else part
    assert np.abs(shown(content, state) - part).max() <= 0.51
    # By hand: which pixel of the image is top left on the screen, each pixel holding its own place.
    places = np.stack(np.meshgrid(np.arange(1, COLUMNS + 1), np.arange(1, ROWS + 1)), axis=-1)[1:20, 2:12]
    places = np.rot90(places, -turn["rotation"] // 90)
    places = places[:, ::-1] if turn["flip"] else places
    item = dcmread(BytesIO(state)).DisplayedAreaSelectionSequence[0]
    assert list(item.DisplayedAreaTopLeftHandCorner) == places[0, 0].tolist()
    assert list(item.DisplayedAreaBottomRightHandCorner) == places[-1, -1].tolist()


@needs_dcmtk
@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_dcmtk_shows_the_same(tmp_path: Path, turn: dict[str, Any]) -> None:
    content = image(RescaleSlope=2, RescaleIntercept=-100)
    state = written(content, invert=True, **turn)
    theirs = of_dcmtk(tmp_path, content, state)  # which knows nothing of displayed areas
    ours = shown(content, state)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= 1


@pytest.mark.skipif(which("dcmpschk") is None, reason="DCMTK is not installed")
@pytest.mark.parametrize("magnification", [None, 2.0])
def test_dcmtk_finds_nothing_wrong(tmp_path: Path, magnification: float | None) -> None:
    graphics = [graphic(tool) for tool in TOOLS]
    # Of letters beyond ASCII in names it only knows those of single bytes.
    state = written(image(), graphics=graphics, magnification=magnification, author="Ada", **TURNS[3])
    (tmp_path / "state.dcm").write_bytes(state)
    checked = subprocess.run(["dcmpschk", "-v", "state.dcm"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (checked.returncode, "Error:" in checked.stderr) == (0, False), checked.stdout + checked.stderr


def test_magnified_pictures_are_so_many_times_as_large() -> None:
    content = image()
    assert shown(content, written(content, magnification=3.0)).shape == (3 * ROWS, 3 * COLUMNS)


def test_pixels_that_are_not_square_keep_their_shape() -> None:
    content = image(PixelSpacing=(2.0, 1.0))
    state = written(content)
    assert list(dcmread(BytesIO(state)).DisplayedAreaSelectionSequence[0].PresentationPixelSpacing) == [2, 1]
    assert shown(content, state).shape == (2 * ROWS, COLUMNS)


def test_the_files_own_tables_are_kept() -> None:
    ramp = lut(0, [(4095 - value) * 16 for value in range(4096)], 16)
    content = image(VOILUTSequence=[ramp])
    expected = 255 * (1 - PIXELS.astype(float) / 4095)
    assert np.abs(shown(content, written(content, window=None)) - expected).max() <= 1
    with pytest.raises(UnprocessableError) as caught:
        written(image(), window=None)
    assert caught.value.code == "no-window"


def test_shutters_are_kept_or_left_out() -> None:
    shutter = {
        "ShutterShape": "RECTANGULAR", "ShutterLeftVerticalEdge": 5, "ShutterRightVerticalEdge": 20,
        "ShutterUpperHorizontalEdge": 4, "ShutterLowerHorizontalEdge": 15,
    }  # fmt: skip
    content = image(PIXELS | 0x800, **shutter)
    covered = np.ones((ROWS, COLUMNS), bool)
    covered[3:15, 4:20] = False
    assert (shown(content, written(content))[covered] == 0).all()
    assert (shown(content, written(content, shutter=False))[covered] > 0).all()


def graphic(tool: str, **changes: Any) -> dict[str, Any]:
    points = [[4.0, 4.0], [20.0, 4.0], [12.0, 2.0], [12.0, 6.0]]
    count = {"circle": 2, "rectangle": 2, "arrow": 2, "length": 2, "calibration": 2, "point": 1, "text": 1, "angle": 3}
    place = {"instance": UID, "sop_class": "1.2.840.10008.5.1.4.1.1.2", "frames": []}
    found = {
        "tool": tool,
        "points": points[: count.get(tool, 4)],
        "text": "12.3 mm\nµ",
        "at": [20.0, 8.0],
        "image": place,
    }
    return found | changes


def test_findings_are_drawn_where_they_are() -> None:
    content = image(np.zeros((ROWS, COLUMNS), np.uint16))
    state = written(content, graphics=[graphic("length", points=[[4.0, 10.5], [20.0, 10.5]], text="")])
    picture = shown(content, state)
    lit = np.argwhere(picture.reshape(ROWS, COLUMNS, -1).max(axis=-1) > 0)
    assert set(lit[:, 0]) == {10}
    assert (lit[:, 1].min(), lit[:, 1].max()) == (4, 20)


def test_every_tool_is_what_the_standard_says() -> None:
    dataset = dcmread(BytesIO(written(image(), graphics=[graphic(tool) for tool in TOOLS])))
    for tool, item in zip(TOOLS, dataset.GraphicAnnotationSequence, strict=True):
        assert item.GraphicLayer == "FINDINGS"
        assert item.ReferencedImageSequence[0].ReferencedSOPInstanceUID == UID
        for shape in item.get("GraphicObjectSequence", ()):
            assert len(shape.GraphicData) == 2 * shape.NumberOfGraphicPoints
            is_closed = tool in ("rectangle", "polygon", "freehand", "point")
            assert (list(shape.GraphicData[:2]) == list(shape.GraphicData[-2:])) == is_closed
        assert item.TextObjectSequence[0].UnformattedTextValue == "12.3 mm\r\nµ"
        assert item.TextObjectSequence[0].AnchorPoint == [20, 8]
    (ellipse,) = dataset.GraphicAnnotationSequence[list(TOOLS).index("ellipse")].GraphicObjectSequence
    assert list(ellipse.GraphicData[:4]) == [4, 4, 20, 4]
    swapped = graphic("ellipse", points=[[12, 2], [12, 6], [4, 4], [20, 4]])
    again = dcmread(BytesIO(written(image(), graphics=[swapped]))).GraphicAnnotationSequence[0].GraphicObjectSequence[0]
    assert list(again.GraphicData[:4]) == [4, 4, 20, 4]


def listed(*contents: bytes) -> list[Any]:
    arguments = {"files": [{"buffer": index} for index in range(len(contents))]}
    found: list[Any] = list_presentations(arguments, contents, ()).values["documents"]
    return found


def test_what_was_written_is_listed() -> None:
    content = image(np.zeros((3, ROWS, COLUMNS), np.uint16))
    place = {"instance": UID, "sop_class": "1.2.840.10008.5.1.4.1.1.2", "frames": [2]}
    state = written(content, 2, images=[place], area=[1, 1, 10, 20], rotation=90, flip=True)
    (told,) = listed(state)
    assert told == {
        "label": "FRACTURE", "description": "Fracture, shown to surgery", "author": "Ängström Ada",
        "date": "20261127", "time": "101500.000000", "software": "Sightline", "reason": None, "rotation": 90,
        "flip": True, "mode": "SCALE TO FIT",
        "images": [
            {
                "series": "1.2.826.0.1.1.1", "instance": UID, "frames": [2], "rows": 10, "columns": 20,
                "window": [1800.5, 2400.0],
            }
        ],
    }  # fmt: skip


def test_others_are_listed_with_the_reason_why_they_cannot_be_shown() -> None:
    images, areas = [reference(UID)], [area(COLUMNS, ROWS)]
    colour = presentation_state(images, areas, SOPClassUID="1.2.840.10008.5.1.4.1.1.11.2")
    nothing = presentation_state(images, [])
    damaged = presentation_state(images, areas, ImageRotation=45)
    told = listed(colour, nothing, damaged, image(), b"nothing at all")
    assert "only grayscale" in told[0]["reason"]
    assert "which part" in told[1]["reason"]
    assert "odd angle" in told[2]["reason"]
    assert told[3] is None
    assert told[4] is None or told[4]["reason"]


@pytest.mark.skipif(not corpus_files("pr/luts"), reason="there is no corpus")
def test_a_real_one_is_listed() -> None:
    files = {path.name: path.read_bytes() for path in corpus_files("pr/luts")}
    (told,) = listed(files["prLUTs.dcm"])
    dataset: Dataset = dcmread(BytesIO(files["imageForPrLUTs.dcm"]))
    assert told["reason"] is None
    (one,) = told["images"]
    assert (one["instance"], one["window"]) == (str(dataset.SOPInstanceUID), None)
    assert (one["rows"], one["columns"]) == (dataset.Rows, dataset.Columns)
