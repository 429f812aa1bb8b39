"""Real files that pydicom ships, chosen for what there is to see: CT, MR, ultrasound in colour and in motion, NM."""

from __future__ import annotations

from pathlib import Path

import pydicom

FILES = (
    "CT_small.dcm",
    "examples_overlay.dcm",
    "examples_rgb_color.dcm",
    "examples_palette.dcm",
    "examples_ybr_color.dcm",
    "JPEG2000.dcm",
)


def sample_files() -> list[Path]:
    """Return the paths of the chosen files; a release of pydicom without one of them is no error."""
    folder = Path(pydicom.__file__).parent / "data" / "test_files"
    return [folder / name for name in FILES if (folder / name).exists()]
