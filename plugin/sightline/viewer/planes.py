"""The three orthogonal planes of a series: where they lie, or why there are none, and how far the volume is."""

from __future__ import annotations

from typing import Any

from sightline.errors import BadRequestError
from sightline.kernels.planes import PlaneGrid
from sightline.uids import is_uid
from sightline.viewer.series_json import letters_json, window_json
from sightline.web.json_answer import answer_json
from sightline.web.parameters import whole_number
from sightline.web.request import Request, Response
from sightline.web.services import Services


def planes(request: Request, services: Services, study: str, series: str) -> Response:
    """Answer with the plan of the planes of a stack, and the names of all stacks. Not a pixel is loaded for it.

    Where ``fusion`` names another series, warnings are also those of laying it over, or 422 says why it cannot be.
    """
    stack = whole_number(request.args, "stack", 0, 999, default=0)
    info = services.engine.planes(request.grant, study, series, stack)
    warnings = [*info.warnings]
    if "fusion" in request.args and info.refusal is None:
        if not is_uid(overlay := request.args["fusion"]):
            raise BadRequestError("'fusion' is the UID of a series.")
        warnings += services.engine.fusion_warnings(request.grant, study, series, stack, overlay)
    value = {
        "refusal": info.refusal,
        "warnings": list(dict.fromkeys(warnings)),
        "stacks": list(info.stacks),
        "window": window_json(info.window) if info.window else None,
        "planes": {orientation.value: grid_json(grid) for orientation, grid in info.grids.items()},
    }
    return answer_json(value)


def progress(request: Request, services: Services, study: str, series: str) -> Response:
    """Answer with how many slices of the volume are loaded, and of how many."""
    loaded, total = services.engine.volume_progress(
        request.grant, study, series, whole_number(request.args, "stack", 0, 999, default=0)
    )
    return answer_json({"loaded": loaded, "total": total})


def grid_json(grid: PlaneGrid) -> dict[str, Any]:
    """Return one orientation's planes: counts, mm mapping (LPS, centre of the first pixel) and edge letters."""
    return {
        "count": grid.count,
        "rows": grid.rows,
        "columns": grid.columns,
        "spacing": grid.pixel_spacing,
        "step": grid.spacing,
        "origin": grid.origin,
        "columnDirection": grid.column_direction,
        "rowDirection": grid.row_direction,
        "normal": grid.normal,
        "letters": letters_json(grid.edges),
        "exact": grid.exact,
    }
