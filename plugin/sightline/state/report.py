"""A signed report as a value: what a reader has put a name to. It never changes; an addendum is a further version."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class ReportSection:
    """One part of a report.

    Parameters
    ----------
    code : str
        Code value of PS3.16 CID 7001, which are LOINC's, such as ``59776-5`` (Findings).
    heading : str
        What readers see above it.
    text : str
        Plain text; a line feed ends a paragraph.
    """

    code: str
    heading: str
    text: str


@dataclass(frozen=True)
class KeyFrame:
    """A frame that the report shows; `label` is what readers call it, such as ``Lung 5.0, image 6 of 12``."""

    series_instance_uid: str
    sop_instance_uid: str
    frame: int
    sop_class_uid: str = ""
    label: str = ""


@dataclass(frozen=True)
class Signature:
    """Who signed a version, and when (UTC)."""

    author: str
    signed: datetime


@dataclass(frozen=True)
class SignedReport:
    """One signed version of one report.

    Parameters
    ----------
    id : str
        Of the report, the same in all its versions.
    version : int
        From 1. Version 1 is the report, each later one an addendum that contains all before it.
    sequence : int
        Counts all signed versions of the site, from 1, without a gap: what has been signed since can be asked for.
    study_instance_uid, accession_number, patient_id, patient_name, patient_birth_date, patient_sex : str
        As the study had them when it was signed; PN and YYYYMMDD.
    study_date, study_description, modality : str
    title : str
        Such as ``CT Chest Report``.
    sections : tuple of ReportSection
        All text, with addenda at the end.
    key_frames : tuple of KeyFrame
    author : str
        Who signed, as people read it.
    author_subject : str
        Subject of the grant that signed.
    signed : datetime
        In UTC.
    series_instance_uid, sr_instance_uid, pdf_instance_uid : str
        Where SR and Encapsulated PDF are stored: ``series`` holds the SR; the PDF's series is `pdf_series_uid`.
    requester : str
        Who asked for the study: PN, of the order or of the images; may be empty.
    signatures : tuple of Signature
        Of every version up to this one, the first of the report itself, the others of its addenda.
    """

    id: str
    version: int
    sequence: int
    study_instance_uid: str
    accession_number: str
    patient_id: str
    patient_name: str
    patient_birth_date: str
    patient_sex: str
    study_date: str
    study_description: str
    modality: str
    title: str
    sections: tuple[ReportSection, ...]
    key_frames: tuple[KeyFrame, ...]
    author: str
    author_subject: str
    signed: datetime
    series_instance_uid: str = ""
    sr_instance_uid: str = ""
    pdf_series_uid: str = ""
    pdf_instance_uid: str = ""
    requester: str = ""
    signatures: tuple[Signature, ...] = ()
