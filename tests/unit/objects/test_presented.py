"""Grayscale presentation states against DCMTK's own rendering, and against pictures worked out by hand."""

from __future__ import annotations

import subprocess
from io import BytesIO
from pathlib import Path
from shutil import which
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset, dcmread

from sightline.errors import BadRequestError, SightlineError, UnprocessableError
from sightline.objects.presented import list_references, render_presented
from sightline.rendering.viewport import Viewport
from tests.support.corpus import corpus_files
from tests.support.dicom_files import image_file
from tests.support.presentation_states import area, graphic, presentation_state, reference, text_at, text_in

Pixels = np.ndarray[Any, Any]
RANDOM = np.random.default_rng(12)
ROWS, COLUMNS = 24, 32
PIXELS = RANDOM.integers(0, 4096, (ROWS, COLUMNS)).astype(np.uint16)
UID = "1.2.3.1"
needs_dcmtk = pytest.mark.skipif(which("dcmp2pgm") is None, reason="DCMTK is not installed")
WIDE = {"WindowCenter": 2048, "WindowWidth": 4096}


def image(pixels: Pixels = PIXELS, **attributes: Any) -> bytes:
    bits = {"BitsStored": 12, "HighBit": 11} if pixels.dtype.itemsize == 2 else {}
    return image_file(pixels, **({"SOPInstanceUID": UID} | bits | attributes))


def shown(image_content: bytes, state: bytes, frame: int = 1, **view: Any) -> Pixels:
    defaults = {
        "window": None, "invert": False, "max_size": None, "viewport": None, "format": "png", "quality": 85,
        "colour_profile": "no", "annotations": [],
    }  # fmt: skip
    arguments = {
        "file": {"buffer": 0}, "presentation": {"buffer": 1}, "entry": None, "frame": frame, "view": defaults | view,
    }  # fmt: skip
    reply = render_presented(arguments, (image_content, state), ())
    return np.asarray(Image.open(BytesIO(bytes(reply.buffers[0])))).astype(int)


def of_dcmtk(folder: Path, image_content: bytes, state: bytes, frame: int = 1) -> Pixels:
    (folder / "image.dcm").write_bytes(image_content)
    (folder / "state.dcm").write_bytes(state)
    command = ["dcmp2pgm", "-p", "state.dcm", "-f", str(frame), "image.dcm", "picture.pgm"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return np.asarray(Image.open(folder / "picture.pgm")).astype(int)


def lut(first: int, entries: Any, bits: int) -> Dataset:
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [len(entries) % 65536, first, bits])
    item.add_new("LUTData", "US", [int(value) for value in entries])
    item.ModalityLUTType = "US"
    return item


def voi(**attributes: Any) -> list[Dataset]:
    item = Dataset()
    for keyword, value in attributes.items():
        setattr(item, keyword, value)
    return [item]


