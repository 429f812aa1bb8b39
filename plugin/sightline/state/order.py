"""An imaging order as a value: one procedure that was asked for, and what it has become."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class OrderStatus(StrEnum):
    """How far an order is."""

    SCHEDULED = "scheduled"
    """On the worklist."""
    COMPLETED = "completed"
    """Its images are here."""
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class ImagingOrder:
    """One line of an order (an OBR segment, a FHIR ServiceRequest): a Requested Procedure (PS3.3 C.4.11).

    Parameters
    ----------
    accession_number : str
        Minted here once, at most 16 characters; unique.
    study_instance_uid : str
        Minted here once.
    placer_order_number : str
        As its sender wrote it (ORC-2, such as ``0042``).
    line : int
        OBR-1, from 1.
    code, code_text : str
        What was ordered (OBR-4.1 and .2).
    sender : str
        Who sent it, for answers: ``MSH-3|MSH-4|MSH-5|MSH-6``, or ``fhir:<issuer>``.
    ehr_patient_id : str
        The patient's number in the EHR's message (PID-3; OpenEMR's `pid`).
    patient_id : str
        DICOM PatientID (0010,0020) by the site's rule.
    patient_name : str
        DICOM PN, ``Family^Given^Middle``.
    birth_date, sex : str
        YYYYMMDD and M, F or O; may be empty.
    encounter : str
        PV1-19, or the FHIR Encounter's logical id; may be empty.
    requester : str
        DICOM PN; may be empty.
    requester_id : str
        NPI or another number of the requester (OBR-16.1); may be empty.
    reason : str
    priority : str
        As Requested Procedure Priority (0040,1003): STAT, HIGH, ROUTINE, MEDIUM or LOW.
    modality, station_aet, station_name, description : str
        Of the Scheduled Procedure Step, by the site's map.
    scheduled : datetime or None
        Start of the Scheduled Procedure Step, in UTC.
    status : OrderStatus
    received, changed : datetime
    fhir_id : str
        Logical id of the ServiceRequest that it came as; else empty.
    """

    accession_number: str
    study_instance_uid: str
    placer_order_number: str
    line: int
    code: str
    code_text: str
    sender: str
    ehr_patient_id: str
    patient_id: str
    patient_name: str
    birth_date: str
    sex: str
    encounter: str
    requester: str
    requester_id: str
    reason: str
    priority: str
    modality: str
    station_aet: str
    station_name: str
    description: str
    scheduled: datetime | None
    status: OrderStatus
    received: datetime
    changed: datetime
    fhir_id: str = ""
