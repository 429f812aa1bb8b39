"""What all objects that Sightline makes say alike: whose they are, which file it is, what made it. In workers only.

Who the patient is and which study it belongs to is copied from an image, never taken from the client.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from sightline.errors import UnprocessableError

MANUFACTURER, MODEL = "Sightline", "Sightline viewer"
_OF_PATIENT_AND_STUDY = (
    "PatientName", "PatientID", "IssuerOfPatientID", "IssuerOfPatientIDQualifiersSequence", "PatientBirthDate",
    "PatientBirthTime", "PatientSex", "OtherPatientIDsSequence", "PatientSpeciesDescription", "PatientIdentityRemoved",
    "DeidentificationMethod", "DeidentificationMethodCodeSequence", "LongitudinalTemporalInformationModified",
    "StudyInstanceUID", "StudyDate", "StudyTime", "ReferringPhysicianName", "StudyID", "AccessionNumber",
    "IssuerOfAccessionNumberSequence", "StudyDescription", "ProcedureCodeSequence", "PatientAge", "PatientSize",
    "PatientWeight",
)  # fmt: skip
"""Attributes of the modules Patient, General Study and Patient Study (PS3.3 C.7.1.1, C.7.2.1, C.7.2.2)."""
_MAY_BE_EMPTY = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "ReferringPhysicianName",
    "StudyID", "AccessionNumber",
)  # fmt: skip
"""Type 2: there, if need be without a value."""


def own_object(
    sop_class_uid: str, header: Dataset, arguments: dict[str, Any], *, modality: str, series_description: str
) -> Dataset:
    """Begin an object: file meta information, patient, study, series, equipment, SOP Common.

    Parameters
    ----------
    header : Dataset
        Of an image of the patient and the study.
    arguments : dict
        ``instance``, ``series``, ``series_number``, ``instance_number``, ``date``, ``time`` and ``timezone`` of its
        making.
    """
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = UID(sop_class_uid)
    dataset.file_meta.MediaStorageSOPInstanceUID = arguments["instance"]
    dataset.SpecificCharacterSet = "ISO_IR 192"
    header.decode()
    for keyword in _OF_PATIENT_AND_STUDY:
        if keyword in header:
            dataset[keyword] = header[keyword]
        elif keyword in _MAY_BE_EMPTY:
            setattr(dataset, keyword, None)
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class_uid, arguments["instance"]
    dataset.InstanceCreationDate, dataset.InstanceCreationTime = arguments["date"], arguments["time"]
    dataset.TimezoneOffsetFromUTC = arguments["timezone"]
    dataset.Modality, dataset.SeriesDescription = modality, series_description
    dataset.SeriesInstanceUID, dataset.SeriesNumber = arguments["series"], arguments["series_number"]
    dataset.InstanceNumber = arguments["instance_number"]
    dataset.Manufacturer = MANUFACTURER
    return dataset


def encoded(make: Callable[[], Dataset]) -> tuple[Dataset, bytes]:
    """Make an object and its file.

    Raises
    ------
    UnprocessableError
        Something that is copied from an image cannot be.
    """
    try:
        dataset = make()
        target = BytesIO()
        dcmwrite(target, dataset, enforce_file_format=True)
    except (MemoryError, RecursionError, UnprocessableError):
        raise
    except Exception as error:  # values are parsed only now, and anything can be in them
        raise UnprocessableError(
            "What these images say of patient and study cannot be copied.", "bad-header"
        ) from error
    return dataset, target.getvalue()
