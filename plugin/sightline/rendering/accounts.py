"""What a second look at a picture and its file tells: what encoding lost, what was lost before. In workers only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydicom import Dataset

from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.encoding import largest_difference
from sightline.rendering.files import open_file
from sightline.rendering.headers import read_header
from sightline.rendering.lookup_tables import lut_explanations


def measure(arguments: dict[str, Any], buffers: Sequence[Buffer], _fds: Sequence[int]) -> Reply:
    """Measure a picture, and read what its file says of itself.

    Arguments: ``file``, of a frame that the picture was made of; ``frame``, counted from 1; ``pictures``, the numbers
    of two buffers: the picture and the same in a format that loses nothing, or null where it is exact. The reply
    has ``maximum_error``, by how much of 255 the two differ at most; ``ratios`` and ``methods`` of the file's lossy
    compressions (0028,2112), (0028,2114), oldest first; ``modality_lut`` and ``voi_lut``, what the file calls the
    look-up tables that it has, or an empty text.
    """
    pair = arguments["pictures"]
    error = 0 if pair is None else largest_difference(buffers[pair[0]], buffers[pair[1]])
    with open_file(arguments["file"], buffers) as file:
        header = read_header(file)
    modality_lut, voi_lut = lut_explanations(header, arguments["frame"])
    return Reply(
        {
            "maximum_error": error,
            "ratios": [float(value) for value in _values(header, "LossyImageCompressionRatio")],
            "methods": [str(value) for value in _values(header, "LossyImageCompressionMethod")],
            "modality_lut": modality_lut,
            "voi_lut": voi_lut,
        }
    )


def _values(header: Dataset, keyword: str) -> list[Any]:
    value = header.get(keyword)
    if value is None or value == "":
        return []
    return [value] if isinstance(value, str | float | int) else list(value)
