"""What is found when renderings are compared."""

from __future__ import annotations

from dataclasses import dataclass

from sightline.kernels.volume_rendering import Quality


@dataclass(frozen=True)
class Likeness:
    """How alike a rendering and the ray caster's picture are, and the part of the volume's resolution that it reads."""

    function: str
    size: int
    side: tuple[int, int]
    quality: Quality
    level: int
    similarity: float
