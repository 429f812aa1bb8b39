"""What a series holds, frame by frame: the values that the viewer, DICOMweb and the engine plan pictures with.

A table describes stored headers only; it has no pixels. It is right for exactly one set of stored files, whose
identities are its `identity`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from functools import cached_property, lru_cache
from hashlib import sha256
from operator import attrgetter
from typing import Any

import numpy as np

from sightline.rendering.calibration import Calibration, calibration_from_json
from sightline.rendering.view import VoiFunction, Window

Vector = tuple[float, float, float]
_FRAMES_REMEMBERED = 1000
_TOLD_APART = frozenset({"file_uuid", "sop_instance_uid", "instance_number", "acquisition_number", "content_time"})
"""Fields of instances that say which they are, not how their pixels are read."""


@dataclass(frozen=True)
class Cine:
    """How frames follow each other in time (PS3.3 C.7.6.5).

    Parameters
    ----------
    frame_time : float
        ms from one to the next; their mean where they differ.
    display_rate : float, optional
        Frames per second at which to show them, where the file recommends one.
    sweeps : bool
        To be played to and fro rather than from the start again (0018,1244).
    """

    frame_time: float
    display_rate: float | None = None
    sweeps: bool = False


@dataclass(frozen=True)
class Hanging:
    """What decides where an image is hung, and what makes its size true; empty where the file does not say.

    Parameters
    ----------
    laterality : str
        L, R or B: Image Laterality (0020,0062), Frame Laterality (0020,9072) or Laterality (0020,0060).
    view_position : str
        As AP, PA, LL, CC or MLO: View Position (0018,5101), or what View Code Sequence says of a breast.
    presentation_intent : str
        FOR PRESENTATION or FOR PROCESSING (0008,0068).
    contrast : bool
        A contrast agent is named.
    magnification : float, optional
        Estimated Radiographic Magnification Factor (0018,1114): distances at the detector divided by it are those in
        the patient.
    """

    laterality: str = ""
    view_position: str = ""
    presentation_intent: str = ""
    contrast: bool = False
    magnification: float | None = None


@dataclass(frozen=True)
class Uptake:
    """What makes standardised uptake values, related to body weight, of a PET image's modality values.

    Exactly one of `factor` and `reason`, which says why there is none, is set.
    """

    factor: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class WindowPreset:
    """A window that the file proposes, with its explanation (0028,1055) or an empty text."""

    window: Window
    explanation: str = ""


@dataclass(frozen=True)
class Rescale:
    """Modality rescale (PS3.3 C.11.1.1.2): slope * stored + intercept, in `unit` (as HU; empty: unknown)."""

    slope: float = 1.0
    intercept: float = 0.0
    unit: str = ""


@dataclass(frozen=True)
class InstanceEntry:
    """How the pixels of one stored SOP instance are encoded (PS3.3 C.7.6.3).

    `pixel_words` says that Pixel Data is of VR OW, which matters for the order of big endian bytes. `pixel_offset` is
    where the value of Pixel Data starts in the file; None where the file is deflated as a whole. `padding` is the
    inclusive range of stored values that are no image (C.7.5.1.1.2). `lossy` says that the file lost something before
    it reached us. `cine` is None where it is none, `uptake` where it is no PET image. `modality_lut` and `voi_lut` say
    that the file carries such a LUT sequence instead of, or beside, numbers; `voi_lut_digest` is equal for equal ones,
    and empty where each frame has its own. `overlays` says that it carries overlay planes, `shutter` that a part of it
    is covered (C.7.6.11). `pixel_aspect_ratio` is the height and the width of a pixel in an unknown unit (C.7.6.3.1.7).
    `shift` is how many bits there are below the lowest stored one, where High Bit is not next above Bits Stored.
    `mosaic` says that a frame is many slices side by side, as Siemens scanners write them. `calibration` is what makes
    distances true beside the pixel spacing, None where there is nothing.
    """

    file_uuid: str
    sop_instance_uid: str
    sop_class_uid: str
    instance_number: int | None
    transfer_syntax_uid: str
    pixel_keyword: str
    pixel_words: bool
    pixel_offset: int | None
    rows: int
    columns: int
    number_of_frames: int
    samples_per_pixel: int
    photometric_interpretation: str
    planar_configuration: int
    bits_allocated: int
    bits_stored: int
    pixel_representation: int
    modality: str = ""
    padding: tuple[int, int] | None = None
    lossy: bool = False
    cine: Cine | None = None
    modality_lut: bool = False
    voi_lut: bool = False
    presentation_inverse: bool = False
    frame_of_reference_uid: str = ""
    acquisition_number: int | None = None
    content_time: str = ""
    patient_orientation: tuple[str, str] | None = None
    overlays: bool = False
    voi_lut_digest: str = ""
    shift: int = 0
    shutter: bool = False
    pixel_aspect_ratio: tuple[float, float] | None = None
    mosaic: bool = False
    hanging: Hanging = Hanging()
    uptake: Uptake | None = None
    calibration: Calibration | None = None

    @property
    def frame_time(self) -> float | None:
        """How long a frame is shown, in ms; None where it is not a cine."""
        if self.cine is None:
            return None
        return 1000 / self.cine.display_rate if self.cine.display_rate else self.cine.frame_time

    @property
    def is_grey(self) -> bool:
        """Whether the pixels are grey values rather than colours."""
        return self.photometric_interpretation in ("MONOCHROME1", "MONOCHROME2")

    @property
    def is_inverse(self) -> bool:
        """Whether the least value is meant to be white. MONOCHROME1 and a shape of INVERSE say the same thing once."""
        return self.photometric_interpretation == "MONOCHROME1" or self.presentation_inverse


@dataclass(frozen=True)
class FrameEntry:
    """One frame: where it lies in the patient and how its values are meant.

    `frame` counts from 1. Positions and spacings are mm in LPS; `pixel_spacing` is (between rows, between columns), and
    `spacing_origin` names the attribute it comes from: ``PixelSpacing`` (in the patient), ``ImagerPixelSpacing`` or
    ``NominalScannedPixelSpacing`` (at the detector), or empty. `dimensions` tells frames at one place apart: pairs of a
    name and a value, see `sightline.rendering.dimensions`.
    """

    instance: InstanceEntry
    frame: int
    image_position_patient: Vector | None = None
    image_orientation_patient: tuple[float, ...] | None = None
    pixel_spacing: tuple[float, float] | None = None
    spacing_origin: str = ""
    slice_thickness: float | None = None
    rescale: Rescale = Rescale()
    windows: tuple[WindowPreset, ...] = ()
    dimensions: tuple[tuple[str, str], ...] = ()

    @property
    def sop_instance_uid(self) -> str:
        """SOP Instance UID of the instance that holds the frame."""
        return self.instance.sop_instance_uid

    @property
    def layout(self) -> str:
        """What only reading the pixels takes to know, as `argument`: most slices of a series have it in common."""
        return _layout(_layout_values(self.instance), self.rescale)

    @cached_property
    def argument(self) -> str:
        """What a task needs to know of the frame; `entry_from_argument` makes the frame of it."""
        return json.dumps({"frame": frame_to_json(self), "instance": instance_to_json(self.instance)})


@dataclass(frozen=True)
class SeriesTable:
    """All frames of a series in display order, and what of it is no picture.

    Display order is by position along the common normal where every frame has one, else by Instance Number and frame.
    `other` names instances without pixels, `unreadable` maps SOP Instance UID to the reason.
    """

    identity: str
    study_instance_uid: str
    series_instance_uid: str
    modality: str
    frames: tuple[FrameEntry, ...]
    other: tuple[str, ...] = ()
    unreadable: tuple[tuple[str, str], ...] = ()

    def frame(self, sop_instance_uid: str, frame: int) -> FrameEntry | None:
        """Return that frame, None if the series has none such."""
        return self._by_place.get((sop_instance_uid, frame))

    @cached_property
    def _by_place(self) -> Mapping[tuple[str, int], FrameEntry]:
        return {(frame.instance.sop_instance_uid, frame.frame): frame for frame in self.frames}

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object from which `from_json` makes an equal table."""
        instances: dict[str, dict[str, Any]] = {}
        frames = []
        for frame in self.frames:
            if frame.sop_instance_uid not in instances:
                instances[frame.sop_instance_uid] = instance_to_json(frame.instance)
            frames.append(frame_to_json(frame))
        flat = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "frames"}
        return flat | {"instances": instances, "frames": frames}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> SeriesTable:
        """Make the table that `to_json` described.

        Raises
        ------
        KeyError, TypeError, ValueError
            The value is not such a description.
        """
        instances = {uid: instance_from_json(item) for uid, item in value["instances"].items()}
        return cls(
            identity=value["identity"],
            study_instance_uid=value["study_instance_uid"],
            series_instance_uid=value["series_instance_uid"],
            modality=value["modality"],
            frames=tuple(frame_from_json(item, instances[item["sop_instance_uid"]]) for item in value["frames"]),
            other=tuple(value["other"]),
            unreadable=tuple((uid, reason) for uid, reason in value["unreadable"]),
        )


