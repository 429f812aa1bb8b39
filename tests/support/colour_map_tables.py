"""The colour maps as the viewer has them: `viewer-assets/src/colourMaps.json`.

Run ``PYTHONPATH=plugin python -m tests.support.colour_map_tables`` to write that file anew; a test finds what is old in
it.
"""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path

from sightline.kernels.colour_maps import COLOUR_MAP_NAMES, colour_map

FILE = Path(__file__).parents[2] / "viewer-assets" / "src" / "colourMaps.json"


def tables() -> dict[str, str]:
    """Return each map by its name: 256 times red, green and blue, as base64."""
    return {name: b64encode(colour_map(name).tobytes()).decode() for name in COLOUR_MAP_NAMES}


if __name__ == "__main__":
    FILE.write_text(json.dumps(tables(), indent=2) + "\n", encoding="utf-8")
