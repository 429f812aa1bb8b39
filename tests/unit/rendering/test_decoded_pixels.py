"""Decoded pixels of every image of the corpus and of pydicom equal those of other decoders, or are refused.

Native pixels are compared with what pydicom reads, compressed ones with what GDCM, Pillow or pyjpegls makes of them:
never with a decoder of ours. Of several frames the first, the middle and the last one are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom.data
import pytest
from pydicom import Dataset, config, dcmread, uid
from pydicom.pixels.decoders.base import get_decoder

from sightline.errors import SightlineError
from sightline.rendering import codecs
from sightline.rendering.headers import read_frames
from sightline.rendering.series_table import InstanceEntry
from tests.support.corpus import corpus_files

codecs.register()
pytestmark = pytest.mark.filterwarnings("ignore")
Pixels = np.ndarray[Any, Any]
_OWN = Path(pydicom.data.__file__).parent / "test_files"
_EVERY = 10
"""Of a folder with many files, which are slices of one series, one in so many is decoded."""
_MANY = 40
NO_OTHER = {uid.HTJ2KLossless, uid.HTJ2KLosslessRPCL, uid.HTJ2K, "1.2.840.10008.1.2.8.1"}
"""Syntaxes that nothing at hand but imagecodecs decodes; other tests compare what they hold with other copies of it."""
NEEDS_PYJPEGLS = {uid.JPEGLSLossless, uid.JPEGLSNearLossless}
"""Syntaxes of which ITK reads only files that are put together in the plainest way."""
LOSSY = {uid.JPEGBaseline8Bit: 3, uid.JPEGExtended12Bit: 3, uid.JPEG2000: 1, uid.JPEGLSNearLossless: 0}
"""Lossy syntaxes, and how far decoders may be apart: inverse transforms are not rounded by the standard."""


def files() -> Iterator[Path]:
    """One file in ten of large folders, everything else."""
    folders: dict[Path, list[Path]] = {}
    for path in corpus_files():
        folders.setdefault(path.parent, []).append(path)
    for paths in folders.values():
        yield from paths[:: _EVERY if len(paths) > _MANY else 1]
    yield from sorted(path for path in _OWN.iterdir() if path.is_file())


def of_others(path: Path, dataset: Dataset, instance: InstanceEntry, frame: int) -> Pixels:
    """Decode a frame without anything of ours."""
    native = instance.transfer_syntax_uid not in codecs.DECODER_DEPENDENCIES
    if instance.bits_allocated == 1 and native:
        return bits(dataset, instance, frame)
    decoder = get_decoder(uid.UID(instance.transfer_syntax_uid))
    for plugin in decoder.available_plugins or ("",):
        if plugin == codecs.PLUGIN:
            continue
        try:
            return np.asarray(decoder.as_array(dataset, index=frame - 1, raw=True, decoding_plugin=plugin)[0])
        except (RuntimeError, NotImplementedError):
            continue
    try:
        return of_itk(path, instance, frame)
    except RuntimeError as problem:
        if instance.transfer_syntax_uid not in NEEDS_PYJPEGLS or find_spec("jpeg_ls"):
            raise
        pytest.skip(f"pyjpegls has no build for this Python, and ITK refuses the file: {str(problem)[-80:]}")


def of_itk(path: Path, instance: InstanceEntry, frame: int) -> Pixels:
    """Decode what only ITK can beside us, such as JPEG of 12 bits; it applies the rescale, which is taken back."""
    itk = pytest.importorskip("SimpleITK", reason="SimpleITK is not installed")
    values = np.asarray(itk.GetArrayFromImage(itk.ReadImage(str(path))))[frame - 1]
    dataset = dcmread(path, stop_before_pixels=True, force=True)
    # GDCM, which reads for it, takes CT that has no intercept for one of -1024.
    intercept = dataset.get("RescaleIntercept", -1024 if instance.modality == "CT" else 0)
    stored = (values - float(intercept)) / float(dataset.get("RescaleSlope") or 1)
    if instance.photometric_interpretation == "MONOCHROME1":
        stored = (1 << instance.bits_stored) - 1 - stored  # which it turns round
    return np.rint(stored).astype(np.int64 if instance.pixel_representation else np.uint64)


def bits(dataset: Dataset, instance: InstanceEntry, frame: int) -> Pixels:
    """Take pixels of one bit from the value, bit by bit."""
    count = instance.rows * instance.columns
    first = (frame - 1) * count
    packed = dataset.PixelData
    found = [packed[place // 8] >> (place % 8) & 1 for place in range(first, first + count)]
    return np.array(found, np.uint8).reshape(instance.rows, instance.columns)


def frames_of(path: Path) -> int:
    """Return how many frames there are to be decoded; skip what is none of our business."""
    try:
        found = read_frames(BytesIO(path.read_bytes()), "")
    except (SightlineError, RecursionError) as refusal:
        assert str(refusal), "a reason is given"
        pytest.skip(f"refused: {refusal}")
    if not found:
        pytest.skip("no image")
    return len(found)


REFUSED = {
    "2026-05-26-oob-monochrome-46341.dcm": "too large",
    "JPEG2000-embedded-sequence-delimiter.dcm": "cannot be decoded",
    "MR_truncated.dcm": "cannot be decoded",
}
"""Images that cannot be decoded, and a part of the reason that is given."""


@pytest.mark.parametrize("path", [pytest.param(path, id=f"{path.parent.name}-{path.name}") for path in files()])
def test_pixels_are_what_others_decode(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config.settings, "reading_validation_mode", config.IGNORE)
    count = frames_of(path)
    content = path.read_bytes()
    instance = read_frames(BytesIO(content), "")[0].instance
    if path.name in REFUSED:
        with pytest.raises(SightlineError, match=REFUSED[path.name]):
            codecs.decode_frame(BytesIO(content), instance, 1)
        return
    syntax = instance.transfer_syntax_uid
    if syntax in NO_OTHER or (syntax == uid.RLELossless and instance.bits_allocated == 1):
        assert codecs.decode_frame(BytesIO(content), instance, 1)[0].shape[:2] == (instance.rows, instance.columns)
        return
    dataset = dcmread(path, force=True)
    for frame in sorted({1, (count + 1) // 2, count}):
        found, _ = codecs.decode_frame(BytesIO(content), instance, frame)
        expected = of_others(path, dataset, instance, frame)
        assert found.shape == expected.shape
        assert found.dtype.kind == expected.dtype.kind
        if found.dtype.kind == "f":
            np.testing.assert_array_equal(found, expected)
        else:
            assert np.abs(found.astype(np.int64) - expected.astype(np.int64)).max() <= LOSSY.get(uid.UID(syntax), 0)