def _windows_from_json(value: Iterable[Mapping[str, Any]]) -> tuple[WindowPreset, ...]:
    return tuple(WindowPreset(window_from_json(preset["window"]), preset["explanation"]) for preset in value)


def window_from_json(value: Mapping[str, Any]) -> Window:
    """Make a window of its ``dataclasses.asdict``."""
    return Window(value["center"], value["width"], VoiFunction(value["function"]))


_INSTANCE_DEFAULTS = {field.name: field.default for field in fields(InstanceEntry)}
_FRAME_DEFAULTS = {field.name: field.default for field in fields(FrameEntry) if field.name != "instance"}
_LAYOUT_FIELDS = tuple(_INSTANCE_DEFAULTS.keys() - _TOLD_APART)
_layout_values = attrgetter(*_LAYOUT_FIELDS)
_MADE: Mapping[str, Callable[[Any], Any]] = {
    "padding": tuple,
    "patient_orientation": tuple,
    "pixel_aspect_ratio": tuple,
    "cine": lambda value: Cine(**value),
    "hanging": lambda value: Hanging(**value),
    "uptake": lambda value: Uptake(**value),
    "calibration": calibration_from_json,
    "image_position_patient": tuple,
    "image_orientation_patient": tuple,
    "pixel_spacing": tuple,
    "rescale": lambda value: Rescale(**value),
    "windows": _windows_from_json,
    "dimensions": lambda value: tuple((name, text) for name, text in value),
}
"""How the fields of entries are made that JSON cannot hold as they are."""


