"""Signed reports as DICOM objects, read back by highdicom, by DCMTK and by ourselves."""

from __future__ import annotations

import shutil
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import BasicTextSRStorage, ComprehensiveSRStorage, EncapsulatedPDFStorage

from sightline.objects.documents import PDF, TEXT, read_document
from sightline.objects.encapsulated_report import make_encapsulated_report
from sightline.objects.report_codes import HEADINGS, document_title
from sightline.objects.text_report import make_text_report
from tests.support.dicom_files import image_file
from tests.support.reports import ADDENDUM, FINDINGS, IMPRESSION

IMAGE = image_file(
    np.zeros((4, 4), np.int16), StudyInstanceUID="1.2.3", PatientName="Müller^Änne", SpecificCharacterSet="ISO_IR 100",
    PatientID="P1", AccessionNumber="A1", PatientSex="F",
)  # fmt: skip
CT = "1.2.840.10008.5.1.4.1.1.2"
COMMON: dict[str, Any] = {
    "source": {"buffer": 0}, "title": "CT Chest Report", "modality": "CT", "instance": "1.2.3.9.1", "series": "1.2.3.9",
    "series_number": 7, "instance_number": 1, "date": "20261127", "time": "101500.000000", "timezone": "+0100",
    "version": "1.0",
}  # fmt: skip


def written(**more: Any) -> Dataset:
    arguments = COMMON | {
        "sections": [{"code": FINDINGS, "text": "Lungs are clear.\nΚαθαρό."}, {"code": IMPRESSION, "text": ""}],
        "key_images": [], "measurements": None, "predecessor": None, "order": None, "author": "Dr Ådá",
        "organization": "Clinic", "language": "en", "signed": "20261127101500.000000+0100",
    } | more  # fmt: skip
    reply = make_text_report(arguments, [IMAGE], ())
    assert reply.values == {"study": "1.2.3"}
    return dcmread(BytesIO(bytes(reply.buffers[0])))


def key_image(instance: str, frame: int | None = None) -> dict[str, Any]:
    return {"series": "1.2.3.4", "instance": instance, "sop_class": CT, "frame": frame}


def containers(dataset: Dataset) -> dict[str, Dataset]:
    found = [item for item in dataset.ContentSequence if item.ValueType == "CONTAINER"]
    return {item.ConceptNameCodeSequence[0].CodeValue: item for item in found}


def test_it_is_a_verified_report_of_the_images_patient() -> None:
    dataset = written()
    assert (dataset.SOPClassUID, dataset.Modality) == (BasicTextSRStorage, "SR")
    assert (str(dataset.PatientName), dataset.PatientID, dataset.AccessionNumber) == ("Müller^Änne", "P1", "A1")
    assert (dataset.CompletionFlag, dataset.VerificationFlag) == ("COMPLETE", "VERIFIED")
    (verifier,) = dataset.VerifyingObserverSequence
    assert (verifier.VerifyingObserverName, verifier.VerifyingOrganization) == ("Dr Ådá", "Clinic")
    assert verifier.VerificationDateTime == "20261127101500.000000+0100"
    assert verifier.VerifyingObserverIdentificationCodeSequence == []
    template = dataset.ContentTemplateSequence[0]
    assert (template.MappingResource, template.TemplateIdentifier) == ("DCMR", "2000")
    assert dataset.ConceptNameCodeSequence[0].CodeMeaning == "CT Report"


def test_sections_have_their_text_and_empty_ones_stay() -> None:
    found = containers(written())
    (text,) = found[FINDINGS].ContentSequence
    assert (text.ValueType, text.TextValue) == ("TEXT", "Lungs are clear.\r\nΚαθαρό.")
    assert text.ConceptNameCodeSequence[0].CodeMeaning == "Finding"
    assert "ContentSequence" not in found[IMPRESSION]


def test_images_measurements_order_and_the_version_before_are_referred_to() -> None:
    dataset = written(
        key_images=[key_image("1.2.3.4.1"), key_image("1.2.3.4.2", 3)],
        measurements={"series": "1.2.3.7", "instance": "1.2.3.7.1", "sop_class": ComprehensiveSRStorage},
        predecessor={"series": "1.2.3.9", "instance": "1.2.3.9.0", "sop_class": BasicTextSRStorage},
        order={"study": "1.2.3", "accession": "A1", "placer": "0042", "description": "Chest CT", "code": "71250"},
    )
    plain, framed = containers(dataset)["55113-5"].ContentSequence
    assert "ReferencedFrameNumber" not in plain.ReferencedSOPSequence[0]
    assert framed.ReferencedSOPSequence[0].ReferencedFrameNumber == 3
    reference = containers(dataset)[FINDINGS].ContentSequence[1]
    assert (reference.ValueType, reference.ReferencedSOPSequence[0].ReferencedSOPInstanceUID) == (
        "COMPOSITE",
        "1.2.3.7.1",
    )
    evidence = dataset.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence
    assert {series.SeriesInstanceUID: len(series.ReferencedSOPSequence) for series in evidence} == {
        "1.2.3.4": 2,
        "1.2.3.7": 1,
    }
    (request,) = dataset.ReferencedRequestSequence
    assert (request.PlacerOrderNumberImagingServiceRequest, request.AccessionNumber) == ("0042", "A1")
    assert request.RequestedProcedureCodeSequence[0].CodeValue == "71250"
    before = dataset.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert before.ReferencedSOPInstanceUID == "1.2.3.9.0"


