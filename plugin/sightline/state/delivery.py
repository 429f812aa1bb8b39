"""One signed version of a report on its way to the EHR, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256


class DeliveryState(StrEnum):
    """How far a delivery is."""

    QUEUED = "queued"
    WAITING = "waiting"
    """It lies where the EHR looks, and was not taken in yet."""
    DELIVERED = "delivered"
    FAILED = "failed"
    """It is tried again by itself."""
    HELD = "held"
    """A person has to see to it."""


@dataclass(frozen=True)
class Delivery:
    """One signed version of one report, to one kind of target.

    Parameters
    ----------
    id : str
        20 characters, the same whenever the same version is sent to the same target: MSH-10, and part of file names.
    target : str
        ``oru`` or ``document``.
    sequence : int
        Of the signed version.
    report_id, version, study_instance_uid
        Which report, and of which study.
    state : DeliveryState
    reason : str
        Why it is in that state, as a code; may be empty.
    detail : str
        What the receiver or the network said.
    attempts : int
        Tries that failed, one after the other.
    is_written : bool
        Whether the file lies hidden at the target: if it does not any more, it was published.
    created, changed : datetime
    tried, next_try : datetime or None
    """

    id: str
    target: str
    sequence: int
    report_id: str
    version: int
    study_instance_uid: str
    state: DeliveryState
    reason: str
    detail: str
    attempts: int
    is_written: bool
    created: datetime
    changed: datetime
    tried: datetime | None
    next_try: datetime | None


def delivery_id(report_id: str, version: int, target: str) -> str:
    """Return what the receiver knows this version by.

    >>> delivery_id("r1", 1, "oru") == delivery_id("r1", 1, "oru") != delivery_id("r1", 2, "oru")
    True
    """
    return "SL" + sha256(f"{report_id} {version} {target}".encode()).hexdigest()[:18].upper()