def series_identity(file_uuids: Iterable[str]) -> str:
    """Return the identity of a set of stored files: a digest that changes when any of them does.

    Examples
    --------
    >>> series_identity(["b", "a"]) == series_identity(["a", "b"])
    True
    """
    return sha256("\n".join(sorted(file_uuids)).encode()).hexdigest()[:32]


def instance_to_json(instance: InstanceEntry) -> dict[str, Any]:
    """Return a JSON object for an instance: nothing that is the default."""
    return {name: _plain(value) for name, value in _told(instance, _INSTANCE_DEFAULTS)}


def frame_to_json(frame: FrameEntry) -> dict[str, Any]:
    """Return a JSON object for a frame, which names its instance but does not repeat it; no defaults."""
    named = {"sop_instance_uid": frame.sop_instance_uid}
    return named | {name: _plain(value) for name, value in _told(frame, _FRAME_DEFAULTS)}


def _told(entry: InstanceEntry | FrameEntry, defaults: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield name and value of what differs from the defaults."""
    for name, default in defaults.items():
        value = getattr(entry, name)
        if value != default:
            yield name, value


def _plain(value: Any) -> Any:
    """Return what JSON can hold of a field."""
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


@lru_cache(_FRAMES_REMEMBERED)
def _layout(values: tuple[Any, ...], rescale: Rescale) -> str:
    told = dict(zip(_LAYOUT_FIELDS, values, strict=True))
    instance = InstanceEntry(file_uuid="", sop_instance_uid="", instance_number=None, **told)
    return FrameEntry(instance, 1, rescale=rescale).argument


@lru_cache(_FRAMES_REMEMBERED)
def entry_from_argument(argument: str) -> FrameEntry:
    """Make the frame that `FrameEntry.argument` describes."""
    value = json.loads(argument)
    return frame_from_json(value["frame"], instance_from_json(value["instance"]))


def frame_from_json(value: Mapping[str, Any], instance: InstanceEntry) -> FrameEntry:
    """Make the frame that `frame_to_json` described."""
    return FrameEntry(instance, **_made({name: told for name, told in value.items() if name != "sop_instance_uid"}))


def instance_from_json(value: Mapping[str, Any]) -> InstanceEntry:
    """Make the entry that `instance_to_json` described."""
    return InstanceEntry(**_made(value))


def _made(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _MADE[name](told) if name in _MADE else told for name, told in value.items()}


def in_display_order(frames: Iterable[FrameEntry]) -> tuple[FrameEntry, ...]:
    """Sort frames by position along their common normal where all have one, else by Instance Number.

    Several frames at one position (phases, echoes) follow each other by acquisition and instance number.
    """
    unsorted = list(frames)
    distances = _distances(unsorted)

    def key(index: int) -> tuple[float, int, int, int, str]:
        frame = unsorted[index]
        number = frame.instance.instance_number
        return (
            distances[index],
            frame.instance.acquisition_number or 0,
            1 << 31 if number is None else number,
            frame.frame,
            frame.sop_instance_uid,
        )

    return tuple(unsorted[index] for index in sorted(range(len(unsorted)), key=key))


def _distances(frames: list[FrameEntry]) -> list[float]:
    """Return where along the common normal (mm, rounded to 0.01) each frame lies; zeros where there is none."""
    nowhere = [0.0] * len(frames)
    orientations = {tuple(round(x, 4) for x in f.image_orientation_patient or ()) for f in frames}
    if len(orientations) != 1 or any(f.image_position_patient is None for f in frames):
        return nowhere
    cosines = frames[0].image_orientation_patient
    if cosines is None:
        return nowhere
    normal = np.cross(cosines[:3], cosines[3:])
    return [round(float(np.dot(normal, f.image_position_patient or ())), 2) for f in frames]
