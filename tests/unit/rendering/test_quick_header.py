"""The quick way to an image's description says the same as the long one, or nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest

from sightline.archive.protocol import InstanceRecord, StoredFile
from sightline.errors import SightlineError
from sightline.rendering.headers import read_frames
from sightline.rendering.quick_header import quick_entry
from tests.support.corpus import corpus_files
from tests.support.dicom_files import image_file

SAME = (
    "transfer_syntax_uid", "pixel_keyword", "pixel_offset", "rows", "columns", "number_of_frames", "samples_per_pixel",
    "photometric_interpretation", "planar_configuration", "bits_allocated", "bits_stored", "pixel_representation",
)  # fmt: skip
NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")


def record(path: Path) -> InstanceRecord:
    return InstanceRecord("id", "1", "1.2", "1.2.3", StoredFile("uuid", path.stat().st_size, "md5"))


@pytest.mark.filterwarnings("ignore")
def test_as_the_worker_reads() -> None:
    """Of all real files: nearly every native image is told quickly, nothing else is, and never otherwise."""
    shipped = Path(str(pydicom.data.__file__)).parent / "test_files"
    compared = missed = 0
    for path in [*shipped.rglob("*.dcm"), *corpus_files()]:
        quick = quick_entry(str(path), record(path))
        try:
            with path.open("rb") as file:
                frames = read_frames(file, "uuid")
        except (SightlineError, RecursionError):
            frames = ()
        if quick is None:
            missed += bool(frames) and frames[0].instance.transfer_syntax_uid in NATIVE
            continue
        assert frames, path
        compared += 1
        for name in SAME:
            assert getattr(quick, name) == getattr(frames[0].instance, name), (path, name)
    assert compared > 10
    assert missed < compared / 5


@pytest.mark.parametrize("missing", ["Rows", "BitsAllocated", "PhotometricInterpretation", "SamplesPerPixel"])
def test_nothing_rather_than_a_guess(tmp_path: Path, missing: str) -> None:
    """What is missing, cut off or empty is left to the worker, whose refusal says why."""
    path = tmp_path / "image.dcm"
    content = image_file(np.ones((8, 8), np.uint16))
    path.write_bytes(content)
    assert quick_entry(str(path), record(path)) is not None
    path.write_bytes(image_file(np.ones((8, 8), np.uint16), **{missing: None}))
    assert quick_entry(str(path), record(path)) is None
    path.write_bytes(image_file(np.ones((8, 8), np.uint16), NumberOfFrames=2))
    assert quick_entry(str(path), record(path)) is None
    path.write_bytes(b"")
    assert quick_entry(str(path), record(path)) is None
    assert quick_entry(str(tmp_path / "gone"), record(path)) is None
