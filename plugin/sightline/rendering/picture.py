"""What comes out of the engine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from sightline.rendering.provenance import Provenance
from sightline.rendering.view import Window


@dataclass(frozen=True)
class Picture:
    """An encoded picture and what it is.

    `etag` changes whenever the stored file, the view or the rendering code does. `window` is the one that was applied,
    None where a VOI LUT sequence or colour was. `lossy` says that the encoding, or the stored file, lost something.
    `pixel_spacing` is mm in the patient or at the detector between rows and between columns of this very picture, after
    any reduction: pixels need not be square. None where the file does not say. `slices` is how many slices of a volume
    that was still loading were there, and of how many: such a picture must not be kept. None: all. `provenance` is what
    it was made of and how; None where whoever made it did not keep that.
    """

    content: bytes
    media_type: str
    columns: int
    rows: int
    etag: str
    lossy: bool
    window: Window | None
    pixel_spacing: tuple[float, float] | None = None
    slices: tuple[int, int] | None = None
    provenance: Provenance | None = None

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of the content."""
        return sha256(self.content).digest()
