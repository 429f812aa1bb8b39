"""Signed reports by FHIR: DiagnosticReport, DocumentReference and the PDF."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from fhir.resources.bundle import Bundle as BundleR5
from fhir.resources.diagnosticreport import DiagnosticReport as DiagnosticReportR5
from fhir.resources.documentreference import DocumentReference as DocumentReferenceR5
from fhir.resources.R4B.binary import Binary
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.diagnosticreport import DiagnosticReport
from fhir.resources.R4B.documentreference import DocumentReference

from sightline.access.grant import administrator
from sightline.state.report import ReportSection, SignedReport
from tests.support.fhir_site import EHR, FHIR, URL, FhirSite, linked
from tests.support.fhir_value_sets import check_codes

ADA = administrator("ada")
R5 = {"Accept": "application/fhir+json; fhirVersion=5.0"}
PDF = b"%PDF-1.7 example"


class _Engine:
    """Answers as a worker that reads a PDF document."""

    def run(self, _task: str, arguments: dict[str, Any], _buffers: Any) -> Any:
        assert "file" in arguments
        return SimpleNamespace(values={"media_types": ["application/pdf"]}, buffers=(PDF,))


@pytest.fixture
def reported(site: FhirSite) -> Iterator[FhirSite]:
    """The site with a report of study 1.2.1 and its addendum; its PDF is stored as the instance 1.2.1.1.1."""
    site.with_services(engine=_Engine())
    first = SignedReport(
        "r_1-x", 1, 1, "1.2.1", "A1", "P1", "Test^Patient", "19800101", "M", "20260102", "Chest", "CT",
        "CT Chest Report",
        (ReportSection("121070", "Findings", "Clear lungs."), ReportSection("121072", "Impression", "Normal.")),
        (), "Dr. Hill", "ada", site.clock(), "1.2.9", "1.2.9.1", "1.2.1.1", "1.2.1.1.1",
    )  # fmt: skip
    site.reports.all = [first, replace(first, version=2, sequence=2, signed=first.signed + timedelta(hours=1))]
    yield site


def test_a_report_is_valid(reported: FhirSite) -> None:
    answer = reported.ask(ADA, "DiagnosticReport/r.1-x")
    assert answer.status_code == 200
    report: dict[str, Any] = answer.json  # type: ignore[assignment]
    DiagnosticReport.model_validate(report)
    check_codes(report)
    assert report["status"] == "appended"
    assert report["meta"] == {"versionId": "2", "lastUpdated": "2026-11-21T13:00:00+00:00"}
    assert report["code"]["coding"][0]["code"] == "18748-4"
    assert report["conclusion"] == "Normal."
    assert report["imagingStudy"] == [{"reference": "ImagingStudy/1.2.1"}]
    assert report["presentedForm"][0]["url"] == f"{URL}{FHIR}/Binary/r.1-x.v2"
    assert reported.events() == [("read", "0")]
    newer = reported.ask(ADA, "DiagnosticReport/r.1-x", headers=R5).json
    DiagnosticReportR5.model_validate(newer)
    check_codes(newer)
    assert newer["study"] == report["imagingStudy"]  # type: ignore[index]


def test_a_document_is_valid(reported: FhirSite) -> None:
    document = reported.ask(ADA, "DocumentReference/r.1-x").json
    DocumentReference.model_validate(document)
    check_codes(document)
    assert document is not None
    assert document["content"][0]["attachment"]["contentType"] == "application/pdf"
    assert document["context"]["related"] == [{"reference": "ImagingStudy/1.2.1"}]
    DocumentReferenceR5.model_validate(reported.ask(ADA, "DocumentReference/r.1-x", headers=R5).json)


def test_the_pdf_itself_and_in_a_binary(reported: FhirSite) -> None:
    plain = reported.ask(ADA, "Binary/r.1-x.v2")
    assert (plain.status_code, plain.content_type, plain.data) == (200, "application/pdf", PDF)
    assert reported.ask(ADA, "Binary/r.1-x.v1", headers={"Accept": "application/pdf"}).data == PDF
    wrapped = reported.ask(ADA, "Binary/r.1-x.v2", headers={"Accept": "application/fhir+json"}).json
    Binary.model_validate(wrapped)
    assert base64.b64decode(wrapped["data"]) == PDF  # type: ignore[index]
    for missing in ("r.1-x.v3", "r.1-x", "other.v1"):
        assert reported.ask(ADA, f"Binary/{missing}").status_code == 404


@pytest.mark.parametrize("kind", ["DiagnosticReport", "DocumentReference"])
def test_searches(reported: FhirSite, kind: str) -> None:
    study = "study" if kind == "DiagnosticReport" else "related"
    for query in ({"patient.identifier": "P1"}, {study: "1.2.1"}, {study: "ImagingStudy/1.2.1"}):
        answer = reported.ask(ADA, kind, query_string=query)
        Bundle.model_validate(answer.json)
        check_codes(answer.json)
        assert [entry["resource"]["id"] for entry in answer.json["entry"]] == ["r.1-x"]  # type: ignore[index]
        BundleR5.model_validate(reported.ask(ADA, kind, query_string=query, headers=R5).json)
    day = "2026-01-02" if kind == "DiagnosticReport" else "2026-11-21"
    for date, total in ((day, 1), (f"gt{day}", 0)):
        answer = reported.ask(ADA, f"{kind}/_search", "POST", data={"patient.identifier": "P1", "date": date})
        assert answer.json["total"] == total  # type: ignore[index]
    assert reported.ask(ADA, kind, query_string={"patient.identifier": "P2"}).json["total"] == 0  # type: ignore[index]
    assert reported.ask(ADA, kind).status_code == 400


def test_who_may_see_it(reported: FhirSite) -> None:
    mine, other = reported.launch("f1", "P1", ["1.2.1"]), reported.launch("f2", "P2", ["1.2.3"])
    found = reported.ask(mine, "DiagnosticReport", query_string={"patient": "f1"})
    assert found.json["entry"][0]["resource"]["subject"]["reference"] == f"{EHR}/Patient/f1"  # type: ignore[index]
    for path in ("DiagnosticReport/r.1-x", "DocumentReference/r.1-x", "Binary/r.1-x.v2"):
        assert reported.ask(mine, path).status_code == 200
        for stranger in (other, linked("1.2.3")):
            assert reported.ask(stranger, path).status_code == 403
            assert reported.events()[-1] == ("denial", "4")
    assert reported.ask(other, "DiagnosticReport", query_string={"patient": "f1"}).status_code == 403


def test_a_report_of_a_study_that_is_another_patients_by_now(reported: FhirSite) -> None:
    reported.reports.all = [replace(report, patient_id="P9") for report in reported.reports.all]
    assert reported.ask(ADA, "DiagnosticReport/r.1-x").status_code == 404
    assert reported.ask(ADA, "DiagnosticReport", query_string={"patient.identifier": "P1"}).json["total"] == 0  # type: ignore[index]
