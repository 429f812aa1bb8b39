"""Orders that the fake OpenEMR writes: HL7 v2.3 ORM^O01, file by file, in place and not at once."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

from tests.support.openemr.records import Order

LAB = ("OPENEMR", "CLINIC", "SIGHTLINE", "RAD")
"""send_app, send_fac, recv_app, recv_fac of the procedure provider's record."""
PROVIDER = "1234567890^Doe^Jane"
_SEXES = {"Male": "M", "Female": "F"}
_PRIORITIES = {"normal": "R", "high": "S"}


def order_message(order: Order, sent: datetime, lab: tuple[str, str, str, str] = LAB) -> str:
    """Return the message as `gen_hl7_order.inc.php` makes it: the pid in PID-2 and PID-3, always NW, one OBR a code."""
    patient, moment = order.patient, f"{sent:%Y%m%d%H%M%S}"
    number = f"{order.id:04d}"
    born = patient.dob.replace("-", "")
    segments = [
        f"MSH|^~\\&|{'|'.join(lab)}|{moment}||ORM^O01|{order.id}|P|2.3",
        f"PID|1|{patient.pid}|{patient.pid}||{_escaped(patient.lname)}^{_escaped(patient.fname)}||{born}|"
        f"{_SEXES.get(patient.sex, 'U')}|||1 Main^^Boston^MA^02110||555-0100|||||{order.encounter}|{patient.ss}",
        "NTE|1|L|Medications: none",
        f"PV1|1|O|||||{PROVIDER}||||||||||||{order.encounter}",
        "IN1|1|MEDICARE|1|Medicare|||||||||||A||||||||||||||||||||||||||||||||XYZ",
        f"GT1|1||{_escaped(patient.lname)}^{_escaped(patient.fname)}||1 Main^^Boston^MA^02110|555-0100",
    ]
    for number_of_line, line in enumerate(order.lines, 1):
        segments += [
            f"ORC|NW|{number}|||||||{moment}|||{PROVIDER}",
            f"OBR|{number_of_line}|{number}||{line.code}^{_escaped(line.name)}|{_PRIORITIES[order.priority]}||{moment}"
            f"|||||||||{PROVIDER}||I|||||||||0",
            "DG1|1|I10|R07.9^Chest pain",
            "OBX|1|ST|FASTING^Is the patient fasting?||No",
        ]
    return "".join(segment + "\r" for segment in segments)


def write_order(folder: Path, name: str, text: str, pause: float = 0) -> Path:
    """Write a file in place, in two parts with a pause between them, as OpenEMR may."""
    path, content = folder / f"{name}.txt", text.encode()
    with path.open("wb") as file:
        file.write(content[: len(content) // 2])
        file.flush()
        time.sleep(pause)
        file.write(content[len(content) // 2 :])
    return path


def _escaped(text: str) -> str:
    for mark, name in (("\\", "E"), ("|", "F"), ("^", "S"), ("~", "R"), ("&", "T")):
        text = text.replace(mark, f"\\{name}\\") if mark != "\\" else text.replace("\\", "\\E\\")
    return text
