"""Colour maps: 256 colours for 8-bit grey, the standard's own palettes among them.

Every map is computed from a few numbers, so that each row of the tables below can be held against the standard. Index 0
is the colour of the least grey. Tables are (256, 3), red, green and blue, uint8.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]
Knots = tuple[tuple[int, int], ...]


def colour_map(name: str) -> Bytes:
    """Return a colour map.

    Parameters
    ----------
    name : str
        One of `COLOUR_MAP_NAMES`. ``hot_iron``, ``pet``, ``hot_metal_blue``, ``pet_20_step``, ``spring``, ``summer``,
        ``fall`` and ``winter`` are the standard's well-known palettes; ``grey`` and ``inverse_grey`` need no colour;
        ``rainbow`` runs from blue over green to red; ``even`` is perceptually uniform, equal steps of grey being equal
        steps for the eye, and its lightness grows throughout, so that it can also be read without colour vision.

    Returns
    -------
    array of uint8, (256, 3)
        Red, green, blue; a new one with each call.

    Raises
    ------
    KeyError
        There is no such map.

    References
    ----------
    PS3.6 Annex B, Well-known Color Palettes. ``even`` lies on straight lines in CIELAB (CIE 1976, D65).

    Notes
    -----
    Peak memory beside the result: some 30 kB. Holds the GIL for less than a millisecond.

    Examples
    --------
    >>> colour_map("hot_iron")[[0, 64, 128, 255]].tolist()
    [[0, 0, 0], [128, 0, 0], [255, 0, 0], [255, 255, 255]]
    """
    return _MAPS[name]()


def _piecewise(red: Knots, green: Knots, blue: Knots, offset: float) -> Bytes:
    """Join knots (grey, intensity) by straight lines; `offset` 0 cuts fractions off, 0.5 rounds."""
    grey = np.arange(256)
    channels = [np.interp(grey, *np.transpose(knots)) for knots in (red, green, blue)]
    # A value that is whole must not fall below itself by rounding errors of the interpolation.
    return np.floor(np.stack(channels, axis=-1) + (offset + 1e-9)).astype(np.uint8)


def _hot_iron() -> Bytes:
    return _piecewise(
        ((0, 0), (127, 254), (128, 255), (255, 255)),
        ((0, 0), (128, 0), (255, 255)),
        ((0, 0), (191, 0), (254, 252), (255, 255)),
        offset=0,
    )


def _pet() -> Bytes:
    return _piecewise(
        ((0, 0), (63, 0), (192, 255), (255, 255)),
        ((0, 0), (63, 128), (128, 0), (255, 255)),
        ((0, 0), (128, 255), (129, 252), (192, 0), (255, 255)),
        offset=0,
    )


def _hot_metal_blue() -> Bytes:
    return _piecewise(
        ((0, 0), (85, 0), (102, 50), (119, 90), (153, 190), (170, 255), (255, 255)),
        ((0, 0), (119, 0), (238, 224), (255, 255)),
        (
            *((0, 0), (16, 31), (34, 67), (68, 133), (84, 165), (102, 200), (119, 150), (136, 50), (153, 0)),
            *((170, 0), (238, 200), (255, 255)),
        ),
        offset=0.5,
    )


_TWENTY = (
    *((0, 0, 0), (96, 0, 80), (48, 48, 80), (48, 48, 112), (80, 80, 128), (96, 96, 176), (112, 112, 192)),
    *((128, 128, 224), (48, 96, 48), (48, 144, 48), (80, 192, 80), (64, 224, 64), (224, 224, 80), (208, 208, 96)),
    *((208, 176, 64), (208, 144, 0), (192, 96, 0), (176, 48, 0), (255, 0, 0), (255, 255, 255)),
)


def _pet_20_step() -> Bytes:
    return np.array(_TWENTY, np.uint8)[np.minimum(np.arange(256) * 20 // 255, 19)]


def _rainbow() -> Bytes:
    return _piecewise(
        ((0, 0), (96, 0), (160, 255), (224, 255), (255, 128)),
        ((0, 0), (32, 0), (96, 255), (160, 255), (224, 0), (255, 0)),
        ((0, 128), (32, 255), (96, 255), (160, 0), (255, 0)),
        offset=0.5,
    )


def _line(first: tuple[int, int, int], last: tuple[int, int, int]) -> Bytes:
    red, green, blue = (((0, low), (255, high)) for low, high in zip(first, last, strict=True))
    return _piecewise(red, green, blue, offset=0.5)


def _summer() -> Bytes:
    return _piecewise(((0, 0), (255, 0)), ((0, 255), (255, 128)), ((0, 0), (127, 0), (255, 254)), offset=0.5)


def _winter() -> Bytes:
    return _piecewise(((0, 0), (127, 0), (255, 127)), ((0, 0), (255, 255)), ((0, 255), (255, 128)), offset=0.5)


_EVEN_KNOTS = ((4, 6, -12), (30, 42, -45), (52, 62, -2), (72, 30, 50), (95, -12, 45))
"""L*, a*, b*: night blue, violet, red, orange, pale yellow; the lines between them stay within sRGB."""


def _even() -> Bytes:
    """Walk along the knots at constant speed, a distance in CIELAB being a difference for the eye."""
    knots = np.array(_EVEN_KNOTS, np.float64)
    lengths = np.linalg.norm(np.diff(knots, axis=0), axis=1)
    way = np.concatenate([[0.0], np.cumsum(lengths)])
    walked = np.linspace(0.0, way[-1], 256)
    lab = np.stack([np.interp(walked, way, knots[:, channel]) for channel in range(3)], axis=-1)
    return _cielab_to_srgb(lab)


def _cielab_to_srgb(lab: Floats) -> Bytes:
    """Convert CIELAB of white D65, shape (..., 3), to 8-bit sRGB (IEC 61966-2-1)."""
    lightness = (lab[..., 0] + 16) / 116
    roots = np.stack([lightness + lab[..., 1] / 500, lightness, lightness - lab[..., 2] / 200], axis=-1)
    xyz = np.where(roots > 6 / 29, roots**3, 3 * (6 / 29) ** 2 * (roots - 4 / 29)) * (0.95047, 1.0, 1.08883)
    matrix = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])
    linear = np.clip(xyz @ matrix.T, 0.0, 1.0)
    curved = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.floor(curved * 255 + 0.5).astype(np.uint8))


_MAPS: Mapping[str, Callable[[], Bytes]] = MappingProxyType(
    {
        "grey": lambda: _line((0, 0, 0), (255, 255, 255)),
        "inverse_grey": lambda: _line((255, 255, 255), (0, 0, 0)),
        "hot_iron": _hot_iron,
        "pet": _pet,
        "hot_metal_blue": _hot_metal_blue,
        "pet_20_step": _pet_20_step,
        "spring": lambda: _line((255, 0, 255), (255, 255, 0)),
        "summer": _summer,
        "fall": lambda: _line((255, 255, 0), (255, 0, 0)),
        "winter": _winter,
        "rainbow": _rainbow,
        "even": _even,
    }
)

COLOUR_MAP_NAMES: tuple[str, ...] = tuple(_MAPS)
"""What `colour_map` knows."""
