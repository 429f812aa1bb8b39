"""Orders as rows of a table, and back."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, func, select

from sightline.errors import ConflictError
from sightline.state.order import ImagingOrder, OrderStatus
from sightline.state.order_codes import CodeMap
from sightline.state.order_line import OrderLine
from sightline.state.tables import orders

_COLUMNS = (
    "accession_number", "study_instance_uid", "sender", "line", "modality", "scheduled", "received", "changed",
)  # fmt: skip
_TOLD = (
    "placer_order_number", "code", "code_text", "ehr_patient_id", "patient_id", "patient_name", "birth_date", "sex",
    "encounter", "requester", "requester_id", "reason", "priority", "fhir_id",
)  # fmt: skip
"""Fields that an order has as its message told them."""
_MAPPED = ("station_aet", "station_name", "description")
_NUMBER = re.compile(r"[A-Za-z0-9._/-]{1,16}")
"""What an accession number may be made of (VR SH, without what stands for others in a query)."""
_LONGEST_DESCRIPTION = 64


def as_order(row: Row[Any]) -> ImagingOrder:
    """Return the order that a row holds."""
    document = json.loads(row.document)
    return ImagingOrder(
        **{name: getattr(row, name) for name in _COLUMNS},
        **{name: document[name] for name in (*_TOLD, *_MAPPED)},
        status=OrderStatus(row.status),
    )


def row_values(
    line: OrderLine | None, codes: CodeMap, known: ImagingOrder | None, now: datetime, row: Row[Any] | None = None
) -> dict[str, Any]:
    """Return what is written of an order: as a line tells it, or mapped again as it is known.

    Parameters
    ----------
    line : OrderLine or None
        None: as `known` and `row` have it.
    codes : CodeMap
    known : ImagingOrder or None
        The order as it is; None for a new one.
    row : Row or None
        Of `known`, where there is no line.
    """
    if line is None:
        assert known is not None and row is not None  # noqa: S101 - one of the two is there
        told = json.loads(row.document)
        wish: dict[str, str] = told["told"]
        document = {name: told[name] for name in _TOLD}
    else:
        wish = {name: getattr(line, name) for name in ("modality", "station_aet", "station_name")}
        document = {name: getattr(line, name) for name in _TOLD}
    sender = line.sender if line else known.sender if known else ""
    mapped = codes.of(sender, document["code"])
    document |= {
        "station_aet": wish["station_aet"] or mapped.station_aet,
        "station_name": wish["station_name"] or mapped.station_name,
        "description": (mapped.description or document["code_text"] or document["code"])[:_LONGEST_DESCRIPTION],
        "told": wish,
    }
    values = {"modality": wish["modality"] or mapped.modality, "document": json.dumps(document), "changed": now,
              "words": " ".join(document[name] for name in
                                ("patient_name", "patient_id", "placer_order_number")).lower()[:512]}  # fmt: skip
    if line is None:
        return values
    status = OrderStatus.CANCELLED if line.is_cancelled else OrderStatus.SCHEDULED
    if known is not None and known.status is OrderStatus.COMPLETED:
        status = OrderStatus.COMPLETED
    values |= {"scheduled": line.scheduled, "sent": line.sent, "status": status, "is_looked_for": not line.is_cancelled}
    if known is None:
        values |= {"sender": line.sender, "placer_key": line.placer_key, "line": line.line, "received": now}
    return values


def minted(connection: Connection, line: OrderLine) -> dict[str, str]:
    """Return accession number and Study Instance UID for a new order.

    Raises
    ------
    ConflictError
        Another system has told a number that another order has.
    """
    uid = line.study_instance_uid or f"2.25.{uuid4().int}"
    if line.accession_number or line.study_instance_uid:
        number = line.accession_number or _free(connection, line)
        if _is_taken(connection, number) or _is_taken(connection, uid, is_uid=True):
            raise ConflictError("Another order has this accession number or Study Instance UID.", "accession-taken")
        return {"accession_number": number, "study_instance_uid": uid}
    return {"accession_number": _free(connection, line), "study_instance_uid": uid}


def _free(connection: Connection, line: OrderLine) -> str:
    """Return ``<order>-<line>`` where that fits and is free, else the next of our own numbers."""
    number = f"{line.placer_order_number}-{line.line}"
    if _NUMBER.fullmatch(number) and not _is_taken(connection, number):
        return number
    count = connection.execute(select(func.count()).select_from(orders)).scalar_one()
    while _is_taken(connection, number := f"SL{count:010d}"):
        count += 1
    return number


def _is_taken(connection: Connection, number: str, is_uid: bool = False) -> bool:
    column = orders.c.study_instance_uid if is_uid else orders.c.accession_number
    return connection.execute(select(column).where(column == number)).first() is not None
