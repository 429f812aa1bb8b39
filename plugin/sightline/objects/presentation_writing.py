"""A reader's view of images, written as a Grayscale Softcopy Presentation State (PS3.3 A.33.1). Runs in workers only.

It is put together here rather than by highdicom, whose presentation states show images as a whole, unturned and without
shutters; the tests read them back with it. Everything that an image says of its own appearance is said again, for a
presentation state replaces all of it (PS3.4 N.2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydicom import Dataset
from pydicom.tag import Tag
from pydicom.valuerep import DSfloat

from sightline.errors import UnprocessableError
from sightline.kernels.presentation import oriented_point
from sightline.objects.graphic_writing import LAYER as FINDINGS
from sightline.objects.graphic_writing import annotation
from sightline.objects.own_objects import MODEL, encoded, own_object
from sightline.objects.presentation_state import GRAYSCALE
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.files import open_file
from sightline.rendering.headers import overlay_groups, read_header
from sightline.rendering.lookup_tables import voi_holder
from sightline.rendering.series_table import FrameEntry, entry_from_argument
from sightline.rendering.shutters import shutter_holder

_OVERLAYS = "OVERLAYS"
_ACTIVATION_LAYER = 0x1001
_WHITE = 65535
_YELLOW = (56098, 34052, 47802)
"""The first of the page's colours for findings, in CIELab as PS3.3 C.10.7.1.1 encodes it."""
_SHUTTER = (
    "ShutterShape", "ShutterLeftVerticalEdge", "ShutterRightVerticalEdge", "ShutterUpperHorizontalEdge",
    "ShutterLowerHorizontalEdge", "CenterOfCircularShutter", "RadiusOfCircularShutter",
    "VerticesOfThePolygonalShutter", "ShutterOverlayGroup", "ShutterPresentationValue",
    "ShutterPresentationColorCIELabValue",
)  # fmt: skip


def make_presentation(arguments: dict[str, Any], buffers: Sequence[Buffer], _fds: Sequence[int]) -> Reply:
    """Make the file of a presentation state.

    Arguments: ``file`` and ``entry`` of the frame that was shown; ``images`` that it is for, each ``instance``,
    ``sop_class`` and ``frames`` (empty: all), and ``image_series``, in which they are; ``label``, ``description`` and
    ``author``; ``window`` (``center``, ``width``, ``function``), or null for the file's own VOI LUT; ``invert``;
    ``rotation`` in degrees clockwise, then ``flip``; ``area``, the first and the last column and row from 1 as left,
    top, right and bottom; ``magnification``, or null to scale to fit; ``overlays`` and ``shutter``, whether they are
    shown; ``graphics`` as `sightline.objects.graphic_writing:annotation` has them; ``instance``, ``series``,
    ``series_number``, ``instance_number``, ``date``, ``time``, ``timezone`` and ``version`` of the program. The reply
    has ``study``, to which the image says that it belongs, and the file.

    Raises
    ------
    UnprocessableError
        The image cannot be read, or has no window that could be stored.
    """
    entry = entry_from_argument(arguments["entry"])
    with open_file(arguments["file"], buffers) as file:
        header = read_header(file)
    dataset, content = encoded(lambda: _state(arguments, header, entry))
    return Reply({"study": str(dataset.StudyInstanceUID)}, (content,))


def _state(arguments: dict[str, Any], header: Dataset, entry: FrameEntry) -> Dataset:
    dataset = own_object(GRAYSCALE, header, arguments, modality="PR", series_description="Presentations")
    _describe(dataset, arguments)
    series = Dataset()
    series.SeriesInstanceUID = arguments["image_series"]
    series.ReferencedImageSequence = [_reference(image) for image in arguments["images"]]
    dataset.ReferencedSeriesSequence = [series]
    dataset.DisplayedAreaSelectionSequence = [_area(arguments, entry)]
    if arguments["rotation"] or arguments["flip"]:
        dataset.ImageRotation, dataset.ImageHorizontalFlip = arguments["rotation"], "Y" if arguments["flip"] else "N"
    _put_values(dataset, arguments, header, entry)
    covering = _put_shutter(dataset, header, entry) if arguments["shutter"] else None
    layers = _put_overlays(dataset, header, covering) if arguments["overlays"] else []
    if arguments["graphics"]:
        dataset.GraphicAnnotationSequence = [
            annotation(_reference(graphic["image"]), graphic) for graphic in arguments["graphics"]
        ]
        layers.append(FINDINGS)
    if layers:
        dataset.GraphicLayerSequence = [_layer(name, order) for order, name in enumerate(layers, start=1)]
    return dataset


def _describe(dataset: Dataset, arguments: dict[str, Any]) -> None:
    """Say what it is: modules Presentation Series, General Equipment and Presentation State Identification."""
    dataset.ManufacturerModelName, dataset.SoftwareVersions = MODEL, arguments["version"]
    dataset.ContentLabel, dataset.ContentDescription = arguments["label"], arguments["description"]
    dataset.ContentCreatorName = arguments["author"]
    dataset.PresentationCreationDate, dataset.PresentationCreationTime = arguments["date"], arguments["time"]


