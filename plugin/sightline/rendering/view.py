"""A view is a value: what, which plane, which window, which size. It has one canonical URL.

DICOMweb `/rendered`, thumbnails, the viewer and (later) print and export all describe a picture by a `View` and get it
from the engine by the same path; the same URL gives the same pixels later.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
    """Encodings of a picture."""

    JPEG = "jpeg"
    PNG = "png"


@dataclass(frozen=True)
class Window:
    """VOI window in modality units (PS3.3 C.11.2)."""

    center: float
    width: float
    function: VoiFunction = VoiFunction.LINEAR


@dataclass(frozen=True)
class FrameOf:
    """One stored frame. `frame` counts from 1, as DICOM does."""

    sop_instance_uid: str
    frame: int = 1


@dataclass(frozen=True)
class PlaneOf:
    """One plane of the volume along the patient's axes. `index` counts from 0 at the lowest LPS coordinate."""

    orientation: Orientation
    index: int


@dataclass(frozen=True)
class View:
    """What a picture shows.

    Parameters
    ----------
    study_instance_uid, series_instance_uid : str
        Where the pixels are.
    source : FrameOf or PlaneOf
        Which of them.
    window : Window, optional
        None means the file's own VOI LUT or window, else the full range of what is shown.
    max_size : int, optional
        Longest side in pixels: the picture is reduced to it, never enlarged. None: one pixel per image pixel.
    invert : bool
        Inverse grey scale (MONOCHROME1 is inverted already).
    picture_format : PictureFormat
        JPEG is lossy and says so; PNG is exact.
    quality : int
        JPEG quality, 1 to 100.
    """

    study_instance_uid: str
    series_instance_uid: str
    source: FrameOf | PlaneOf
    window: Window | None = None
    max_size: int | None = None
    invert: bool = False
    picture_format: PictureFormat = PictureFormat.JPEG
    quality: int = 85


@dataclass(frozen=True)
class Picture:
    """An encoded picture and what it is.

    `etag` changes whenever the stored file, the view or the rendering code does. `window` is the one that was applied,
    None where a VOI LUT sequence or colour was. `lossy` says that the encoding, or the stored file, lost something.
    `pixel_spacing` is mm in the patient or at the detector between rows and between columns of this very picture, after
    any reduction: pixels need not be square. None where the file does not say.
    """

    content: bytes
    media_type: str
    columns: int
    rows: int
    etag: str
    lossy: bool
    window: Window | None
    pixel_spacing: tuple[float, float] | None = None
