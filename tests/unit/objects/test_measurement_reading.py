"""Reports of others: those of the corpus, of OHIF's kind, and what nobody should have made."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.uid import CTImageStorage

from sightline.objects import content_items as items
from sightline.objects import measurement_tree
from sightline.objects.content_items import CONTAINS, CONTEXT, INFERRED, SELECTED
from sightline.objects.measurement_codes import (
    GROUP,
    MEASUREMENTS,
    REGION,
    SOURCE_IMAGE,
    TRACKING_IDENTIFIER,
    TRACKING_UID,
    Code,
)
from sightline.objects.measurement_reading import read_reports
from tests.support.corpus import real_file
from tests.unit.objects.test_measurement_report import every_tool, made, told

pytestmark = pytest.mark.filterwarnings("ignore:The value length", "ignore:Invalid value for VR")
MM: Code = ("mm", "UCUM", "millimeter")
LENGTH: Code = ("410668003", "SCT", "Length")


def read(content: bytes) -> dict[str, Any]:
    (found,) = read_reports({"files": [{"buffer": 0}]}, (content,), ()).values["documents"]
    assert found is not None
    report: dict[str, Any] = found
    return report


def rounded(report: dict[str, Any]) -> list[tuple[str, list[list[float]], str]]:
    return [(each["tool"], np.round(each["points"], 2).tolist(), each["label"]) for each in report["findings"]]


@pytest.mark.parametrize(
    ("name", "first", "values"),
    [
        ("sr-arrow.dcm", ("arrow", [[6.19, 6.08], [6.27, 13.06]], ""), {}),
        ("sr-circle.dcm", ("circle", [[6.04, 6.08], [8.04, 6.08]], ""), {"Radius": (2.0, "mm")}),
        (
            "sr-ellipse.dcm",
            ("ellipse", [[2.85, 6.15], [9.23, 6.15], [6.04, 4.25], [6.04, 8.05]], ""),
            {"Area": (0.190277523323, "cm²"), "Pixel by pixel mean": (16.666666666667, "")},
        ),
        ("sr-protractor.dcm", ("angle", [[4.14, 4.18], [4.14, 7.97], [8.32, 7.97]], ""), {"Angle": (90.0, "°")}),
        ("sr-rectangle.dcm", ("rectangle", [[4.14, 4.03], [10.14, 8.05]], ""), {"Width": (6.0, "mm")}),
        ("sr-roi.dcm", ("polygon", [[4.22, 4.1], [4.14, 7.97], [7.86, 7.97]], ""), {}),
        ("sr-ruler.dcm", ("length", [[3.91, 5.85], [7.94, 5.85]], ""), {"Length": (4.025316455696, "mm")}),
    ],
)
def test_drawings_of_dwv(name: str, first: tuple[Any, ...], values: dict[str, tuple[float, str]]) -> None:
    report = read(real_file(name).read_bytes())
    assert (report["problems"], report["software"]) == ([], "DWV_0.35.0-beta.21")
    assert len(report["findings"]) == 3
    assert rounded(report)[0] == first
    found = {each["name"]: (each["value"], each["unit"]) for each in report["findings"][0]["values"]}
    assert values.items() <= found.items()
    image = "1.2.826.0.1.3680043.9.7278.1.83798073110115.20240516075655.3.6"
    assert {each["place"] for each in report["findings"]} == {(image, 1)}
    assert image in report["evidence"]


def test_labels_of_dwv_are_read_without_what_it_fills_in() -> None:
    report = read(real_file("sr-arrow.dcm").read_bytes())
    assert [each["label"] for each in report["findings"]] == ["", "label", "label"]


def test_regions_of_highdicom() -> None:
    report = read(real_file("sr_document.dcm").read_bytes())
    assert rounded(report) == [("circle", [[58.0, 52.0], [58.0, 41.0]], "Spinal cord, Cervico-thoracic spine")]
    assert report["findings"][0]["values"] == [{"name": "Area of defined region", "value": 1.7, "unit": "cm²"}]
    assert report["author"] == "Foo"


def test_what_lies_in_the_patient_and_what_marks_nothing() -> None:
    report = read(real_file("sr_document_with_multiple_groups.dcm").read_bytes())
    assert [each[0] for each in rounded(report)] == ["circle", "polyline", "point"]
    in_patient = report["findings"][2]
    assert in_patient["points"] == pytest.approx(np.array([[123.5, 234.1, -23.7]]), abs=1e-4)
    assert in_patient["frame_of_reference"] == "1.3.6.1.4.1.5962.1.4.1.1.20040119072730.12322"
    assert report["problems"] == ["Image0001 (Intensity Histogram Mean -119.074 HU): It marks no place on an image."]


def test_both_axes_of_ohif_are_one_finding() -> None:
    report = read(real_file("sample-sr.dcm").read_bytes())
    assert rounded(report) == [
        ("bidirectional", [[580.72, 1090.84], [543.35, 988.39], [599.4, 1028.23], [524.67, 1051.0]], "")
    ]
    assert [(each["name"], round(each["value"], 2)) for each in report["findings"][0]["values"]] == [
        ("Long Axis", 64.45), ("Short Axis", 42.97),
    ]  # fmt: skip


def foreign(*groups: Dataset) -> bytes:
    """Return a report of somebody else with these groups."""
    dataset = dcmread(BytesIO(made([])))
    dataset.Manufacturer = "Somebody"
    dataset.ContentSequence = [items.container(MEASUREMENTS, groups)]
    target = BytesIO()
    dcmwrite(target, dataset)
    return target.getvalue()


def group(tool: str, *content: Dataset) -> Dataset:
    identity = [
        items.text(TRACKING_IDENTIFIER, f"Cornerstone3DTools@^0.1.0:{tool}", CONTEXT),
        items.uid(TRACKING_UID, "2.25.9", CONTEXT),
    ]
    return items.container(GROUP, [*identity, *content])


def drawn(graphic: str, points: list[list[float]], relationship: str = INFERRED) -> Dataset:
    source = items.image(SOURCE_IMAGE, CTImageStorage, "1.2.3", 4, SELECTED)
    return items.coordinates(REGION, graphic, points, source, relationship)


@pytest.mark.parametrize(
    ("tool", "graphic", "points", "wanted", "count"),
    [
        ("Length", "POLYLINE", [[1, 2], [3, 4]], "length", 2),
        ("RectangleROI", "POLYLINE", [[1, 1], [4, 1], [4, 5], [1, 5], [1, 1]], "rectangle", 2),
        ("EllipticalROI", "ELLIPSE", [[1, 3], [5, 3], [3, 1], [3, 5]], "ellipse", 4),
        ("CircleROI", "CIRCLE", [[3, 3], [3, 5]], "circle", 2),
        ("PlanarFreehandROI", "POLYLINE", [[n % 9, n / 9] for n in range(60)], "freehand", 60),
        ("PlanarFreehandROI", "POLYLINE", [[1, 1], [4, 1], [4, 5]], "polygon", 3),
        ("CobbAngle", "POLYLINE", [[1, 1], [4, 1], [4, 5], [1, 5]], "cobb", 4),
        ("ArrowAnnotate", "POINT", [[1, 1], [4, 1]], "arrow", 2),
        ("Probe", "POINT", [[1, 1]], "point", 1),
    ],
)
def test_tools_of_ohif(tool: str, graphic: str, points: list[list[float]], wanted: str, count: int) -> None:
    numbers = [items.number(LENGTH, 5.0 + n, MM, [drawn(graphic, points)]) for n in range(2)]
    report = read(foreign(group(tool, *numbers)))
    (finding,) = report["findings"]
    assert (finding["tool"], len(finding["points"]), finding["place"]) == (wanted, count, ("1.2.3", 4))
    assert [value["value"] for value in finding["values"]] == [5.0, 6.0]
    assert (finding["tracking"], finding["label"], report["problems"]) == ("2.25.9", "", [])


def test_what_cannot_be_drawn_is_said() -> None:
    odd = [
        drawn("POINT", [[1, 2], [3, 4]], CONTAINS), drawn("ELLIPSE", [[1, 2]], CONTAINS),
        drawn("SPIRAL", [[1, 2]], CONTAINS),
        drawn("POLYLINE", [[1, float("nan")], [3, 4]], CONTAINS), drawn("POLYLINE", [[1, 2]], CONTAINS),
    ]  # fmt: skip
    report = read(foreign(*(group("Odd", each) for each in odd), group("Length", drawn("POLYLINE", [[1, 2], [3, 4]]))))
    assert len(report["findings"]) == 1
    assert len(report["problems"]) == len(odd)


def test_the_same_tracking_twice_is_two_findings_with_ids_that_stay() -> None:
    content = foreign(*(group("Length", drawn("POLYLINE", [[1, n], [3, 4]])) for n in range(2)))
    ids = [[each["id"] for each in read(content)["findings"]] for _ in range(2)]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 2


def test_too_much_is_said_and_the_first_of_it_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measurement_tree, "MOST_ITEMS", 6)
    report = read(made([told(each) for each in every_tool()]))
    assert "more in it" in report["problems"][-1]
    monkeypatch.setattr(measurement_tree, "MOST_POINTS", 2)
    outline = foreign(group("Length", drawn("POLYLINE", [[1, 2], [3, 4], [5, 6]])))
    assert "more points" in read(outline)["problems"][-1]


@pytest.mark.parametrize("name", ["reportsi.dcm", "CT_small.dcm"])
def test_other_objects_are_no_measurement_reports(name: str) -> None:
    content = real_file(name).read_bytes()
    assert read_reports({"files": [{"buffer": 0}]}, (content,), ()).values["documents"] == [None]


def test_no_damage_is_a_crash() -> None:
    content = bytearray(made([told(each) for each in every_tool()]))
    random = np.random.default_rng(5)
    for _ in range(60):
        spoiled = bytearray(content)
        for place in random.integers(400, len(content), 6):
            spoiled[place] = random.integers(0, 256)
        read_reports({"files": [{"buffer": 0}]}, (bytes(spoiled[: random.integers(300, len(spoiled))]),), ())
