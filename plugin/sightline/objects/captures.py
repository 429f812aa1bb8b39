"""What somebody saw, kept as a Secondary Capture image (PS3.3 A.8.1). Runs in workers only."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset
from pydicom.uid import SecondaryCaptureImageStorage

from sightline.errors import BadRequestError, TooLargeError
from sightline.objects.own_objects import MANUFACTURER, MODEL, encoded, own_object
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.files import open_file
from sightline.rendering.headers import read_header

MOST_PIXELS = 1 << 25
_PNG = b"\x89PNG\r\n\x1a\n"
_PURPOSE = ("121322", "DCM", "Source image for image processing operation")


def make_capture(arguments: dict[str, Any], buffers: Sequence[Buffer], _fds: Sequence[int]) -> Reply:
    """Make the file of a capture.

    Arguments: ``picture``, the number of the buffer with a PNG; ``sources``, each with ``file`` and ``frame`` of an
    image that was shown, the first of which says whose capture it is; ``annotated``, whether something is written into
    the picture; ``lossy``, whether it was made of something that lost values; ``instance``, ``series``,
    ``series_number``, ``instance_number``, ``date``, ``time``, ``timezone`` and ``version`` of the program. The reply
    has ``study``, to which it belongs, and the file.

    Raises
    ------
    BadRequestError, TooLargeError
        The picture is no PNG, or too large.
    UnprocessableError
        An image that was shown cannot be read.
    """
    pixels = _pixels(buffers[arguments["picture"]])
    headers = []
    for source in arguments["sources"]:
        with open_file(source["file"], buffers) as file:
            headers.append(read_header(file))
    dataset, content = encoded(lambda: _dataset(arguments, headers, pixels))
    return Reply({"study": str(dataset.StudyInstanceUID)}, (content,))


def _pixels(content: Buffer) -> NDArray[np.uint8]:
    """Decode a PNG: grey, (rows, columns), where red, green and blue are the same everywhere, else RGB."""
    if bytes(content[: len(_PNG)]) != _PNG:
        raise BadRequestError("Send a picture as image/png.", "not-png")
    try:
        with Image.open(BytesIO(content), formats=["PNG"]) as image:
            if image.width * image.height > MOST_PIXELS:
                raise TooLargeError(f"A capture has at most {MOST_PIXELS} pixels.")
            pixels = np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadRequestError("The picture is damaged.", "not-png") from error
    is_grey = np.array_equal(pixels[..., 0], pixels[..., 1]) and np.array_equal(pixels[..., 0], pixels[..., 2])
    return np.ascontiguousarray(pixels[..., 0] if is_grey else pixels)


def _dataset(arguments: dict[str, Any], headers: Sequence[Dataset], pixels: NDArray[np.uint8]) -> Dataset:
    date = arguments["date"]
    dataset = own_object(
        SecondaryCaptureImageStorage, headers[0], arguments, modality="OT",
        series_description=f"Captures of {date[:4]}-{date[4:6]}-{date[6:]}",
    )  # fmt: skip
    _describe(dataset, arguments)
    dataset.SourceImageSequence = [
        _reference(header, source["frame"]) for header, source in zip(headers, arguments["sources"], strict=True)
    ]
    if arguments["lossy"] or any(str(header.get("LossyImageCompression", "")) == "01" for header in headers):
        dataset.LossyImageCompression = "01"
    _put_pixels(dataset, pixels)
    return dataset


def _describe(dataset: Dataset, arguments: dict[str, Any]) -> None:
    """Say what it is: modules General Series, SC Equipment, General Image and SC Image."""
    date, clock = arguments["date"], arguments["time"]
    dataset.SeriesDate, dataset.SeriesTime = date, None
    dataset.ConversionType = "WSD"
    dataset.SecondaryCaptureDeviceManufacturer = MANUFACTURER
    dataset.SecondaryCaptureDeviceManufacturerModelName = MODEL
    dataset.SecondaryCaptureDeviceSoftwareVersions = arguments["version"]
    dataset.DateOfSecondaryCapture, dataset.TimeOfSecondaryCapture = date, clock
    dataset.ContentDate, dataset.ContentTime = date, clock
    dataset.ImageType = ["DERIVED", "SECONDARY"]
    dataset.PatientOrientation = None
    dataset.BurnedInAnnotation = "YES" if arguments["annotated"] else "NO"
    dataset.DerivationDescription = "Capture of what a viewer showed"


def _reference(header: Dataset, frame: int) -> Dataset:
    """Return a reference to an image that was shown (PS3.3 table 10-3, C.7.6.1)."""
    item, purpose = Dataset(), Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = header.SOPClassUID, header.SOPInstanceUID
    if int(header.get("NumberOfFrames") or 1) > 1:
        item.ReferencedFrameNumber = frame
    purpose.CodeValue, purpose.CodingSchemeDesignator, purpose.CodeMeaning = _PURPOSE
    item.PurposeOfReferenceCodeSequence = [purpose]
    item.SpatialLocationsPreserved = "NO"
    return item


def _put_pixels(dataset: Dataset, pixels: NDArray[np.uint8]) -> None:
    dataset.Rows, dataset.Columns = pixels.shape[:2]
    dataset.SamplesPerPixel = 1 if pixels.ndim == 2 else 3
    dataset.PhotometricInterpretation = "MONOCHROME2" if pixels.ndim == 2 else "RGB"
    if pixels.ndim == 3:
        dataset.PlanarConfiguration = 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 8, 8, 7, 0
    content = pixels.tobytes()
    dataset.PixelData = content + b"\0" * (len(content) % 2)
    dataset["PixelData"].VR = "OB"
