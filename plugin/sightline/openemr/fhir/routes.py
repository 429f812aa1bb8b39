"""The routes of FHIR: what there is, who may use it, and what is recorded."""

from __future__ import annotations

from sightline.access.grant import Verb
from sightline.openemr.fhir.capability import read_capability_statement
from sightline.openemr.fhir.imaging_studies import read_endpoint, read_imaging_study, search_imaging_studies
from sightline.openemr.fhir.reports import (
    read_binary,
    read_diagnostic_report,
    read_document_reference,
    search_diagnostic_reports,
    search_document_references,
)
from sightline.web.fhir import FHIR_TREE
from sightline.web.json_body import MAXIMUM_BYTES
from sightline.web.routing import Public, Route

_SEARCHES = (
    ("ImagingStudy", search_imaging_studies, "Studies of a patient"),
    ("DiagnosticReport", search_diagnostic_reports, "Signed reports of a patient's studies"),
    ("DocumentReference", search_document_references, "PDF documents of a patient's reports"),
)
_READS = (
    ("Endpoint/<endpoint_id>", read_endpoint, "Where images are"),
    ("DiagnosticReport/<report_id>", read_diagnostic_report, "A signed report"),
    ("DocumentReference/<report_id>", read_document_reference, "Where the PDF of a report is"),
    ("Binary/<binary_id>", read_binary, "The PDF of a report"),
)

ROUTES = (
    Route("GET", f"{FHIR_TREE}/metadata", read_capability_statement, Public.METADATA, "What FHIR can do here"),
    Route(
        "GET", f"{FHIR_TREE}/ImagingStudy/<uid:study>", read_imaging_study, Verb.VIEW, "A study by FHIR", "read",
    ),
    *(
        Route("GET", f"{FHIR_TREE}/{kind}", handler, Verb.VIEW, f"{summary}, by FHIR", "search", is_of_any_study=True)
        for kind, handler, summary in _SEARCHES
    ),
    *(
        Route(
            "POST", f"{FHIR_TREE}/{kind}/_search", handler, Verb.VIEW, f"{summary}, by FHIR (as a form)", "search",
            MAXIMUM_BYTES, is_of_any_study=True,
        )
        for kind, handler, summary in _SEARCHES
    ),
    *(
        Route("GET", f"{FHIR_TREE}/{path}", handler, Verb.VIEW, f"{summary}, by FHIR", is_of_any_study=True)
        for path, handler, summary in _READS
    ),
)  # fmt: skip
"""Reads of reports are audited by their handlers, which alone know the study."""
