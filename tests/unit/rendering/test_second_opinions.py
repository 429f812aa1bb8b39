"""Pictures beside those of DCMTK and GDCM: palettes, colour spaces, overlays, modality LUTs and windows.

Where they disagree, the test says by how much, and why.
"""

from __future__ import annotations

import subprocess
from io import BytesIO
from pathlib import Path
from shutil import which
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset, dcmread

from sightline.rendering import codecs
from sightline.rendering.appearance import picture_of_frame
from sightline.rendering.headers import read_frames
from tests.support.corpus import corpus_files
from tests.support.dicom_files import image_file, part_10

codecs.register()
pytestmark = [
    pytest.mark.skipif(which("dcm2img") is None, reason="DCMTK 3.6.9 is not installed"),
    pytest.mark.filterwarnings("ignore"),
]
Pixels = np.ndarray[Any, Any]
RANDOM = np.random.default_rng(21)
ROWS, COLUMNS = 16, 22


def shown(content: bytes, frame: int = 1) -> Pixels:
    file = BytesIO(content)
    entry = read_frames(file, "uuid")[frame - 1]
    pixels, photometric = codecs.decode_frame(file, entry.instance, frame)
    return picture_of_frame(pixels, photometric, entry, file, None, False)[0].astype(int)


def of_dcmtk(folder: Path, content: bytes, *options: str, frame: int = 1) -> Pixels:
    (folder / "image.dcm").write_bytes(content)
    command = ["dcm2img", *options, "+F", str(frame), "+op", "image.dcm", "picture.pnm"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return np.asarray(Image.open(folder / "picture.pnm")).astype(int)


def colour_file(samples: Pixels, photometric: str, planar: int = 0, data: bytes = b"") -> bytes:
    stored = np.moveaxis(samples, -1, 0) if planar else samples
    return image_file(
        samples, SamplesPerPixel=3, PhotometricInterpretation=photometric, PlanarConfiguration=planar,
        PixelData=data or stored.tobytes(),
    )  # fmt: skip


@pytest.mark.parametrize("planar", [0, 1])
def test_rgb(tmp_path: Path, planar: int) -> None:
    content = colour_file(RANDOM.integers(0, 256, (ROWS, COLUMNS, 3)).astype(np.uint8), "RGB", planar)
    np.testing.assert_array_equal(shown(content), of_dcmtk(tmp_path, content))


@pytest.mark.parametrize("planar", [0, 1])
def test_ybr_full(tmp_path: Path, planar: int) -> None:
    """DCMTK adds chroma terms and constants that are each truncated, where we round once: up to two levels apart."""
    ybr = RANDOM.integers(0, 256, (ROWS, COLUMNS, 3)).astype(np.uint8)
    content = colour_file(ybr, "YBR_FULL", planar)
    y, cb, cr = np.moveaxis(ybr.astype(float), -1, 0) - np.array([0, 128, 128])[:, None, None]
    exact = np.stack([y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb], axis=-1)
    np.testing.assert_array_equal(shown(content), np.floor(exact + 0.5).clip(0, 255))
    assert np.abs(shown(content) - of_dcmtk(tmp_path, content)).max() <= 2


def test_ybr_full_422(tmp_path: Path) -> None:
    """Likewise; both repeat the chroma of the left pixel for the right one."""
    ybr = RANDOM.integers(0, 256, (ROWS, COLUMNS, 3)).astype(np.uint8)
    pairs = np.stack([ybr[:, 0::2, 0], ybr[:, 1::2, 0], ybr[:, 0::2, 1], ybr[:, 0::2, 2]], axis=-1)
    content = colour_file(ybr, "YBR_FULL_422", data=pairs.tobytes())
    assert np.abs(shown(content) - of_dcmtk(tmp_path, content)).max() <= 2


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("kind", ["u1", "u2"])
def test_palettes(tmp_path: Path, kind: str, bits: int) -> None:
    """DCMTK takes the upper 8 bits of 16, where we scale and round: at most one level apart."""
    first, count = 20, 200
    indices = RANDOM.integers(0, 256, (ROWS, COLUMNS)).astype(kind)
    attributes: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for colour in ("Red", "Green", "Blue"):
        attributes[f"{colour}PaletteColorLookupTableDescriptor"] = (count, first, bits)
        entries = RANDOM.integers(0, 1 << bits, count).astype(f"<u{bits // 8}")
        attributes[f"{colour}PaletteColorLookupTableData"] = entries.tobytes()
    content = image_file(indices, **attributes)
    difference = np.abs(shown(content) - of_dcmtk(tmp_path, content))
    assert difference.max() <= (0 if bits == 8 else 1)


def with_overlay(content: bytes, mask: Pixels, group: int = 0x6000, kind: str = "G", origin: Any = (1, 1)) -> bytes:
    dataset = dcmread(BytesIO(content))
    packed = np.packbits(mask.astype(np.uint8).ravel(), bitorder="little").tobytes()
    for element, vr, value in (
        (0x10, "US", mask.shape[0]), (0x11, "US", mask.shape[1]), (0x40, "CS", kind), (0x50, "SS", list(origin)),
        (0x100, "US", 1), (0x102, "US", 0), (0x3000, "OB", packed + b"\0" * (len(packed) % 2)),
    ):  # fmt: skip
        dataset.add_new(group << 16 | element, vr, value)
    return part_10(dataset)


WHOLE = {"WindowCenter": 127.5, "WindowWidth": 255, "VOILUTFunction": "LINEAR_EXACT"}


@pytest.mark.parametrize("origin", [(1, 1), (5, 3), (-2, -4)])
def test_overlays_beside_the_pixels(tmp_path: Path, origin: tuple[int, int]) -> None:
    pixels = RANDOM.integers(0, 200, (ROWS, COLUMNS)).astype(np.uint8)
    content = with_overlay(image_file(pixels, **WHOLE), RANDOM.random((9, 10)) < 0.4, origin=origin)
    found = shown(content)
    assert (found == 255).sum() > 5
    np.testing.assert_array_equal(found, of_dcmtk(tmp_path, content, "+Omr"))


def test_overlays_in_the_pixels(tmp_path: Path) -> None:
    pixels = RANDOM.integers(0, 4096, (ROWS, COLUMNS)).astype(np.uint16)
    mask = RANDOM.random(pixels.shape) < 0.3
    dataset = dcmread(BytesIO(image_file(
        pixels | (mask.astype(np.uint16) << 13), BitsStored=12, HighBit=11, WindowCenter=2048, WindowWidth=4096,
    )))  # fmt: skip
    for element, vr, value in (
        (0x10, "US", ROWS), (0x11, "US", COLUMNS), (0x40, "CS", "G"), (0x50, "SS", [1, 1]),
        (0x100, "US", 16), (0x102, "US", 13),
    ):  # fmt: skip
        dataset.add_new(0x6000 << 16 | element, vr, value)
    content = part_10(dataset)
    found, others = shown(content), of_dcmtk(tmp_path, content, "+Wi", "1", "+Omr")
    np.testing.assert_array_equal(found[mask], 255)
    np.testing.assert_array_equal(others[mask], 255)
    assert set(np.unique((found - others)[~mask])) <= {0, 1}


@pytest.mark.parametrize("photometric", ["MONOCHROME2", "MONOCHROME1"])
def test_modality_luts_and_windows(tmp_path: Path, photometric: str) -> None:
    """DCMTK truncates grey where we round: at most one level, towards black of MONOCHROME2."""
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [4096, 0, 16])
    item.add_new("LUTData", "US", [int(value) for value in np.sort(RANDOM.integers(0, 60000, 4096))])
    item.ModalityLUTType = "US"
    content = image_file(
        RANDOM.integers(0, 4096, (ROWS, COLUMNS)).astype(np.uint16), BitsStored=12, HighBit=11,
        PhotometricInterpretation=photometric, ModalityLUTSequence=[item], WindowCenter=30000, WindowWidth=50000,
    )  # fmt: skip
    difference = shown(content) - of_dcmtk(tmp_path, content, "+Wi", "1")
    assert set(np.unique(difference)) <= {-1, 0, 1}


@pytest.mark.skipif(not corpus_files("sc/palette-rgb-patterns"), reason="there is no corpus")
@pytest.mark.parametrize("folder", ["sc/palette-rgb-patterns", "us/palette-10f", "us/ybr422-native", "us/doppler-8f"])
def test_real_colours(tmp_path: Path, folder: str) -> None:
    for path in corpus_files(folder):
        content = path.read_bytes()
        if dcmread(path).file_meta.TransferSyntaxUID.name.startswith("JPEG"):
            continue  # with a decoder of its own, DCMTK's JPEG differs by more than rounding
        assert np.abs(shown(content) - of_dcmtk(tmp_path, content)).max() <= 1
