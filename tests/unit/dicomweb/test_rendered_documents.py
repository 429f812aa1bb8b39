"""Reports and PDF documents as people read them; hostile text stays text."""

from __future__ import annotations

from typing import Any

from pydicom import Dataset
from pydicom.uid import ComprehensiveSRStorage, EncapsulatedPDFStorage

from tests.support.dicom_files import part_10
from tests.unit.dicomweb.conftest import Serve

STUDY, SERIES = "1.2.826.0.1.1", "1.5"
PATH = f"/studies/{STUDY}/series/{SERIES}/instances/1.5.1/rendered"


def code(value: str, meaning: str, scheme: str = "99TEST") -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def content(value_type: str, name: str, **attributes: Any) -> Dataset:
    item = Dataset()
    item.RelationshipType = "CONTAINS"
    item.ValueType = value_type
    item.ConceptNameCodeSequence = [code("1", name)]
    for keyword, value in attributes.items():
        setattr(item, keyword, value)
    return item


def instance(sop_class: str, **attributes: Any) -> bytes:
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, "1.5.1"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = STUDY, SERIES
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName, dataset.PatientID = "Müller^Änne", "<P1>"
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return part_10(dataset)


def report() -> bytes:
    measured = Dataset()
    measured.NumericValue = "12.5"
    measured.MeasurementUnitsCodeSequence = [code("mm", "millimetre", "UCUM")]
    return instance(
        ComprehensiveSRStorage,
        ValueType="CONTAINER",
        ConceptNameCodeSequence=[code("18782-3", "Chest report")],
        ContentDate="20260102",
        ContentTime="101500",
        ContentSequence=[
            content("TEXT", "Finding", TextValue="A <script>alert(1)</script> & more\nsecond line"),
            content(
                "CONTAINER",
                "Measurements",
                ContentSequence=[
                    content("NUM", "Length", MeasuredValueSequence=[measured]),
                    content("NUM", "Width", MeasuredValueSequence=[]),
                    content("CODE", "Side", ConceptCodeSequence=[code("7771000", "Left")]),
                    content("PNAME", "Reader", PersonName="Doe^Jane"),
                    content("SCOORD", "Outline", GraphicType="POLYLINE", GraphicData=[1.0, 2.0, 3.0, 4.0]),
                ],
            ),
        ],
    )


def test_a_report_as_text(serve: Serve) -> None:
    answer = serve(report()).get(PATH, "text/plain")
    assert (answer.status_code, answer.content_type) == (200, "text/plain; charset=utf-8")
    assert answer.data.decode() == (
        "Chest report\n\nPatient: Müller Änne\nPatient ID: <P1>\nDate: 2026-01-02 10:15:00\n\n"
        "Finding: A <script>alert(1)</script> & more\n  second line\n"
        "Measurements\n  Length: 12.5 mm\n  Width: no value\n  Side: Left\n  Reader: Doe Jane\n"
        "  Outline: POLYLINE of 2 points\n"
    )


def test_a_report_as_a_page_has_no_scripts(serve: Serve) -> None:
    answer = serve(report()).get(PATH)
    assert answer.content_type == "text/html; charset=utf-8"
    page = answer.data.decode()
    assert "<script" not in page
    assert "A &lt;script&gt;alert(1)&lt;/script&gt; &amp; more<br>second line" in page
    assert "<dd>Müller Änne</dd>" in page
    assert "<dd>&lt;P1&gt;</dd>" in page
    assert "<li><strong>Length</strong>: 12.5 mm</li>" in page


def test_what_is_no_picture_is_not_sent_as_one(serve: Serve) -> None:
    server = serve(report())
    assert server.get(PATH, "image/jpeg").status_code == 406
    tag = server.get(PATH).headers["ETag"]
    assert server.get(PATH, headers={"If-None-Match": tag}).status_code == 304
    assert server.get(PATH.replace("rendered", "thumbnail")).status_code == 404
    assert server.get(PATH.replace("rendered", "frames/1/rendered")).status_code == 404


def test_a_pdf_without_its_padding(serve: Serve) -> None:
    document = b"%PDF-1.4\nnot much\n%%EOF"
    attributes = {
        "MIMETypeOfEncapsulatedDocument": "application/pdf",
        "EncapsulatedDocument": document + b"\0",
        "EncapsulatedDocumentLength": len(document),
    }
    answer = serve(instance(EncapsulatedPDFStorage, **attributes)).get(PATH)
    assert (answer.content_type, answer.data) == ("application/pdf", document)


def test_a_document_that_is_not_what_it_says_is_refused(serve: Serve) -> None:
    attributes = {"MIMETypeOfEncapsulatedDocument": "application/pdf", "EncapsulatedDocument": b"<html></html>\0"}
    assert serve(instance(EncapsulatedPDFStorage, **attributes)).get(PATH).status_code == 422
    plain = serve(instance("1.2.840.10008.5.1.4.1.1.88.59")).get(PATH)
    assert plain.status_code == 404
