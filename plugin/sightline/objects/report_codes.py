"""Codes of diagnostic reports: headings, what is said below them, and titles of documents (PS3.16 TID 2000)."""

from __future__ import annotations

from collections.abc import Mapping

from sightline.objects.measurement_codes import Code

CLINICAL_INFORMATION, ADDENDUM, FINDINGS, KEY_IMAGES = "55752-0", "55107-7", "59776-5", "55113-5"

_FINDING: Code = ("121071", "DCM", "Finding")
HEADINGS: Mapping[str, tuple[str, Code]] = {
    CLINICAL_INFORMATION: ("Clinical Information", ("11329-0", "LN", "History")),
    "18785-6": ("Indications for Procedure", ("55115-0", "LN", "Request")),
    "55115-0": ("Request", ("55115-0", "LN", "Request")),
    "11329-0": ("History", ("11329-0", "LN", "History")),
    "55111-9": ("Current Procedure Descriptions", ("121065", "DCM", "Procedure Description")),
    "55114-3": ("Prior Procedure Descriptions", ("121065", "DCM", "Procedure Description")),
    "29549-3": ("Medications Administered", ("121065", "DCM", "Procedure Description")),
    "73569-6": (
        "Radiation Exposure and Protection Information",
        ("121065", "DCM", "Procedure Description"),
    ),
    "18834-2": ("Previous Findings", ("121069", "DCM", "Previous Finding")),
    FINDINGS: ("Findings", _FINDING),
    "55109-3": ("Complications", ("116224001", "SCT", "Complication of Procedure")),
    "19005-8": ("Impressions", ("121073", "DCM", "Impression")),
    "18783-1": ("Recommendations", ("121075", "DCM", "Recommendation")),
    "55110-1": ("Conclusions", ("121077", "DCM", "Conclusion")),
    "55112-7": ("Summary", ("55112-7", "LN", "Summary")),
    "73568-8": ("Communication of Critical Results", _FINDING),
    ADDENDUM: ("Addendum", _FINDING),
}
"""LOINC code of a heading (PS3.16 CID 7001) -> its meaning, and the concept of a text below it (CID 7002)."""

GENERAL: Code = ("18748-4", "LN", "Diagnostic Imaging Report")
_TITLES: Mapping[str, Code] = {
    "CT": ("25045-6", "LN", "CT Report"),
    "MR": ("25056-3", "LN", "MRI Report"),
    "US": ("25061-3", "LN", "Ultrasound Report"),
    "PT": ("44136-0", "LN", "PET Scan Report"),
    "NM": ("49118-3", "LN", "Nuclear Medicine Report"),
    "CR": ("43468-8", "LN", "X-Ray Report"),
    "DX": ("43468-8", "LN", "X-Ray Report"),
    "MG": ("24606-6", "LN", "Mammography Screening Report"),
    "RF": ("49512-7", "LN", "Fluoroscopy Study Report"),
    "XA": ("47048-4", "LN", "Diagnostic Interventional Radiology Report"),
}


def heading(code: str) -> Code:
    """Return the coded concept of a section.

    >>> heading("59776-5")
    ('59776-5', 'LN', 'Findings')
    """
    return code, "LN", HEADINGS[code][0]


def document_title(modality: str) -> Code:
    """Return the title of a report on images of that modality (PS3.16 CID 7000).

    >>> document_title("CT"), document_title("")
    (('25045-6', 'LN', 'CT Report'), ('18748-4', 'LN', 'Diagnostic Imaging Report'))
    """
    return _TITLES.get(modality, GENERAL)