CASES: dict[str, dict[str, Any]] = {
    "nothing": {},
    "window": {"SoftcopyVOILUTSequence": voi(WindowCenter=1500, WindowWidth=1000)},
    "rescale": {
        "RescaleSlope": 2, "RescaleIntercept": -1000, "RescaleType": "US",
        "SoftcopyVOILUTSequence": voi(WindowCenter=2000, WindowWidth=3000),
    },
    "rescale without a window": {"RescaleSlope": 2, "RescaleIntercept": -1000, "RescaleType": "US"},
    "inverse": {"PresentationLUTShape": "INVERSE", "SoftcopyVOILUTSequence": voi(**WIDE)},
    "voi lut": {"SoftcopyVOILUTSequence": voi(VOILUTSequence=[lut(0, RANDOM.integers(0, 1024, 4096), 10)])},
    "modality lut": {
        "ModalityLUTSequence": [lut(0, np.arange(4096)[::-1], 12)], "SoftcopyVOILUTSequence": voi(**WIDE),
    },
    "presentation lut": {
        "PresentationLUTShape": None,
        "PresentationLUTSequence": [lut(0, RANDOM.integers(0, 256, 256), 8)],
        "SoftcopyVOILUTSequence": voi(VOILUTSequence=[lut(0, np.arange(4096) // 16, 8)]),
    },
}  # fmt: skip


@needs_dcmtk
@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("photometric", ["MONOCHROME2", "MONOCHROME1"])
def test_grey_scale_is_that_of_dcmtk(tmp_path: Path, case: str, photometric: str) -> None:
    """The image's own photometric interpretation and window take no part, and its window neither."""
    content = image(PhotometricInterpretation=photometric, WindowCenter=17, WindowWidth=5)
    state = presentation_state([reference(UID)], [area(COLUMNS, ROWS)], **CASES[case])
    assert np.abs(shown(content, state) - of_dcmtk(tmp_path, content, state)).max() <= 1


@needs_dcmtk
@pytest.mark.skipif(not corpus_files("pr/luts"), reason="there is no corpus")
def test_a_real_presentation_state(tmp_path: Path) -> None:
    state, content = sorted(corpus_files("pr/luts"), key=lambda path: "prLUTs" not in path.name)
    found = shown(content.read_bytes(), state.read_bytes())
    np.testing.assert_array_equal(found, of_dcmtk(tmp_path, content.read_bytes(), state.read_bytes()))
    assert len(np.unique(found)) > 100


def eight_bits(**attributes: Any) -> tuple[bytes, bytes, Pixels]:
    """An image of bytes, and a presentation state that shows them as they are."""
    pixels = RANDOM.integers(0, 256, (ROWS, COLUMNS)).astype(np.uint8)
    areas = attributes.pop("areas", [area(COLUMNS, ROWS)])
    return image(pixels), presentation_state([reference(UID)], areas, **attributes), pixels.astype(int)


def test_each_frame_has_the_window_that_names_it() -> None:
    frames = np.stack([PIXELS] * 3)
    first = voi(WindowCenter=1000, WindowWidth=500)
    first[0].ReferencedImageSequence = [reference(UID, 1, 3)]
    other = voi(WindowCenter=3000, WindowWidth=100)
    other[0].ReferencedImageSequence = [reference(UID, 2)]
    state = presentation_state([reference(UID)], [area(COLUMNS, ROWS)], SoftcopyVOILUTSequence=[*first, *other])
    for frame, (center, width) in ((1, (1000, 500)), (2, (3000, 100)), (3, (1000, 500))):
        grey = np.clip(((PIXELS.astype(float) - (center - 0.5)) / (width - 1) + 0.5) * 255, 0, 255)
        np.testing.assert_array_equal(shown(image(frames), state, frame), np.floor(grey + 0.5))


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("flip", ["Y", "N"])
def test_rotation_comes_before_the_flip(rotation: int, flip: str) -> None:
    content, state, pixels = eight_bits(ImageRotation=rotation, ImageHorizontalFlip=flip)
    expected = pixels
    for _ in range(rotation // 90):
        expected = np.array([[expected[-1 - c, r] for c in range(expected.shape[0])] for r in range(expected.shape[1])])
    expected = np.array([row[::-1] for row in expected]) if flip == "Y" else expected
    np.testing.assert_array_equal(shown(content, state), expected)


def test_the_displayed_area_may_leave_the_image() -> None:
    content, state, pixels = eight_bits(areas=[area(10, 8, left=5, top=3)])
    np.testing.assert_array_equal(shown(content, state), pixels[2:8, 4:10])
    content, state, pixels = eight_bits(areas=[area(COLUMNS + 2, 4, left=COLUMNS - 2, top=-1)])
    expected = np.zeros((6, 5), int)
    expected[2:, :3] = pixels[:4, COLUMNS - 3 :]
    np.testing.assert_array_equal(shown(content, state), expected)


def test_pixels_that_are_not_square_are_stretched_and_magnified_ones_are_larger() -> None:
    content, state, pixels = eight_bits(areas=[area(COLUMNS, ROWS, PresentationPixelSpacing=[2, 1])])
    assert shown(content, state).shape == (2 * ROWS, COLUMNS)
    content, state, pixels = eight_bits(
        areas=[area(COLUMNS, ROWS, PresentationPixelAspectRatio=[1, 3], size_mode="TRUE SIZE")], ImageRotation=90
    )
    assert shown(content, state).shape == (3 * COLUMNS, ROWS)
    magnified = area(COLUMNS, ROWS, size_mode="MAGNIFY", PresentationPixelMagnificationRatio=2.0)
    content, state, pixels = eight_bits(areas=[magnified])
    assert shown(content, state).shape == (2 * ROWS, 2 * COLUMNS)
    assert shown(content, state, viewport=Viewport(16, 16).argument()).shape == (12, 16)
    assert shown(content, state, max_size=8).shape == (6, 8)
    region = Viewport(64, 64, 2, 4, -20, 10).argument()
    assert shown(content, state, viewport=region).shape == (32, 64)
    np.testing.assert_array_equal(
        shown(content, presentation_state([reference(UID)], [area(COLUMNS, ROWS)]), viewport=Viewport(
            8, 6, 3, 5, 8, 6).argument()), pixels[5:11, 3:11]
    )  # fmt: skip


def test_a_rectangular_shutter_leaves_its_edges() -> None:
    content, state, pixels = eight_bits(
        ShutterShape="RECTANGULAR",
        ShutterLeftVerticalEdge=4,
        ShutterRightVerticalEdge=20,
        ShutterUpperHorizontalEdge=3,
        ShutterLowerHorizontalEdge=17,
        ShutterPresentationValue=0,
    )
    expected = np.zeros_like(pixels)
    expected[2:17, 3:20] = pixels[2:17, 3:20]
    np.testing.assert_array_equal(shown(content, state), expected)


def test_shutters_cover_what_is_outside_of_all_shapes() -> None:
    content, state, pixels = eight_bits(
        ShutterShape=["CIRCULAR", "POLYGONAL"],
        CenterOfCircularShutter=[12, 16],
        RadiusOfCircularShutter=9,
        VerticesOfThePolygonalShutter=[1, 1, 1, 33, 12, 33, 12, 1],
        ShutterPresentationValue=65535,
    )
    expected = pixels.copy()
    for row in range(ROWS):
        for column in range(COLUMNS):
            in_circle = (row + 1 - 12) ** 2 + (column + 1 - 16) ** 2 <= 81
            if not (in_circle and row + 1 < 12):
                expected[row, column] = 255
    np.testing.assert_array_equal(shown(content, state), expected)


def overlay(mask: Pixels, group: int, **elements: Any) -> dict[int, tuple[str, Any]]:
    packed = np.packbits(mask.astype(np.uint8).ravel(), bitorder="little").tobytes()
    found = {
        0x10: ("US", mask.shape[0]), 0x11: ("US", mask.shape[1]), 0x40: ("CS", "G"), 0x50: ("SS", [1, 1]),
        0x100: ("US", 1), 0x102: ("US", 0), 0x3000: ("OB", packed),
    }  # fmt: skip
    return {group << 16 | element: value for element, value in found.items()}


def test_overlays_are_drawn_where_the_presentation_state_activates_them() -> None:
    masks = RANDOM.random((3, ROWS, COLUMNS)) < 0.1
    content, _, pixels = eight_bits()
    dataset = dcmread(BytesIO(content))
    for mask, group in zip(masks, (0x6000, 0x6002), strict=False):
        for tag, (vr, value) in overlay(mask, group).items():
            dataset.add_new(tag, vr, value)
    target = BytesIO()
    dataset.save_as(target)
    content = target.getvalue()
    layers = [("BRIGHT", 65535), ("DIM", 32896)]
    elements = {0x60021001: ("CS", "BRIGHT"), 0x60041001: ("CS", "DIM"), **overlay(masks[2], 0x6004)}
    state = presentation_state([reference(UID)], [area(COLUMNS, ROWS)], layers=layers, elements=elements)
    expected = np.where(masks[2], 128, np.where(masks[1], 255, pixels))
    np.testing.assert_array_equal(shown(content, state), expected)
    plain = presentation_state([reference(UID)], [area(COLUMNS, ROWS)])
    np.testing.assert_array_equal(shown(content, plain), pixels)


def test_a_bitmap_shutter() -> None:
    mask = RANDOM.random((ROWS, COLUMNS)) < 0.5
    content, state, pixels = eight_bits(
        ShutterShape="BITMAP",
        ShutterOverlayGroup=0x6000,
        ShutterPresentationValue=65535,
        elements=overlay(mask, 0x6000),
    )
    np.testing.assert_array_equal(shown(content, state), np.where(mask, 255, pixels))
    missing = presentation_state(
        [reference(UID)], [area(COLUMNS, ROWS)], ShutterShape="BITMAP", ShutterOverlayGroup=0x6000
    )
    with pytest.raises(UnprocessableError, match="shutter"):
        shown(content, missing)


BLACK = image(np.zeros((100, 100), np.uint8))


def annotated(*items: Dataset, rotation: int = 0, flip: str = "N", **attributes: Any) -> Pixels:
    annotation = Dataset()
    annotation.GraphicLayer = "ONE"
    annotation.GraphicObjectSequence = [item for item in items if "GraphicType" in item]
    annotation.TextObjectSequence = [item for item in items if "GraphicType" not in item]
    state = presentation_state(
        [reference(UID)],
        [area(100, 100)],
        layers=attributes.pop("layers", [("ONE", 65535)]),
        GraphicAnnotationSequence=[annotation],
        ImageRotation=rotation,
        ImageHorizontalFlip=flip,
        **attributes,
    )
    return shown(BLACK, state)


def lit(picture: Pixels) -> set[tuple[int, int]]:
    """Columns and rows of what is brighter than half."""
    return {(int(c), int(r)) for r, c in np.argwhere(picture > 127)}


def test_a_polyline_lies_on_the_pixels_that_it_names() -> None:
    """(10.5, 20.5) is the centre of column 10 (from 0) and row 20."""
    line = graphic("POLYLINE", [10.5, 20.5, 30.5, 20.5])
    assert lit(annotated(line)) == {(column, 20) for column in range(10, 31)}
    assert lit(annotated(line, rotation=90)) == {(79, row) for row in range(10, 31)}
    assert lit(annotated(line, flip="Y")) == {(column, 20) for column in range(69, 90)}
    display = graphic("POLYLINE", [0.105, 0.205, 0.305, 0.205], units="DISPLAY")
    assert lit(annotated(display, rotation=90)) == {(column, 20) for column in range(10, 31)}


def test_points_circles_ellipses_and_curves_are_where_they_should_be() -> None:
    found = lit(annotated(graphic("CIRCLE", [50.5, 40.5, 70.5, 40.5])))
    assert {(70, 40), (30, 40), (50, 60), (50, 20)} <= found
    assert all(abs(np.hypot(x - 50, y - 40) - 20) < 1.5 for x, y in found)
    found = lit(annotated(graphic("ELLIPSE", [20.5, 50.5, 80.5, 50.5, 50.5, 40.5, 50.5, 60.5])))
    assert {(20, 50), (80, 50), (50, 40), (50, 60)} <= found
    assert all(abs(((x - 50) / 30) ** 2 + ((y - 50) / 10) ** 2 - 1) < 0.25 for x, y in found)
    found = lit(annotated(graphic("POINT", [33.5, 44.5])))
    assert (33, 44) in found
    assert all(abs(x - 33) <= 3 and abs(y - 44) <= 3 for x, y in found)
    found = lit(annotated(graphic("INTERPOLATED", [10.5, 10.5, 50.5, 60.5, 90.5, 10.5])))
    assert {(10, 10), (50, 60), (90, 10)} <= found


def test_filled_shapes_are_tinted_and_layers_have_colours() -> None:
    picture = annotated(graphic("CIRCLE", [50.5, 50.5, 70.5, 50.5], filled=True))
    assert 40 < picture[50, 50] < 90
    assert picture[50, 70] == 255
    assert annotated(graphic("POLYLINE", [0.5, 5.5, 9.5, 5.5]), layers=[("ONE", 32896)])[5, 5] == 128
    red = annotated(graphic("POLYLINE", [0.5, 5.5, 9.5, 5.5]), layers=[("ONE", (34885, 53485, 50171))])
    assert red.shape == (100, 100, 3)
    assert red[5, 5, 0] > 200
    assert red[5, 5, 1] < 60


def test_text_stays_in_its_box_and_begins_at_its_point() -> None:
    found = lit(annotated(text_in("Lesion", (20, 30, 80, 60))))
    assert found
    assert all(19 <= x <= 81 and 29 <= y <= 61 for x, y in found)
    left = min(x for x, _ in found)
    right = lit(annotated(text_in("I", (20, 30, 80, 60), justification="RIGHT")))
    assert min(x for x, _ in right) > left + 20
    found = lit(annotated(text_at("Here", (40, 70))))
    assert found
    assert all(x >= 39 and y >= 69 for x, y in found)


def test_annotations_of_other_images_are_left_out() -> None:
    annotation = Dataset()
    annotation.GraphicLayer = "ONE"
    annotation.ReferencedImageSequence = [reference("9.9")]
    annotation.GraphicObjectSequence = [graphic("POLYLINE", [0.5, 5.5, 9.5, 5.5])]
    state = presentation_state(
        [reference(UID), reference("9.9")], [area(100, 100)], GraphicAnnotationSequence=[annotation]
    )
    assert lit(shown(BLACK, state)) == set()


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.11.2"}, "only grayscale"),
        ({"MaskSubtractionSequence": [Dataset()]}, "mask"),
        ({"DisplayedAreaSelectionSequence": None}, "which part"),
        ({"ImageRotation": 45}, "odd angle"),
        ({"SoftcopyVOILUTSequence": voi(WindowCenter=1, WindowWidth=0)}, "window"),
        ({"ShutterShape": "ROUND"}, "shutter"),
        ({"ShutterShape": "CIRCULAR"}, "damaged"),
        ({"GraphicAnnotationSequence": voi(GraphicObjectSequence=[graphic("STAR", [1, 1])])}, "graphic"),
        ({"GraphicAnnotationSequence": voi(GraphicObjectSequence=[graphic("CIRCLE", [1, 1])])}, "graphic"),
        ({"GraphicAnnotationSequence": voi(GraphicObjectSequence=[graphic("POINT", [1, 1], units="MM")])}, "units"),
        ({"ReferencedSeriesSequence": None}, "no image"),
        ({"GraphicAnnotationSequence": voi(GraphicObjectSequence=[graphic("POINT", [1e30, 1])])}, "outside"),
        ({"GraphicAnnotationSequence": voi(GraphicObjectSequence=[graphic("POINT", [np.nan, 1])])}, "outside"),
        ({"GraphicAnnotationSequence": voi(TextObjectSequence=[text_at("x" * 20000, (1, 1))])}, "too long"),
        ({"DisplayedAreaSelectionSequence": [area(9, 9, PresentationPixelAspectRatio=[1, 0])]}, "damaged"),
        ({"DisplayedAreaSelectionSequence": [area(9, 9, PresentationPixelAspectRatio=[10**6, 1])]}, "which part"),
    ],
)
def test_what_cannot_be_shown_is_refused(attributes: dict[str, Any], reason: str) -> None:
    state = presentation_state([reference(UID)], [area(100, 100)], **attributes)
    with pytest.raises(UnprocessableError, match=reason):
        shown(BLACK, state)


def test_images_that_it_is_not_for_are_refused() -> None:
    state = presentation_state([reference(UID, 2)], [area(100, 100)])
    with pytest.raises(BadRequestError, match="does not refer"):
        shown(BLACK, state)
    colour = image_file(np.zeros((4, 4, 3), np.uint8), SamplesPerPixel=3, SOPInstanceUID=UID)
    with pytest.raises(UnprocessableError, match="colour"):
        shown(colour, presentation_state([reference(UID)], [area(4, 4)]))
    huge = presentation_state([reference(UID)], [area(2_000_000_000, 2_000_000_000)])
    with pytest.raises(UnprocessableError, match="large"):
        shown(BLACK, huge)


def test_damaged_bytes_are_refused_or_shown_and_nothing_else() -> None:
    state = presentation_state(
        [reference(UID)],
        [area(100, 100, PresentationPixelSpacing=[1, 1])],
        layers=[("ONE", 65535)],
        ShutterShape="RECTANGULAR", ShutterLeftVerticalEdge=4, ShutterRightVerticalEdge=20,
        ShutterUpperHorizontalEdge=3, ShutterLowerHorizontalEdge=17,
        SoftcopyVOILUTSequence=voi(VOILUTSequence=[lut(0, np.arange(64), 8)]),
        GraphicAnnotationSequence=voi(
            GraphicLayer="ONE",
            GraphicObjectSequence=[graphic("ELLIPSE", [1, 5, 9, 5, 5, 1, 5, 9], filled=True)],
            TextObjectSequence=[text_in("Here", (1, 1, 40, 20))],
        ),
        elements=overlay(np.ones((5, 5), bool), 0x6000) | {0x60001001: ("CS", "ONE")},
    )  # fmt: skip
    shown(BLACK, state)
    random, outcomes = np.random.default_rng(9), set()
    for _ in range(400):
        damaged = bytearray(state)
        for place in random.integers(300, len(state), random.integers(1, 4)):
            damaged[place] = random.integers(0, 256)
        try:
            list_references({"file": {"buffer": 0}}, (bytes(damaged),), ())
            shown(BLACK, bytes(damaged))
            outcomes.add("shown")
        except SightlineError as refusal:
            outcomes.add(refusal.code)
    assert {"shown", "bad-state"} <= outcomes


def test_references_are_listed_in_order() -> None:
    def listed(content: bytes) -> Any:
        return list_references({"file": {"buffer": 0}}, (content,), ()).values["images"]

    state = presentation_state([reference("1.1"), reference("1.2", 3, 1)], [area(4, 4)], series="5.5")
    assert listed(state) == [
        {"series": "5.5", "instance": "1.1", "frames": []},
        {"series": "5.5", "instance": "1.2", "frames": [3, 1]},
    ]
    assert listed(BLACK) is None
    with pytest.raises(SightlineError):
        listed(presentation_state([reference("1.1")], [area(4, 4)], SOPClassUID="1.2.840.10008.5.1.4.1.1.11.4"))
