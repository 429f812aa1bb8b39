"""OpenEMR's import of results (HL7 v2 ORU^R01), as far as a sender can tell: what it takes, refuses and does with it.

Built from what is known of its `receive_hl7_results`, quirk by quirk: segments it does not know end the whole file,
fields are read by number without a look whether they are there, the lab is found by any of three fields, an order is
found by its number alone, and what is sent again is filed again.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.openemr.records import Order, OrderLine, Patient, Records

SEGMENTS = frozenset(["MSH", "PID", "PD1", "PV1", "ORC", "OBR", "OBX", "NTE", "SPM", "TQ1", "ZEF", "ZPS"])
_MIME = {"pdf": "application/pdf", "doc": "application/msword", "rtf": "text/rtf", "txt": "text/plain"}
_STATUS = {"F": "final", "P": "prelim", "C": "correct", "X": "error"}
_ESCAPES = {"F": "|", "S": "^", "R": "~", "T": "&", "E": "\\", "X0d": "\r", ".br": "\n"}


class RefusedError(Exception):
    """The whole file is refused; it stays where it is and is read again the next time."""


@dataclass
class Provider:
    """A row of `procedure_providers`: who the lab is. An order is sent with these in MSH-3 to MSH-6."""

    send_app: str = "OPENEMR"
    send_fac: str = "CLINIC"
    recv_app: str = "SIGHTLINE"
    recv_fac: str = "RAD"
    direction: str = "B"


@dataclass
class Report:
    """A row of `procedure_report` with its results and documents."""

    order: Order
    patient: Patient
    code: str
    status: str
    date_collected: str
    date_report: str
    texts: list[str] = field(default_factory=list)
    documents: list[tuple[str, str, bytes]] = field(default_factory=list)
    """Name, MIME type and content."""


class ResultsImport:
    """What happens when somebody presses Process in Procedures, Electronic Reports."""

    def __init__(self, records: Records, provider: Provider | None = None) -> None:
        self.records = records
        self.provider = provider or Provider()
        self.reports: list[Report] = []
        self.control_ids: dict[int, str] = {}
        """Order id -> OBR-3, where it was empty before."""
        self.archived: list[str] = []
        self.problems: dict[str, str] = {}

    def process(self, folder: Path) -> None:
        """Read every file whose name has no dot in front, by name; remove what was filed."""
        for path in sorted(folder.iterdir()):
            if path.name.startswith("."):
                continue
            try:
                self.receive(path.read_bytes().decode("utf-8", "surrogateescape"))
            except RefusedError as error:
                self.problems[path.name] = str(error)
                continue
            self.archived.append(path.name)
            path.unlink()

    def receive(self, text: str) -> list[Report]:
        """File one file: first everything is read, then it is filed, or nothing."""
        if not text.startswith("MSH"):
            raise RefusedError("Input does not begin with a MSH segment")
        segments = [line for line in re.split(r"\r\n|\r|\n", text) if line.strip("\x1c\x0b ")]
        reports: list[Report] = []
        parser = _Parser(self)
        for line in segments:
            parser.segment(line, reports)
        self.reports += reports
        return reports


class _Parser:
    def __init__(self, importer: ResultsImport) -> None:
        self._import = importer
        self._pid: list[str] = []
        self._encounter = ""
        self._orc_order = ""

    def segment(self, line: str, reports: list[Report]) -> None:
        name = line[:3]
        if name not in SEGMENTS:
            raise RefusedError(f"Segment name '{name}' is misplaced or unknown")
        fields = line.split("|")
        if name == "MSH":
            self._header(fields)
        elif name == "PID":
            _need(fields, 13)
            self._pid = fields
        elif name == "PV1":
            self._encounter = _at(fields, 19)
        elif name == "ORC":
            self._orc_order = _at(fields, 2)
        elif name == "OBR":
            reports.append(self._request(fields))
        elif name == "OBX":
            _observation(fields, reports[-1])

    def _header(self, fields: list[str]) -> None:
        lab = self._import.provider
        sender, facility, receiver_facility = _at(fields, 2), _at(fields, 3), _at(fields, 5)
        matches = (
            receiver_facility.casefold() == lab.send_fac.casefold()
            or facility.casefold() == lab.recv_fac.casefold()
            or sender.casefold() == lab.recv_app.casefold()
        )
        if not matches:
            raise RefusedError("No lab matches")
        if "ORU" not in _at(fields, 8):
            raise RefusedError(f"MSH.9 message type {_at(fields, 8)} is not supported")

    def _request(self, fields: list[str]) -> Report:
        _need(fields, 25)
        if "^" not in fields[4]:
            raise RefusedError("OBR-4 has one component")
        order = self._order(fields)
        if fields[3] and order.id not in self._import.control_ids:
            self._import.control_ids[order.id] = fields[3]
        code = fields[4].split("^")[0]
        if code not in [each.code for each in order.lines]:
            order.lines.append(OrderLine(code, fields[4].split("^")[1]))
        patient = order.patient  # of the order: PID is not compared
        status = _STATUS.get(fields[25], "")
        return Report(order, patient, code, status, fields[7], fields[22])

    def _order(self, fields: list[str]) -> Order:
        if self._import.provider.direction == "R":
            return self._order_of_patient(fields)
        number = _intval(fields[2] or self._orc_order)
        order = next((one for one in self._import.records.orders if one.id == number), None)
        if order is None:
            raise RefusedError(f"Procedure order {number} was not found")
        if self._encounter and _intval(self._encounter) != order.encounter:
            raise RefusedError(f"Encounter {self._encounter} does not match the order's")
        return order

    def _order_of_patient(self, fields: list[str]) -> Order:
        """By first and last name and birth date, never by number; nobody found makes a new patient."""
        family, given, *_ = [*self._pid[5].split("^"), "", ""]
        born = self._pid[7]
        dob = f"{born[:4]}-{born[4:6]}-{born[6:8]}"
        records = self._import.records
        found = [p for p in records.patients if (p.lname, p.fname, p.dob) == (family, given, dob)]
        patient = found[0] if found else records.add_patient(given, family, dob, self._pid[3])
        return records.add_order(patient, 900 + len(records.orders), (fields[4].split("^")[0], fields[4].split("^")[1]))


def _observation(fields: list[str], report: Report) -> None:
    _need(fields, 5)
    if "^" not in fields[3]:
        raise RefusedError("OBX-3 has one component")
    kind, value = fields[2], fields[5]
    if kind == "ED":
        source_type = value.split("^")
        _need(source_type, 4)
        extension, encoding, data = source_type[2], source_type[3], source_type[4]
        if encoding not in ("Base64", "A", "Hex"):
            raise RefusedError(f"Unsupported encapsulated data encoding {encoding}")
        content = base64.b64decode(data) if encoding == "Base64" else data.encode()
        number = len(report.documents) + 1
        name = f"20260102_101500_{report.order.id}_{number}.{extension}"
        report.documents.append((name, _MIME.get(extension, "application/octet-stream"), content))
    elif kind == "TX" or len(value) > 200:
        report.texts.append(unescaped(value.replace("~", "\n")))
    else:
        report.texts.append(unescaped(value))


def unescaped(text: str) -> str:
    """Return a text with the escapes that OpenEMR understands put back; others stay."""
    return re.sub(r"\\([^\\]*)\\", lambda found: _ESCAPES.get(found[1], found[0]), text)


def _need(fields: list[str], last: int) -> None:
    """PHP warns of an index that is not there, in the midst of the import; a model refuses."""
    if len(fields) <= last:
        raise RefusedError(f"{fields[0]} has {len(fields) - 1} fields; {last} are read")


def _at(fields: list[str], index: int) -> str:
    return fields[index] if index < len(fields) else ""


def _intval(text: str) -> int:
    found = re.match(r"\s*(\d+)", text)
    return int(found[1]) if found else 0
