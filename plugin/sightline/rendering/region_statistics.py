"""What the values of a region of a frame say. Runs in workers only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from sightline.kernels.geometry import Floats, GeometryError
from sightline.kernels.grayscale import modality_values
from sightline.kernels.image_plane import ImagePlane
from sightline.kernels.regions import Ellipse, Mask, PlaneRegion, Polygon, Rectangle, Region, region_on_plane
from sightline.kernels.statistics import statistics
from sightline.rendering.appearance import grey_transform
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.codecs import decode_frame
from sightline.rendering.files import open_file
from sightline.rendering.headers import read_header
from sightline.rendering.measuring import Quantity
from sightline.rendering.series_table import FrameEntry, entry_from_argument
from sightline.rendering.tasks import frame_entry
from sightline.rendering.uptake_peak import peak_of
from sightline.rendering.values import SUV_UNIT

_COLOUR = "An image in colour has no single values, so there are no statistics."
_OUTSIDE = "Part of it lies outside of the image and is not counted."


def read_statistics(arguments: dict[str, Any], buffers: Sequence[Buffer], _fds: Sequence[int]) -> Reply:
    """Tell the statistics of a region of a frame, of modality values.

    Arguments: ``file``, ``entry`` and ``frame`` as `sightline.rendering.tasks:render_frame` has them; ``tool`` and
    ``points`` of the region as the viewer's findings have them; ``files`` and ``around``, the entries of the slices
    that the SUV peak is looked for in, nothing where there is none. The reply has ``quantities``; ``unit`` of the
    values; ``origin``, what values these are; ``reason`` why some or all numbers are missing, or null.
    """
    with open_file(arguments["file"], buffers) as file:
        entry = frame_entry(arguments, file)
        if not entry.instance.is_grey:
            return _reply((), "", "", _COLOUR)
        pixels, _ = decode_frame(file, entry.instance, entry.frame)
        file.seek(0)
        header = read_header(file) if entry.instance.modality_lut else Dataset()
    unit = "" if entry.instance.modality_lut else entry.rescale.unit
    origin = _origin(entry)
    try:
        shape = region_of_tool(arguments["tool"], arguments["points"], _spacing(entry))
        region = region_on_plane(shape, _plane(pixels, entry))
        quantities, reasons = _statistics(pixels, region, entry, header, unit)
        if entry.instance.uptake is not None:
            named = {quantity.name: quantity.value for quantity in quantities}
            uptake, why = _uptake(named, entry, lambda: _peak(arguments, buffers, entry, region.mask))
            quantities, reasons = (*quantities, *uptake), [*reasons, *why]
    except GeometryError as error:
        return _reply((), unit, origin, str(error))
    return _reply(quantities, unit, origin, " ".join(reasons))


def region_of_tool(tool: str, points: Sequence[Sequence[float]], spacing: tuple[float, float]) -> Region:
    """Return the region of a tool's points, on a plane whose patient coordinates are mm from the first pixel's centre.

    Parameters
    ----------
    tool : str
        rectangle, ellipse, circle, polygon or freehand.
    points : sequence of (column, row)
        (0, 0) is the outer corner of the first pixel.
    spacing : (float, float)
        Between rows, between columns: a circle is round where pixels have this shape.

    Raises
    ------
    GeometryError
        The region has no extent.
    """
    places = (np.asarray(points, np.float64) - 0.5) * [spacing[1], spacing[0]]
    return _REGIONS[tool](places)


def _rectangle(places: Floats) -> Region:
    low, high = places.min(axis=0), places.max(axis=0)
    across, down = high - low
    return Rectangle(_vector(low), (float(across), 0.0, 0.0), (0.0, float(down), 0.0))


def _ellipse(places: Floats) -> Region:
    first, second = (places[1] - places[0]) / 2, (places[3] - places[2]) / 2
    # The axes of the ellipse that these two are conjugate half diameters of; both themselves where at right angles.
    axes, lengths, _ = np.linalg.svd(np.stack([first, second], axis=1))
    centre = places.mean(axis=0)
    return Ellipse(_vector(centre), _vector(axes[:, 0] * lengths[0]), _vector(axes[:, 1] * lengths[1]))


def _circle(places: Floats) -> Region:
    radius = float(np.hypot(*(places[1] - places[0])))
    return Ellipse(_vector(places[0]), (radius, 0.0, 0.0), (0.0, radius, 0.0))


def _outline(places: Floats) -> Region:
    return Polygon(tuple(_vector(place) for place in places))


_REGIONS: Mapping[str, Callable[[Floats], Region]] = MappingProxyType(
    {"rectangle": _rectangle, "ellipse": _ellipse, "circle": _circle, "polygon": _outline, "freehand": _outline}
)


def _vector(place: Floats) -> tuple[float, float, float]:
    return float(place[0]), float(place[1]), 0.0


def _spacing(entry: FrameEntry) -> tuple[float, float]:
    return entry.pixel_spacing or (1.0, 1.0)


def _plane(pixels: NDArray[Any], entry: FrameEntry) -> ImagePlane:
    rows, columns = pixels.shape
    return ImagePlane((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), _spacing(entry), rows, columns)


def _statistics(
    pixels: NDArray[Any], region: PlaneRegion, entry: FrameEntry, header: Dataset, unit: str
) -> tuple[tuple[Quantity, ...], list[str]]:
    # Only what is in the region becomes a modality value: an image may be a hundred times as large.
    stored = pixels[region.mask]
    values = _without_padding(modality_values(stored, grey_transform(entry, False, header)), stored, entry)
    found = statistics(values, np.ones(values.shape, np.bool_), unit=unit, bins=1)
    numbers = [
        Quantity("mean", found.mean, unit),
        Quantity("minimum", found.minimum, unit),
        Quantity("maximum", found.maximum, unit),
        Quantity("median", found.median, unit),
        Quantity("pixels", found.count, "px"),
    ]
    if found.standard_deviation is not None:
        numbers.insert(1, Quantity("standardDeviation", found.standard_deviation, unit))
    reasons = [] if region.complete else [_OUTSIDE]
    if found.left_out:
        reasons.append(f"Of its {found.count + found.left_out} pixels, {found.left_out} are no image and not counted.")
    return tuple(numbers), reasons


def _uptake(
    numbers: Mapping[str, float], entry: FrameEntry, peak: Callable[[], float]
) -> tuple[list[Quantity], list[str]]:
    """Return uptake related to body weight of the values' mean and extremes, and the peak, or why there are none."""
    uptake = entry.instance.uptake
    if uptake is None or uptake.factor is None:
        return [], [uptake.reason] if uptake else []
    highest = max(numbers["minimum"] * uptake.factor, numbers["maximum"] * uptake.factor)
    told = [
        Quantity("suvMean", numbers["mean"] * uptake.factor, SUV_UNIT),
        Quantity("suvMaximum", highest, SUV_UNIT),
    ]
    try:
        return [*told, Quantity("suvPeak", peak(), SUV_UNIT)], []
    except GeometryError as error:
        return told, [f"There is no SUV peak: {error}"]


