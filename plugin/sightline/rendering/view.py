"""A view is a value: what, which plane, which window, which size. It has one canonical URL.

DICOMweb `/rendered`, thumbnails, the viewer, print and export all describe a picture by a `View` and get it
from the engine by the same path; the same URL gives the same pixels later.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sightline.errors import BadRequestError
from sightline.rendering.fusion import SETTINGS as FUSION_SETTINGS
from sightline.rendering.fusion import Fusion
from sightline.rendering.look import PLAIN, Look
from sightline.rendering.look import SETTINGS as LOOK_SETTINGS
from sightline.rendering.numbers import plain
from sightline.rendering.viewport import Viewport
from sightline.rendering.volume_sources import SETTINGS as VOLUME_SETTINGS
from sightline.rendering.volume_sources import (
    WORDS,
    Blend,
    CutOf,
    RenderingOf,
    VolumeSource,
    parse_slab,
    parse_volume_source,
    plane_text,
    slab_settings,
)
from sightline.uids import UID_CHARACTERS

PREFIX = "/sightline/view"
"""What canonical addresses start with."""
LARGEST_SIZE = 8192
_OF_PLANES = ("stack", "slab", "blend")
_SETTINGS = (
    *_OF_PLANES,
    "window",
    "size",
    "viewport",
    "invert",
    *LOOK_SETTINGS,
    "format",
    "quality",
    "iccprofile",
    "annotation",
    "presentation",
    *FUSION_SETTINGS,
)
_UID = re.compile(UID_CHARACTERS, re.ASCII)
_NUMBER = r"(-?[0-9]{1,20}(?:\.[0-9]{1,40})?)"
_WINDOW = re.compile(rf"{_NUMBER},{_NUMBER}(?:,(LINEAR|LINEAR_EXACT|SIGMOID))?", re.ASCII)


class Orientation(StrEnum):
    """Orthogonal planes of the patient (LPS axes), whatever the orientation of the series."""

    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"


class VoiFunction(StrEnum):
    """VOI LUT Function (PS3.3 C.11.2.1.3)."""

    LINEAR = "LINEAR"
    LINEAR_EXACT = "LINEAR_EXACT"
    SIGMOID = "SIGMOID"


class PictureFormat(StrEnum):
    """Encodings of a picture; the last two hold a frame's stored values instead of its appearance."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    WEBP_LOSSLESS = "webp-lossless"
    GIF = "gif"
    PNG_16 = "png16"
    EXACT = "exact"

    @property
    def holds_stored_values(self) -> bool:
        """Whether the samples are stored values, to which no window, size or other setting applies."""
        return self in (PictureFormat.PNG_16, PictureFormat.EXACT)


class ColourProfile(StrEnum):
    """What becomes of the colours of a picture and of their ICC profile (PS3.18 section 8.3.5.1.5)."""

    NO = "no"
    YES = "yes"
    SRGB = "srgb"


class Annotation(StrEnum):
    """What is written into a picture (PS3.18 section 8.3.5.1.1)."""

    PATIENT = "patient"
    TECHNIQUE = "technique"


@dataclass(frozen=True)
class Window:
    """VOI window in modality units (PS3.3 C.11.2)."""

    center: float
    width: float
    function: VoiFunction = VoiFunction.LINEAR

    @property
    def is_valid(self) -> bool:
        """Whether the width is one that the function is defined for: at least 1 for LINEAR, else above 0."""
        smallest_is_met = self.width >= 1 if self.function is VoiFunction.LINEAR else self.width > 0
        return smallest_is_met and math.isfinite(self.center) and math.isfinite(self.width)

    @property
    def text(self) -> str:
        """How an address writes it."""
        function = "" if self.function is VoiFunction.LINEAR else f",{self.function.value}"
        return f"{plain(self.center)},{plain(self.width)}{function}"


@dataclass(frozen=True)
class FrameOf:
    """One stored frame. `frame` counts from 1, as DICOM does."""

    sop_instance_uid: str
    frame: int = 1