def test_what_the_standard_demands_is_there() -> None:
    dataset = written(organization="", language="")
    for keyword in (
        "PatientBirthDate", "StudyDate", "StudyTime", "StudyID", "ReferringPhysicianName", "SeriesNumber",
        "ReferencedPerformedProcedureStepSequence", "Manufacturer", "PerformedProcedureCodeSequence",
    ):  # fmt: skip
        assert keyword in dataset
    assert dataset.VerifyingObserverSequence[0].VerifyingOrganization
    assert "PredecessorDocumentsSequence" not in dataset
    assert "ReferencedRequestSequence" not in dataset
    assert "CurrentRequestedProcedureEvidenceSequence" not in dataset


def test_codes_are_those_of_the_standard() -> None:
    dictionary = pytest.importorskip("pydicom.sr._concepts_dict").concepts
    known = {code for names in dictionary["LN"].values() for code, (_, cids) in names.items() if 7001 in cids}
    assert set(HEADINGS) <= known
    meanings = {code: meaning for names in dictionary["LN"].values() for code, (meaning, _) in names.items()}
    assert {code: meanings[code] for code in HEADINGS} == {code: meaning for code, (meaning, _) in HEADINGS.items()}
    for _, (value, scheme, _meaning) in HEADINGS.values():
        cids = [cids for names in dictionary[scheme].values() for code, (_, cids) in names.items() if code == value]
        assert any(7002 in each for each in cids), value
    titles = {code for names in dictionary["LN"].values() for code, (_, cids) in names.items() if 7000 in cids}
    assert {
        document_title(modality)[0] for modality in ("CT", "MR", "US", "PT", "NM", "CR", "MG", "RF", "XA", "")
    } <= titles


def test_another_library_reads_the_same() -> None:
    highdicom = pytest.importorskip("highdicom")
    dataset = written(key_images=[key_image("1.2.3.4.1")])
    content = highdicom.sr.ContentSequence.from_sequence(dataset.ContentSequence, is_root=False)
    names = [item.name.meaning for item in content if item.value_type.value == "CONTAINER"]
    assert names == ["Findings", "Impressions", "Key Images"]
    texts = highdicom.sr.utils.find_content_items(dataset, value_type="TEXT", recursive=True)
    assert [item.TextValue for item in texts] == ["Lungs are clear.\r\nΚαθαρό."]


def test_dcmtk_reads_it(tmp_path: Path) -> None:
    if shutil.which("dsrdump") is None:
        pytest.skip("dsrdump is not installed here")
    dataset = written(
        key_images=[key_image("1.2.3.4.1")],
        sections=[{"code": FINDINGS, "text": "Clear."}, {"code": ADDENDUM, "text": "Late."}],
        measurements={"series": "1.2.3.7", "instance": "1.2.3.7.1", "sop_class": ComprehensiveSRStorage},
    )
    file = tmp_path / "report.dcm"
    dataset.save_as(file)
    dumped = subprocess.run(
        ["dsrdump", "+Pc", "--unknown-relationship", str(file)], capture_output=True, text=True, check=True, timeout=30
    )
    assert "Basic Text SR Document" in dumped.stdout
    assert "Late." in dumped.stdout
    assert "COMPOSITE" in dumped.stdout.upper()
    strict = subprocess.run(["dsrdump", str(file)], capture_output=True, text=True, check=True, timeout=30)
    assert "E:" not in strict.stderr


def test_it_is_read_as_text_here() -> None:
    target = BytesIO()
    written().save_as(target)
    reply = read_document({"file": {"buffer": 0}}, [target.getvalue()], ())
    text = bytes(reply.buffers[reply.values["media_types"].index(TEXT)]).decode()
    assert "Verified by: Dr Ådá" in text
    assert "Lungs are clear." in text


@pytest.mark.parametrize("document", [b"%PDF-1.7 even", b"%PDF-1.7 odd!"])
def test_the_pdf_comes_back_as_it_was(document: bytes) -> None:
    arguments = COMMON | {"document": 1, "report": "1.2.3.9.1", "instance": "1.2.3.10.1", "series": "1.2.3.10"}
    reply = make_encapsulated_report(arguments, [IMAGE, document], ())
    dataset = dcmread(BytesIO(bytes(reply.buffers[0])))
    assert (dataset.SOPClassUID, dataset.Modality, dataset.DocumentTitle) == (
        EncapsulatedPDFStorage,
        "DOC",
        "CT Chest Report",
    )
    assert dataset.MIMETypeOfEncapsulatedDocument == PDF
    assert len(dataset.EncapsulatedDocument) % 2 == 0
    assert dataset.SourceInstanceSequence[0].ReferencedSOPInstanceUID == "1.2.3.9.1"
    for keyword in ("BurnedInAnnotation", "ConversionType", "AcquisitionDateTime", "ConceptNameCodeSequence"):
        assert keyword in dataset
    shown = read_document({"file": {"buffer": 0}}, [bytes(reply.buffers[0])], ())
    assert (shown.values["media_types"], bytes(shown.buffers[0])) == ([PDF], document)
