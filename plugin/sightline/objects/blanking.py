"""Black out parts of a picture for good: in its stored pixels, in every frame."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from sightline.errors import UnprocessableError


@dataclass(frozen=True)
class Rectangle:
    """Part of a picture, as shares of its width and height from the upper left corner: 0 to 1.

    Every pixel that it touches is in it.
    """

    left: float
    top: float
    right: float
    bottom: float

    def slices(self, rows: int, columns: int) -> tuple[slice, slice]:
        """Return its rows and columns.

        >>> Rectangle(0, 0, 1, 0.25).slices(10, 4)
        (slice(0, 3, None), slice(0, 4, None))
        """
        vertical = slice(int(np.floor(self.top * rows)), int(np.ceil(self.bottom * rows)))
        return vertical, slice(int(np.floor(self.left * columns)), int(np.ceil(self.right * columns)))


def blank(dataset: Dataset, rectangles: Iterable[Rectangle]) -> None:
    """Black out rectangles in all frames of a data set, in place.

    Parameters
    ----------
    dataset : Dataset
        With native pixels, little endian.
    rectangles : iterable of Rectangle
        What is to go.

    Raises
    ------
    UnprocessableError
        Its pixels are of a kind that cannot be blanked here.
    """
    bits = int(dataset.get("BitsAllocated", 0))
    if "PixelData" not in dataset or bits not in (8, 16, 32):
        raise UnprocessableError("The pixels of this image cannot be blacked out. Leave its series out.", "no-blanking")
    samples = int(dataset.get("SamplesPerPixel", 1))
    frames, rows, columns = int(dataset.get("NumberOfFrames", 1) or 1), int(dataset.Rows), int(dataset.Columns)
    count = frames * rows * columns * samples
    if len(dataset.PixelData) < count * bits // 8:
        raise UnprocessableError("The pixels of this image are not whole. Leave its series out.", "no-blanking")
    kind = "i" if int(dataset.get("PixelRepresentation", 0)) else "u"
    content = np.frombuffer(dataset.PixelData, np.dtype(f"<{kind}{bits // 8}"), count).copy()
    is_planar = samples > 1 and int(dataset.get("PlanarConfiguration", 0)) == 1
    # Views of one array: (frames, rows, columns, samples).
    if is_planar:
        pixels = np.moveaxis(content.reshape(frames, samples, rows, columns), 1, -1)
    else:
        pixels = content.reshape(frames, rows, columns, samples)
    value = _black(dataset, pixels)
    for rectangle in rectangles:
        vertical, horizontal = rectangle.slices(rows, columns)
        pixels[:, vertical, horizontal, :] = value
    dataset.PixelData = content.tobytes() + b"\0" * (content.nbytes % 2)


def _black(dataset: Dataset, pixels: NDArray[Any]) -> NDArray[Any]:
    """Return the darkest value that the picture has, so that no automatic window changes; one number per sample."""
    interpretation = str(dataset.get("PhotometricInterpretation", ""))
    if interpretation == "MONOCHROME2":
        value = [pixels.min()]
    elif interpretation == "MONOCHROME1":
        value = [pixels.max()]
    elif interpretation == "RGB":
        value = [0, 0, 0]
    elif interpretation == "YBR_FULL":
        value = [0, 128, 128]
    elif interpretation == "PALETTE COLOR":
        value = [_darkest_entry(dataset)]
    else:
        raise UnprocessableError(
            "The colours of this image are stored in a way that cannot be blacked out. Leave its series out.",
            "no-blanking",
        )
    return np.array(value, pixels.dtype)


def _darkest_entry(dataset: Dataset) -> int:
    """Return the index of a palette's darkest colour (PS3.3 C.7.6.3.1.5)."""
    try:
        entries, first, bits = (int(value) for value in dataset.RedPaletteColorLookupTableDescriptor)
        tables = [dataset[f"{colour}PaletteColorLookupTableData"].value for colour in ("Red", "Green", "Blue")]
        kind = "<u2" if len(tables[0]) >= 2 * (entries or 65_536) else "<u1" if bits == 8 else "<u2"
        sums = sum(np.frombuffer(table, kind)[: entries or 65_536].astype(np.int64) for table in tables)
    except (AttributeError, KeyError, ValueError) as error:
        raise UnprocessableError(
            "The palette of this image cannot be read. Leave its series out.", "no-blanking"
        ) from error
    return first + int(np.argmin(sums))
