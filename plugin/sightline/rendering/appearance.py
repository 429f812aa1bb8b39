"""What decoded pixels look like: 8-bit grey or RGB. Runs in workers only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from sightline.errors import UnprocessableError
from sightline.kernels.colour import palette_to_rgb, to_8_bit, ybr_full_to_rgb
from sightline.kernels.grayscale import (
    GreyTransform,
    LookUpTable,
    VoiWindow,
    full_range_window,
    grey_of_stored,
    value_range,
)
from sightline.kernels.overlays import Mask
from sightline.rendering.attributes import integer_of
from sightline.rendering.codecs import decode_frame
from sightline.rendering.filtering import coloured, filtered, require_grey
from sightline.rendering.headers import read_header
from sightline.rendering.look import PLAIN, Look
from sightline.rendering.lookup_tables import modality_lut, palette, voi_lut
from sightline.rendering.overlays import draw_masks, overlay_masks, overlay_plane
from sightline.rendering.series_table import FrameEntry
from sightline.rendering.shutters import behind_shutter, shutter_of_frame
from sightline.rendering.view import VoiFunction, Window

Bytes = NDArray[np.uint8]
_GREY = ("MONOCHROME1", "MONOCHROME2")
_NO_HEADER = Dataset()


def picture_of_frame(
    pixels: NDArray[Any],
    photometric_interpretation: str,
    entry: FrameEntry,
    file: BinaryIO,
    window: Window | None,
    invert: bool,
    look: Look = PLAIN,
) -> tuple[Bytes, Window | None]:
    """Return 8-bit grey or RGB of one decoded frame, and the window that was applied.

    Parameters
    ----------
    pixels : array, (rows, columns) or (rows, columns, 3)
        From `decode_frame`.
    photometric_interpretation : str
        Likewise.
    entry : FrameEntry
    file : binary file
        The whole file, for look-up tables that are not in the entry.
    window : Window, optional
        None: the file's first VOI LUT, else its first window, else from the least to the most value shown.
    invert : bool
        Inverse grey scale.
    look : Look
        Filter and colour map, and whether overlays and shutter are shown.

    Returns
    -------
    picture : array of uint8, (rows, columns) or (rows, columns, 3)
    window : Window or None
        None where a VOI LUT or colour was shown.

    Raises
    ------
    UnprocessableError
        A look-up table, an overlay or the shutter is damaged, or the colour space is not known; or the look is one for
        grey values only.
    """
    if photometric_interpretation not in _GREY:
        require_grey(look)
        picture, applied = colour_of_frame(pixels, photometric_interpretation, entry, file), None
    else:
        picture, applied = _grey(pixels, entry, file, window, invert, look)
    has_overlays = entry.instance.overlays and look.overlays
    masks = masks_of_frame(entry, file) if has_overlays else {}
    if entry.instance.shutter and look.shutter:
        picture, masks = _covered(picture, entry, file, masks)
    elif entry.instance.shutter:
        masks = _without_shutter(masks, file)
    return draw_masks(picture, masks) if masks else picture, applied


def _grey(
    pixels: NDArray[Any], entry: FrameEntry, file: BinaryIO, window: Window | None, invert: bool, look: Look
) -> tuple[Bytes, Window | None]:
    header = _header_if(entry.instance.modality_lut or (entry.instance.voi_lut and window is None), file)
    voi = _voi(pixels, entry, window, header)
    applied = Window(voi.center, voi.width, VoiFunction(voi.function)) if isinstance(voi, VoiWindow) else None
    transform = grey_transform(entry, invert, header, voi)
    return coloured(grey_of_stored(filtered(pixels, transform, look.filter), transform), look), applied


def _covered(
    picture: Bytes, entry: FrameEntry, file: BinaryIO, masks: Mapping[int, Mask]
) -> tuple[Bytes, Mapping[int, Mask]]:
    """Return the picture behind its shutter, and the overlays but for the one that is a shutter itself."""
    header = _header_if(True, file)
    try:
        shutter = shutter_of_frame(header, entry.frame)
    except (MemoryError, RecursionError):
        raise
    except Exception as error:  # values are parsed only now, and anything can be in them
        raise UnprocessableError("The shutter of this image is damaged.", "bad-shutter") from error
    if shutter is None:
        return picture, masks
    plane = None
    if shutter.overlay is not None:
        plane = overlay_plane(header, shutter.overlay, entry.instance, entry.frame, _cells_of(entry, file))
        if plane is None:
            # Shown without it, the picture would show what is meant to be covered.
            raise UnprocessableError("The overlay that covers a part of this image is missing.", "bad-shutter")
    rest = {group: mask for group, mask in masks.items() if group != shutter.overlay}
    return behind_shutter(picture, shutter, plane), rest


def _without_shutter(masks: Mapping[int, Mask], file: BinaryIO) -> Mapping[int, Mask]:
    """Return the overlays but for the one that is a shutter, which is not to be seen."""
    if not masks:
        return masks
    covering = integer_of(_header_if(True, file), "ShutterOverlayGroup")
    return {group: mask for group, mask in masks.items() if group != covering}


def masks_of_frame(entry: FrameEntry, file: BinaryIO) -> Mapping[int, Mask]:
    """Return the overlays of a stored frame, by group, as `overlay_masks` does."""
    return overlay_masks(_header_if(True, file), entry.instance, entry.frame, _cells_of(entry, file))


def _cells_of(entry: FrameEntry, file: BinaryIO) -> Callable[[], NDArray[Any]]:
    return lambda: decode_frame(file, entry.instance, entry.frame, every_bit=True)[0]


def grey_transform(
    entry: FrameEntry, invert: bool, header: Dataset, voi: VoiWindow | LookUpTable | None = None
) -> GreyTransform:
    """Return the transform of a frame; by default with a VOI that is yet to be chosen."""
    instance = entry.instance
    return GreyTransform(
        voi=full_range_window(None) if voi is None else voi,
        slope=entry.rescale.slope,
        intercept=entry.rescale.intercept,
        modality_lut=modality_lut(header) if instance.modality_lut else None,
        inverse=instance.is_inverse != invert,
        padding=instance.padding,
    )


def _header_if(wanted: bool, file: BinaryIO) -> Dataset:
    """Read the header again for its look-up tables: they are rare, and too large for the series table."""
    if not wanted:
        return _NO_HEADER
    file.seek(0)
    return read_header(file)


def _voi(pixels: NDArray[Any], entry: FrameEntry, window: Window | None, header: Dataset) -> VoiWindow | LookUpTable:
    if window is None:
        table = voi_lut(header, entry.frame)
        if table is not None:
            return table
        if entry.instance.bits_stored == 1:
            # Whether a mask is black or white must not depend on whether the other colour occurs in it.
            return full_range_window((0.0, 1.0))
        if not entry.windows:
            return full_range_window(value_range(pixels, grey_transform(entry, False, header)))
        window = entry.windows[0].window
    return VoiWindow(window.center, window.width, window.function)


def colour_of_frame(pixels: NDArray[Any], photometric_interpretation: str, entry: FrameEntry, file: BinaryIO) -> Bytes:
    """Return RGB of colour samples or palette indices."""
    if photometric_interpretation == "PALETTE COLOR":
        return palette_to_rgb(pixels, palette(_header_if(True, file)))
    if photometric_interpretation == "RGB":
        return to_8_bit(pixels, entry.instance.bits_stored)
    if photometric_interpretation in ("YBR_FULL", "YBR_FULL_422") and pixels.dtype.itemsize == 1:
        return ybr_full_to_rgb(pixels.view(np.uint8))
    raise UnprocessableError(f"Images in the colour space {photometric_interpretation} cannot be shown.")
