"""How values are made visible beside their window: colours, a filter, and what lies over the picture.

All of it is said in a canonical address, where it differs from the defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sightline.errors import BadRequestError
from sightline.kernels.colour_maps import COLOUR_MAP_NAMES

SETTINGS = ("filter", "colourmap", "overlays", "shutter")
"""Names in the query of an address."""
GREY = "grey"
"""The colour map that is none."""


class Filter(StrEnum):
    """What is done to values before their window, see `sightline.rendering.filtering`."""

    SMOOTH = "smooth"
    SMOOTHER = "smoother"
    MEDIAN = "median"
    SHARPEN = "sharpen"
    SHARPER = "sharper"
    EDGES = "edges"
    LOCAL_CONTRAST = "local_contrast"


@dataclass(frozen=True)
class Look:
    """How values are made visible.

    Parameters
    ----------
    filter : Filter, optional
        Applied to the values, before their window.
    colour_map : str
        One of `COLOUR_MAP_NAMES`, applied to the grey.
    overlays : bool
        Draw the overlay planes of the file.
    shutter : bool
        Cover what the file's display shutter covers.
    """

    filter: Filter | None = None
    colour_map: str = GREY
    overlays: bool = True
    shutter: bool = True

    @property
    def changes_values(self) -> bool:
        """Whether it only makes sense for grey values."""
        return self.filter is not None or self.colour_map != GREY

    def settings(self) -> list[tuple[str, str]]:
        """Return what an address says of it."""
        settings = [("filter", self.filter.value)] if self.filter else []
        if self.colour_map != GREY:
            settings.append(("colourmap", self.colour_map))
        hidden = (("overlays", self.overlays), ("shutter", self.shutter))
        return settings + [(name, "0") for name, is_shown in hidden if not is_shown]

    def argument(self) -> dict[str, Any]:
        """Return what a task needs to know of it, for JSON."""
        return dict(vars(self))

    @classmethod
    def of(cls, argument: Mapping[str, Any]) -> Look:
        """Make what `argument` described."""
        return cls(**{**argument, "filter": Filter(argument["filter"]) if argument["filter"] else None})

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> Look:
        """Read the settings of an address. Raises `BadRequestError`."""
        name, colour_map = query.get("filter"), query.get("colourmap", GREY)
        if name is not None and name not in set(Filter):
            raise BadRequestError(f"'filter' is one of {', '.join(Filter)}.")
        if colour_map not in COLOUR_MAP_NAMES:
            raise BadRequestError(f"'colourmap' is one of {', '.join(COLOUR_MAP_NAMES)}.")
        for switch in ("overlays", "shutter"):
            if query.get(switch, "1") not in ("0", "1"):
                raise BadRequestError(f"'{switch}' is 0 or 1.")
        overlays, shutter = (query.get(switch) != "0" for switch in ("overlays", "shutter"))
        return cls(Filter(name) if name else None, colour_map, overlays, shutter)


PLAIN = Look()
"""As the file wants it."""
