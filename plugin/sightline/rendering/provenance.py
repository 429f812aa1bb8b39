"""Where a picture comes from: what it was made of, by which steps, and what each of them lost.

Nothing here names a patient. UIDs are those that the picture's own address holds, or of the same series.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sightline.rendering.fusion import Fusion
from sightline.rendering.look import PLAIN, Look
from sightline.rendering.series_table import FrameEntry, Rescale, window_from_json
from sightline.rendering.view import FrameOf, PlaneOf, PresentationOf, View, Window
from sightline.rendering.viewport import Viewport
from sightline.rendering.volume_plan import VolumePlan
from sightline.rendering.volume_sources import CutOf, RenderingOf, VolumeSource

MOST_SOURCES = 32
"""So many slices are named one by one; of more, the first and the last."""
_UNIT = re.compile(r"[A-Za-z0-9/%^.*_ -]{1,16}", re.ASCII)


class Modality(StrEnum):
    """How stored values became those of the modality (PS3.3 C.11.1)."""

    NONE = "none"
    RESCALE = "rescale"
    RESCALE_PER_SLICE = "rescale-per-slice"
    LUT = "lut"


class Voi(StrEnum):
    """What chose the values that are seen (PS3.3 C.11.2)."""

    NONE = "none"
    WINDOW = "window"
    LUT = "lut"
    TRANSFER_FUNCTION = "transfer-function"


class VoiOrigin(StrEnum):
    """Who said so."""

    NONE = "none"
    VIEW = "view"
    FILE = "file"
    FULL_RANGE = "full-range"
    PRESENTATION_STATE = "presentation-state"


class Interpolation(StrEnum):
    """How pixels were made of others."""

    AREA_MEAN = "area-mean"
    LINEAR = "linear"
    TRILINEAR = "trilinear"
    NEAREST = "nearest"
    PROJECTION = "projection"


@dataclass(frozen=True)
class Source:
    """A stored frame, counted from 1."""

    sop_instance_uid: str
    frame: int


@dataclass(frozen=True)
class ValueSteps:
    """The way from stored values to grey.

    Parameters
    ----------
    modality : Modality
    rescale : Rescale, optional
        Where `modality` is RESCALE.
    voi : Voi
    voi_origin : VoiOrigin
    window : Window, optional
        Where `voi` is WINDOW.
    explanation : str
        What the file calls that window (0028,1055).
    """

    modality: Modality = Modality.NONE
    rescale: Rescale | None = None
    voi: Voi = Voi.NONE
    voi_origin: VoiOrigin = VoiOrigin.NONE
    window: Window | None = None
    explanation: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object from which `from_json` makes an equal value."""
        nested = {
            "rescale": dict(vars(self.rescale)) if self.rescale else None,
            "window": dict(vars(self.window)) if self.window else None,
        }
        return vars(self) | nested

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ValueSteps:
        """Make what `to_json` described."""
        return cls(
            modality=Modality(value["modality"]),
            rescale=Rescale(**value["rescale"]) if value["rescale"] else None,
            voi=Voi(value["voi"]),
            voi_origin=VoiOrigin(value["voi_origin"]),
            window=window_from_json(value["window"]) if value["window"] else None,
            explanation=value["explanation"],
        )


