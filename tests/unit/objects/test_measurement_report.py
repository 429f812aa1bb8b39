"""Findings as measurement reports: what others read in them, and that we read the very findings back."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, config, dcmread, dcmwrite
from pydicom.uid import ComprehensiveSRStorage, CTImageStorage

from sightline.objects.measurement_reading import read_reports
from sightline.objects.measurement_report import make_report
from tests.support.dicom_files import image_file
from tests.support.findings import EVERY_TOOL, finding

STUDY, SERIES, IMAGE = "1.2.826.0.1.1", "1.2.826.0.1.1.1", "1.2.3"
SOURCE = image_file(
    np.zeros((8, 6), np.int16), PatientName="Doe^Jane", PatientID="P-17", AccessionNumber="ACC1", SOPInstanceUID=IMAGE,
    StudyInstanceUID=STUDY, SeriesInstanceUID=SERIES, InstitutionName="not copied",
)  # fmt: skip
QUANTITIES: dict[str, list[tuple[str, float, str]]] = {
    "length": [("length", 5.0000000001, "mm")],
    "polyline": [("length", 1 / 3, "cm")],
    "bidirectional": [("length", 4.0, "mm"), ("shortAxis", 3.0, "mm")],
    "angle": [("angle", 90.0, "°")],
    "cobb": [("angle", 12.5, "°")],
    "rectangle": [("area", 15.0, "mm²"), ("perimeter", 16.0, "mm"), ("mean", -1000.25, "HU"), ("pixels", 15, "")],
    "ellipse": [("area", 18.85, "mm²"), ("mean", 1.5, "HU"), ("standardDeviation", 0.5, "HU"), ("minimum", 1, "HU")],
    "circle": [("radius", 2.0, "mm"), ("suvMean", 2.5, "g/ml"), ("suvMaximum", 3.5, "g/ml"), ("suvPeak", 3.25, "g/ml")],
    "polygon": [("area", 10.0, "px²"), ("perimeter", 12.0, "px"), ("maximum", 7, "US")],
    "freehand": [("median", 7, "")],
}


def told(drawn: dict[str, Any], **more: Any) -> dict[str, Any]:
    quantities = [
        {"name": name, "value": value, "unit": unit} for name, value, unit in QUANTITIES.get(drawn["tool"], [])
    ]
    return {
        "finding": drawn, "author": "Dr Ann", "changed": "20261121120000.000000+0000", "sop_class": CTImageStorage,
        "frames": 1, "spacing": None, "quantities": quantities, "origin": None, "reason": None,
    } | more  # fmt: skip


def every_tool() -> list[dict[str, Any]]:
    return [
        finding(STUDY, SERIES, IMAGE, tool, f"{tool} “ü” 日本\nmore", colour=n % 6, hidden=bool(n % 2))
        for n, tool in enumerate(EVERY_TOOL)
    ]


def made(findings: list[dict[str, Any]], source: bytes = SOURCE, **changes: Any) -> bytes:
    arguments = {
        "source": {"buffer": 0}, "findings": findings, "author": "Dr Ann", "predecessors": [], "instance": "2.25.1",
        "series": "2.25.2", "series_number": 4, "instance_number": 3, "date": "20261126", "time": "191500.25",
        "timezone": "+0100", "device": "2.25.7", "version": "0.1.0",
    }  # fmt: skip
    return bytes(make_report(arguments | changes, (source,), ()).buffers[0])


def dataset_of(content: bytes) -> Dataset:
    return dcmread(BytesIO(content))


def read(*contents: bytes) -> list[dict[str, Any]]:
    files = [{"buffer": number} for number in range(len(contents))]
    found: list[dict[str, Any]] = read_reports({"files": files}, contents, ()).values["documents"]
    return found


def changed(content: bytes, change: Any) -> bytes:
    dataset, target = dataset_of(content), BytesIO()
    change(dataset)
    dcmwrite(target, dataset)
    return target.getvalue()


def groups(dataset: Dataset) -> list[Dataset]:
    return list(dataset.ContentSequence[-1].get("ContentSequence") or ())


def values(group: Dataset, kind: str) -> list[Dataset]:
    return [item for item in group.ContentSequence if item.ValueType == kind]


def test_patient_and_study_are_those_of_the_image() -> None:
    dataset = dataset_of(made([told(each) for each in every_tool()]))
    assert (dataset.PatientName, dataset.PatientID, dataset.StudyInstanceUID) == ("Doe^Jane", "P-17", STUDY)
    assert dataset.AccessionNumber == "ACC1"
    assert "InstitutionName" not in dataset


def test_it_says_what_it_is_and_whose() -> None:
    before = [{"series": "2.25.2", "instance": "2.25.9", "sop_class": ComprehensiveSRStorage}]
    dataset = dataset_of(made([told(every_tool()[0])], predecessors=before))
    assert (dataset.Modality, dataset.SOPClassUID.name) == ("SR", "Comprehensive SR Storage")
    assert (dataset.CompletionFlag, dataset.VerificationFlag) == ("PARTIAL", "UNVERIFIED")
    assert dataset.ContentTemplateSequence[0].TemplateIdentifier == "1500"
    assert dataset.AuthorObserverSequence[0].PersonName == "Dr Ann"
    assert (dataset.ContentDate, dataset.ContentTime) == ("20261126", "191500.25")
    series = dataset.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0]
    assert series.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == "2.25.9"
    evidence = dataset.CurrentRequestedProcedureEvidenceSequence[0]
    assert evidence.StudyInstanceUID == STUDY
    assert [str(s.SeriesInstanceUID) for s in evidence.ReferencedSeriesSequence] == [SERIES]


def test_reading_gives_the_very_findings_back() -> None:
    drawn = [each | {"points": [[c / 3, r * 1.1] for c, r in each["points"]]} for each in every_tool()]
    (report,) = read(made([told(each) for each in drawn]))
    assert report["problems"] == []
    assert [
        {k: v for k, v in each.items() if k not in ("values", "author", "changed", "place")}
        | {"study": STUDY, "series": report["evidence"][each["place"][0]], "instance": each["place"][0]}
        | {"frame": each["place"][1]}
        for each in report["findings"]
    ] == drawn
    assert {each["author"] for each in report["findings"]} == {"Dr Ann"}


def test_without_what_the_standard_has_no_word_for_the_same_is_drawn() -> None:
    def forget(dataset: Dataset) -> None:
        for group in groups(dataset):
            group.remove_private_tags()

    drawn = every_tool()
    (report,) = read(changed(made([told(each) for each in drawn]), forget))
    found = {each["label"].split(" ")[0]: (each["tool"], each["points"]) for each in report["findings"]}
    for each in drawn:
        wanted = {"text": "point", "calibration": "length", "freehand": "polygon"}.get(each["tool"], each["tool"])
        tool, points = found[each["tool"]]
        assert tool == wanted
        expected = each["points"]
        if tool == "ellipse":  # the longer axis is first in a report
            expected = [*expected[2:], *expected[:2]]
        np.testing.assert_allclose(points, expected, rtol=1e-6)


def test_what_somebody_moved_since_is_where_they_moved_it() -> None:
    def move(dataset: Dataset) -> None:
        values(groups(dataset)[0], "SCOORD")[0].GraphicData = [1, 1, 5, 5]

    (report,) = read(changed(made([told(every_tool()[0])]), move))
    assert (report["findings"][0]["tool"], report["findings"][0]["points"]) == ("length", [[1, 1], [5, 5]])


def test_numbers_are_exact_with_their_units_and_none_is_made_up() -> None:
    dataset = dataset_of(made([told(each) for each in every_tool()]))
    found = {}
    for group, drawn in zip(groups(dataset), every_tool(), strict=True):
        found[drawn["tool"]] = [
            (
                item.ConceptNameCodeSequence[0].CodeMeaning,
                item.MeasuredValueSequence[0].FloatingPointValue,
                item.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue,
            )
            for item in values(group, "NUM")
        ]
    assert found["length"] == [("Length", 5.0000000001, "mm")]
    assert found["polyline"] == [("Length", 1 / 3, "cm")]
    assert found["bidirectional"] == [("Long Axis", 4.0, "mm"), ("Short Axis", 3.0, "mm")]
    assert found["cobb"] == [("Cobb angle", 12.5, "deg")]
    assert found["rectangle"][2:] == [("Mean", -1000.25, "[hnsf'U]"), ("Number of pixels", 15.0, "{pixels}")]
    assert found["circle"][1:] == [("SUVbw", value, "{SUVbw}g/ml") for value in (2.5, 3.5, 3.25)]
    assert found["polygon"] == [("Maximum", 7.0, "{US}")]  # sizes in pixels are none of the patient
    assert found["point"] == found["arrow"] == found["text"] == []
    for group in groups(dataset):
        for item in values(group, "NUM"):
            assert len(str(item.MeasuredValueSequence[0].NumericValue)) <= 16


def test_the_longer_axis_of_an_ellipse_comes_first_in_millimetres() -> None:
    drawn = finding(STUDY, SERIES, IMAGE, "ellipse", points=[[1, 4], [5, 4], [3, 2], [3, 6.5]])
    reports = [dataset_of(made([told(drawn, spacing=spacing)])) for spacing in (None, [1, 2])]
    data = [values(groups(report)[0], "SCOORD")[0].GraphicData for report in reports]
    assert list(data[0])[:4] == [3, 2, 3, 6.5]
    assert list(data[1])[:4] == [1, 4, 5, 4]
    assert read(made([told(drawn)]))[0]["findings"][0]["points"] == drawn["points"]


def test_frames_are_named_where_there_are_several() -> None:
    drawn = finding(STUDY, SERIES, IMAGE, "point", frame=3)
    one, many = (dataset_of(made([told(drawn, frames=frames)])) for frames in (1, 5))
    sources = [values(groups(d)[0], "SCOORD")[0].ContentSequence[0].ReferencedSOPSequence[0] for d in (one, many)]
    assert ["ReferencedFrameNumber" in source for source in sources] == [False, True]
    assert sources[1].ReferencedFrameNumber == 3
    assert read(made([told(drawn, frames=5)]))[0]["findings"][0]["place"] == (IMAGE, 3)


def test_who_made_a_finding_is_named_where_it_is_not_the_author() -> None:
    drawn = [told(every_tool()[0]), told(every_tool()[1], author="Dr Bob")]
    (report,) = read(made(drawn))
    assert [each["author"] for each in report["findings"]] == ["Dr Ann", "Dr Bob"]
    assert report["author"] == "Dr Ann"


def test_a_report_without_findings_is_one(tmp_path: Any) -> None:
    earlier = made([told(every_tool()[0])])
    dataset = dataset_of(made([], source=earlier))
    assert (dataset.PatientID, groups(dataset)) == ("P-17", [])
    assert read(made([]))[0]["findings"] == []


def test_names_cannot_become_other_names() -> None:
    dataset = dataset_of(made([told(every_tool()[0])], author="Eve\\Doe=X"))
    assert dataset.AuthorObserverSequence[0].PersonName == "Eve Doe X"


def test_highdicom_reads_all_of_it(tmp_path: Any) -> None:
    sr = pytest.importorskip("highdicom.sr", reason="highdicom is not installed for this Python")
    file = tmp_path / "report.dcm"
    file.write_bytes(made([told(each) for each in every_tool()]))
    content = sr.srread(file).content
    regions = content.get_planar_roi_measurement_groups()
    others = content.get_image_measurement_groups()
    uids = {group.tracking_uid for group in [*regions, *others]}
    assert uids == {each["tracking"] for each in every_tool()}
    ellipse = next(group for group in regions if "ellipse" in group.tracking_identifier)
    assert ellipse.roi.graphic_type.value == "ELLIPSE"
    numbers = {str(m.name.meaning): (m.value, m.unit.value) for m in ellipse.get_measurements()}
    assert numbers["Area"] == (18.85, "mm2")
    assert numbers["Standard Deviation"] == (0.5, "[hnsf'U]")


def test_every_module_has_what_it_must_have() -> None:
    utilities = pytest.importorskip("highdicom._standard_utils", reason="highdicom is not installed for this Python")
    before = [{"series": "2.25.2", "instance": "2.25.9", "sop_class": ComprehensiveSRStorage}]
    dataset = dataset_of(made([told(each, reason="No spacing.") for each in every_tool()], predecessors=before))
    modules = [module["key"] for module in utilities.get_iod_module_map()["comprehensive-sr"] if module["usage"] == "M"]
    assert len(modules) > 6
    # Of the content tree the table does not know what depends on the type of an item: highdicom reads it above.
    for module in set(modules) - {"sr-document-content"}:
        utilities.check_required_attributes(dataset, module)


def test_every_value_is_as_its_representation_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config.settings, "reading_validation_mode", config.RAISE)
    monkeypatch.setattr(config.settings, "writing_validation_mode", config.RAISE)
    count = 0
    for element in dataset_of(made([told(each, author="Dr Bob") for each in every_tool()])).iterall():
        count += element.value is not None
    assert count > 500


def test_damaged_reports_say_so() -> None:
    content = made([told(each) for each in every_tool()])

    def spoil(dataset: Dataset) -> None:
        group = groups(dataset)[1]
        del values(group, "SCOORD")[0].GraphicData
        values(groups(dataset)[0], "SCOORD")[0].GraphicData = [1, 2, 3]

    (report,) = read(changed(content, spoil))
    assert len(report["findings"]) == len(EVERY_TOOL) - 2
    assert len(report["problems"]) == 2
    whole = read(content[: len(content) // 2], b"", b"\x00" * 500, SOURCE)
    assert whole[1:] == [None, None, None]
    assert whole[0] is None or whole[0]["problems"]


def test_deep_reports_say_so() -> None:
    def deepen(dataset: Dataset) -> None:
        item = dataset.ContentSequence[-1]
        for _ in range(40):
            inner = Dataset()
            inner.ValueType, inner.RelationshipType = "CONTAINER", "CONTAINS"
            item.ContentSequence = [inner]
            item = inner

    (report,) = read(changed(made([told(every_tool()[0])]), deepen))
    assert report["findings"] == []
    assert "more in it" in report["problems"][0]
