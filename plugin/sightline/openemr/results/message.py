"""A signed report as HL7 v2.3 ORU^R01, in the dialect that OpenEMR's import reads.

It knows few segments and refuses a file with any other: MSH, PID, PV1, ORC, OBR, OBX are enough. It reads fields by
number without looking whether they are there, so PID, OBR and OBX are as long as it wants them. ``Base64`` is spelled
as it spells it, and the third component of the PDF is its file extension.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime

from sightline.openemr.results.escapes import components, escaped
from sightline.results_section import Results
from sightline.state.order import ImagingOrder
from sightline.state.report import SignedReport

_PID_FIELDS, _PV1_FIELDS, _OBR_FIELDS, _OBX_FIELDS = 18, 19, 27, 17


@dataclass(frozen=True)
class Parties:
    """MSH-3 to MSH-6."""

    sending_application: str
    sending_facility: str
    receiving_application: str
    receiving_facility: str


def parties(settings: Results, order: ImagingOrder | None) -> Parties:
    """Return who writes to whom: as configured, else as the order came, the other way round."""
    ordered = order.sender.split("|") if order and order.sender.count("|") == 3 else ["", "", "", ""]
    return Parties(
        settings.sending_application or ordered[2] or "SIGHTLINE",
        settings.sending_facility or ordered[3] or "RAD",
        settings.receiving_application or ordered[0] or "OPENEMR",
        settings.receiving_facility or ordered[1],
    )


def result_message(
    report: SignedReport,
    order: ImagingOrder | None,
    control_id: str,
    between: Parties,
    now: datetime,
    pdf: bytes,
    image_link: str = "",
) -> str:
    """Return the message, segments ending in CR.

    Parameters
    ----------
    report : SignedReport
    order : ImagingOrder or None
        What it answers: its numbers are told as they came. None: OpenEMR finds the patient by name and birth date.
    control_id : str
        MSH-10, the same whenever this version is sent.
    between : Parties
    now : datetime
        MSH-7; told as it is, without its zone, as OpenEMR does.
    pdf : bytes
        The report as PDF.
    image_link : str
        Address that opens the study; told as text, which OpenEMR does not make a link of. The PDF has that.
    """
    status = "F" if report.version == 1 else "C"
    signed = _moment(report.signed.astimezone(now.tzinfo))
    filler = escaped(order.accession_number if order else report.accession_number or control_id)
    segments = [
        _segment("MSH", {2: "^~\\&", 3: escaped(between.sending_application), 4: escaped(between.sending_facility),
                         5: escaped(between.receiving_application), 6: escaped(between.receiving_facility),
                         7: _moment(now), 9: "ORU^R01", 10: control_id, 11: "P", 12: "2.3", 18: "UNICODE UTF-8"}),
        _segment("PID", _patient(report, order), _PID_FIELDS),
        _segment("PV1", {1: "1", 2: "O", 19: escaped(order.encounter) if order else ""}, _PV1_FIELDS),
        _segment("ORC", {1: "RE", 2: _placer(order), 3: filler}),
        _segment("OBR", _request(report, order, filler) | {22: signed, 25: status}, _OBR_FIELDS),
        _segment("OBX", _observation(1, "TX", "REPORT^Radiology report", escaped(report_text(report, image_link)))
                 | {11: status, 14: signed}, _OBX_FIELDS),
        _segment("OBX", _observation(2, "ED", "PDF^Report with image link" if image_link else "PDF^Report",
                                     f"SIGHTLINE^application^pdf^Base64^{b64encode(pdf).decode()}")
                 | {11: status, 14: signed}, _OBX_FIELDS),
    ]  # fmt: skip
    return "".join(f"{segment}\r" for segment in segments)


def report_text(report: SignedReport, image_link: str = "") -> str:
    """Return all that the report says as plain text."""
    parts = [f"{section.heading.upper()}\n{section.text.strip()}" for section in report.sections]
    parts.append(f"Signed by {report.author}, {report.signed:%Y-%m-%d %H:%M} UTC")
    if image_link:
        parts.append(f"Images: {image_link}")
    return "\n\n".join(parts)


def _patient(report: SignedReport, order: ImagingOrder | None) -> dict[int, str]:
    number = escaped(order.ehr_patient_id if order else report.patient_id)
    name, born, sex = (
        (order.patient_name, order.birth_date, order.sex)
        if order
        else (report.patient_name, report.patient_birth_date, report.patient_sex)
    )
    return {1: "1", 2: number, 3: number, 5: components(name), 7: born, 8: sex}


def _placer(order: ImagingOrder | None) -> str:
    return escaped(order.placer_order_number) if order else ""


def _request(report: SignedReport, order: ImagingOrder | None, filler: str) -> dict[int, str]:
    code, text = (order.code, order.code_text) if order else (report.modality or "IMAGING", report.title)
    collected = f"{report.study_date or f'{report.signed:%Y%m%d}'}000000"
    requester = f"{escaped(order.requester_id)}^{components(order.requester)}" if order and order.requester else ""
    number = str(order.line) if order else "1"
    return {
        1: number, 2: _placer(order), 3: filler, 4: f"{escaped(code)}^{escaped(text or report.title)}",
        7: collected, 16: requester,
    }  # fmt: skip


def _observation(number: int, value_type: str, identifier: str, value: str) -> dict[int, str]:
    return {1: str(number), 2: value_type, 3: identifier, 5: value}


def _segment(name: str, fields: dict[int, str], count: int = 0) -> str:
    """Return a segment with at least `count` fields; MSH-1 is the separator itself."""
    first = 2 if name == "MSH" else 1
    last = max(count, *fields)
    return "|".join([name, *(fields.get(number, "") for number in range(first, last + 1))])


def _moment(moment: datetime) -> str:
    return f"{moment:%Y%m%d%H%M%S}"
