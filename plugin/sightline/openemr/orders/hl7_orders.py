"""Orders out of HL7 v2 messages: ORM^O01 as OpenEMR writes it, and whatever a site's maps make readable."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

import hl7

from sightline.errors import UnprocessableError
from sightline.openemr.orders.hl7_text import Position, components, moment, parse, value
from sightline.openemr.orders.mapping import MessageMap
from sightline.state.order_line import OrderLine

TAKES, TAKES_BACK, SAYS_NOTHING = "takes", "takes back", "says nothing"

CONTROL_CODES: Mapping[str, str] = {
    "NW": TAKES, "XO": TAKES, "XX": TAKES, "RO": TAKES, "RP": TAKES, "PA": TAKES, "CH": TAKES, "RU": TAKES, "RE": TAKES,
    "RL": TAKES,
    "CA": TAKES_BACK, "OC": TAKES_BACK, "DC": TAKES_BACK, "OD": TAKES_BACK, "CR": TAKES_BACK, "DR": TAKES_BACK,
    "SC": SAYS_NOTHING, "SN": SAYS_NOTHING, "NA": SAYS_NOTHING, "OK": SAYS_NOTHING, "UC": SAYS_NOTHING,
}  # fmt: skip
"""ORC-1 (HL7 table 0119). Others are refused: nobody guesses what they ask for."""

_CANCELLED = frozenset({"CA", "DC", "RP"})
"""Order status (ORC-5, HL7 table 0038) by which a change of status (SC) takes an order back."""
_PRIORITIES = {"S": "STAT", "A": "HIGH", "T": "HIGH", "P": "MEDIUM", "C": "MEDIUM", "R": "ROUTINE"}
"""HL7 table 0485, OBR-5 -> Requested Procedure Priority (0040,1003)."""
_IN_GROUP = frozenset({"ORC", "OBR", "DG1", "OBX", "NTE", "IPC", "ZDS", "TQ1"})
_LONGEST = {"placer_order_number": 64, "code": 64, "ehr_patient_id": 64, "code_text": 255, "encounter": 64}
_NOT_IN_NAMES = re.compile(r"[\\=^\x00-\x1f\x7f]")


@dataclass(frozen=True)
class OrderMessage:
    """What one message says.

    Parameters
    ----------
    control_id : str
        MSH-10.
    lines : tuple of OrderLine
    is_whole : bool
        These are all lines of the order.
    """

    control_id: str
    lines: tuple[OrderLine, ...]
    is_whole: bool


def read_message(content: bytes, maps: Sequence[MessageMap], zone: tzinfo | None) -> OrderMessage:
    """Read one message; what is `patient_id` in its lines is the number as its sender wrote it.

    Parameters
    ----------
    content : bytes
        With CR at the end of each segment.
    maps : sequence of MessageMap
        The first that fits the sender counts.
    zone : tzinfo or None
        Of times that tell none; None for this machine's.

    Raises
    ------
    UnprocessableError
        Says what is missing or cannot be read: ``not-hl7``, ``character-set``, ``message-type``, ``order-control``,
        ``missing``, ``too-long``, ``time``, ``mixed``.
    """
    message = parse(content)
    header = message[0]
    sender = [value(header, number) for number in (3, 4, 5, 6)]
    control_id = value(header, 10, 1)
    known = next((one for one in maps if one.fits(sender[0], sender[1])), None)
    kind = "^".join(components(header, 9)[:2])
    if known is None or kind not in known.types:
        raise UnprocessableError(f"It is a message of type {kind[:20] or 'none'}; orders are ORM^O01.", "message-type")
    if sum(str(segment[0]) == "PID" for segment in message) > 1:
        raise UnprocessableError("It is about more than one patient.", "mixed")
    joined = "|".join(sender)
    if len(joined) > 255:
        raise UnprocessableError("MSH-3 to MSH-6 are longer than 255 characters.", "too-long")
    sent = moment(value(header, 7, 1), zone)
    lines = []
    for group in _groups(message):
        if kind.startswith("ORU") and "ORC" not in group:  # results need none
            group["ORC"] = message.create_segment([message.create_field(["ORC"]), message.create_field(["RE"])])
        line = _line(group, known, joined, zone)
        if line is not None:
            lines.append(OrderLine(**{**line, "sent": sent}))
    # The very first line is number 1, and so on: OpenEMR sends an order whole, each time.
    is_whole = known.is_whole and [line.line for line in lines] == list(range(1, len(lines) + 1))
    is_whole = is_whole and len({line.placer_key for line in lines}) == 1 and not any(one.is_cancelled for one in lines)
    return OrderMessage(control_id, tuple(lines), is_whole)


def _groups(message: hl7.Message) -> list[dict[str, hl7.Segment]]:
    """Return for each OBR the segments that its values come from: its own, and those of the whole message."""
    common: dict[str, hl7.Segment] = {}
    groups: list[dict[str, hl7.Segment]] = []
    order: dict[str, hl7.Segment] = {}
    latest = order
    for segment in message:
        name = str(segment[0])
        if name == "ORC":
            order = latest = {"ORC": segment}
        elif name == "OBR":
            latest = {**order, "OBR": segment}
            groups.append(latest)
        elif name in _IN_GROUP:
            latest.setdefault(name, segment)
        else:
            common.setdefault(name, segment)
    if not groups:
        raise UnprocessableError("It has no OBR segment, so it says nothing about what is ordered.", "missing")
    return [{**common, **group} for group in groups]


def _line(
    group: Mapping[str, hl7.Segment], known: MessageMap, sender: str, zone: tzinfo | None
) -> dict[str, Any] | None:
    """Return the fields of an `OrderLine`; None where the message is about nothing that has to be done."""

    def told(name: str) -> str:
        return _first(group, known.fields[name])

    control = told("control").upper()
    action = CONTROL_CODES.get(control)
    if action is None:
        raise UnprocessableError(f"Its order control code (ORC-1) is {control[:8]!r}, which is not known here.",
                                 "order-control")  # fmt: skip
    if control == "SC" and told("order_status").upper() in _CANCELLED:
        action = TAKES_BACK
    if action == SAYS_NOTHING:
        return None
    number = told("line") or "1"
    if not re.fullmatch(r"[0-9]{1,6}", number, re.ASCII):
        raise UnprocessableError("The number of the line (OBR-1) is not a number.", "missing")
    requester, requester_id = _person(group, known.fields["requester"], is_numbered=True)
    line: dict[str, Any] = {
        "sender": sender,
        "placer_order_number": _required("placer_order_number", told),
        "line": int(number),
        "code": _required("code", told),
        "code_text": told("code_text"),
        "ehr_patient_id": _required("ehr_patient_id", told),
        "patient_id": told("ehr_patient_id"),
        "patient_name": _person(group, known.fields["patient_name"])[0],
        "birth_date": _date(told("birth_date")),
        "sex": {"M": "M", "F": "F", "O": "O", "A": "O"}.get(told("sex").upper()[:1], ""),
        "encounter": told("encounter"),
        "requester": requester,
        "requester_id": requester_id[:64],
        "reason": told("reason")[:1024],
        "priority": _PRIORITIES.get(told("priority").upper()[:1], "ROUTINE"),
        "scheduled": moment(told("scheduled"), zone),
        "is_cancelled": action == TAKES_BACK,
        "accession_number": told("accession_number"),
        "study_instance_uid": told("study_instance_uid"),
        "modality": told("modality").upper(),
        "station_aet": told("station_aet"),
        "station_name": told("station_name"),
    }
    if not line["patient_name"]:
        raise UnprocessableError("The patient's name (PID-5) is missing.", "missing")
    for name, longest in {**_LONGEST, "accession_number": 16, "study_instance_uid": 64, "modality": 16,
                          "station_aet": 16, "station_name": 16}.items():  # fmt: skip
        if len(str(line[name])) > longest:
            raise UnprocessableError(f"{name} is longer than {longest} characters.", "too-long")
    return line


def _first(group: Mapping[str, hl7.Segment], places: Sequence[Position]) -> str:
    for place in places:
        segment = group.get(place.segment)
        text = value(segment, place.field, place.component or 1) if segment is not None else ""
        if text:
            return text
    return ""


def _required(name: str, told: Callable[[str], str]) -> str:
    text = told(name)
    if not text:
        words = {"placer_order_number": "The order's number (ORC-2)", "code": "What is ordered (OBR-4)",
                 "ehr_patient_id": "The patient's number (PID-3)"}  # fmt: skip
        raise UnprocessableError(f"{words[name]} is missing.", "missing")
    return text


def _person(group: Mapping[str, hl7.Segment], places: Sequence[Position], is_numbered: bool = False) -> tuple[str, str]:
    """Return a name as DICOM writes it (PS3.5 6.2, PN), and its number; HL7 has suffix and prefix the other way."""
    for place in places:
        segment = group.get(place.segment)
        parts = components(segment, place.field) if segment is not None else ()
        number = parts[0] if is_numbered and parts else ""
        family, given, middle, suffix, prefix = (*(parts[1:] if is_numbered else parts), *[""] * 5)[:5]
        name = "^".join(_NOT_IN_NAMES.sub(" ", part).strip() for part in (family, given, middle, prefix, suffix))
        if name.strip("^") or number:
            return name.rstrip("^")[:64], number
    return "", ""


def _date(text: str) -> str:
    digits = text[:8]
    if digits and not re.fullmatch(r"[0-9]{8}", digits, re.ASCII):
        raise UnprocessableError("The birth date (PID-7) is not written as YYYYMMDD.", "time")
    return digits if digits.strip("0") else ""
