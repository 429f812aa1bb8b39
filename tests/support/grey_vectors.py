"""Greys of stored values by the server's kernel, which the viewer's own table has to give.

They are in `viewer-assets/tests/grey.json`, which ``PYTHONPATH=plugin python -m tests.support.grey_vectors`` writes
anew and ``npm run format`` lays out; a test finds what is old in it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from sightline.kernels.grayscale import GreyTransform, VoiWindow, full_range_window, grey_of_stored, value_range

FILE = Path(__file__).parents[2] / "viewer-assets" / "tests" / "grey.json"
_DTYPES = ("uint8", "int8", "uint16", "int16")
_WINDOWS = (
    VoiWindow(40, 400),
    VoiWindow(-600.5, 1500.25),
    VoiWindow(128, 1),
    VoiWindow(127.5, 256),
    VoiWindow(0.1, 0.3, "LINEAR_EXACT"),
    VoiWindow(2048, 4096, "LINEAR_EXACT"),
    VoiWindow(40, 400, "SIGMOID"),
    VoiWindow(1000, 1e-3, "SIGMOID"),
)
_TRANSFORMS = (
    GreyTransform(VoiWindow(0, 1)),
    GreyTransform(VoiWindow(0, 1), slope=1.0, intercept=-1024.0, padding=(-2000, -2000)),
    GreyTransform(VoiWindow(0, 1), slope=0.0123, intercept=7.7, inverse=True, padding=(100, 120)),
    GreyTransform(VoiWindow(0, 1), slope=-2.5, intercept=300.0),
)


def every_value(dtype: str) -> np.ndarray[Any, Any]:
    """Return all values of a dtype, by their bits: 0, 1, … and for signed ones -1 at the end."""
    bits = np.dtype(dtype).itemsize * 8
    return np.arange(1 << bits).astype(f"uint{bits}").view(dtype)


def vectors() -> list[dict[str, Any]]:
    """Return what every stored value becomes: a digest of all greys, and some of them."""
    made = []
    for dtype in _DTYPES:
        for transform in _TRANSFORMS:
            for window in _WINDOWS:
                grey = grey_of_stored(every_value(dtype), replace(transform, voi=window))
                step = 37 if len(grey) == 256 else 4099
                made.append(
                    {
                        "dtype": dtype,
                        "slope": transform.slope,
                        "intercept": transform.intercept,
                        "padding": transform.padding,
                        "inverse": transform.inverse,
                        "window": {"center": window.center, "width": window.width, "voiFunction": window.function},
                        "some": grey[::step].tolist(),
                        "sha256": sha256(grey.tobytes()).hexdigest(),
                    }
                )
    return made


def full_windows() -> list[dict[str, Any]]:
    """Return the windows of frames whose file has none."""
    made = []
    for values in ([3, 7, 5], [5, 5], [-1000, 0, 3000], [-2000, -2000], [110, 4, 120, 90]):
        for transform in _TRANSFORMS:
            stored = np.array(values, np.int16)
            window = full_range_window(value_range(stored, transform))
            made.append(
                {
                    "samples": values,
                    "slope": transform.slope,
                    "intercept": transform.intercept,
                    "padding": transform.padding,
                    "window": {"center": window.center, "width": window.width, "voiFunction": window.function},
                }
            )
    return made


def everything() -> dict[str, Any]:
    """Return the content of the file."""
    return {"tables": vectors(), "fullWindows": full_windows()}


if __name__ == "__main__":
    FILE.write_text(json.dumps(everything()), encoding="utf-8")
