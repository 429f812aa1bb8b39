"""A ZIP archive that is made while it is sent, one entry after the other, stored without compression."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from zipfile import ZIP_STORED, ZipFile, ZipInfo


class _Pieces:
    """A file that `ZipFile` writes to, which keeps what was written until it is taken.

    `ZipFile` goes back once for each entry, to write its length and checksum into the header before it; so these stand
    where every reader finds them, and not behind the entry.
    """

    def __init__(self) -> None:
        self._pieces: dict[int, bytes] = {}
        self._position = self._end = 0

    def write(self, piece: bytes, /) -> int:
        if self._position < self._end and len(self._pieces.get(self._position, b"")) != len(piece):
            raise OSError("This archive can only be written in order.")
        self._pieces[self._position] = piece
        self._position += len(piece)
        self._end = max(self._end, self._position)
        return len(piece)

    def tell(self) -> int:
        return self._position

    def seek(self, position: int) -> int:
        self._position = position
        return position

    def flush(self) -> None:
        """Everything is in its place already."""

    def close(self) -> None:
        """Nothing is open."""

    def take(self) -> Iterator[bytes]:
        """Yield what was written since the last time."""
        pieces, self._pieces = self._pieces, {}
        yield from pieces.values()


def zip_pieces(entries: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """Yield a ZIP archive piece by piece; no more than one entry is in memory. Large ones become ZIP64 by themselves.

    Parameters
    ----------
    entries : iterable of (str, bytes)
        Name and content of each file.
    """
    pieces = _Pieces()
    with ZipFile(pieces, "w", ZIP_STORED) as archive:
        for name, content in entries:
            entry = ZipInfo(name)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
            yield from pieces.take()
    yield from pieces.take()
