"""Whether a report may be sent as an answer to its order: looked at here, since OpenEMR does not look.

It files a result by the order's number alone. A wrong number would put a report into another patient's chart without
a word, so whatever does not fit is held back until a person has seen to it.
"""

from __future__ import annotations

from sightline.openemr.person import contradiction
from sightline.results_section import Results
from sightline.state.order import ImagingOrder, OrderStatus
from sightline.state.report import SignedReport


def objection(report: SignedReport, order: ImagingOrder | None, settings: Results) -> str:
    """Return why a report must not be sent, as a code; empty if it may be.

    Returns
    -------
    str
        ``no-order``; ``order-number`` (OpenEMR knows orders by whole numbers only); ``order-cancelled``;
        ``no-patient-number``; ``patient-id``, ``patient-name``, ``birth-date`` or ``unverified`` where study and order
        may be different people's.
    """
    if order is None:
        return _without_order(report, settings)
    if order.status is OrderStatus.CANCELLED:
        return "order-cancelled"
    is_file = settings.transport in ("folder", "sftp")
    if is_file and not (order.placer_order_number.isascii() and order.placer_order_number.isdecimal()):
        return "order-number"
    if not order.ehr_patient_id:
        return "no-patient-number"
    if report.patient_id.strip() != order.patient_id.strip():
        return "patient-id"
    return contradiction(report.patient_name, report.patient_birth_date, order.patient_name, order.birth_date)


def _without_order(report: SignedReport, settings: Results) -> str:
    """Whether the receiver can find the patient by itself, without an order.

    OpenEMR makes a new patient of a name and birth date that it does not find, so both have to be there.
    """
    if settings.transport == "document":
        return ""  # the chart itself is asked
    if settings.direction != "R":
        return "no-order"
    family = report.patient_name.split("^")[0].strip()
    return "" if family and report.patient_birth_date else "unverified"
