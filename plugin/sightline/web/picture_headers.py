"""What a picture says of itself in the headers of its answer."""

from __future__ import annotations

from base64 import b64encode

from sightline.rendering.picture import Picture

PICTURE_HEADERS = frozenset({"Content-Type", "ETag", "Repr-Digest", "Sightline-Provenance"})
"""Headers that depend on the picture."""


def picture_headers(picture: Picture) -> dict[str, str]:
    """Return digest (RFC 9530) and provenance: ASCII of some hundred bytes, nothing of the patient.

    Examples
    --------
    >>> picture_headers(Picture(b"", "image/png", 1, 1, "", False, None))
    {'Repr-Digest': 'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:'}
    """
    headers = {"Repr-Digest": f"sha-256=:{b64encode(picture.digest).decode()}:"}
    if picture.provenance is not None:
        headers["Sightline-Provenance"] = picture.provenance.header()
    return headers
