"""Which directory record stands for which instance in a DICOMDIR, and what it has to tell (PS3.3 annex F).

The worker's part: headers in, the attributes of their records out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydicom import Dataset, dcmread
from pydicom.datadict import tag_for_keyword
from pydicom.uid import UID

from sightline.dicomweb.attributes import dataset_attributes
from sightline.dicomweb.dicom_encoding import encode_dataset
from sightline.dicomweb.dicom_json import JsonDataset, tag_text, value_representation
from sightline.errors import NotFoundError, UnprocessableError
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.files import open_file

PATIENT = ("PatientID", "PatientName")
STUDY = ("StudyDate", "StudyTime", "StudyDescription", "StudyInstanceUID", "StudyID", "AccessionNumber")
SERIES = ("Modality", "SeriesInstanceUID", "SeriesNumber")

_CONTENT = ("InstanceNumber", "ContentDate", "ContentTime")
_LABELLED = (*_CONTENT, "ContentLabel", "ContentDescription", "ContentCreatorName")
_SR = ("CompletionFlag", "VerificationFlag", "VerificationDateTime", "ConceptNameCodeSequence", "ContentSequence")
LEAVES: Mapping[str, Sequence[str]] = {
    "IMAGE": ("InstanceNumber",),
    "RT DOSE": ("InstanceNumber", "DoseSummationType"),
    "RT STRUCTURE SET": ("InstanceNumber", "StructureSetLabel", "StructureSetDate", "StructureSetTime"),
    "RT PLAN": ("InstanceNumber", "RTPlanLabel", "RTPlanDate", "RTPlanTime"),
    "RT TREAT RECORD": ("InstanceNumber", "TreatmentDate", "TreatmentTime"),
    "PRESENTATION": (
        "InstanceNumber", "ContentLabel", "ContentDescription", "ContentCreatorName",
        "PresentationCreationDate", "PresentationCreationTime", "ReferencedSeriesSequence", "BlendingSequence",
    ),
    "WAVEFORM": _CONTENT,
    "SR DOCUMENT": (*_CONTENT, *_SR),
    "KEY OBJECT DOC": (*_CONTENT, "ConceptNameCodeSequence", "ContentSequence"),
    "SPECTROSCOPY": (
        *_CONTENT, "ImageType", "ReferencedImageEvidenceSequence", "NumberOfFrames", "Rows", "Columns",
        "DataPointRows", "DataPointColumns",
    ),
    "RAW DATA": _CONTENT,
    "REGISTRATION": _LABELLED,
    "FIDUCIAL": _LABELLED,
    "ENCAP DOC": (
        *_CONTENT, "DocumentTitle", "HL7InstanceIdentifier", "ConceptNameCodeSequence",
        "MIMETypeOfEncapsulatedDocument",
    ),
    "VALUE MAP": _LABELLED,
    "STEREOMETRIC": (),
    "MEASUREMENT": _LABELLED,
    "SURFACE": _LABELLED,
    "SURFACE SCAN": ("ContentDate", "ContentTime"),
    "TRACT": _LABELLED,
    "ASSESSMENT": ("InstanceNumber", "InstanceCreationDate", "InstanceCreationTime"),
    "RADIOTHERAPY": (
        "InstanceNumber", "UserContentLabel", "UserContentLongLabel", "ContentDescription", "ContentCreatorName",
    ),
    "PLAN": (),
    "ANNOTATION": _LABELLED,
}  # fmt: skip
"""What a record of each type tells beside what it references (PS3.3 section F.5)."""

_ONLY_WHERE_THERE = frozenset(
    {"VerificationDateTime", "ContentSequence", "ReferencedSeriesSequence", "BlendingSequence", "HL7InstanceIdentifier"}
    | {"ReferencedImageEvidenceSequence", "UserContentLabel", "UserContentLongLabel"}
)
_TYPES = {
    "RTDoseStorage": "RT DOSE",
    "RTStructureSetStorage": "RT STRUCTURE SET",
    "RTPlanStorage": "RT PLAN",
    "RTIonPlanStorage": "RT PLAN",
    "RTBeamsDeliveryInstructionStorage": "PLAN",
    "KeyObjectSelectionDocumentStorage": "KEY OBJECT DOC",
    "BasicStructuredDisplayStorage": "PRESENTATION",
    "ProcedureLogStorage": "SR DOCUMENT",
    "SpectaclePrescriptionReportStorage": "SR DOCUMENT",
    "MacularGridThicknessAndVolumeReportStorage": "SR DOCUMENT",
    "MRSpectroscopyStorage": "SPECTROSCOPY",
    "RawDataStorage": "RAW DATA",
    "SpatialRegistrationStorage": "REGISTRATION",
    "DeformableSpatialRegistrationStorage": "REGISTRATION",
    "SpatialFiducialsStorage": "FIDUCIAL",
    "RealWorldValueMappingStorage": "VALUE MAP",
    "StereometricRelationshipStorage": "STEREOMETRIC",
    "SurfaceSegmentationStorage": "SURFACE",
    "TractographyResultsStorage": "TRACT",
    "ContentAssessmentResultsStorage": "ASSESSMENT",
    "MicroscopyBulkSimpleAnnotationsStorage": "ANNOTATION",
}
_BEGINNINGS = {"Encapsulated": "ENCAP DOC", "SurfaceScan": "SURFACE SCAN"}
_ENDINGS = {
    "SRStorage": "SR DOCUMENT",
    "WaveformStorage": "WAVEFORM",
    "PresentationStateStorage": "PRESENTATION",
    "TreatmentRecordStorage": "RT TREAT RECORD",
    "SummaryRecordStorage": "RT TREAT RECORD",
    "MeasurementsStorage": "MEASUREMENT",
    "RadiationStorage": "RADIOTHERAPY",
    "RadiationRecordStorage": "RADIOTHERAPY",
    "PhysicianIntentStorage": "RADIOTHERAPY",
    "RadiationSetStorage": "RADIOTHERAPY",
    "SegmentAnnotationStorage": "RADIOTHERAPY",
}


def record_type(sop_class_uid: str) -> str:
    """Return the type of the directory record for instances of a SOP class; IMAGE where no other fits.

    >>> record_type("1.2.840.10008.5.1.4.1.1.88.33"), record_type("1.2.840.10008.5.1.4.1.1.2")
    ('SR DOCUMENT', 'IMAGE')
    """
    keyword = UID(sop_class_uid).keyword
    found = _TYPES.get(keyword)
    found = found or next((name for start, name in _BEGINNINGS.items() if keyword.startswith(start)), None)
    found = found or next((name for end, name in _ENDINGS.items() if keyword.endswith(end)), None)
    return found or "IMAGE"


def record_attributes(arguments: Mapping[str, Any], buffers: Sequence[Buffer], _: Sequence[int]) -> Reply:
    """Read what directory records tell of files.

    Parameters
    ----------
    arguments : mapping
        ``files``, each as `rendering.files` wants it.

    Returns
    -------
    Reply
        ``files``: for each ``type``, ``sop_class_uid``, and ``patient``, ``study``, ``series`` and ``leaf``, attributes
        of the DICOM JSON model. What a file does not tell is there without a value, as is what cannot be encoded.
    """
    return Reply({"files": [_attributes_of(file, buffers) for file in arguments["files"]]})


def _attributes_of(file_argument: Mapping[str, Any], buffers: Sequence[Buffer]) -> dict[str, Any]:
    with open_file(file_argument, buffers) as file:
        try:
            keywords = {*PATIENT, *STUDY, *SERIES, *(keyword for leaf in LEAVES.values() for keyword in leaf)}
            tags = [*map(_tag, keywords), 0x00080016, 0x00080005]
            dataset = dcmread(file, stop_before_pixels=True, force=True, specific_tags=tags)
            return _records(dataset)
        except (MemoryError, RecursionError, NotFoundError):
            raise
        except Exception:
            return _records(Dataset())


def _records(dataset: Dataset) -> dict[str, Any]:
    found = dataset_attributes(dataset, lambda _: "")
    sop_class = str((found.get("00080016", {}).get("Value") or [""])[0] or "")
    kind = record_type(sop_class)
    return {
        "type": kind,
        "sop_class_uid": sop_class,
        "patient": _chosen(found, PATIENT),
        "study": _chosen(found, STUDY),
        "series": _chosen(found, SERIES),
        "leaf": _chosen(found, LEAVES[kind]),
    }


def _chosen(found: JsonDataset, keywords: Sequence[str]) -> JsonDataset:
    chosen = {}
    for keyword in keywords:
        tag = tag_text(_tag(keyword))
        attribute = found.get(tag)
        if keyword == "ContentSequence" and attribute is not None:
            attribute = _concept_modifiers(attribute)
        if attribute is None and keyword in _ONLY_WHERE_THERE:
            continue
        chosen[tag] = _encodable(tag, attribute or {"vr": value_representation(keyword)})
    return chosen


def _concept_modifiers(sequence: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the items of a content tree's root that qualify its title, which is all that a record may tell of it."""
    items = [item for item in sequence.get("Value", ()) if item.get("0040A010", {}).get("Value") == ["HAS CONCEPT MOD"]]
    return {"vr": "SQ", "Value": items} if items else None


def _encodable(tag: str, attribute: dict[str, Any]) -> dict[str, Any]:
    try:
        encode_dataset({tag: attribute})
        return attribute
    except UnprocessableError:
        return {"vr": attribute["vr"]}


def _tag(keyword: str) -> int:
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise KeyError(keyword)
    return tag
