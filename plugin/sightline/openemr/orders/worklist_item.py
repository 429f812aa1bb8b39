"""An order as an item of the Modality Worklist (PS3.4 table K.6-1)."""

from __future__ import annotations

from datetime import tzinfo
from io import BytesIO

from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

from sightline.state.order import ImagingOrder

MODALITY_WORKLIST_FIND = "1.2.840.10008.5.1.4.31"
_EMPTY = (
    "AdmissionID", "CurrentPatientLocation", "PatientWeight", "ConfidentialityConstraintOnPatientDataDescription",
    "PatientState", "PregnancyStatus", "MedicalAlerts", "Allergies", "SpecialNeeds", "PatientTransportArrangements",
)  # fmt: skip
"""Type 2 return keys of which an order says nothing."""


def worklist_item(order: ImagingOrder, zone: tzinfo | None, issuer: str) -> Dataset:
    """Return the item for an order that has a modality.

    Parameters
    ----------
    order : ImagingOrder
    zone : tzinfo or None
        Of dates and times at the modality; None for this machine's.
    issuer : str
        Issuer of Patient ID, or empty.
    """
    item = Dataset()
    item.AccessionNumber = order.accession_number
    item.ReferringPhysicianName = item.RequestingPhysician = order.requester
    item.PatientName = order.patient_name
    item.PatientID = order.patient_id
    if issuer:
        item.IssuerOfPatientID = issuer
    item.PatientBirthDate = order.birth_date
    item.PatientSex = order.sex
    item.StudyInstanceUID = order.study_instance_uid
    item.RequestedProcedureDescription = order.description
    item.ReasonForTheRequestedProcedure = order.reason[:64]
    item.ReasonForStudy = order.reason[:64]
    item.RequestedProcedureID = order.accession_number
    item.RequestedProcedurePriority = order.priority
    item.PlacerOrderNumberImagingServiceRequest = order.placer_order_number
    item.ReferencedStudySequence = []
    item.ReferencedPatientSequence = []
    for keyword in _EMPTY:
        setattr(item, keyword, None if keyword in ("PatientWeight", "PregnancyStatus") else "")
    # One that nobody has given a time is due since it came.
    due = (order.scheduled or order.received).astimezone(zone)
    step = Dataset()
    step.Modality = order.modality
    step.ScheduledStationAETitle = order.station_aet
    step.ScheduledProcedureStepStartDate = f"{due:%Y%m%d}"
    step.ScheduledProcedureStepStartTime = f"{due:%H%M%S}"
    step.ScheduledPerformingPhysicianName = ""
    step.ScheduledProcedureStepDescription = order.description
    step.ScheduledProcedureStepID = order.accession_number
    step.ScheduledStationName = order.station_name
    step.ScheduledProcedureStepLocation = ""
    step.ScheduledProcedureStepStatus = "SCHEDULED"
    item.ScheduledProcedureStepSequence = [step]
    return item


def encoded(item: Dataset) -> bytes:
    """Return an item as DICOM file in UTF-8; Orthanc sends it on in its own `DefaultEncoding`."""
    item.SpecificCharacterSet = "ISO_IR 192"
    item.file_meta = FileMetaDataset()
    item.file_meta.MediaStorageSOPClassUID = UID(MODALITY_WORKLIST_FIND)
    item.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    item.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    buffer = BytesIO()
    dcmwrite(buffer, item, enforce_file_format=True)
    return buffer.getvalue()
