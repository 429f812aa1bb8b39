"""The wall of the phantom's chest: outline, fat, muscle, ribs, spine, shoulder girdle, lungs and diaphragm."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from demo.canvas import Canvas, Ellipsoid, Floats, Tube
from demo.tissues import Tissue

HEIGHT = 350.0
"""Length of the phantom in mm, from the upper abdomen (z = 0) to the root of the neck."""

RIB_SPACING = 27.0
_CROSS = tuple[float, float, float]


def body(z: float) -> _CROSS:
    """Return half width, half depth and centre y of the body's outline at height `z`, in mm."""
    width = np.interp(z, [0, 60, 150, 250, 295, 320, 338, 350], [154, 160, 166, 174, 186, 176, 122, 92])
    depth = np.interp(z, [0, 100, 200, 280, 320, 350], [112, 118, 114, 100, 84, 72])
    return float(width), float(depth), float(np.interp(z, [0, 250, 350], [4, 6, 14]))


def cage(z: float) -> _CROSS:
    """Return half width, half depth and centre y of the inside of the rib cage at height `z`, in mm."""
    width = np.interp(z, [0, 60, 120, 200, 250, 285, 310, 328, 342], [134, 140, 139, 130, 114, 92, 66, 40, 12])
    depth = np.interp(z, [0, 100, 200, 250, 290, 320, 342], [86, 93, 86, 74, 58, 40, 12])
    return float(width), float(depth), float(np.interp(z, [0, 200, 260, 342], [0, 2, 8, 24]))


def spine_y(z: float) -> float:
    """Return the y of the vertebral bodies' centres at height `z`: the back is round."""
    return 46 + 12 * math.sin(math.pi * (z + 40) / 420)


def diaphragm(x: float | Floats, y: float | Floats) -> Floats:
    """Return the height of the diaphragm's surface over (x, y): two domes, the right one higher."""
    right = 112 - 62 * (((x + 72) / 72) ** 2 + ((y - 4) / 92) ** 2)
    left = 98 - 62 * (((x - 74) / 72) ** 2 + ((y - 8) / 92) ** 2)
    return np.maximum(np.maximum(right, left), 8).astype(np.float32)


def radius(canvas: Canvas, cross: _CROSS, exponent: float = 2.3) -> Floats:
    """Return for each pixel how far out it is on a super-ellipse: 1 on its line, less inside."""
    width, depth, centre = cross
    horizontal = np.abs(canvas.x / width) ** exponent
    return ((horizontal + np.abs((canvas.y - centre) / depth) ** exponent) ** (1 / exponent)).astype(np.float32)


def paint_wall(canvas: Canvas) -> npt.NDArray[np.bool_]:
    """Paint skin, fat and muscle, and return the mask of the inside of the rib cage."""
    z = canvas.z
    outline, inner = body(z), cage(z)
    out = radius(canvas, outline, 2.5)
    depth = (1 - out) * (outline[0] + outline[1]) / 2
    canvas.paint(out <= 1, Tissue.SKIN)
    canvas.paint(depth > 2, Tissue.FAT)
    angle = np.arctan2(canvas.x / outline[0], (canvas.y - outline[2]) / outline[1])
    fat = 13 + 4 * np.cos(angle * 2 + math.pi) + 2.5 * np.sin(angle * 5 + z / 40)
    canvas.paint(depth > fat, Tissue.MUSCLE)
    planes = np.abs(np.mod(depth - fat + 3 * np.sin(angle * 7 + z / 25), 11) - 5.5) < 0.75
    canvas.paint(planes & (depth > fat + 4) & (depth < fat + 30), Tissue.FAT)
    if z > 205:
        armpit = 27 + 6 * np.cos(angle * 9) + (250 - z) * 0.15
        canvas.paint((depth > armpit) & (np.abs(np.sin(angle)) > 0.62), Tissue.FAT)
    within = radius(canvas, inner)
    for side in (-1, 1):
        flesh = ((canvas.x - side * 30) / 24) ** 2 + ((canvas.y - spine_y(z) - 34) / 17) ** 2
        canvas.paint((flesh <= 1) & (depth > fat), Tissue.MUSCLE)
        canvas.paint((flesh <= 1.12) & (flesh > 1) & (depth > fat), Tissue.FAT)
    _paint_ribs(canvas, within, inner)
    mask = within <= 1
    canvas.paint(mask, Tissue.FAT)
    return mask


def _paint_ribs(canvas: Canvas, within: Floats, inner: _CROSS) -> None:
    """Paint all ribs at once: slanting rings around the cage, a fixed distance apart, bone behind, cartilage before."""
    width, depth, centre = inner
    if min(width, depth) < 20:
        return
    outwards = (within - 1) * (width + depth) / 2 - 3.6
    angle = np.arctan2(np.abs(canvas.x) / width, (canvas.y - centre) / depth) / math.pi
    drop = 78 * np.minimum(angle, 0.74) ** 1.25 - 90 * np.maximum(angle - 0.74, 0)
    phase = (canvas.z + drop - 9) / RIB_SPACING
    number = np.round(phase)
    offset = (phase - number) * RIB_SPACING
    reach = np.where(number < 4, 0.5 + 0.06 * number, 0.95)
    ring = (outwards / 4.2) ** 2 + (offset / 7.0) ** 2
    here = (ring <= 1) & (angle > 0.11) & (angle < reach) & (number <= 12)
    canvas.paint(here & (angle < 0.74), Tissue.CORTICAL_BONE)
    canvas.paint(here & (angle < 0.74) & (ring < 0.42), Tissue.MARROW)
    canvas.paint(here & (angle >= 0.74), Tissue.CARTILAGE)


