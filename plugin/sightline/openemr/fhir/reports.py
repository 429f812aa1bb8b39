"""DiagnosticReport, DocumentReference and Binary: reports that were signed here (FHIR R4 and R5)."""

from __future__ import annotations

import base64
import re
from datetime import datetime

from sightline.access.grant import Verb
from sightline.archive.protocol import Level, Query, Row
from sightline.errors import NotFoundError
from sightline.openemr.fhir.answers import FhirVersion, Resource, answer_resource, searchset, version_of, without_empty
from sightline.openemr.fhir.imaging_studies import V2_0203, subject
from sightline.openemr.fhir.parameters import Parameters
from sightline.openemr.fhir.readers import ATTRIBUTES, Reader
from sightline.rendering.channel import Buffer
from sightline.rendering.files import file_argument
from sightline.state.report import SignedReport
from sightline.web.request import Request, Response
from sightline.web.services import Services

LOINC = "http://loinc.org"
IMAGING_REPORT = {"system": LOINC, "code": "18748-4", "display": "Diagnostic imaging study"}
PDF = "application/pdf"
STUDY_PARAMETERS = {"DiagnosticReport": "study", "DocumentReference": "related"}
"""Search parameter that names an ImagingStudy. FHIR has the former from R5 on; it does no harm in R4."""

