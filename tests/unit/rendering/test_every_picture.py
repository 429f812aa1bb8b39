"""Every image of the corpus and of pydicom looks as independent libraries say it must, or is refused with a reason.

Stored values come from pydicom's own decoders, modality values and VOI LUTs from its processing, windows from
highdicom. PNG pictures are at most one grey level off.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom.data
import pytest
from PIL import Image
from pydicom import Dataset, config, dcmread
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi

from sightline.errors import UnprocessableError
from sightline.rendering.headers import read_frames
from sightline.rendering.look import PLAIN
from sightline.rendering.tasks import render_frame
from tests.support.corpus import corpus_files, real_file

apply_voi_window = pytest.importorskip("highdicom.pixels").apply_voi_window
pytestmark = pytest.mark.filterwarnings("ignore")
Pixels = np.ndarray[Any, Any]
_PER_FOLDER = 3
_OWN = Path(pydicom.data.__file__).parent / "test_files"
_VIEW = {
    "window": None,
    "invert": False,
    "max_size": None,
    "viewport": None,
    "format": "png",
    "quality": 85,
    "colour_profile": "no",
    "annotations": [],
    "look": PLAIN.argument(),
}
REFUSED = {
    "2026-05-06-Deeply-Nested-Sequence.dcm": "RecursionError",
    "2026-05-26-oob-monochrome-46341.dcm": "too large",
    "GH177_D_CLUNIE_CT1_IVRLE_BigEndian_undefined_length.dcm": "cannot be read",
    "JPEG2000-embedded-sequence-delimiter.dcm": "cannot be decoded",
    "MR_truncated.dcm": "cannot be decoded",
    "badVR.dcm": "incomplete or wrong",
    "dwv-test_no-number-rows.dcm": "incomplete or wrong",
    "meta_missing_tsyntax.dcm": "incomplete or wrong",
    "nested_priv_SQ.dcm": "incomplete or wrong",
}
"""Files that are damaged, and a part of the reason that is given."""
SIBLINGS = {
    "liver_deflate.dcm": "liver_j2k.dcm",
    "liver_rle.dcm": "liver_j2k.dcm",
    "liver_nonbyte_aligned_deflate.dcm": "liver_nonbyte_aligned.dcm",
    "liver_nonbyte_aligned_rle.dcm": "liver_nonbyte_aligned.dcm",
}
"""Files that pydicom cannot decode, and the same image in a syntax that it can."""


def files() -> Iterator[Path]:
    """Some files of each folder of the corpus, and all of pydicom's."""
    seen: dict[Path, int] = {}
    for path in corpus_files():
        seen[path.parent] = seen.get(path.parent, 0) + 1
        # Single-frame slices of one series are alike; files of odd kinds come in small folders.
        if seen[path.parent] <= _PER_FOLDER or len(list(path.parent.iterdir())) <= 12:
            yield path
    yield from sorted(path for path in _OWN.iterdir() if path.is_file())


def macro(dataset: Dataset, sequence: str, frame: int) -> Dataset:
    """Return a frame's functional group macro, the shared one, or the top."""
    own = (dataset.get("PerFrameFunctionalGroupsSequence") or [])[frame - 1 : frame]
    for group in (*own, *(dataset.get("SharedFunctionalGroupsSequence") or ())):
        if group.get(sequence):
            item: Dataset = group[sequence].value[0]
            return item
    return dataset


def stored(dataset: Dataset, frame: int) -> Pixels:
    pixels = np.asarray(dataset.pixel_array)
    return np.asarray(pixels[frame - 1]) if int(dataset.get("NumberOfFrames") or 1) > 1 else pixels