@dataclass(frozen=True)
class PlaneOf:
    """One plane of the volume along the patient's axes. `index` counts from 0 at the lowest LPS coordinate.

    `stack` says of which volume, where the series holds several. Of `slab` mm around the plane, `blend` makes one
    picture; 0 is a plane without thickness.
    """

    orientation: Orientation
    index: int
    stack: int = 0
    slab: float = 0.0
    blend: Blend = Blend.MEAN

    def settings(self) -> list[tuple[str, str]]:
        """Return what an address says of it beside its place."""
        stack = [("stack", str(self.stack))] if self.stack else []
        return stack + slab_settings(self.slab, self.blend)


@dataclass(frozen=True)
class PresentationOf:
    """A presentation state of the same study, by its series and instance."""

    series_instance_uid: str
    sop_instance_uid: str


@dataclass(frozen=True)
class View:
    """What a picture shows.

    Parameters
    ----------
    study_instance_uid, series_instance_uid : str
        Where the pixels are.
    source : FrameOf, PlaneOf, CutOf, ProjectionOf or RenderingOf
        Which of them.
    window : Window, optional
        None means the file's own VOI LUT or window, else the full range of what is shown.
    max_size : int, optional
        Longest side in pixels: the picture is reduced to it, never enlarged. None: one pixel per image pixel.
    viewport : Viewport, optional
        The size to fit into and the region of the image to show, instead of `max_size`.
    invert : bool
        Inverse grey scale (MONOCHROME1 is inverted already).
    picture_format : PictureFormat
        JPEG and WEBP are lossy and say so, and so is GIF for colours; the others are exact.
    quality : int
        Of JPEG and WEBP, 1 to 100.
    colour_profile : ColourProfile
        Whether colour pictures carry an ICC profile, or are converted to sRGB.
    annotations : tuple of Annotation
        What is written into the picture of a frame, in the order of the enumeration.
    presentation : PresentationOf, optional
        The presentation state that a frame is shown with; it then says all of its appearance, the window too.
    look : Look
        Filter and colours; of a frame, whether overlays and shutter are shown.
    fusion : Fusion, optional
        What is laid over a plane or a cut.
    """

    study_instance_uid: str
    series_instance_uid: str
    source: FrameOf | PlaneOf | VolumeSource
    window: Window | None = None
    max_size: int | None = None
    invert: bool = False
    picture_format: PictureFormat = PictureFormat.JPEG
    quality: int = 85
    viewport: Viewport | None = None
    colour_profile: ColourProfile = ColourProfile.NO
    annotations: tuple[Annotation, ...] = ()
    presentation: PresentationOf | None = None
    look: Look = PLAIN
    fusion: Fusion | None = None

    def path(self) -> str:
        """Return the canonical address, without host: path, and query if anything differs from the defaults.

        No character needs percent-encoding, because servers differ in what they decode.

        Examples
        --------
        >>> View("1.2", "1.3", FrameOf("1.4"), Window(40, 400), max_size=512).path()
        '/sightline/view/1.2/1.3/1.4/1?window=40,400&size=512'
        >>> View("1.2", "1.3", PlaneOf(Orientation.CORONAL, 7)).path()
        '/sightline/view/1.2/1.3/coronal/7'
        >>> View("1.2", "1.3", PlaneOf(Orientation.CORONAL, 7, stack=2)).path()
        '/sightline/view/1.2/1.3/coronal/7?stack=2'
        """
        if isinstance(self.source, FrameOf):
            place = f"{self.source.sop_instance_uid}/{self.source.frame}"
        elif isinstance(self.source, PlaneOf):
            place = f"{self.source.orientation.value}/{self.source.index}"
        else:
            place = f"{self.source.word}/{plane_text(self.source.plane)}"
        query = "&".join(f"{name}={value}" for name, value in self._settings())
        return f"{PREFIX}/{self.study_instance_uid}/{self.series_instance_uid}/{place}" + (f"?{query}" if query else "")

    def _settings(self) -> list[tuple[str, str]]:
        """Return what differs from the defaults, in the order in which it is written."""
        settings = [] if isinstance(self.source, FrameOf) else self.source.settings()
        if self.window is not None:
            settings.append(("window", self.window.text))
        if self.max_size is not None:
            settings.append(("size", str(self.max_size)))
        if self.viewport is not None:
            settings.append(("viewport", str(self.viewport)))
        if self.invert:
            settings.append(("invert", "1"))
        settings += self.look.settings()
        if self.picture_format is not PictureFormat.JPEG:
            settings.append(("format", self.picture_format.value))
        if self.quality != View.quality:
            settings.append(("quality", str(self.quality)))
        if self.colour_profile is not ColourProfile.NO:
            settings.append(("iccprofile", self.colour_profile.value))
        if self.annotations:
            settings.append(("annotation", ",".join(self.annotations)))
        if self.presentation is not None:
            state = self.presentation
            settings.append(("presentation", f"{state.series_instance_uid},{state.sop_instance_uid}"))
        return settings + (self.fusion.settings() if self.fusion else [])

    @classmethod
    def parse(cls, parts: Sequence[str], query: Mapping[str, str]) -> View:
        """Read an address.

        Parameters
        ----------
        parts : four str
            What follows the prefix: study, series, then SOP Instance UID and frame, orientation and index, or one of
            the words for pictures of volumes and a plane.
        query : Mapping of str to str
            Decoded query parameters.

        Raises
        ------
        BadRequestError
            A part or parameter is unknown or out of its range; the sentence says what is allowed.
        """
        known = (
            tuple(dict.fromkeys((*VOLUME_SETTINGS, *_SETTINGS))) if len(parts) == 4 and parts[2] in WORDS else _SETTINGS
        )
        if not set(query) <= set(known):
            raise BadRequestError(f"A picture's settings are {', '.join(known)}.", "unknown-setting")
        if len(parts) != 4 or not all(_UID.fullmatch(part) for part in parts[:2]):
            raise BadRequestError("A picture is at study UID / series UID / instance UID / frame.")
        if "size" in query and "viewport" in query:
            raise BadRequestError("A picture has a size or a viewport, not both.")
        if query.get("invert", "1") not in ("0", "1"):
            raise BadRequestError("'invert' is 0 or 1.")
        picture_format = _format(query.get("format", PictureFormat.JPEG.value))
        _check_format(picture_format, parts[2], query)
        look = Look.parse(query)
        _check_look(look, parts[2], query)
        source = _source(parts[2], parts[3], query)
        return cls(
            study_instance_uid=parts[0],
            series_instance_uid=parts[1],
            source=source,
            window=_window("window", query),
            max_size=_integer("size", query["size"], 1, LARGEST_SIZE) if "size" in query else None,
            invert=query.get("invert") == "1",
            picture_format=picture_format,
            quality=_integer("quality", query["quality"], 1, 100) if "quality" in query else cls.quality,
            viewport=Viewport.parse(query["viewport"]) if "viewport" in query else None,
            colour_profile=parse_colour_profile(query.get("iccprofile", "no")),
            annotations=parse_annotations(query["annotation"]) if "annotation" in query else (),
            presentation=_presentation(parts[2], query) if "presentation" in query else None,
            look=look,
            fusion=_fusion(source, parts[1], query),
        )


