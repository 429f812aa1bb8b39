"""Which two series may be laid over each other: planned from their tables, before any pixel is loaded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sightline.errors import UnprocessableError
from sightline.kernels.geometry import GeometryError
from sightline.rendering.series_table import SeriesTable
from sightline.rendering.volume_plan import VolumePlan, plan

NO_FUSION = "no-fusion"


@dataclass(frozen=True)
class FusionPlan:
    """Two volumes in one frame of reference; the overlay is cut on the pixels of the base's planes.

    Parameters
    ----------
    base, overlay : VolumePlan
    frame_of_reference_uid : str
        Of both.
    """

    base: VolumePlan
    overlay: VolumePlan
    frame_of_reference_uid: str

    def warnings(self) -> tuple[str, ...]:
        """Return what a reader of the pictures should know."""
        base, overlay = self.base.geometry.corners(), self.overlay.geometry.corners()
        apart = np.any((base.max(axis=0) < overlay.min(axis=0)) | (overlay.max(axis=0) < base.min(axis=0)))
        own = ("The two series show different parts of the body; nothing lies over each other.",) if apart else ()
        return (*own, *dict.fromkeys((*self.base.warnings(), *self.overlay.warnings())))


def plan_fusion(base: SeriesTable, overlay: SeriesTable) -> FusionPlan:
    """Plan laying one series over another, or say why it cannot be.

    Parameters
    ----------
    base, overlay : SeriesTable
        Such as the CT and the PET.

    Raises
    ------
    UnprocessableError
        The series do not share one frame of reference, which alone says that places in one are places in the other, or
        one of them is no volume. The message is for the reader.

    References
    ----------
    PS3.3 C.7.4.1 (Frame of Reference).
    """
    if base.series_instance_uid == overlay.series_instance_uid:
        raise UnprocessableError("A series cannot be laid over itself.", NO_FUSION)
    reference = _frame_of_reference(base, "lower")
    if reference != _frame_of_reference(overlay, "upper"):
        raise UnprocessableError(
            "The two series have different frames of reference: nothing says how they lie to each other.", NO_FUSION
        )
    return FusionPlan(_volume(base, "lower"), _volume(overlay, "upper"), reference)


def _frame_of_reference(table: SeriesTable, which: str) -> str:
    """Return the one frame of reference that all images of a series name."""
    named = {frame.instance.frame_of_reference_uid for frame in table.frames}
    if not named or "" in named:
        raise UnprocessableError(f"Images of the {which} series name no frame of reference.", NO_FUSION)
    if len(named) > 1:
        raise UnprocessableError(f"Images of the {which} series name different frames of reference.", NO_FUSION)
    return named.pop()


def _volume(table: SeriesTable, which: str) -> VolumePlan:
    try:
        return plan(table)
    except GeometryError as error:
        raise UnprocessableError(f"The {which} series is no volume. {error.reason}", NO_FUSION) from error