_SECTION = {"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "RAD", "display": "Radiology"}
_BINARY = re.compile(r"(.+)\.v([0-9]{1,6})")


def read_diagnostic_report(request: Request, services: Services, report_id: str) -> Response:
    """Send the newest version of a report."""
    version, reader = version_of(request), Reader(request, services)
    report, row = _readable(request, services, _report_id(report_id))
    return answer_resource(diagnostic_report(services, reader, report, row, version), version)


def search_diagnostic_reports(request: Request, services: Services) -> Response:
    """Search the reports of one patient's studies, or of one study."""
    return _search(request, services, "DiagnosticReport")


def read_document_reference(request: Request, services: Services, report_id: str) -> Response:
    """Send where the PDF of a report is."""
    version, reader = version_of(request), Reader(request, services)
    report, row = _readable(request, services, _report_id(report_id))
    return answer_resource(document_reference(services, reader, report, row, version), version)


def search_document_references(request: Request, services: Services) -> Response:
    """Search the documents of one patient's studies, or of one study."""
    return _search(request, services, "DocumentReference")


def read_binary(request: Request, services: Services, binary_id: str) -> Response:
    """Send the PDF of one version of a report: as it is, or in a Binary for whoever asks for FHIR.

    Raises
    ------
    NotFoundError
        There is no such version, or its PDF is not stored.
    """
    match = _BINARY.fullmatch(binary_id)
    if match is None:
        raise NotFoundError("There is no such document here.")
    report, _ = _readable(request, services, _report_id(match[1]), int(match[2]))
    if not (report.pdf_series_uid and report.pdf_instance_uid):
        raise NotFoundError("This report has no PDF.")
    record = services.archive.instance(
        request.grant, report.study_instance_uid, report.pdf_series_uid, report.pdf_instance_uid
    )
    buffers: list[Buffer] = []
    arguments = {"file": file_argument(services.archive.source(request.grant, record), buffers)}
    reply = services.engine.run("sightline.objects.documents:read_document", arguments, buffers)
    if reply.values["media_types"][0] != PDF:
        raise NotFoundError("This report has no PDF.")
    content = bytes(reply.buffers[0])
    accept = request.headers.get("Accept", "")
    if "json" not in accept or PDF in accept:
        return Response(content, content_type=PDF)
    version = version_of(request)
    binary = {
        "resourceType": "Binary",
        "id": binary_id,
        "contentType": PDF,
        "data": base64.b64encode(content).decode(),
    }
    return answer_resource(binary, version)


def diagnostic_report(
    services: Services, reader: Reader, report: SignedReport, row: Row, version: FhirVersion
) -> Resource:
    """Return a signed report; an addendum is a further version of it."""
    study = [{"reference": f"ImagingStudy/{report.study_instance_uid}"}]
    impression = [section.text for section in report.sections if section.code in ("121072", "121073", "19005-8")]
    return without_empty(
        {
            "resourceType": "DiagnosticReport",
            "id": fhir_id(report.id),
            "meta": _meta(report),
            "identifier": [_report_identifier(report)],
            "basedOn": _ordered(services, report),
            "status": "final" if report.version == 1 else "appended",
            "category": [{"coding": [_SECTION]}],
            "code": {"coding": [IMAGING_REPORT], "text": report.title},
            "subject": subject(row, reader.subject_base(report.study_instance_uid)),
            "effectiveDateTime": _study_day(report),
            "issued": _instant(report.signed),
            "performer": [{"display": report.author}] if report.author else [],
            "resultsInterpreter": [{"display": report.author}] if report.author else [],
            "imagingStudy" if version is FhirVersion.R4 else "study": study,
            "conclusion": "\n".join(impression).strip(),
            "presentedForm": [_attachment(services, report)] if report.pdf_instance_uid else [],
        }
    )


def document_reference(
    services: Services, reader: Reader, report: SignedReport, row: Row, version: FhirVersion
) -> Resource:
    """Return where the PDF of a report is."""
    study = {"reference": f"ImagingStudy/{report.study_instance_uid}"}
    return without_empty(
        {
            "resourceType": "DocumentReference",
            "id": fhir_id(report.id),
            "meta": _meta(report),
            "identifier": [_report_identifier(report)],
            "status": "current",
            "docStatus": "final" if report.version == 1 else "amended",
            "type": {"coding": [IMAGING_REPORT], "text": report.title},
            "category": [{"coding": [_SECTION]}],
            "subject": subject(row, reader.subject_base(report.study_instance_uid)),
            "date": _instant(report.signed),
            "author": [{"display": report.author}] if report.author else [],
            "description": report.title,
            "content": [{"attachment": _attachment(services, report)}],
            "context": {"related": [study]} if version is FhirVersion.R4 else [],
            "basedOn": _ordered(services, report) if version is FhirVersion.R5 else [],
        }
    )


def fhir_id(report_id: str) -> str:
    """Return a report's id as FHIR can write it; `_report_id` reads it.

    >>> fhir_id("a_b-c")
    'a.b-c'
    """
    return report_id.replace("_", ".")


def _report_id(identifier: str) -> str:
    return identifier.replace(".", "_")[:64]


def _search(request: Request, services: Services, kind: str) -> Response:
    version, parameters, reader = version_of(request), Parameters(request), Reader(request, services)
    make = diagnostic_report if kind == "DiagnosticReport" else document_reference
    rows = {
        row["StudyInstanceUID"]: row for row in reader.studies(parameters, parameters.studies(STUDY_PARAMETERS[kind]))
    }
    days, paging, query = parameters.days("date"), parameters.paging(), parameters.used()
    reports = [
        report
        for report in services.reports.signed_of(tuple(rows))
        if (kind == "DiagnosticReport" or report.pdf_instance_uid)
        and _is_of(report, rows[report.study_instance_uid])
        and all(one.includes(_report_day(report, kind)) for one in days)
    ]
    page = reports[paging.offset : paging.offset + paging.count]
    found = [make(services, reader, report, rows[report.study_instance_uid], version) for report in page]
    for report in page:
        services.audit.read_study(request.grant, report.study_instance_uid, report.patient_id)
    return answer_resource(searchset(services, query, kind, found, len(reports), paging), version)


def _readable(request: Request, services: Services, report_id: str, version: int = 0) -> tuple[SignedReport, Row]:
    """Return a report and the row of its study, which the caller may see, and write that it was read."""
    report = services.reports.signed(report_id, version)
    if report is None:
        raise NotFoundError("There is no such report here.")
    study = report.study_instance_uid
    request.grant.require(Verb.VIEW, study)
    query = Query(Level.STUDY, study_instance_uid=study, attributes=ATTRIBUTES)
    rows = [row for row in services.archive.search(request.grant, query).rows if _is_of(report, row)]
    if not rows:
        raise NotFoundError("The study of this report is not here any more.", "study-unknown")
    services.audit.read_study(request.grant, study, report.patient_id)
    return report, rows[0]


def _is_of(report: SignedReport, row: Row) -> bool:
    """Whether a study is still the patient's for whom its report was signed."""
    return row.get("PatientID", "").strip() == report.patient_id.strip()


def _meta(report: SignedReport) -> Resource:
    return {"versionId": str(report.version), "lastUpdated": _instant(report.signed)}


def _report_identifier(report: SignedReport) -> Resource:
    coding = {"system": V2_0203, "code": "FILL", "display": "Filler Identifier"}
    return {"type": {"coding": [coding]}, "value": report.id}


def _ordered(services: Services, report: SignedReport) -> list[Resource]:
    order = services.orders.of_study(report.study_instance_uid)
    if order is None or not order.fhir_id:
        return []
    return [{"reference": f"{order.sender.removeprefix('fhir:')}/ServiceRequest/{order.fhir_id}"}]


def _attachment(services: Services, report: SignedReport) -> Resource:
    return {
        "contentType": PDF,
        "url": f"{services.fhir_url}/Binary/{fhir_id(report.id)}.v{report.version}",
        "title": report.title,
        "creation": _instant(report.signed),
    }


def _instant(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _study_day(report: SignedReport) -> str:
    value = report.study_date
    return f"{value[:4]}-{value[4:6]}-{value[6:]}" if re.fullmatch(r"[0-9]{8}", value) else ""


def _report_day(report: SignedReport, kind: str) -> str:
    """Return the day that the search parameter `date` is of: when examined (report), when written (document)."""
    return report.study_date if kind == "DiagnosticReport" else f"{report.signed:%Y%m%d}"
