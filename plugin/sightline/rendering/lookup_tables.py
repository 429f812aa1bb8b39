"""Look-up tables out of a file's header, as the kernels want them. Runs in workers only."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.pixels.processing import apply_color_lut

from sightline.errors import UnprocessableError
from sightline.kernels.colour import Palette
from sightline.kernels.grayscale import LookUpTable
from sightline.kernels.segmented_palette import expand_segments

_MOST_BITS = 16
_COLOURS = ("Red", "Green", "Blue")


def modality_lut(dataset: Dataset) -> LookUpTable | None:
    """Return the Modality LUT (PS3.3 C.11.1), None if there is none. Raises `UnprocessableError`."""
    return _item(dataset, "ModalityLUTSequence")


def voi_lut(dataset: Dataset, frame: int = 1) -> LookUpTable | None:
    """Return the first VOI LUT of a frame, None if there is none. Raises `UnprocessableError`.

    It is at the top (PS3.3 C.11.2), or in the Frame VOI LUT macro of the frame, or of all (C.7.6.16.2.10).
    """
    return _item(voi_holder(dataset, frame), "VOILUTSequence")


def lut_explanations(dataset: Dataset, frame: int) -> tuple[str, str]:
    """Return what the Modality LUT and the VOI LUT of a frame are called (0028,3003); empty where there is none."""
    holders = ((dataset, "ModalityLUTSequence"), (voi_holder(dataset, frame), "VOILUTSequence"))
    modality, voi = (str((holder.get(name) or [Dataset()])[0].get("LUTExplanation") or "") for holder, name in holders)
    return modality, voi


def voi_holder(dataset: Dataset, frame: int) -> Dataset:
    """Return the data set, or the item in it, that holds the VOI LUTs of a frame."""
    own = (dataset.get("PerFrameFunctionalGroupsSequence") or [])[frame - 1 : frame]
    for group in (*own, *(dataset.get("SharedFunctionalGroupsSequence") or ())):
        for item in group.get("FrameVOILUTSequence") or ():
            if item.get("VOILUTSequence"):
                holder: Dataset = item
                return holder
    return dataset


def presentation_lut(dataset: Dataset) -> LookUpTable | None:
    """Return the Presentation LUT (PS3.3 C.11.6), None if there is none. Raises `UnprocessableError`."""
    return _item(dataset, "PresentationLUTSequence")


def palette(dataset: Dataset) -> Palette:
    """Return the palette of a PALETTE COLOR image (PS3.3 C.7.6.3.1.5), segmented ones expanded.

    Raises
    ------
    UnprocessableError
        It is missing or damaged.
    """
    try:
        count, first, bits = _descriptor(dataset, "RedPaletteColorLookupTableDescriptor")
        if "SegmentedRedPaletteColorLookupTableData" in dataset:
            entries = np.stack([_segmented(dataset, colour, count, bits) for colour in _COLOURS], axis=-1)
        else:
            entries = apply_color_lut(np.arange(first, first + count), dataset)
    except MemoryError:
        raise
    except Exception as error:
        raise UnprocessableError("The colour palette of this image is missing or damaged.", "bad-palette") from error
    return Palette(first, entries[..., :3])


def _segmented(dataset: Dataset, colour: str, count: int, bits: int) -> NDArray[Any]:
    """Return one colour of a segmented palette (PS3.3 C.7.9.2).

    Not pydicom's expansion: it takes the offset of what is copied, which is in bytes, for one in words.
    """
    data = dataset[f"Segmented{colour}PaletteColorLookupTableData"]
    content = bytes(data.value)
    if dataset.original_encoding[1] is False:
        content = np.frombuffer(content, ">u2").astype("<u2").tobytes()
    return expand_segments(content, count, bits)


def _item(dataset: Dataset, keyword: str) -> LookUpTable | None:
    items = dataset.get(keyword)
    if not items:
        return None
    try:
        count, first, bits = _descriptor(items[0], "LUTDescriptor")
        data = items[0]["LUTData"]
        swap = data.VR == "OW" and dataset.original_encoding[1] is False
        entries = _entries(data.value, count, swap)
        if bits > _MOST_BITS:
            raise ValueError("Entries have at most 16 bits.")
    except (MemoryError, RecursionError):
        raise
    except Exception as error:  # values are parsed only now, and anything can be in them
        raise UnprocessableError("A look-up table of this image is damaged.", "bad-lut") from error
    # Some files claim fewer bits than their entries have.
    return LookUpTable(first, entries, max(bits, int(entries.max()).bit_length(), 1))


def _descriptor(dataset: Dataset, keyword: str) -> tuple[int, int, int]:
    """Return number of entries (0 stands for 65536), first input value and bits of an entry."""
    count, first, bits = (int(value) for value in dataset[keyword].value)
    return count or 65536, first, bits


def _entries(data: Any, count: int, swap: bool = False) -> NDArray[np.uint16]:
    """Return LUT Data, which may be a list of words, words as bytes (to be swapped), or bytes of 8-bit entries."""
    if isinstance(data, bytes):
        if swap:
            data = np.frombuffer(data, ">u2").astype("<u2").tobytes()
        size = 1 if len(data) < 2 * count else 2
        entries = np.frombuffer(data, f"<u{size}")
    else:
        entries = np.atleast_1d(np.asarray(data, np.int64))
    if len(entries) < count:
        raise ValueError("LUT Data is too short.")
    return np.asarray(entries[:count].astype(np.uint16))
