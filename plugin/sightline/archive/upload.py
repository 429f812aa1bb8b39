"""A DICOM file on its way into the archive: examined once, before anything else reads it."""

from __future__ import annotations

from dataclasses import dataclass

from sightline.archive.identity import Identity, identify
from sightline.archive.nesting import check_nesting


@dataclass(frozen=True)
class Upload:
    """A file that `examine` let pass.

    Parameters
    ----------
    content : bytes or memoryview
        The file, not copied.
    identity : Identity
        Whose it is; empty where the file is too irregular for a simple look.
    """

    content: bytes | memoryview
    identity: Identity


def examine(content: bytes | memoryview) -> Upload:
    """Check how deeply a file nests, and read whose it is, without recursion.

    Raises
    ------
    UnprocessableError
        As `sightline.archive.nesting.check_nesting`.
    """
    check_nesting(content)
    return Upload(content, identify(content))
