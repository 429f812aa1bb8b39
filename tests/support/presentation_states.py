"""Grayscale softcopy presentation states made on the spot (PS3.3 A.33.1)."""

from __future__ import annotations

from typing import Any

from pydicom import Dataset

from tests.support.dicom_files import part_10


def reference(uid: str, *frames: int) -> Dataset:
    """Return an item that refers to an image, or to some of its frames."""
    item = Dataset()
    item.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    item.ReferencedSOPInstanceUID = uid
    if frames:
        item.ReferencedFrameNumber = list(frames)
    return item


def area(
    right: int, bottom: int, left: int = 1, top: int = 1, size_mode: str = "SCALE TO FIT", **other: Any
) -> Dataset:
    """Return a displayed area; pixels are square unless told otherwise."""
    item = Dataset()
    item.DisplayedAreaTopLeftHandCorner = [left, top]
    item.DisplayedAreaBottomRightHandCorner = [right, bottom]
    item.PresentationSizeMode = size_mode
    for keyword, value in (other or {"PresentationPixelAspectRatio": [1, 1]}).items():
        setattr(item, keyword, value)
    return item


def graphic(kind: str, data: list[float], units: str = "PIXEL", filled: bool = False) -> Dataset:
    """Return a graphic object."""
    item = Dataset()
    item.GraphicAnnotationUnits = units
    item.GraphicDimensions = 2
    item.NumberOfGraphicPoints = len(data) // 2
    item.GraphicData = data
    item.GraphicType = kind
    item.GraphicFilled = "Y" if filled else "N"
    return item


def text_in(text: str, box: tuple[float, float, float, float], justification: str = "LEFT") -> Dataset:
    """Return a text in a box of the image: left, top, right and bottom."""
    item = Dataset()
    item.UnformattedTextValue = text
    item.BoundingBoxAnnotationUnits = "PIXEL"
    item.BoundingBoxTopLeftHandCorner = list(box[:2])
    item.BoundingBoxBottomRightHandCorner = list(box[2:])
    item.BoundingBoxTextHorizontalJustification = justification
    return item


def text_at(text: str, point: tuple[float, float]) -> Dataset:
    """Return a text that begins at a point of the image."""
    item = Dataset()
    item.UnformattedTextValue = text
    item.AnchorPointAnnotationUnits = "PIXEL"
    item.AnchorPoint = list(point)
    item.AnchorPointVisibility = "N"
    return item


def presentation_state(
    images: list[Dataset],
    areas: list[Dataset],
    *,
    series: str = "1.2.826.0.1.1.1",
    layers: list[tuple[str, Any]] | None = None,
    elements: dict[int, tuple[str, Any]] | None = None,
    **attributes: Any,
) -> bytes:
    """Return a presentation state as a Part 10 file.

    Parameters
    ----------
    images : list of Dataset
        What it is for, in one series.
    areas : list of Dataset
        Displayed areas.
    layers : list of (name, colour), optional
        A P-value, or three encoded CIELab values.
    elements : mapping of tag to (VR, value), optional
        Such as overlay planes.
    **attributes
        DICOM keywords that replace or extend the rest; None leaves one out.
    """
    dataset, referenced = Dataset(), Dataset()
    referenced.SeriesInstanceUID = series
    referenced.ReferencedImageSequence = images
    defaults: dict[str, Any] = {
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.11.1",
        "SOPInstanceUID": "1.2.3.99",
        "StudyInstanceUID": "1.2.826.0.1.1",
        "SeriesInstanceUID": "1.2.826.0.1.1.9",
        "PatientID": "P1",
        "PatientName": "Test^Patient",
        "PatientBirthDate": "",
        "PatientSex": "",
        "StudyDate": "20260102",
        "StudyTime": "101500",
        "StudyID": "",
        "AccessionNumber": "",
        "ReferringPhysicianName": "",
        "Manufacturer": "",
        "SeriesNumber": 1,
        "InstanceNumber": 1,
        "Modality": "PR",
        "ContentLabel": "TEST",
        "ContentDescription": "",
        "ContentCreatorName": "",
        "PresentationCreationDate": "20260102",
        "PresentationCreationTime": "101500",
        "ReferencedSeriesSequence": [referenced],
        "DisplayedAreaSelectionSequence": areas,
        "PresentationLUTShape": "IDENTITY",
    }
    if layers:
        defaults["GraphicLayerSequence"] = [_layer(order, *layer) for order, layer in enumerate(layers, start=1)]
    for keyword, value in (defaults | attributes).items():
        if value is not None:
            setattr(dataset, keyword, value)
    for tag, (vr, value) in (elements or {}).items():
        dataset.add_new(tag, vr, value)
    return part_10(dataset)


def _layer(order: int, name: str, colour: Any) -> Dataset:
    item = Dataset()
    item.GraphicLayer = name
    item.GraphicLayerOrder = order
    if isinstance(colour, tuple):
        item.GraphicLayerRecommendedDisplayCIELabValue = list(colour)
    else:
        item.GraphicLayerRecommendedDisplayGrayscaleValue = colour
    return item
