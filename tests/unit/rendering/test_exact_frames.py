"""Exact frames: what comes out is what went in, for all kinds and sizes."""

from __future__ import annotations

import json
import struct
import zlib
from base64 import b64decode
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from sightline.rendering.exact_frames import Meaning, encode_exact, folded_residuals
from tests.support.exact_vectors import FILE, vectors

DTYPES = ("uint8", "int8", "uint16", "int16")


def decode(content: bytes) -> tuple[NDArray[Any], Meaning]:
    """The obvious decoder: one pixel after another, in whole numbers."""
    magic, size, flags, reserved, rows, columns, slope, intercept, low, high = struct.unpack_from(
        "<4sBBHIIddii", content
    )
    assert (magic, reserved) == (b"SLX1", 0)
    plain = zlib.decompress(content[40:])
    count = rows * columns
    assert len(plain) == count * size
    signed, modulus = bool(flags & 1), 1 << (8 * size)
    values = [[0] * columns for _ in range(rows)]
    for index in range(count):
        row, column = divmod(index, columns)
        a = values[row][column - 1] if column else 0
        b = values[row - 1][column] if row else 0
        c = values[row - 1][column - 1] if row and column else 0
        guess = min(max(a + b - c, min(a, b)), max(a, b))
        folded = (plain[index] << 8 | plain[count + index]) if size == 2 else plain[index]
        difference = folded // 2 if folded % 2 == 0 else -(folded + 1) // 2
        value = (guess + difference) % modulus
        values[row][column] = value - modulus if signed and value >= modulus // 2 else value
    meaning = Meaning((slope, intercept) if flags & 4 else None, (low, high) if flags & 8 else None, bool(flags & 2))
    return np.array(values, f"{'i' if signed else 'u'}{size}"), meaning


@pytest.mark.parametrize("dtype", DTYPES)
@given(data=st.data())
def test_every_frame_comes_out_as_it_went_in(dtype: str, data: st.DataObject) -> None:
    shape = data.draw(array_shapes(min_dims=2, max_dims=2, max_side=8))
    samples = data.draw(arrays(dtype, shape))
    found, _ = decode(encode_exact(samples, Meaning()))
    assert found.dtype == samples.dtype
    np.testing.assert_array_equal(found, samples)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(63, 3), (64, 2), (65, 5), (130, 1)])
def test_blocks_of_rows_leave_no_seam(dtype: str, shape: tuple[int, int]) -> None:
    limits = np.iinfo(dtype)
    samples = np.random.default_rng(3).integers(limits.min, limits.max, shape, dtype, endpoint=True)
    np.testing.assert_array_equal(decode(encode_exact(samples, Meaning()))[0], samples)


def test_a_frame_that_is_a_view_of_another_is_read_by_its_strides() -> None:
    whole = np.arange(64, dtype=np.int16).reshape(8, 8)
    np.testing.assert_array_equal(decode(encode_exact(whole[::2, ::-3], Meaning()))[0], whole[::2, ::-3])


@pytest.mark.parametrize(
    "meaning",
    [Meaning(), Meaning((0.1, -1024.0), (-2000, -1999), inverse=True), Meaning(None, (65535, 65535))],
)
def test_the_meaning_goes_with_the_samples(meaning: Meaning) -> None:
    assert decode(encode_exact(np.zeros((2, 3), np.uint16), meaning))[1] == meaning


def test_residuals_by_hand() -> None:
    # Row 1: 10 - 0, 12 - 10, 11 - 12. Row 2: 10 - 10 (above); left 10, above 12, corner 10: 12, so 13 - 12;
    # left 13, above 11, corner 12: 12, so 12 - 12. Folded: 2n where n >= 0, else -2n - 1.
    samples = np.array([[10, 12, 11], [10, 13, 12]], np.int16)
    assert folded_residuals(samples).tolist() == [[20, 4, 1], [0, 2, 0]]


def test_a_smooth_frame_takes_little() -> None:
    rows, columns = np.mgrid[:128, :128]
    noise = np.random.default_rng(5).integers(-2, 3, rows.shape)
    samples = (1000 + 3 * rows + 2 * columns + noise).astype(np.int16)
    assert len(encode_exact(samples, Meaning())) < 0.25 * samples.nbytes < len(zlib.compress(samples.tobytes(), 1))


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros((2, 2), np.int32),
        np.zeros((2, 2), np.float32),
        np.zeros((2, 2, 3), np.uint8),
        np.zeros((0, 3), np.uint8),
    ],
)
def test_what_has_no_such_form_is_refused(samples: Any) -> None:
    with pytest.raises(ValueError, match=r"Only grey samples|A frame has"):
        encode_exact(samples, Meaning())


def test_the_frames_that_the_viewer_is_tested_with_are_what_is_sent_today() -> None:
    # Streams may differ with the version of zlib; what is in them may not.
    stored = json.loads(FILE.read_text(encoding="utf-8"))
    today = json.loads(json.dumps(vectors()))
    assert len(stored) == len(today) >= 30
    for old, new in zip(stored, today, strict=True):
        frames = [b64decode(each.pop("frame")) for each in (old, new)]
        assert old == new
        assert frames[0][:40] == frames[1][:40]
        assert zlib.decompress(frames[0][40:]) == zlib.decompress(frames[1][40:])
