"""What a series can be shown as: the stacks that it falls into, and the volume of each, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sightline.errors import NotFoundError, UnprocessableError
from sightline.kernels.geometry import GeometryError
from sightline.kernels.planes import PlaneGrid
from sightline.rendering.cache import Cache
from sightline.rendering.series_table import SeriesTable
from sightline.rendering.stacks import Stack, split
from sightline.rendering.view import Orientation, PlaneOf, Window
from sightline.rendering.volume_plan import VolumePlan, chosen
from sightline.rendering.volume_plan import plan as plan_series
from sightline.rendering.volume_sources import Inputs, VolumeSource

_PLANS = 200
_LABELS = 5


@dataclass(frozen=True)
class PlanesInfo:
    """The planes along the patient's axes that a series can be cut into, or why it cannot.

    Exactly one of `grids` (with all three orientations) and `refusal` is set. `warnings` are sentences for the reader,
    such as where slices are missing. `window` is what pictures use when the view names none (None: the VOI LUT of all
    slices, or the full range). `stacks` are labels of all that the series holds; the planes are those of one of them.
    """

    grids: Mapping[Orientation, PlaneGrid]
    refusal: str | None
    warnings: tuple[str, ...] = ()
    window: Window | None = None
    stacks: tuple[str, ...] = ()


@dataclass(frozen=True)
class _PlannedStack:
    """What the frames of a stack make, or why they make no volume."""

    label: str
    plan: VolumePlan | GeometryError


class SeriesPlans:
    """Plans of the series that were asked for of late, each made once for what is stored. No pixel is loaded."""

    def __init__(self) -> None:
        self._plans: Cache[str, tuple[_PlannedStack, ...]] = Cache(_PLANS, lambda stacks: min(len(stacks), _PLANS))
        self._splits: Cache[str, tuple[Stack, ...]] = Cache(_PLANS, lambda stacks: min(len(stacks), _PLANS))

    def stacks(self, table: SeriesTable) -> tuple[Stack, ...]:
        """Return what a series falls into, one or more stacks, in the order in which views count them."""
        return self._splits.get_or_make(table.identity, lambda: split(table))

    def planes(self, table: SeriesTable, stack: int) -> PlanesInfo:
        """Return the planes that a stack of the series can be cut into, or why not. Raises `NotFoundError`."""
        stacks = self._planned(table)
        plan, labels = _stack(stacks, stack).plan, tuple(each.label for each in stacks)
        if isinstance(plan, GeometryError):
            return PlanesInfo({}, plan.reason, stacks=labels)
        warnings = plan.warnings()
        if len(stacks) > 1:
            warnings = (f"The series holds {len(stacks)} stacks of images; this is one of them.", *warnings)
        return PlanesInfo(plan.grids, None, warnings, None if plan.voi_lut else plan.window, labels)

    def volume(self, table: SeriesTable, stack: int) -> VolumePlan:
        """Return what the volume of a stack will be.

        Raises
        ------
        NotFoundError
            No such stack.
        UnprocessableError
            It is no volume; the sentence says why.
        """
        return _volume(_stack(self._planned(table), stack))

    def only_volume(self, table: SeriesTable, inputs: Inputs) -> VolumePlan:
        """Return what the one volume of a series, or of a part of it, will be.

        Raises
        ------
        NotFoundError
            No such instance or frame.
        UnprocessableError
            It is no volume, or several; the sentence says why.
        """
        stacks = self._planned(chosen(table, inputs))
        if len(stacks) > 1:
            labels = "; ".join(stack.label for stack in stacks[:_LABELS])
            raise UnprocessableError(
                f"The series holds {len(stacks)} stacks of images ({labels}); name the images of one.", "several-stacks"
            )
        return _volume(stacks[0])

    def of_source(self, source: PlaneOf | VolumeSource, table: SeriesTable) -> VolumePlan:
        """Return what the volume is that a picture is made of; raises as `volume` does."""
        if isinstance(source, PlaneOf):
            return self.volume(table, source.stack)
        return self.volume(chosen(table, source.inputs), source.inputs.stack)

    def _planned(self, table: SeriesTable) -> tuple[_PlannedStack, ...]:
        def planned(stack: Stack) -> _PlannedStack:
            try:
                return _PlannedStack(stack.label, plan_series(stack.table))
            except GeometryError as refusal:
                return _PlannedStack(stack.label, refusal)

        return self._plans.get_or_make(table.identity, lambda: tuple(map(planned, self.stacks(table))))


def _stack(stacks: Sequence[_PlannedStack], index: int) -> _PlannedStack:
    if not 0 <= index < len(stacks):
        raise NotFoundError(f"The series holds {len(stacks)} stacks, counted from 0.")
    return stacks[index]


def _volume(stack: _PlannedStack) -> VolumePlan:
    if isinstance(stack.plan, GeometryError):
        raise UnprocessableError(stack.plan.reason, "no-volume")
    return stack.plan
