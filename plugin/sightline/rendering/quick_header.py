"""How the pixels of a stored file are encoded, read from its first bytes in this very process.

The first frame of a series need not wait for a worker, and for the headers of all other files, where it can be told
without a parser that untrusted bytes could harm: a bounded walk over the top level, and a dozen numbers. Whatever is
missing, odd or further behind is left to the worker.
"""

from __future__ import annotations

import os

from sightline.archive.encoded import UNDEFINED_LENGTH, EncodedDataset, declared_transfer_syntax, open_dataset
from sightline.archive.protocol import InstanceRecord
from sightline.archive.walk import LostError, Walk
from sightline.errors import UnprocessableError
from sightline.rendering.series_table import InstanceEntry

_HEAD_BYTES = 1 << 16
_LEVELS = 32
_PIXEL_DATA = 0x7FE00010
_LITTLE_ENDIAN = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")
_NUMBERS = {
    0x00280002: "samples_per_pixel",
    0x00280006: "planar_configuration",
    0x00280010: "rows",
    0x00280011: "columns",
    0x00280100: "bits_allocated",
    0x00280101: "bits_stored",
    0x00280102: "high_bit",
    0x00280103: "pixel_representation",
}
_FRAMES, _PHOTOMETRIC = 0x00280008, 0x00280004
_LONGEST = 16


def quick_entry(path: str, record: InstanceRecord) -> InstanceEntry | None:
    """Return how the pixels of a native, little endian image are encoded; None for all else.

    The entry is complete for whoever cuts frames out of the file or converts them, and for nobody else.

    Parameters
    ----------
    path : str
        The stored file.
    record : InstanceRecord
        Of that file.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        head = os.pread(descriptor, _HEAD_BYTES, 0)
    finally:
        os.close(descriptor)
    syntax = declared_transfer_syntax(head)
    if syntax not in _LITTLE_ENDIAN:
        return None
    try:
        dataset = open_dataset(head)
        walk = _PixelWalk(dataset)
        if dataset.certain:
            walk.run()
    except (LostError, UnprocessableError):
        return None
    return _entry(walk, syntax, record)


class _PixelWalk(Walk):
    """Gathers what describes the pixels, up to where they begin."""

    def __init__(self, dataset: EncodedDataset) -> None:
        super().__init__(dataset, _LEVELS)
        self.numbers: dict[str, int] = {}
        self.texts: dict[int, str] = {}
        self.pixels: tuple[int, int] | None = None
        """Offset and length in bytes."""

    def at_top(self, tag: int, length: int) -> None:
        """Take note of a number, a text, or the pixels."""
        if tag in _NUMBERS and length == 2:
            self.numbers[_NUMBERS[tag]] = int.from_bytes(self.source.at(self.position, 2), "little")
        elif tag in (_FRAMES, _PHOTOMETRIC) and length <= _LONGEST:
            self.texts[tag] = self.source.at(self.position, length).decode("latin-1").strip("\0 ")
        elif tag >= _PIXEL_DATA:
            self.is_over = True
            if tag == _PIXEL_DATA and length != UNDEFINED_LENGTH:
                self.pixels = self.position, length


def _entry(walk: _PixelWalk, syntax: str, record: InstanceRecord) -> InstanceEntry | None:
    frames = walk.texts.get(_FRAMES, "1") or "1"
    if walk.pixels is None or len(walk.numbers) < len(_NUMBERS) - 1 or not (frames.isascii() and frames.isdigit()):
        return None
    numbers = {"planar_configuration": 0, **walk.numbers}
    photometric = walk.texts.get(_PHOTOMETRIC, "")
    if len(numbers) < len(_NUMBERS) or not photometric or int(frames) == 0:
        return None
    if numbers["high_bit"] != numbers["bits_stored"] - 1:
        return None
    samples = 2 if photometric == "YBR_FULL_422" else numbers["samples_per_pixel"]
    bits = numbers["rows"] * numbers["columns"] * samples * numbers["bits_allocated"] * int(frames)
    offset, length = walk.pixels
    if bits == 0 or -(-bits // 8) > length:
        return None
    return InstanceEntry(
        file_uuid=record.file.uuid,
        sop_instance_uid=record.sop_instance_uid,
        sop_class_uid="",
        instance_number=None,
        transfer_syntax_uid=syntax,
        pixel_keyword="PixelData",
        pixel_words=numbers["bits_allocated"] > 8,
        pixel_offset=offset,
        number_of_frames=int(frames),
        photometric_interpretation=photometric,
        samples_per_pixel=numbers["samples_per_pixel"],
        planar_configuration=numbers["planar_configuration"],
        rows=numbers["rows"],
        columns=numbers["columns"],
        bits_allocated=numbers["bits_allocated"],
        bits_stored=numbers["bits_stored"],
        pixel_representation=numbers["pixel_representation"],
    )
