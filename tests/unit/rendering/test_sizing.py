"""The size, region and flips that a view asks for, on pictures whose every pixel is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sightline.errors import BadRequestError
from sightline.rendering.sizing import sized
from sightline.rendering.viewport import Viewport

PICTURE = np.arange(12, dtype=np.uint8).reshape(3, 4)


def view(text: str) -> dict[str, Any]:
    return {"viewport": Viewport.parse(text).argument(), "max_size": None}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4,3", PICTURE),
        ("4,3,,,-4,", PICTURE[:, ::-1]),
        ("4,3,,,,-3", PICTURE[::-1]),
        ("4,3,,,-4,-3", PICTURE[::-1, ::-1]),
        ("2,2,1,1,2,2", PICTURE[1:3, 1:3]),
        ("1,1,1,1,2,", np.array([[8]])),  # the mean of 5, 6, 9 and 10 is 7.5
        ("2,2,1,1,-2,2", PICTURE[1:3, 2:0:-1]),
    ],
)
def test_regions_and_flips(text: str, expected: Any) -> None:
    shown, _ = sized(PICTURE, view(text), None)
    np.testing.assert_array_equal(shown, expected)


def test_spacing_follows_region_and_size() -> None:
    shown, spacing = sized(np.zeros((100, 200), np.uint8), view("50,50,20,10,100,50"), (0.5, 0.25))
    assert shown.shape == (50, 50)
    assert spacing == (0.5, 0.5)


@pytest.mark.parametrize("text", ["10,10,4,,,", "10,10,1,1,4,1", "10,10,,,,-4", "99999,99999"])
def test_what_is_not_there_is_refused(text: str) -> None:
    with pytest.raises(BadRequestError):
        sized(PICTURE, view(text), None)


@pytest.mark.parametrize(
    ("spacing", "aspect", "shape"),
    [
        (None, None, (50, 100)),
        ((2.0, 1.0), None, (100, 100)),
        (None, (1.0, 2.0), (25, 100)),
        ((0.5, 0.5), (9.0, 1.0), (50, 100)),
    ],
)
def test_pixels_are_square_in_a_viewport(spacing: Any, aspect: Any, shape: tuple[int, int]) -> None:
    """Spacing says how high and wide they are, else the aspect ratio does."""
    picture = np.arange(20 * 40, dtype=np.uint16).reshape(20, 40).astype(np.uint8)
    found, new = sized(picture, {"viewport": Viewport(100, 100).argument(), "max_size": None}, spacing, aspect)
    assert found.shape == shape
    assert new == (None if spacing is None else (spacing[0] * 20 / shape[0], spacing[1] * 40 / shape[1]))
    assert new is None or new[0] == new[1]
