"""Why images are key images: the titles of Key Object Selection documents (PS3.16 CID 7010) that readers choose from.

Titles of manifests and of whole studies are given by systems, not by readers. "Best In Set" (113013) is not among them,
since TID 2010 then wants to know best in what.
"""

from __future__ import annotations

TITLES = {
    "113000": "Of Interest",
    "113002": "For Referring Provider",
    "113003": "For Surgery",
    "113004": "For Teaching",
    "113005": "For Conference",
    "113006": "For Therapy",
    "113007": "For Patient",
    "113008": "For Peer Review",
    "113009": "For Research",
    "113018": "For Printing",
    "113020": "For Report Attachment",
    "113010": "Quality Issue",
    "113001": "Rejected for Quality Reasons",
}
"""Code Meaning by Code Value; all are of the scheme DCM."""
