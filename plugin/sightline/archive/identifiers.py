"""Orthanc's identifiers, computed rather than looked up.

Orthanc names a resource by the SHA-1 of its DICOM identifiers, joined by ``|``. A look-up by UID grows with the
archive, a computed id does not.
"""

from __future__ import annotations

import hashlib


def orthanc_id(*identifiers: str) -> str:
    """Return the Orthanc id of PatientID[, StudyInstanceUID[, SeriesInstanceUID[, SOPInstanceUID]]].

    >>> orthanc_id("1CT1")
    'fa558bce-587a86d3-ad0da9b3-9d043d9d-4f5c5718'
    """
    digest = hashlib.sha1("|".join(identifiers).encode(), usedforsecurity=False).hexdigest()
    return "-".join(digest[start : start + 8] for start in range(0, 40, 8))
