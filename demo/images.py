"""Pictures of the phantom: Hounsfield units of one CT slice, uptake values of the whole PET volume."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from demo import organs, torso
from demo.canvas import Canvas, Floats
from demo.tissues import Tissue, table

FIELD_OF_VIEW = 400.0
"""Side of every transverse slice, in mm."""

SEED = 20_260_115
_PET_BLUR_MM = 6.5
_LUNG_GRADIENT = 0.32


def labels(z: float, size: int) -> npt.NDArray[np.uint8]:
    """Return the tissues of the transverse slice at height `z` (mm), as (rows, columns) of `Tissue` values.

    Rows run from the front of the patient to the back, columns from right to left: the axes of an axial CT image.
    """
    canvas = Canvas(size, FIELD_OF_VIEW, z)
    inside = torso.paint_wall(canvas)
    torso.paint_lungs(canvas, inside)
    organs.paint_abdomen(canvas, inside)
    organs.paint_lung_vessels(canvas)
    organs.paint_mediastinum(canvas)
    torso.paint_skeleton(canvas)
    torso.paint_table(canvas)
    return canvas.labels


def hounsfield(index: int, slices: int, size: int) -> npt.NDArray[np.int16]:
    """Return slice `index` of a CT of so many `slices`, counted from below: (rows, columns) in HU.

    Textures, noise and a little blur are in it; the same arguments give the same values, always.
    """
    z = slice_height(index, slices)
    tissue = labels(z, size)
    random = np.random.default_rng((SEED, index, size))
    spacing = FIELD_OF_VIEW / size
    image = table("hounsfield")[tissue]
    rows = (np.arange(size, dtype=np.float32)[:, np.newaxis] + 0.5) * spacing - FIELD_OF_VIEW / 2
    # Lungs are denser where the patient lies on them.
    image = image + np.where(tissue == Tissue.LUNG, _LUNG_GRADIENT * (rows + 20), 0)
    grain = _smooth(random.standard_normal((size, size), dtype=np.float32), max(1, round(1.6 / spacing)))
    image = image + table("texture")[tissue] * grain / max(float(grain.std()), 1e-6)
    image = _smooth(image.astype(np.float32), 1)
    noise = _smooth(random.standard_normal((size, size), dtype=np.float32), 1)
    image = image + noise * (17 + 10 * _shoulders(z)) + _streaks(random, size) * _shoulders(z)
    rounded: npt.NDArray[np.int16] = np.clip(np.rint(image), -1024, 3071).astype(np.int16)
    return rounded


def slice_height(index: int, slices: int) -> float:
    """Return the height in mm of the middle of slice `index` of so many."""
    return (index + 0.5) * torso.HEIGHT / slices


def uptake(slices: int, size: int) -> npt.NDArray[np.float32]:
    """Return the standardised uptake values (g/ml) of the whole volume, from below: (slices, rows, columns)."""
    values = table("uptake")
    volume = np.stack([values[labels(slice_height(index, slices), size)] for index in range(slices)])
    spacings = (torso.HEIGHT / slices, FIELD_OF_VIEW / size, FIELD_OF_VIEW / size)
    for axis, spacing in enumerate(spacings):
        volume = _gaussian(volume, _PET_BLUR_MM / 2.355 / spacing, axis)
    random = np.random.default_rng((SEED, slices, size, 1))
    noise = random.standard_normal(volume.shape, dtype=np.float32)
    for axis in range(3):
        noise = _gaussian(noise, 0.8, axis)
    return np.maximum(volume + noise * 0.35 * np.sqrt(volume + 0.02), 0).astype(np.float32)


def _shoulders(z: float) -> float:
    """How much the shoulders weaken the beam at that height: 0 to 1."""
    return float(np.clip((z - 275) / 30, 0, 1))


def _streaks(random: np.random.Generator, size: int) -> Floats:
    """Return horizontal streaks, as between the shoulders."""
    lines = random.standard_normal((size, 1), dtype=np.float32) * 9
    return np.broadcast_to(lines, (size, size))


def _smooth(image: Floats, times: int) -> Floats:
    """Blur with the kernel 1-2-1 in both directions, edges repeated."""
    for _ in range(times):
        padded = np.pad(image, 1, mode="edge")
        down = (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4
        image = ((down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:]) / 4).astype(np.float32)
    return image


def _gaussian(volume: Floats, sigma: float, axis: int) -> Floats:
    """Blur along one axis; `sigma` in pixels."""
    reach = max(1, int(np.ceil(3 * sigma)))
    offsets = np.arange(-reach, reach + 1)
    kernel = np.exp(-0.5 * (offsets / max(sigma, 1e-3)) ** 2)
    kernel /= kernel.sum()
    padding = [(reach, reach) if index == axis else (0, 0) for index in range(volume.ndim)]
    padded = np.pad(volume, padding, mode="edge")
    length = volume.shape[axis]
    parts = (weight * padded.take(range(at, at + length), axis=axis) for at, weight in enumerate(kernel))
    return np.asarray(sum(parts), dtype=np.float32)