def _source(place: str, number: str, query: Mapping[str, str]) -> FrameOf | PlaneOf | VolumeSource:
    """Read ``UID/frame``, ``orientation/index`` or ``word/plane``."""
    if place in WORDS:
        return parse_volume_source(place, number, query)
    if place in set(Orientation):
        stack = _integer("stack", query["stack"], 0, 999) if "stack" in query else 0
        return PlaneOf(Orientation(place), _integer("index", number, 0, 99_999), stack, *parse_slab(query))
    if any(name in query for name in _OF_PLANES):
        raise BadRequestError("A frame is of no stack, and has no thickness; planes do.")
    if not _UID.fullmatch(place):
        raise BadRequestError(f"A plane is one of {', '.join(Orientation)}.")
    return FrameOf(place, _integer("frame", number, 1, 9_999_999))


def _presentation(place: str, query: Mapping[str, str]) -> PresentationOf:
    """Read ``series UID,instance UID``."""
    series, _, instance = query["presentation"].partition(",")
    if not _UID.fullmatch(series) or not _UID.fullmatch(instance) or not _UID.fullmatch(place):
        raise BadRequestError("'presentation' is the series and the instance of a presentation state of a frame.")
    if "window" in query or "invert" in query:
        raise BadRequestError("A picture has a presentation state or a window of its own, not both.")
    return PresentationOf(series, instance)


