"""Whether a picture may show who the patient is: what a file says of itself, and what such files usually do."""

from __future__ import annotations

from enum import StrEnum

from pydicom import Dataset

MODALITIES = frozenset({"US", "IVUS", "XA", "RF", "ES", "SC", "OT", "XC", "GM", "OP"})
"""Modalities whose devices write names into pixels, or whose pictures come from other programs or cameras."""

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
"""SOP class, and the beginning of those of its multi-frame forms: screenshots, scanned paper, exported pictures."""


class Risk(StrEnum):
    """How much speaks for text in the pixels that names the patient."""

    NONE = "none"
    """The file says that there is none, and files of its kind can be believed."""
    UNSTATED = "unstated"
    """The file does not say."""
    LIKELY = "likely"
    """The file says so, or is of a kind that mostly has some, whatever it says."""


def risk_of(dataset: Dataset) -> Risk:
    """Return the risk of one file (PS3.3 C.7.6.1, Burned In Annotation); objects without pixels have none.

    >>> dataset = Dataset()
    >>> dataset.Rows, dataset.Modality, dataset.BurnedInAnnotation = 1, "CT", "NO"
    >>> risk_of(dataset).value
    'none'
    >>> dataset.Modality = "US"
    >>> risk_of(dataset).value
    'likely'
    """
    if "Rows" not in dataset:
        return Risk.NONE
    stated = str(dataset.get("BurnedInAnnotation", "")).strip().upper()
    sop_class = str(dataset.get("SOPClassUID", ""))
    is_capture = sop_class == SECONDARY_CAPTURE or sop_class.startswith(f"{SECONDARY_CAPTURE}.")
    if stated == "YES" or is_capture or str(dataset.get("Modality", "")) in MODALITIES:
        return Risk.LIKELY
    return Risk.NONE if stated == "NO" else Risk.UNSTATED
