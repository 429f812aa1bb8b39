"""What a message says of one line of an order, before it becomes an `ImagingOrder`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class OrderLine:
    """One line of an order as its sender tells it. Fields as those of `ImagingOrder`, and:

    Parameters
    ----------
    is_cancelled : bool
        The line is taken back.
    sent : datetime or None
        When the message was written (MSH-7), in UTC. What was sent earlier than what is known changes nothing.
    accession_number, study_instance_uid, modality, station_aet, station_name : str
        Where another system has told them; else empty, and made here.
    """

    sender: str
    placer_order_number: str
    line: int
    code: str
    code_text: str
    ehr_patient_id: str
    patient_id: str
    patient_name: str
    birth_date: str = ""
    sex: str = ""
    encounter: str = ""
    requester: str = ""
    requester_id: str = ""
    reason: str = ""
    priority: str = "ROUTINE"
    scheduled: datetime | None = None
    is_cancelled: bool = False
    sent: datetime | None = None
    fhir_id: str = ""
    accession_number: str = ""
    study_instance_uid: str = ""
    modality: str = ""
    station_aet: str = ""
    station_name: str = ""

    @property
    def placer_key(self) -> str:
        """By which number the order is known again: OpenEMR pads it with zeros in one place and not in another.

        >>> line = OrderLine("", "0042", 1, "", "", "", "", "")
        >>> line.placer_key
        '42'
        """
        number = self.placer_order_number
        return number.lstrip("0") or "0" if number.isascii() and number.isdecimal() else number