def paint_skeleton(canvas: Canvas) -> None:
    """Paint spine, breast bone, shoulder blades and collar bones."""
    _paint_vertebra(canvas)
    _paint_sternum(canvas)
    for side in (-1, 1):
        _paint_shoulder(canvas, side)


def _paint_vertebra(canvas: Canvas) -> None:
    z, y = canvas.z, spine_y(canvas.z)
    place = math.fmod(z + 6, RIB_SPACING) / RIB_SPACING
    scale = 1.18 - 0.36 * z / HEIGHT
    waist = 1 - 0.1 * math.sin(math.pi * min(1.0, place / 0.8))
    half = (18.5 * scale * waist, 14 * scale * waist)
    if place < 0.8:
        canvas.ellipse((0, y), half, Tissue.CORTICAL_BONE)
        if 0.04 < place < 0.76:
            canvas.ellipse((0, y), (half[0] - 1.6, half[1] - 1.6), Tissue.MARROW)
    else:
        canvas.ellipse((0, y), half, Tissue.CARTILAGE)
    back = y + half[1] + 8
    if 0.1 < place < 0.62:
        for side in (-1, 1):
            canvas.tube(Tube((side * 11, y + 10, z), (side * 12, back + 2, z), 3.6, 3.6), Tissue.CORTICAL_BONE)
            canvas.tube(Tube((side * 12, back + 3, z), (side * 36, back + 9, z), 4.2, 3.4), Tissue.CORTICAL_BONE)
            canvas.tube(Tube((side * 13, back + 3, z), (side * 34, back + 9, z), 2.2, 1.8), Tissue.MARROW)
    if place < 0.75:
        for side in (-1, 1):
            canvas.tube(Tube((side * 12, back + 3, z), (0, back + 13, z), 3.2, 3.4), Tissue.CORTICAL_BONE)
        length = 30 - 22 * abs(place - 0.3)
        canvas.tube(Tube((0, back + 13, z), (0, back + length, z), 3, 2.6), Tissue.CORTICAL_BONE)
        canvas.tube(Tube((0, back + 14, z), (0, back + length - 2, z), 1.3, 1.1), Tissue.MARROW)
    canvas.ellipse((0, back), (9.5, 8), Tissue.FAT)
    canvas.ellipse((0, back), (8, 6.8), Tissue.SPINAL_CANAL)


def _paint_sternum(canvas: Canvas) -> None:
    z = canvas.z
    if not 128 < z < 292:
        return
    _, depth, centre = cage(z)
    half = float(np.interp(z, [128, 150, 250, 262, 285, 292], [7, 15, 13, 22, 27, 22]))
    at = (0.0, centre - depth - 4)
    canvas.ellipse(at, (half, 6.4), Tissue.CORTICAL_BONE)
    canvas.ellipse(at, (half - 1.4, 5), Tissue.MARROW)


def _paint_shoulder(canvas: Canvas, side: int) -> None:
    blade = Ellipsoid((side * 112, 62, 252), (3.4, 46, 66), turn=side * 42, tilt=0)
    flesh = Ellipsoid(blade.centre, (13, 52, 76), turn=blade.turn)
    canvas.ellipsoid(flesh, Tissue.MUSCLE, only=(Tissue.FAT,))
    canvas.ellipsoid(blade, Tissue.CORTICAL_BONE, only=(Tissue.MUSCLE, Tissue.FAT))
    spine = Tube((side * 92, 82, 292), (side * 140, 46, 312), 4.5, 7)
    collar = Tube((side * 20, -52, 289), (side * 128, -6, 318), 8, 6.5)
    head = Ellipsoid((side * 150, 14, 318), (21, 21, 22))
    canvas.ellipsoid(Ellipsoid(head.centre, (34, 34, 40)), Tissue.MUSCLE, only=(Tissue.FAT,))
    for tube in (spine, collar):
        canvas.tube(tube, Tissue.CORTICAL_BONE)
        canvas.tube(tube.grown(-2.2), Tissue.MARROW)
    canvas.ellipsoid(head, Tissue.CORTICAL_BONE)
    canvas.ellipsoid(Ellipsoid(head.centre, (19, 19, 20)), Tissue.MARROW)


def paint_lungs(canvas: Canvas, inside: npt.NDArray[np.bool_]) -> None:
    """Paint the lungs: all of the cage above the diaphragm, but for the mediastinum and the spine's bed."""
    z = canvas.z
    pleura = radius(canvas, cage(z)) * 1.0
    width = float(np.interp(z, [60, 120, 180, 220, 270, 330], [34, 34, 30, 27, 25, 27]))
    middle = (canvas.x / width) ** 2 + ((canvas.y - 2) / 70) ** 2
    bed = (canvas.x / 27) ** 2 + ((canvas.y - spine_y(z) - 6) / 30) ** 2
    lung = inside & (pleura < 0.985) & (middle > 1) & (bed > 1) & (diaphragm(canvas.x, canvas.y) < z)
    canvas.paint(lung, Tissue.LUNG)
    oblique = np.abs((canvas.y - 20) * 0.62 + (z - 175) * 0.78) < 0.55 * max(1.0, canvas.spacing)
    horizontal = (np.abs(z - 176 - 0.05 * canvas.y) < 0.6 * max(1.0, canvas.spacing)) & (canvas.x < 0) & (canvas.y < 18)
    canvas.paint(lung & (oblique | horizontal), Tissue.FISSURE)


def paint_table(canvas: Canvas) -> None:
    """Paint the couch that the patient lies on."""
    top = 128 - (canvas.x / 34) ** 2 * 1.1
    outside = canvas.labels == Tissue.AIR
    for offset in (0, 22):
        line = np.abs(canvas.y - top - offset + offset * (canvas.x / 195) ** 2) < 1.6
        canvas.paint(outside & line & (np.abs(canvas.x) < 192), Tissue.TABLE)
