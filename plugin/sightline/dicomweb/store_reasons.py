"""Why an instance was not stored, or not just as it was sent (PS3.18 section I.2, PS3.4 table B.2-1)."""

from __future__ import annotations

PROCESSING_FAILURE = 0x0110
DUPLICATE = 0x0111
OUT_OF_RESOURCES = 0xA700
OTHER_STUDY = 0xA900
MISSING_ATTRIBUTE = 0xA901
CONTRADICTION = 0xA902
CANNOT_UNDERSTAND = 0xC000
NO_BULK_DATA = 0xC001
WRONG_MEDIA_TYPE = 0xC002
UNREFERENCED = 0xC003
SYNTAX_NOT_SUPPORTED = 0xC122

ELEMENTS_DISCARDED = 0xB006

FAILURE_REASONS = {
    PROCESSING_FAILURE: "Processing failure: an error in Sightline or Orthanc",
    DUPLICATE: "Another file is stored under the same identifiers, and this Orthanc does not overwrite",
    OUT_OF_RESOURCES: "Out of resources: it cannot be stored now; try again",
    OTHER_STUDY: "Posted to a study that it does not belong to",
    MISSING_ATTRIBUTE: "An attribute is missing that cannot be done without: a UID, or the description of pixels",
    CONTRADICTION: "Pixels or a document contradict their description: length, size, number of frames, transfer syntax",
    CANNOT_UNDERSTAND: "Cannot understand: no DICOM file, a value that is none, nested too deeply, refused by Orthanc",
    NO_BULK_DATA: "Bulk data is referenced that was not sent, or sent twice",
    WRONG_MEDIA_TYPE: "Bulk data came in a media type that this attribute cannot have",
    UNREFERENCED: "Bulk data came that no metadata references",
    SYNTAX_NOT_SUPPORTED: "The transfer syntax named with the bulk data is not supported for it",
}
"""Failure Reason (0008,1197) and when it is given."""

WARNING_REASONS = {
    ELEMENTS_DISCARDED: "Group lengths or elements of the groups 0000, 0002 and FFFE in metadata were left out",
}
"""Warning Reason (0008,1196) and when it is given."""


class NotStoredError(Exception):
    """One instance of a request cannot be stored; `reason` is a key of `FAILURE_REASONS`."""

    def __init__(self, reason: int) -> None:
        super().__init__(FAILURE_REASONS[reason])
        self.reason = reason
