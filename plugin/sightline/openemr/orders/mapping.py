"""Where the messages of each system hold what: tables, not branches. OpenEMR's is built in, others come from a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from sightline.openemr.orders.hl7_text import Position
from sightline.section import ConfigurationError

OPENEMR_FIELDS: Mapping[str, tuple[str, ...]] = {
    "control": ("ORC-1",),
    "order_status": ("ORC-5",),
    "placer_order_number": ("ORC-2.1", "OBR-2.1"),
    "line": ("OBR-1",),
    "code": ("OBR-4.1",),
    "code_text": ("OBR-4.2", "OBR-4.1"),
    "ehr_patient_id": ("PID-3.1", "PID-2.1"),
    "patient_name": ("PID-5",),
    "birth_date": ("PID-7.1",),
    "sex": ("PID-8.1",),
    "encounter": ("PV1-19.1", "PID-18.1"),
    "requester": ("OBR-16", "ORC-12", "PV1-8"),
    "reason": ("OBR-31.2", "OBR-31.1", "OBR-13.1", "DG1-4.1", "DG1-3.2", "DG1-3.1"),
    "priority": ("OBR-5.1", "OBR-27.6", "ORC-7.6"),
    "scheduled": ("OBR-36.1", "OBR-27.4", "ORC-7.4", "OBR-6.1"),
    "accession_number": (),
    "study_instance_uid": (),
    "modality": (),
    "station_aet": (),
    "station_name": (),
}
"""Field -> where it is, the first that is not empty. Names are given whole (XPN, XCN), all others by component."""

_KEYS = {"sender", "types", "wholeOrders", "fields"}


@dataclass(frozen=True)
class MessageMap:
    """How one system writes its messages.

    Parameters
    ----------
    sender : str
        ``MSH-3|MSH-4``; ``*`` and ``?`` stand for others.
    types : tuple of str
        Message types that are taken (MSH-9).
    is_whole : bool
        A message whose lines are numbered from 1 has all lines of its order.
    fields : Mapping[str, tuple of Position]
    """

    sender: str
    types: tuple[str, ...]
    is_whole: bool
    fields: Mapping[str, tuple[Position, ...]]

    def fits(self, application: str, facility: str) -> bool:
        """Whether it is about messages of that sender."""
        return fnmatchcase(f"{application}|{facility}", self.sender)


OPENEMR = MessageMap(
    "*", ("ORM^O01",), True,
    {name: tuple(map(Position.parse, places)) for name, places in OPENEMR_FIELDS.items()},
)  # fmt: skip


def read_maps(file: str) -> tuple[MessageMap, ...]:
    """Return the maps of a site's file, and OpenEMR's after them; OpenEMR's alone without a file.

    Raises
    ------
    ConfigurationError
        Says what is wrong in the file.
    """
    if not file:
        return (OPENEMR,)
    try:
        rows = json.loads(Path(file).read_text(encoding="utf-8"))
        if not isinstance(rows, list):
            raise ValueError("it is not a list of maps")
        return (*(_map(row) for row in rows), OPENEMR)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f'"Sightline.Orders.MappingFile" cannot be used: {error}.') from None


def _map(row: Any) -> MessageMap:
    if not isinstance(row, dict) or not set(row) <= _KEYS or not isinstance(row.get("sender"), str):
        raise ValueError(f"each map has a sender and may have {', '.join(sorted(_KEYS - {'sender'}))}")
    fields, types = row.get("fields", {}), row.get("types", ["ORM^O01"])
    if not isinstance(types, list) or not all(isinstance(one, str) for one in types):
        raise ValueError('"types" is a list such as ["ORM^O01"]')
    if not isinstance(fields, dict) or not set(fields) <= set(OPENEMR_FIELDS):
        raise ValueError(f"fields are {', '.join(OPENEMR_FIELDS)}")
    places = dict(OPENEMR.fields)
    for name, told in fields.items():
        places[name] = tuple(Position.parse(str(one)) for one in (told if isinstance(told, list) else [told]))
    return MessageMap(row["sender"], tuple(types), row.get("wholeOrders", False) is True, places)
