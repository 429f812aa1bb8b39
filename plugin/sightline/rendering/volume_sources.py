"""What a picture of a volume shows other than a plane along the patient's axes: any cut, a projection, a rendering.

Each is a value, a `View.source`, and writes itself into the canonical address: a word for what it is, and the numbers
of its `ImagePlane`; what differs from the defaults is in the query.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from sightline.errors import BadRequestError
from sightline.kernels.geometry import GeometryError, Vector
from sightline.kernels.image_plane import ImagePlane
from sightline.kernels.volume_rendering import QUALITIES, Quality
from sightline.rendering.numbers import plain
from sightline.uids import UID_CHARACTERS

SETTINGS = ("slab", "blend", "preset", "detail", "clip", "instances", "frames")
"""Names in the query of an address, beside those that any picture may have."""
LARGEST_SLAB = 1000.0
"""mm."""
LARGEST_SIDE = 8192
"""Pixels along a side of a plane."""
MOST_INPUTS = 5000
MOST_CLIPS = 12
PRESETS = ("bone", "vessels", "lung", "skin", "muscle", "mr")
"""Names of the transfer functions of a rendering."""
WITHOUT_UNIT = "mr"
"""That of `PRESETS` which is for values without a unit, and is laid over the window."""

Clip = tuple[Vector, Vector]
"""A point and a direction."""

_NUMBER = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,40})?", re.ASCII)
_UID = re.compile(UID_CHARACTERS, re.ASCII)
_FRAME = re.compile(r"[1-9][0-9]{0,6}", re.ASCII)


class Blend(StrEnum):
    """What becomes of the values along a ray (PS3.3 C.11.23, Rendering Method)."""

    MAXIMUM = "max"
    MINIMUM = "min"
    MEAN = "mean"


@dataclass(frozen=True)
class Inputs:
    """The part of a series that a volume is made of; of nothing, all of it.

    `frames`, from 1, are those of the only instance; `stack` is which of its stacks, see `PlaneOf`.
    """

    instances: tuple[str, ...] = ()
    frames: tuple[int, ...] = ()
    stack: int = 0

    def settings(self) -> list[tuple[str, str]]:
        """Return what an address says of it."""
        named = (("instances", self.instances), ("frames", self.frames), ("stack", (self.stack,) * bool(self.stack)))
        return [(name, ",".join(map(str, values))) for name, values in named if values]


@dataclass(frozen=True)
class CutOf:
    """A cut through the volume in any plane, of `slab` mm around it; 0 is a cut without thickness."""

    plane: ImagePlane
    slab: float = 0.0
    blend: Blend = Blend.MEAN
    inputs: Inputs = Inputs()

    word = "cut"

    def settings(self) -> list[tuple[str, str]]:
        """Return what an address says of it beside the plane."""
        return [*slab_settings(self.slab, self.blend), *self.inputs.settings()]


@dataclass(frozen=True)
class ProjectionOf:
    """A projection of the whole volume onto a plane."""

    plane: ImagePlane
    blend: Blend = Blend.MAXIMUM
    inputs: Inputs = Inputs()

    word = "projection"

    def settings(self) -> list[tuple[str, str]]:
        """Return what an address says of it beside the plane."""
        blend = [("blend", self.blend.value)] if self.blend is not Blend.MAXIMUM else []
        return [*blend, *self.inputs.settings()]


@dataclass(frozen=True)
class RenderingOf:
    """A volume rendering, looked at along the normal of a plane, with one of `PRESETS`.

    Of each of `clips`, the LPS mm of a point of a plane and a direction, only what lies in that direction is shown.
    `detail` is how true it is, and how quick: as for `sightline.kernels.volume_rendering.render`.
    """

    plane: ImagePlane
    preset: str = PRESETS[0]
    clips: tuple[Clip, ...] = ()
    detail: Quality = "full"
    inputs: Inputs = Inputs()

    word = "rendering"

    def settings(self) -> list[tuple[str, str]]:
        """Return what an address says of it beside the plane."""
        preset = [("preset", self.preset)] if self.preset != PRESETS[0] else []
        numbers = [plain(value) for clip in self.clips for vector in clip for value in vector]
        detail = [("detail", self.detail)] if self.detail != "full" else []
        return [*preset, *detail, *([("clip", ",".join(numbers))] if numbers else []), *self.inputs.settings()]


VolumeSource = CutOf | ProjectionOf | RenderingOf
WORDS = (CutOf.word, ProjectionOf.word, RenderingOf.word)


def plane_text(plane: ImagePlane) -> str:
    """Write a plane: origin, directions of columns and rows, spacings between rows and columns, rows, columns.

    >>> plane_text(ImagePlane((0.0, 0.0, 5.5), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (2.0, 0.5), 4, 6))
    '0,0,5.5,1,0,0,0,1,0,2,0.5,4,6'
    """
    places = (*plane.origin, *plane.column_direction, *plane.row_direction, *plane.pixel_spacing)
    return ",".join([*map(plain, places), str(plane.rows), str(plane.columns)])


def parse_plane(text: str) -> ImagePlane:
    """Read what `plane_text` writes. Raises `BadRequestError`."""
    texts = text.split(",")
    if len(texts) == 13 and all(map(_NUMBER.fullmatch, texts[:11])) and all(map(_FRAME.fullmatch, texts[11:])):
        n = [float(value) for value in texts[:11]]
        rows, columns = int(texts[11]), int(texts[12])
        if max(rows, columns) <= LARGEST_SIDE:
            try:
                return ImagePlane(
                    (n[0], n[1], n[2]), (n[3], n[4], n[5]), (n[6], n[7], n[8]), (n[9], n[10]), rows, columns
                )
            except GeometryError as error:
                raise BadRequestError(error.reason) from None
    raise BadRequestError(
        "A plane is its origin, directions of columns and of rows, spacing of rows and of columns, rows, columns: 13 "
        f"numbers with commas between, of at most {LARGEST_SIDE} rows and columns."
    )


def parse_volume_source(word: str, text: str, query: Mapping[str, str]) -> VolumeSource:
    """Read one of `WORDS`, a plane, and what the query says of it. Raises `BadRequestError`."""
    plane, inputs = parse_plane(text), _inputs(query)
    if word == RenderingOf.word:
        _refuse(query, "slab", "blend")
        clips = _clips(query["clip"]) if "clip" in query else ()
        preset, detail = parse_preset(query.get("preset", PRESETS[0])), _detail(query.get("detail", "full"))
        return RenderingOf(plane, preset, clips, detail, inputs)
    _refuse(query, "preset", "detail", "clip")
    if word == ProjectionOf.word:
        _refuse(query, "slab")
        return ProjectionOf(plane, _blend(query.get("blend", Blend.MAXIMUM.value)), inputs)
    return CutOf(plane, *parse_slab(query), inputs)


def slab_settings(slab: float, blend: Blend) -> list[tuple[str, str]]:
    """Return what an address says of the thickness of a cut or a plane."""
    thickness = [("slab", plain(slab))] if slab else []
    return thickness + ([("blend", blend.value)] if blend is not Blend.MEAN else [])


def parse_slab(query: Mapping[str, str]) -> tuple[float, Blend]:
    """Read thickness in mm, 0 where there is none, and blend. Raises `BadRequestError`."""
    return _slab(query["slab"]) if "slab" in query else 0.0, _blend(query.get("blend", Blend.MEAN.value))


def parse_preset(text: str) -> str:
    """Read the name of a transfer function. Raises `BadRequestError`."""
    if text not in PRESETS:
        raise BadRequestError(f"'preset' is one of {', '.join(PRESETS)}.", "bad-preset")
    return text


def _detail(text: str) -> Quality:
    for quality in QUALITIES:
        if text == quality:
            return quality
    raise BadRequestError(f"'detail' is one of {', '.join(QUALITIES)}.", "bad-detail")


def source_argument(source: VolumeSource) -> dict[str, Any]:
    """Return what a task needs to know of it, for JSON; `plane_from_argument` makes the plane again."""
    return asdict(source)


def plane_from_argument(value: Mapping[str, Any]) -> ImagePlane:
    """Make a plane of its ``dataclasses.asdict`` as JSON gives it back."""
    pairs: Any = {key: tuple(item) if isinstance(item, list) else item for key, item in value.items()}
    return ImagePlane(**pairs)


def _refuse(query: Mapping[str, str], *names: str) -> None:
    for name in names:
        if name in query:
            raise BadRequestError(f"'{name}' means nothing for this kind of picture.")


def _slab(text: str) -> float:
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not 0 < value <= LARGEST_SLAB:
        raise BadRequestError(f"'slab' is a thickness above 0 and up to {LARGEST_SLAB:g} mm.")
    return value


def _clips(text: str) -> tuple[Clip, ...]:
    texts = text.split(",")
    if len(texts) % 6 == 0 and len(texts) <= 6 * MOST_CLIPS and all(map(_NUMBER.fullmatch, texts)):
        n = [float(value) for value in texts]
        clips = tuple(((n[k], n[k + 1], n[k + 2]), (n[k + 3], n[k + 4], n[k + 5])) for k in range(0, len(n), 6))
        if all(any(direction) for _, direction in clips):
            return clips
    raise BadRequestError(
        f"'clip' is a point and a direction, six numbers with commas between, for each of at most {MOST_CLIPS} planes."
    )


def _blend(text: str) -> Blend:
    if text not in set(Blend):
        raise BadRequestError(f"'blend' is one of {', '.join(Blend)}.")
    return Blend(text)


def _inputs(query: Mapping[str, str]) -> Inputs:
    instances = tuple(query["instances"].split(",")) if "instances" in query else ()
    frames = query["frames"].split(",") if "frames" in query else []
    if not all(map(_UID.fullmatch, instances)) or not all(map(_FRAME.fullmatch, frames)):
        raise BadRequestError("'instances' are UIDs and 'frames' numbers from 1, with commas between.")
    if (frames and len(instances) != 1) or max(len(frames), len(instances)) > MOST_INPUTS:
        raise BadRequestError(f"'frames' are those of one instance; 'instances' are at most {MOST_INPUTS}.")
    stack = query.get("stack", "0")
    if not re.fullmatch(r"[0-9]{1,3}", stack, re.ASCII):
        raise BadRequestError("'stack' is a whole number from 0 to 999.")
    return Inputs(instances, tuple(map(int, frames)), int(stack))
