"""Grayscale softcopy presentation states (PS3.3 A.33.1): what they say of one image. Runs in workers only.

A presentation state replaces everything that an image says of its own appearance: what it does not mention, such as a
Modality LUT, is not applied (PS3.4 N.2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydicom import Dataset
from pydicom.tag import Tag

from sightline.errors import BadRequestError, UnprocessableError
from sightline.kernels.grayscale import LookUpTable, VoiWindow
from sightline.objects.annotations import Annotations, read_annotations
from sightline.rendering.lookup_tables import modality_lut, presentation_lut, voi_lut
from sightline.rendering.shutters import Shutter, read_shutter
from sightline.rendering.view import VoiFunction, Window

GRAYSCALE = "1.2.840.10008.5.1.4.1.1.11.1"
PRESENTATION_STATES = "1.2.840.10008.5.1.4.1.1.11."
"""What the UIDs of the SOP classes of all presentation states begin with."""
_ACTIVATION_LAYER = 0x1001
_SMALLEST_FACTOR = 1e-3
"""Of magnifications and of ratios of pixels; what is below is an error, as is its inverse."""


@dataclass(frozen=True)
class ImageReference:
    """An image that a presentation state is for; no frames means all of them."""

    series_instance_uid: str
    sop_instance_uid: str
    frames: tuple[int, ...] = ()


@dataclass(frozen=True)
class DisplayedArea:
    """The part of the image that is shown (PS3.3 C.10.4): its corners as (column, row) from 1, both included.

    `pixel_ratio` is the height of a pixel divided by its width; `magnification` what MAGNIFY wants, else 1.
    """

    corners: tuple[tuple[int, int], tuple[int, int]]
    pixel_ratio: float = 1.0
    magnification: float = 1.0

    def size(self, rotation: int) -> tuple[float, float]:
        """Return height and width of the area in square pixels, once it is rotated by so many degrees."""
        (first_column, first_row), (last_column, last_row) = self.corners
        height = (abs(last_row - first_row) + 1) * max(1.0, self.pixel_ratio) * self.magnification
        width = (abs(last_column - first_column) + 1) * max(1.0, 1 / self.pixel_ratio) * self.magnification
        return (width, height) if rotation in (90, 270) else (height, width)


@dataclass(frozen=True, eq=False)
class Presentation:
    """What a presentation state says of one frame.

    `voi` is None where values are shown as they are. `overlays` maps groups of overlay planes, of the image or of the
    presentation state itself, to the layers that they are drawn on.
    """

    area: DisplayedArea
    slope: float = 1.0
    intercept: float = 0.0
    modality_lut: LookUpTable | None = None
    voi: VoiWindow | LookUpTable | None = None
    presentation_lut: LookUpTable | None = None
    inverse: bool = False
    shutter: Shutter | None = None
    rotation: int = 0
    flip: bool = False
    overlays: Mapping[int, str] = field(default_factory=dict)
    annotations: Annotations = field(default_factory=Annotations)


def check_supported(dataset: Dataset) -> None:
    """Refuse what is no grayscale softcopy presentation state, or would be shown wrongly. Raises UnprocessableError."""
    if dataset.get("SOPClassUID") != GRAYSCALE:
        raise UnprocessableError("Of presentation states, only grayscale ones can be shown.", "unsupported-state")
    if dataset.get("MaskSubtractionSequence"):
        raise UnprocessableError("Presentation states that subtract a mask cannot be shown.", "unsupported-state")


def read_references(dataset: Dataset) -> list[ImageReference]:
    """Return the images that a presentation state is for, in its order (PS3.3 C.11.11).

    Raises
    ------
    UnprocessableError
        It refers to none.
    """
    found = [
        ImageReference(str(series.SeriesInstanceUID), str(image.ReferencedSOPInstanceUID), _frames(image))
        for series in dataset.get("ReferencedSeriesSequence") or ()
        for image in series.get("ReferencedImageSequence") or ()
    ]
    if not found:
        raise UnprocessableError("This presentation state refers to no image.", "bad-state")
    return found


def read_presentation(dataset: Dataset, sop_instance_uid: str, frame: int) -> Presentation:
    """Return what a presentation state says of one frame.

    Raises
    ------
    BadRequestError
        It does not refer to that frame.
    UnprocessableError
        It is not supported, or contradicts itself.
    """
    check_supported(dataset)
    image = (sop_instance_uid, frame)
    if not any(
        reference.sop_instance_uid == sop_instance_uid and (not reference.frames or frame in reference.frames)
        for reference in read_references(dataset)
    ):
        raise BadRequestError("The presentation state does not refer to this image.", "not-referenced")
    slope, intercept = dataset.get("RescaleSlope"), dataset.get("RescaleIntercept")
    return Presentation(
        area=read_area(dataset, image),
        slope=1.0 if slope is None else float(slope),
        intercept=0.0 if intercept is None else float(intercept),
        modality_lut=modality_lut(dataset),
        voi=read_voi(dataset, image),
        presentation_lut=presentation_lut(dataset),
        inverse=str(dataset.get("PresentationLUTShape", "")) == "INVERSE",
        shutter=_shutter(dataset),
        rotation=read_rotation(dataset),
        flip=str(dataset.get("ImageHorizontalFlip", "N")) == "Y",
        overlays=_overlays(dataset),
        annotations=read_annotations(dataset, image, applies),
    )


def applies(item: Dataset, image: tuple[str, int]) -> bool:
    """Whether an item is meant for that image and frame: it names it, or names none."""
    references = item.get("ReferencedImageSequence")
    if not references:
        return True
    uid, frame = image
    return any(
        reference.get("ReferencedSOPInstanceUID") == uid and (not _frames(reference) or frame in _frames(reference))
        for reference in references
    )


def _frames(reference: Dataset) -> tuple[int, ...]:
    value: Any = reference.get("ReferencedFrameNumber")
    if value is None or value == "":
        return ()
    return (int(value),) if isinstance(value, int | str) else tuple(int(number) for number in value)


def read_voi(dataset: Dataset, image: tuple[str, int]) -> VoiWindow | LookUpTable | None:
    """Return the window or the table of one frame, None where it has neither."""
    for item in dataset.get("SoftcopyVOILUTSequence") or ():
        if not applies(item, image):
            continue
        table = voi_lut(item)
        if table is not None:
            return table
        center, width = (_first(item.get(keyword)) for keyword in ("WindowCenter", "WindowWidth"))
        try:
            window = Window(float(center), float(width), VoiFunction(str(item.get("VOILUTFunction") or "LINEAR")))
        except (TypeError, ValueError):
            window = None
        if window is None or not window.is_valid:
            raise UnprocessableError("The window of this presentation state makes no sense.", "bad-state")
        return VoiWindow(window.center, window.width, window.function)
    return None


def _first(value: Any) -> Any:
    return value if value is None or isinstance(value, str | float | int) else next(iter(value), None)


def read_area(dataset: Dataset, image: tuple[str, int]) -> DisplayedArea:
    """Return which part of one frame is shown. Raises `UnprocessableError`."""
    for item in dataset.get("DisplayedAreaSelectionSequence") or ():
        if not applies(item, image):
            continue
        if str(item.get("PixelOriginInterpretation", "FRAME")) == "VOLUME":
            raise UnprocessableError("Presentation states of a whole slide cannot be shown.", "unsupported-state")
        corners = [
            tuple(int(value) for value in item[keyword].value)
            for keyword in ("DisplayedAreaTopLeftHandCorner", "DisplayedAreaBottomRightHandCorner")
        ]
        size_mode = str(item.get("PresentationSizeMode", ""))
        ratio = float(item.get("PresentationPixelMagnificationRatio") or 0) if size_mode == "MAGNIFY" else 1.0
        area = DisplayedArea(((corners[0][0], corners[0][1]), (corners[1][0], corners[1][1])), _ratio(item), ratio)
        if all(_SMALLEST_FACTOR < factor < 1 / _SMALLEST_FACTOR for factor in (area.pixel_ratio, area.magnification)):
            return area
        break
    raise UnprocessableError("This presentation state does not say which part of the image it shows.", "bad-state")


def _ratio(item: Dataset) -> float:
    """Return the height of a pixel divided by its width."""
    for keyword in ("PresentationPixelSpacing", "PresentationPixelAspectRatio"):
        value = item.get(keyword)
        if value:
            return float(value[0]) / float(value[1])
    return 1.0


def read_rotation(dataset: Dataset) -> int:
    """Return by how many degrees images are rotated clockwise. Raises `UnprocessableError`."""
    rotation = int(dataset.get("ImageRotation") or 0)
    if rotation not in (0, 90, 180, 270):
        raise UnprocessableError("This presentation state turns the image by an odd angle.", "bad-state")
    return rotation


def _shutter(dataset: Dataset) -> Shutter | None:
    try:
        return read_shutter(dataset)
    except ValueError as error:
        raise UnprocessableError("The shutter of this presentation state makes no sense.", "bad-state") from error


def _overlays(dataset: Dataset) -> dict[int, str]:
    """Return the layers of the overlay planes that are active (PS3.3 C.11.7)."""
    groups: Sequence[int] = range(0x6000, 0x6020, 2)
    layers = {group: dataset.get(Tag(group, _ACTIVATION_LAYER)) for group in groups}
    return {group: str(layer.value) for group, layer in layers.items() if layer is not None and layer.value}