def expected_grey(dataset: Dataset, pixels: Pixels, frame: int) -> Pixels:
    """PS3.3 C.11 by others' hands."""
    transformation = macro(dataset, "PixelValueTransformationSequence", frame)
    values = np.asarray(apply_modality_lut(pixels, transformation), float)
    lut_holder, window = dataset, macro(dataset, "FrameVOILUTSequence", frame)
    padding = pixels != pixels
    if "PixelPaddingValue" in dataset and dataset.get("PixelData") is not None:
        ends = [int(dataset.get(k)) for k in ("PixelPaddingValue", "PixelPaddingRangeLimit") if k in dataset]
        padding = (pixels >= min(ends)) & (pixels <= max(ends))
    center, width = (np.atleast_1d(window.get(k) or []) for k in ("WindowCenter", "WindowWidth"))
    function = str(window.get("VOILUTFunction") or "LINEAR")
    valid = [(float(c), float(w)) for c, w in zip(center, width, strict=False) if c != "" and float(w) >= 1]
    if lut_holder.get("VOILUTSequence"):
        bits = int(lut_holder.VOILUTSequence[0].LUTDescriptor[2])
        highest = int(np.max(lut_holder.VOILUTSequence[0].LUTData))
        grey = (
            apply_voi(values.astype(int), lut_holder).astype(float) * 255 / (2 ** max(bits, highest.bit_length()) - 1)
        )
    elif dataset.get("BitsStored") == 1:
        grey = values * 255
    elif valid:
        c, w = valid[0]
        grey = apply_voi_window(values, c, w, voi_lut_function=function, output_range=(0.0, 255.0), dtype=np.float64)
        # A window of width 1 is a step, where highdicom divides 0 by 0 at the threshold itself, which is still black.
        grey = np.nan_to_num(grey)
    else:
        image = values[~padding]
        low, high = (image.min(), image.max()) if image.size else (0, 0)
        grey = np.clip((values - low) / ((high - low) or 1), 0, 1) * 255
        if low == high:
            grey = np.full(values.shape, 127.5)
    if dataset.PhotometricInterpretation == "MONOCHROME1" or dataset.get("PresentationLUTShape") == "INVERSE":
        grey = 255 - grey
    return np.where(padding, 0, grey)


def expected_picture(dataset: Dataset, frame: int) -> Pixels:
    pixels = stored(dataset, frame)
    interpretation = str(dataset.get("PhotometricInterpretation") or "MONOCHROME2")
    if interpretation.startswith("MONOCHROME"):
        picture = expected_grey(dataset, pixels, frame)
    elif interpretation == "PALETTE COLOR":
        colours = apply_color_lut(pixels, dataset)[..., :3]
        picture = colours * (255.0 / (255 if colours.dtype == np.uint8 else 65535))
    else:
        picture = pixels * (255.0 / (2**dataset.BitsStored - 1))
    for group in range(0x6000, 0x6020, 2):
        if (group, 0x3000) in dataset:
            picture[dataset.overlay_array(group) > 0] = 255
    return picture


def shown(path: Path, frame: int) -> Pixels:
    """The picture that the worker's task makes."""
    arguments = {"file": {"path": str(path)}, "entry": None, "frame": frame, "view": _VIEW}
    reply = render_frame(arguments, (), ())
    assert reply.values["media_type"] == "image/png"
    return np.asarray(Image.open(BytesIO(bytes(reply.buffers[0]))))


@pytest.mark.parametrize("path", [pytest.param(path, id=f"{path.parent.name}-{path.name}") for path in files()])
def test_every_image(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config.settings, "reading_validation_mode", config.IGNORE)
    if path.name in REFUSED:
        with pytest.raises((UnprocessableError, RecursionError)) as refusal:
            shown(path, 1)
        assert REFUSED[path.name] in f"{refusal.typename} {refusal.value}"
        return
    try:
        frames = read_frames(BytesIO(path.read_bytes()), "")
    except UnprocessableError as error:
        assert "cannot be read" in error.message
        pytest.skip("no DICOM file")
    if not frames:
        pytest.skip("no image")
    dataset = dcmread(real_file(SIBLINGS.get(path.name, path.name)) if path.name in SIBLINGS else path, force=True)
    for frame in sorted({1, (len(frames) + 1) // 2, len(frames)}):
        found, wanted = shown(path, frame).astype(float), expected_picture(dataset, frame)
        assert found.shape == wanted.shape
        assert np.abs(found - wanted).max() <= 1
