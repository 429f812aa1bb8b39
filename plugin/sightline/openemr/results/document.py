"""Reports as documents of the patient, by OpenEMR's REST API.

It answers an upload by a bare ``true`` or ``false``, tells no id, and files the same file twice without a word. So the
name says which version it is, and what is there already is asked for first.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sightline.openemr.chart_patient import ChartPatient, Charts
from sightline.openemr.ehr.client import EhrError
from sightline.openemr.person import contradiction
from sightline.openemr.results.target import DeliveryError, Parcel
from sightline.state.delivery import DeliveryState


class DocumentTarget:
    """A `Target` that is the documents of OpenEMR's charts.

    Parameters
    ----------
    charts : Charts
    category : str
        Path of the category, such as ``/medical_record``.
    """

    def __init__(self, charts: Charts, category: str) -> None:
        self._charts, self._client = charts, charts.client
        self._path = {"path": category}

    def deliver(self, parcel: Parcel) -> DeliveryState:
        """File the report, unless it is there."""
        try:
            patient = self._patient(parcel)
            url = f"{self._client.api}/patient/{patient.pid}/document"
            name = document_name(parcel)
            if name not in self._names(url):
                pdf = parcel.make_pdf()
                parcel.note_sending()
                answer = self._client.post_file(url, self._path, "document", name, pdf)
                if answer is not True:
                    raise DeliveryError("document-category", is_final=True)
        except EhrError as error:
            raise DeliveryError("document-refused" if error.is_final else "document", error) from error
        return DeliveryState.DELIVERED

    def waiting(self, ids: Collection[str]) -> frozenset[str]:  # noqa: ARG002
        """Return nothing: what was filed is in the chart."""
        return frozenset()

    def check(self) -> str:
        """Ask for a token and for a page of patients; nothing is filed."""
        try:
            self._client.resource("Patient", {"identifier": "sightline-self-test"})
        except EhrError as error:
            raise DeliveryError("document", error) from error
        return "OpenEMR gave a token and lets patients be looked up. Nothing was filed."

    def _patient(self, parcel: Parcel) -> ChartPatient:
        """Return the chart that the report belongs in: number, name and birth date have to agree."""
        report = parcel.report
        patient = self._charts.of_patient_id(report.patient_id, report.patient_name, report.patient_birth_date)
        if patient is None:
            raise DeliveryError("patient-unknown", is_final=True)
        reason = contradiction(report.patient_name, report.patient_birth_date, patient.name, patient.birth_date)
        if reason:
            raise DeliveryError(reason, is_final=True)
        return patient

    def _names(self, url: str) -> frozenset[str]:
        """Return the names of the documents of that category that are there."""
        answer: Any = self._client.json(url, self._path)
        rows = answer.get("data", []) if isinstance(answer, dict) else answer
        rows = rows if isinstance(rows, list) else []
        return frozenset(str(row.get("filename", "")) for row in rows if isinstance(row, dict))


def document_name(parcel: Parcel) -> str:
    """Return the file's name: people read it in the chart, and it is the same whenever this version is sent."""
    date = parcel.report.study_date or f"{parcel.report.signed:%Y%m%d}"
    return f"imaging-report-{date}-v{parcel.report.version}-{parcel.id}.pdf"
