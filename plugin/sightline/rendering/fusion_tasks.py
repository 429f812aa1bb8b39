"""What workers do to lay one volume over the planes of another."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.colour_maps import colour_map
from sightline.kernels.fusion import Opacity, Table, fuse, fusion_table
from sightline.kernels.grayscale import grey_of_modality_values, modality_values
from sightline.rendering.tasks import volume_transform

_TABLES = 8


def laid_over(
    base: NDArray[np.uint8],
    stored: NDArray[np.float32],
    volume: Mapping[str, Any],
    fusion: Mapping[str, Any],
    base_map: str,
) -> NDArray[np.uint8]:
    """Lay samples of one volume over a picture of another.

    Parameters
    ----------
    base : array of uint8, (rows, columns)
        Grey.
    stored : array of float32, (rows, columns)
        Stored values of the overlay on the same pixels, not-a-number where it has none: there only the base is seen.
    volume : Mapping
        Of the overlay, as in `tasks.render_plane`.
    fusion : Mapping
        ``window``, ``colour_map`` and ``opacity``.
    base_map : str
        Colour map of the base.

    Returns
    -------
    array of uint8, (rows, columns, 3)
    """
    view = {"window": fusion["window"], "invert": False}
    transform = volume_transform({"volume": volume, "view": view, "voi_lut": None}, ())
    grey = grey_of_modality_values(modality_values(stored, transform), transform)
    # Nothing is as transparent as the least grey, which an inverse series shows as white.
    grey[np.isnan(stored)] = 0
    return fuse(base, grey, _table(base_map, fusion["colour_map"], fusion["opacity"]))[..., :3]


@lru_cache(_TABLES)
def _table(base_map: str, overlay_map: str, opacity: float) -> Table:
    return fusion_table(colour_map(base_map), colour_map(overlay_map), Opacity(0, opacity))