def _fusion(source: FrameOf | PlaneOf | VolumeSource, series: str, query: Mapping[str, str]) -> Fusion | None:
    """Read what is laid over, if anything is."""
    fusion = Fusion.parse(query, _window("fusionwindow", query))
    if fusion is None:
        return None
    if not isinstance(source, PlaneOf | CutOf):
        raise BadRequestError("A series is laid over planes and cuts only.")
    if fusion.series_instance_uid == series:
        raise BadRequestError("A series cannot be laid over itself.")
    return fusion


def _window(name: str, query: Mapping[str, str]) -> Window | None:
    """Read ``center,width`` or ``center,width,FUNCTION``, if it is there."""
    if name not in query:
        return None
    found = _WINDOW.fullmatch(query[name])
    if not found:
        raise BadRequestError("A window is center,width, as in 40,400, and LINEAR_EXACT or SIGMOID after it if meant.")
    window = Window(float(found[1]), float(found[2]), VoiFunction(found[3] or "LINEAR"))
    if not window.is_valid:
        raise BadRequestError("A window's width is at least 1 for LINEAR, and above 0 for the other functions.")
    return window


def _format(text: str) -> PictureFormat:
    if text not in set(PictureFormat):
        raise BadRequestError(f"A picture's format is one of {', '.join(PictureFormat)}.")
    return PictureFormat(text)


def _check_format(picture_format: PictureFormat, place: str, query: Mapping[str, str]) -> None:
    if picture_format is PictureFormat.GIF and query.get("iccprofile") == ColourProfile.YES:
        raise BadRequestError("A GIF carries no colour profile.", "bad-iccprofile")
    if not picture_format.holds_stored_values:
        return
    if not _UID.fullmatch(place):
        raise BadRequestError("Stored values are those of a frame; a plane is computed from them.", "not-stored")
    if set(query) != {"format"}:
        raise BadRequestError("Stored values have no setting but 'format': they are what the file holds.", "not-stored")


def _check_look(look: Look, place: str, query: Mapping[str, str]) -> None:
    """Refuse what means nothing for that kind of picture."""
    if look == PLAIN:
        return
    if "presentation" in query:
        raise BadRequestError("A picture has a presentation state or a look of its own, not both.")
    if place == RenderingOf.word:
        raise BadRequestError("A rendering has colours of its own; 'preset' says which.")
    if not _UID.fullmatch(place) and not (look.overlays and look.shutter):
        raise BadRequestError("Overlays and shutters are those of frames; planes have none.")


def parse_colour_profile(text: str) -> ColourProfile:
    """Read ``iccprofile``. Raises `BadRequestError`."""
    try:
        return ColourProfile(text)
    except ValueError:
        raise BadRequestError(f"'iccprofile' is one of {', '.join(ColourProfile)}.", "bad-iccprofile") from None


def parse_annotations(text: str) -> tuple[Annotation, ...]:
    """Read ``annotation``. Raises `BadRequestError`."""
    names = text.split(",")
    if not set(names) <= set(Annotation):
        raise BadRequestError("'annotation' is patient, technique or both, separated by a comma.", "bad-annotation")
    return tuple(annotation for annotation in Annotation if annotation in names)


def _integer(name: str, text: str, low: int, high: int) -> int:
    if not re.fullmatch(r"[0-9]{1,7}", text, re.ASCII) or not low <= int(text) <= high:
        raise BadRequestError(f"'{name}' is a whole number from {low} to {high}.")
    return int(text)
