"""A volume in use that is laid over another one."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sightline.kernels.grayscale import full_range_window
from sightline.rendering.fusion import Fusion
from sightline.rendering.view import VoiFunction, Window
from sightline.rendering.volume import Volume
from sightline.rendering.volume_plan import VolumePlan


@dataclass(frozen=True)
class Overlay:
    """The volume, complete, and how it is to look."""

    volume: Volume
    fusion: Fusion

    @property
    def plan(self) -> VolumePlan:
        """What the volume is made of."""
        return self.volume.plan

    def arguments(self) -> dict[str, Any]:
        """Return what a task needs to know of it, for JSON: its memory, and all else."""
        window = self.fusion.window or self.plan.window or full_window(self.volume)
        look = {"window": dict(vars(window)), **self.fusion.argument()}
        return {
            "overlay": self.volume.description(),
            "fusion": {"geometry": asdict(self.plan.geometry), **look},
        }


def full_window(volume: Volume) -> Window:
    """Return the window of all values of a complete volume."""
    full = full_range_window(volume.value_range())
    return Window(full.center, full.width, VoiFunction(full.function))
