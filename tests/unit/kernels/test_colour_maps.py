"""Colour maps: the standard's palettes number by number, and what the own one promises."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.pixels import apply_color_lut

from sightline.kernels.colour_maps import COLOUR_MAP_NAMES, colour_map
from tests.support.colour_map_tables import FILE, tables

PALETTES = {
    "hot_iron": "hotiron",
    "pet": "pet",
    "hot_metal_blue": "hotmetalblue",
    "pet_20_step": "pet20step",
    "spring": "spring",
    "summer": "summer",
    "fall": "fall",
    "winter": "winter",
}


def test_the_viewer_has_the_same_tables() -> None:
    assert json.loads(FILE.read_text(encoding="utf-8")) == tables()


@pytest.mark.parametrize("name", PALETTES)
def test_a_well_known_palette_is_the_published_one(name: str) -> None:
    path = Path(pydicom.__file__).parent / "data" / "palettes" / f"{PALETTES[name]}.dcm"
    if not path.exists():
        pytest.skip("this pydicom does not ship the palettes")
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    published = apply_color_lut(grey, pydicom.dcmread(path)).reshape(256, 3)
    # Of the last four, segments are published, whose values lie half-way once: rounding is open there.
    differing = np.abs(colour_map(name).astype(int) - published)
    assert differing.sum() <= (name == "summer")


@pytest.mark.parametrize("name", COLOUR_MAP_NAMES)
def test_every_map_has_256_colours_and_is_a_new_array(name: str) -> None:
    table = colour_map(name)
    assert table.shape == (256, 3)
    assert table.dtype == np.uint8
    table[:] = 7
    assert not np.array_equal(colour_map(name), table)


def test_grey_is_grey_and_its_inverse_runs_backwards() -> None:
    assert colour_map("grey").tolist() == [[value] * 3 for value in range(256)]
    assert np.array_equal(colour_map("inverse_grey"), colour_map("grey")[::-1])


def test_the_rainbow_runs_from_blue_over_green_to_red() -> None:
    table = colour_map("rainbow")
    assert [int(row.argmax()) for row in table[[0, 128, 255]]] == [2, 1, 0]
    assert table[128, 1] == 255


def test_equal_steps_of_the_even_map_are_equal_steps_for_the_eye() -> None:
    lab = srgb_to_cielab(colour_map("even"))
    # Over steps of eight, so that the rounding to 8 bits does not count.
    steps = np.linalg.norm(lab[8:] - lab[:-8], axis=1)
    assert steps.max() < 1.25 * steps.mean()
    assert np.median(steps) == pytest.approx(steps.mean(), rel=0.05)
    assert np.all(np.diff(lab[::4, 0]) > 0)
    assert lab[0, 0] < 8
    assert lab[-1, 0] > 90


def test_there_is_no_other_map() -> None:
    with pytest.raises(KeyError):
        colour_map("jet")


def srgb_to_cielab(table: np.ndarray) -> np.ndarray:
    """The way back, written apart (IEC 61966-2-1, CIE 1976)."""
    value = table / 255.0
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    matrix = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    ratio = (linear @ matrix.T) / [0.9505, 1.0, 1.089]
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)