@dataclass(frozen=True)
class Provenance:
    """What a picture was made of, and how.

    Parameters
    ----------
    sources : tuple of Source
        The stored frames that took part; of more than `MOST_SOURCES`, the first and the last.
    source_count : int
        How many took part.
    steps : ValueSteps
    interpolation : tuple of Interpolation
        In the order in which they were done; empty: every pixel is one stored pixel.
    stored_lossy : bool
        A source had lost something before it was stored (0028,2110).
    encoding_lossy : bool
        The picture's own format loses something.
    presentation : PresentationOf, optional
        The presentation state that says all of the appearance.
    bias : int, optional
        Where the samples are stored values: what was added to them. None: they are grey or colours to be looked at.
    look : Look
        What filter and colours the view asked for, and what of the file it hid.
    fusion : Fusion, optional
        What was laid over; its frames are the last of `sources`.
    """

    sources: tuple[Source, ...]
    source_count: int
    steps: ValueSteps
    interpolation: tuple[Interpolation, ...]
    stored_lossy: bool
    encoding_lossy: bool
    presentation: PresentationOf | None = None
    bias: int | None = None
    look: Look = PLAIN
    fusion: Fusion | None = None

    def header(self) -> str:
        """Return a line of ASCII (a dictionary of RFC 9651), without identifiers.

        Decimals of that format have three places, so slope and intercept are strings.

        Examples
        --------
        >>> steps = ValueSteps(Modality.RESCALE, Rescale(0.5, -9, "HU"))
        >>> Provenance((Source("1.2", 1),), 1, steps, (Interpolation.AREA_MEAN,), False, True).header()
        'sources=1, modality=rescale;slope="0.5";intercept="-9.0";unit="HU", voi=none, interpolation=(area-mean), \
stored=exact, encoding=lossy'
        """
        steps = self.steps
        voi = steps.voi if steps.voi_origin is VoiOrigin.NONE else f"{steps.voi};of={steps.voi_origin}"
        parts = [
            f"sources={self.source_count}",
            f"modality={steps.modality}{_rescale_parameters(steps.rescale)}",
            f"voi={voi}",
            f"interpolation=({' '.join(self.interpolation)})",
            f"stored={'lossy' if self.stored_lossy else 'exact'}",
            f"encoding={'lossy' if self.encoding_lossy else 'exact'}",
        ]
        if self.presentation is not None:
            parts.append("presentation")
        if self.bias is not None:
            parts.append(f"samples=stored;bias={self.bias}")
        if self.fusion is not None:
            parts.append(f'fusion={self.fusion.colour_map};opacity="{self.fusion.opacity!r}"')
        parts += [f"{name}={'?0' if value == '0' else value}" for name, value in self.look.settings()]
        return ", ".join(parts)


def _rescale_parameters(rescale: Rescale | None) -> str:
    if rescale is None:
        return ""
    # A unit is text of the file: what is odd stays out of headers, and is told in full elsewhere.
    unit = f';unit="{rescale.unit}"' if _UNIT.fullmatch(rescale.unit) else ""
    return f';slope="{float(rescale.slope)!r}";intercept="{float(rescale.intercept)!r}"{unit}'


def provenance_of_frame(values: Mapping[str, Any], source: Source, view: View) -> Provenance | None:
    """Make the provenance of a frame's picture from what its task told of it.

    Parameters
    ----------
    values : mapping
        Of the task's reply: ``steps``, ``interpolation``, ``stored_lossy``, ``encoding_lossy``, and ``bias`` of stored
        values. None is returned where the task keeps no account of its steps.
    source : Source
    view : View
        Of that frame.
    """
    if values.get("steps") is None:
        return None
    return Provenance(
        sources=(source,),
        source_count=1,
        steps=ValueSteps.from_json(values["steps"]),
        interpolation=tuple(map(Interpolation, values["interpolation"])),
        stored_lossy=values["stored_lossy"],
        encoding_lossy=values["encoding_lossy"],
        presentation=view.presentation,
        bias=values.get("bias"),
        look=view.look,
    )


def provenance_of_volume(
    values: Mapping[str, Any],
    plan: VolumePlan,
    slices: Sequence[int] | None,
    view: View,
    applied: Window | None,
    overlay: VolumePlan | None = None,
) -> Provenance:
    """Make the provenance of a picture that was computed from a volume.

    Parameters
    ----------
    values : mapping
        Of the task's reply, as `provenance_of_frame` reads them; its ``steps`` are not looked at.
    plan : VolumePlan
    slices : sequence of int, optional
        Those that took part; None: all.
    view : View
        Of anything but a frame.
    applied : Window, optional
        The window that was applied; None: a VOI LUT.
    overlay : VolumePlan, optional
        Of what was laid over.
    """
    taken = range(len(plan.frames)) if slices is None else slices
    named = [plan.frames[index] for index in (taken if len(taken) <= MOST_SOURCES else (taken[0], taken[-1]))]
    upper = overlay.frames if overlay else ()
    named += upper if len(upper) <= MOST_SOURCES else (upper[0], upper[-1])
    return Provenance(
        sources=tuple(Source(frame.sop_instance_uid, frame.frame) for frame in named),
        source_count=len(taken) + len(upper),
        steps=steps_of_volume(plan, view, applied),
        interpolation=(*_between(plan, view.source, overlay is not None), *map(Interpolation, values["interpolation"])),
        stored_lossy=values["stored_lossy"],
        encoding_lossy=values["encoding_lossy"],
        look=view.look,
        fusion=view.fusion,
    )


