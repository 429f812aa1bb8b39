"""Which study answers which order: by accession number or Study Instance UID, and only if the patient is the same."""

from __future__ import annotations

import logging

from sightline.access.grant import internal
from sightline.access.person_names import family_names
from sightline.archive.protocol import Level, Query, Row
from sightline.errors import SightlineError
from sightline.state.order import ImagingOrder
from sightline.state.orders import StudyOfOrder
from sightline.web.services import Services

_log = logging.getLogger("sightline.orders")

_GRANT = internal("orders")
_ATTRIBUTES = (
    "StudyInstanceUID", "AccessionNumber", "PatientID", "IssuerOfPatientID", "PatientName", "PatientBirthDate",
)  # fmt: skip
_AT_ONCE = 100
_ROUNDS_BETWEEN_PROBLEMS = 20
"""What did not fit is looked at again so often: somebody may have corrected the study."""


class StudyLinker:
    """Links what arrives to orders, and orders to what is there already: a task that is run again and again."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._token = ""
        self._round = 0

    def look(self) -> None:
        """Look at studies that came since the last time, and at orders that changed since."""
        services = self._services
        try:
            if not self._token:
                # First from when on studies are told, then those that came before, also while we did not run.
                self._token = services.archive.arrivals(_GRANT).token
                services.orders.look_again()
            came = services.archive.arrivals(_GRANT, self._token)
            for study in came.study_instance_uids:
                self._study(study)
            self._token = came.token
            self._round += 1
            if self._round % _ROUNDS_BETWEEN_PROBLEMS == 0:
                services.orders.look_again(problems_only=True)
            for order in services.orders.looked_for(_AT_ONCE):
                services.orders.looked(order.accession_number, self._studies_of(order))
        except SightlineError as error:
            _log.warning("Studies could not be linked to orders: %s", error.message)

    def _study(self, study: str) -> None:
        """Link one study that has come."""
        rows = self._rows({"StudyInstanceUID": study})
        orders = self._services.orders
        for row in rows:
            found = [orders.of_accession(number) if (number := row.get("AccessionNumber", "").strip()) else None,
                     orders.of_study(study)]  # fmt: skip
            for order in {one.accession_number: one for one in found if one}.values():
                orders.link(self._judged(order, row))

    def _studies_of(self, order: ImagingOrder) -> list[StudyOfOrder]:
        """Return the studies that name an order."""
        rows = [
            *self._rows({"AccessionNumber": order.accession_number}),
            *self._rows({"StudyInstanceUID": order.study_instance_uid}),
        ]
        found = {row["StudyInstanceUID"]: row for row in rows if _names(row, order)}
        return [self._judged(order, row) for row in found.values()]

    def _rows(self, matches: dict[str, str]) -> tuple[Row, ...]:
        query = Query(Level.STUDY, matches, attributes=_ATTRIBUTES, limit=_AT_ONCE, is_case_sensitive=True)
        return self._services.archive.search(_GRANT, query).rows

    def _judged(self, order: ImagingOrder, row: Row) -> StudyOfOrder:
        issuer = self._services.configuration.order_issuer
        return StudyOfOrder(row["StudyInstanceUID"], order.accession_number, problem(order, row, issuer))


def problem(order: ImagingOrder, row: Row, issuer: str) -> str:
    """Return what contradicts that a study answers an order, as a code; empty where all that is known fits.

    Parameters
    ----------
    order : ImagingOrder
    row : Row
        Attributes of the study.
    issuer : str
        Of the order's Patient ID; empty: not compared.

    Returns
    -------
    str
        ``patient-id``, ``issuer``, ``birth-date``, ``family-name`` or ``accession-number``.
    """
    told = {keyword: row.get(keyword, "").strip() for keyword in _ATTRIBUTES}
    if told["PatientID"] != order.patient_id:
        return "patient-id"
    if issuer and told["IssuerOfPatientID"] not in ("", issuer):
        return "issuer"
    if order.birth_date and told["PatientBirthDate"] not in ("", order.birth_date):
        return "birth-date"
    if told["PatientName"] and not family_names(told["PatientName"]) & family_names(order.patient_name):
        return "family-name"
    if told["AccessionNumber"] not in ("", order.accession_number):
        return "accession-number"
    return ""


def _names(row: Row, order: ImagingOrder) -> bool:
    """Whether a study really has the order's number: an archive may find more."""
    return (
        row.get("AccessionNumber", "").strip() == order.accession_number
        or row.get("StudyInstanceUID", "") == order.study_instance_uid
    )
