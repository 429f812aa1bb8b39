"""Which two volumes may be laid over each other: known from their plans, before any pixel is loaded."""

from __future__ import annotations

import numpy as np

from sightline.errors import UnprocessableError
from sightline.rendering.volume_plan import VolumePlan

NO_FUSION = "no-fusion"


def require_one_space(base: VolumePlan, overlay: VolumePlan) -> None:
    """See that places in one volume are places in the other.

    Raises
    ------
    UnprocessableError
        They do not share one frame of reference, which alone says that places in one are places in the other. The
        message is for the reader.

    References
    ----------
    PS3.3 C.7.4.1 (Frame of Reference).
    """
    if _frame_of_reference(base, "lower") != _frame_of_reference(overlay, "upper"):
        raise UnprocessableError(
            "The two series have different frames of reference: nothing says how they lie to each other.", NO_FUSION
        )


def fusion_warnings(base: VolumePlan, overlay: VolumePlan) -> tuple[str, ...]:
    """Return what a reader should know of two volumes that are laid over each other; raises as `require_one_space`."""
    require_one_space(base, overlay)
    lower, upper = base.geometry.corners(), overlay.geometry.corners()
    apart = np.any((lower.max(axis=0) < upper.min(axis=0)) | (upper.max(axis=0) < lower.min(axis=0)))
    own = ("The two series show different parts of the body; nothing lies over each other.",) if apart else ()
    return (*own, *overlay.warnings())


def _frame_of_reference(plan: VolumePlan, which: str) -> str:
    """Return the one frame of reference that all images of a volume name."""
    named = {frame.instance.frame_of_reference_uid for frame in plan.frames}
    if not named or "" in named:
        raise UnprocessableError(f"Images of the {which} series name no frame of reference.", NO_FUSION)
    if len(named) > 1:
        raise UnprocessableError(f"Images of the {which} series name different frames of reference.", NO_FUSION)
    return named.pop()