def _peak(arguments: Mapping[str, Any], buffers: Sequence[Buffer], entry: FrameEntry, mask: Mask) -> float:
    slices = [entry_from_argument(around) for around in arguments["around"]]
    places = [(frame.sop_instance_uid, frame.frame) for frame in slices]
    if (entry.sop_instance_uid, entry.frame) not in places:
        raise GeometryError("The slices beside this one are not known.")
    values = []
    for file_of, frame in zip(arguments["files"], slices, strict=True):
        with open_file(file_of, buffers) as file:
            values.append(_suv_of_frame(file, frame))
    return peak_of(slices, values, places.index((entry.sop_instance_uid, entry.frame)), mask)


def _suv_of_frame(file: BinaryIO, frame: FrameEntry) -> Floats:
    pixels, _ = decode_frame(file, frame.instance, frame.frame)
    factor = frame.instance.uptake.factor if frame.instance.uptake else None
    if factor is None or frame.instance.modality_lut:
        return np.full(pixels.shape, np.nan)
    return _without_padding(modality_values(pixels, grey_transform(frame, False, Dataset())), pixels, frame) * factor


def _without_padding(values: Floats, stored: NDArray[Any], entry: FrameEntry) -> Floats:
    padding = entry.instance.padding
    if padding is None:
        return values
    return np.where((stored >= padding[0]) & (stored <= padding[1]), np.nan, values)


def _origin(entry: FrameEntry) -> str:
    if entry.instance.modality_lut:
        return "stored values through the Modality LUT"
    return "stored values" if (entry.rescale.slope, entry.rescale.intercept) == (1, 0) else "rescaled stored values"


def _reply(quantities: Sequence[Quantity], unit: str, origin: str, reason: str) -> Reply:
    told = [quantity.to_json() for quantity in quantities]
    return Reply({"quantities": told, "unit": unit, "origin": origin, "reason": reason or None})