def _between(plan: VolumePlan, source: FrameOf | PlaneOf | VolumeSource, is_fused: bool) -> tuple[Interpolation, ...]:
    """Return how voxels became pixels; nothing where each pixel is a voxel."""
    if isinstance(source, PlaneOf):
        if source.slab:
            return Interpolation.TRILINEAR, Interpolation.PROJECTION
        return () if plan.grids[source.orientation].exact and not is_fused else (Interpolation.TRILINEAR,)
    if isinstance(source, CutOf):
        return (Interpolation.TRILINEAR, Interpolation.PROJECTION) if source.slab else (Interpolation.TRILINEAR,)
    # Slices are sheared and the picture is warped, bilinearly each.
    return Interpolation.LINEAR, Interpolation.PROJECTION


def steps_of_frame(entry: FrameEntry, grey: bool, applied: Window | None, asked: bool) -> ValueSteps:
    """Return the steps by which one stored frame is shown.

    Parameters
    ----------
    entry : FrameEntry
    grey : bool
        Whether its pixels are grey values; colours and palettes have no such steps.
    applied : Window, optional
        The window that was applied; None: a VOI LUT.
    asked : bool
        Whether the view named that window.
    """
    if not grey:
        return ValueSteps()
    return _with_voi(*modality_of(entry), entry, applied, asked)


def steps_of_volume(plan: VolumePlan, view: View, applied: Window | None) -> ValueSteps:
    """Return the steps by which a volume is shown; `applied` as in `steps_of_frame`."""
    if plan.stored:
        modality, rescale = modality_of(plan.frames[0])
    else:
        has_lut = any(frame.instance.modality_lut for frame in plan.frames)
        modality, rescale = Modality.LUT if has_lut else Modality.RESCALE_PER_SLICE, None
    if isinstance(view.source, RenderingOf):
        return ValueSteps(modality, rescale, Voi.TRANSFER_FUNCTION, VoiOrigin.VIEW)
    # The window of a volume is that of its middle slice.
    return _with_voi(modality, rescale, plan.frames[len(plan.frames) // 2], applied, view.window is not None)


def _with_voi(
    modality: Modality, rescale: Rescale | None, entry: FrameEntry, applied: Window | None, asked: bool
) -> ValueSteps:
    """Return the steps with the VOI that was applied, and who chose it; `entry` has the windows of the file."""
    if applied is None:
        return ValueSteps(modality, rescale, Voi.LUT, VoiOrigin.FILE)
    origin, explanation = VoiOrigin.VIEW if asked else VoiOrigin.FULL_RANGE, ""
    if not asked and entry.windows and entry.windows[0].window == applied:
        origin, explanation = VoiOrigin.FILE, entry.windows[0].explanation
    return ValueSteps(modality, rescale, Voi.WINDOW, origin, applied, explanation)


def modality_of(entry: FrameEntry) -> tuple[Modality, Rescale | None]:
    """Return how a frame's stored values become those of its modality."""
    if entry.instance.modality_lut:
        return Modality.LUT, None
    return (Modality.NONE, None) if entry.rescale == Rescale() else (Modality.RESCALE, entry.rescale)


def interpolation_of(shape: Sequence[int], view: Mapping[str, Any], result: Sequence[int]) -> tuple[Interpolation, ...]:
    """Return how `sized` made a picture of shape `result` (rows, columns) from one of `shape`.

    >>> interpolation_of((8, 8), {"viewport": None}, (4, 4)), interpolation_of((8, 8), {"viewport": None}, (8, 8))
    ((<Interpolation.AREA_MEAN: 'area-mean'>,), ())
    """
    if view["viewport"] is None and tuple(shape[:2]) == tuple(result[:2]):
        return ()
    left, top, width, height = 0.0, 0.0, float(shape[1]), float(shape[0])
    if view["viewport"] is not None:
        left, top, width, height = Viewport(*view["viewport"]).region(shape[0], shape[1])
    pairs = ((height, result[0]), (width, result[1]))
    found = [Interpolation.AREA_MEAN] if any(new < old for old, new in pairs) else []
    is_between = any(new > old for old, new in pairs) or (not found and (left % 1 or top % 1))
    return tuple([*found, Interpolation.LINEAR] if is_between else found)
