"""Frames in the exact form that the viewer's own tests decode: `viewer-assets/tests/exactFrames.json`.

Run ``PYTHONPATH=plugin python -m tests.support.exact_vectors`` to write that file anew; a test finds what is old in it.
"""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.rendering.exact_frames import Meaning, encode_exact

FILE = Path(__file__).parents[2] / "viewer-assets" / "tests" / "exactFrames.json"
_SIZES = ((1, 1), (1, 7), (5, 1), (3, 4), (70, 9))
_KINDS = (("uint8", 8), ("int8", 8), ("uint16", 12), ("uint16", 16), ("int16", 13), ("int16", 16))
_MEANINGS = (
    Meaning(),
    Meaning((0.1, -1024.0), (-2000, -1999), inverse=True),
    Meaning(None, (3, 3)),
)


def samples(dtype: str, bits: int, rows: int, columns: int) -> NDArray[Any]:
    """Return values without any order that fill the range of that many bits, both ends included."""
    count = np.arange(rows * columns, dtype=np.uint64)
    values = (count * np.uint64(2654435761) >> np.uint64(9)).astype(np.int64) % (1 << bits)
    values[-1], values[0] = 0, (1 << bits) - 1
    lowest = -(1 << (bits - 1)) if dtype.startswith("i") else 0
    return (values + lowest).astype(dtype).reshape(rows, columns)


def vectors() -> list[dict[str, Any]]:
    """Return frames of all kinds and several sizes: the encoded bytes, and what is to come out."""
    made = []
    for kind, (dtype, bits) in enumerate(_KINDS):
        for size, (rows, columns) in enumerate(_SIZES):
            values, meaning = samples(dtype, bits, rows, columns), _MEANINGS[(kind + size) % len(_MEANINGS)]
            made.append(
                {
                    "name": f"{bits} bits of {dtype}, {rows} x {columns}",
                    "dtype": dtype,
                    "rows": rows,
                    "columns": columns,
                    "rescale": meaning.rescale,
                    "padding": meaning.padding,
                    "inverse": meaning.inverse,
                    "samples": b64encode(values.astype(values.dtype.newbyteorder("<")).tobytes()).decode(),
                    "frame": b64encode(encode_exact(values, meaning)).decode(),
                }
            )
    return made


if __name__ == "__main__":
    lines = ",\n".join(f"  {json.dumps(vector)}" for vector in vectors())
    FILE.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
