"""Another series that is laid over the planes of one, as a value: part of a view's address.

Its values are cut on the pixels of the plane, made grey by a window of their own and coloured; its least grey is
transparent, and opacity grows with the grey. So what takes up little hides nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sightline.errors import BadRequestError
from sightline.kernels.colour_maps import COLOUR_MAP_NAMES
from sightline.rendering.numbers import plain
from sightline.uids import UID_CHARACTERS

if TYPE_CHECKING:
    from sightline.rendering.view import Window

SETTINGS = ("fusion", "fusionwindow")
"""Names in the query of an address."""
_TEXT = re.compile(rf"({UID_CHARACTERS}),([a-z0-9_]{{1,40}}),([0-9](?:\.[0-9]{{1,20}})?)", re.ASCII)


@dataclass(frozen=True)
class Fusion:
    """What is laid over.

    Parameters
    ----------
    series_instance_uid : str
        Of the same study, and in the same frame of reference.
    colour_map : str
        One of `COLOUR_MAP_NAMES`.
    opacity : float
        Above 0, at most 1: of its greatest grey.
    window : Window, optional
        In its modality values. None: its file's own window, else its full range.
    """

    series_instance_uid: str
    colour_map: str = "hot_iron"
    opacity: float = 0.5
    window: Window | None = None

    def settings(self) -> list[tuple[str, str]]:
        """Return what an address says of it."""
        own = ("fusion", f"{self.series_instance_uid},{self.colour_map},{plain(self.opacity)}")
        return [own] if self.window is None else [own, ("fusionwindow", self.window.text)]

    @classmethod
    def parse(cls, query: Mapping[str, str], window: Window | None) -> Fusion | None:
        """Read it from the settings of an address, if it is there; `window` has been read already.

        Raises
        ------
        BadRequestError
            It cannot be understood.
        """
        if "fusion" not in query:
            if window is not None:
                raise BadRequestError("'fusionwindow' is that of a series laid over; 'fusion' names it.")
            return None
        found = _TEXT.fullmatch(query["fusion"])
        opacity = float(found[3]) if found else math.nan
        if found is None or found[2] not in COLOUR_MAP_NAMES or not 0 < opacity <= 1:
            raise BadRequestError(
                "'fusion' is the UID of a series, a colour map, and an opacity above 0 and up to 1, with commas. "
                f"Colour maps are {', '.join(COLOUR_MAP_NAMES)}."
            )
        return cls(found[1], found[2], opacity, window)

    def argument(self) -> dict[str, Any]:
        """Return what a task needs to know of its colours, for JSON."""
        return {"colour_map": self.colour_map, "opacity": self.opacity}