def _reference(image: Mapping[str, Any]) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = image["sop_class"], image["instance"]
    if image["frames"]:
        item.ReferencedFrameNumber = list(image["frames"])
    return item


def _area(arguments: dict[str, Any], entry: FrameEntry) -> Dataset:
    """Return the displayed area (PS3.3 C.10.4), by the corners that are top left and bottom right once turned."""
    left, top, right, bottom = arguments["area"]
    size = (entry.instance.columns, entry.instance.rows)

    def on_screen(corner: tuple[int, int]) -> float:
        x, y = oriented_point((corner[0] - 0.5, corner[1] - 0.5), size, arguments["rotation"], arguments["flip"])
        return x + y

    corners = sorted([(left, top), (right, top), (right, bottom), (left, bottom)], key=on_screen)
    item = Dataset()
    item.DisplayedAreaTopLeftHandCorner, item.DisplayedAreaBottomRightHandCorner = list(corners[0]), list(corners[-1])
    magnification = arguments["magnification"]
    item.PresentationSizeMode = "SCALE TO FIT" if magnification is None else "MAGNIFY"
    if magnification is not None:
        item.PresentationPixelMagnificationRatio = float(magnification)
    if entry.pixel_spacing is not None:
        item.PresentationPixelSpacing = [_number(value) for value in entry.pixel_spacing]
    else:
        height, width = entry.instance.pixel_aspect_ratio or (1, 1)
        # Whole numbers, vertical before horizontal.
        factor = 1 if float(height).is_integer() and float(width).is_integer() else 1000
        item.PresentationPixelAspectRatio = [round(height * factor), round(width * factor)]
    return item


def _put_values(dataset: Dataset, arguments: dict[str, Any], header: Dataset, entry: FrameEntry) -> None:
    """Say how stored values become grey: Modality LUT, Softcopy VOI LUT and Softcopy Presentation LUT."""
    if header.get("ModalityLUTSequence"):
        dataset.ModalityLUTSequence = header.ModalityLUTSequence
    else:
        rescale = entry.rescale
        dataset.RescaleSlope, dataset.RescaleIntercept = _number(rescale.slope), _number(rescale.intercept)
        dataset.RescaleType = rescale.unit or "US"
    dataset.SoftcopyVOILUTSequence = [_voi(arguments["window"], header, entry)]
    inverse = entry.instance.is_inverse != arguments["invert"]
    dataset.PresentationLUTShape = "INVERSE" if inverse else "IDENTITY"


def _voi(window: Mapping[str, Any] | None, header: Dataset, entry: FrameEntry) -> Dataset:
    item = Dataset()
    if window is None:
        tables = voi_holder(header, entry.frame).get("VOILUTSequence")
        if not tables:
            raise UnprocessableError("This image has no window of its own that could be stored.", "no-window")
        item.VOILUTSequence = [tables[0]]
        return item
    item.WindowCenter, item.WindowWidth = _number(window["center"]), _number(window["width"])
    if window["function"] != "LINEAR":
        item.VOILUTFunction = window["function"]
    return item


def _put_shutter(dataset: Dataset, header: Dataset, entry: FrameEntry) -> int | None:
    """Cover what the image wants covered; returns the group of the overlay plane that does, if one does."""
    holder = shutter_holder(header, entry.frame)
    if not holder.get("ShutterShape"):
        return None
    for keyword in _SHUTTER:
        if keyword in holder:
            dataset[keyword] = holder[keyword]
    if "ShutterPresentationValue" not in dataset:
        dataset.ShutterPresentationValue = 0
    group = holder.get("ShutterOverlayGroup")
    if group is None:
        return None
    for element in header.group_dataset(int(group)):
        dataset[element.tag] = element
    return int(group)


def _put_overlays(dataset: Dataset, header: Dataset, covering: int | None) -> list[str]:
    """Have the image's own overlay planes drawn (PS3.3 C.11.7); returns the layers that they are drawn on."""
    groups = [group for group in overlay_groups(header) if group != covering]
    for group in groups:
        dataset.add_new(Tag(group, _ACTIVATION_LAYER), "CS", _OVERLAYS)
    return [_OVERLAYS] if groups else []


def _layer(name: str, order: int) -> Dataset:
    item = Dataset()
    item.GraphicLayer, item.GraphicLayerOrder = name, order
    item.GraphicLayerRecommendedDisplayGrayscaleValue = _WHITE
    if name == FINDINGS:
        item.GraphicLayerRecommendedDisplayCIELabValue = list(_YELLOW)
    return item


def _number(value: float) -> DSfloat:
    """Return a decimal string of at most 16 characters."""
    return DSfloat(value, auto_format=True)
