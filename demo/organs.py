"""What lies inside the phantom's chest: heart, great vessels, airways, the vessels of the lungs, the upper abdomen."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import numpy.typing as npt

from demo import torso
from demo.canvas import Canvas, Ellipsoid, Tube, Vector
from demo.tissues import Tissue

LUNG = (Tissue.LUNG, Tissue.FISSURE)
NODULE_CENTRE: Vector = (-64.0, -14.0, 243.0)
"""Centre of the one finding: a nodule in the right upper lobe, 15 mm across."""

HEART_TURN, HEART_TILT = -38.0, -20.0


def chain(points: list[Vector], radii: list[float]) -> tuple[Tube, ...]:
    """Return the tubes that join some points."""
    pairs = zip(points, points[1:], radii, radii[1:], strict=False)
    return tuple(Tube(start, end, first, last) for start, end, first, last in pairs)


AORTA = chain(
    [
        (2, -18, 160), (-12, -24, 182), (-16, -24, 208), (-9, -16, 229), (6, 2, 238), (19, 20, 234),
        (24, 32, 220), (25, 36, 190), (23, 38, 130), (14, 34, 60), (8, 26, 0),
    ],
    [15, 16, 15.5, 14.5, 13.5, 13, 12.5, 12, 11.5, 11, 10.5],
)  # fmt: skip
ARCH_BRANCHES = (
    *chain([(-4, -10, 238), (-14, -8, 275), (-24, -2, 350)], [6.5, 6, 5]),
    *chain([(5, 0, 242), (10, -2, 285), (20, 4, 350)], [4.5, 4, 4]),
    *chain([(15, 12, 240), (24, 8, 280), (66, 2, 318)], [5.5, 5, 4.5]),
)
PULMONARY = (
    *chain([(18, -42, 158), (21, -36, 182), (22, -14, 199)], [14, 14, 13]),
    *chain([(22, -14, 199), (-6, 2, 197), (-40, 6, 192)], [11.5, 10.5, 9]),
    *chain([(22, -14, 199), (38, 8, 203), (46, 22, 192)], [11.5, 10, 8.5]),
)
VEINS = (
    *chain([(-27, -18, 165), (-27, -22, 220), (-22, -26, 262), (-34, -22, 350)], [10, 9.5, 8.5, 6.5]),
    *chain([(-22, -26, 262), (14, -36, 268), (40, -18, 350)], [7, 6.5, 6]),
    *chain([(-22, 2, 40), (-25, 0, 128)], [12, 11.5]),
)
TRACHEA = (
    *chain([(0, 8, 350), (-1, 12, 270), (-2, 17, 212)], [8.8, 8.6, 8.6]),
    *chain([(-2, 17, 212), (-24, 20, 190), (-44, 18, 176)], [7.4, 6.8, 5.4]),
    *chain([(-2, 17, 212), (20, 22, 190), (42, 26, 174)], [6.8, 6.2, 5.2]),
    *chain([(-30, 20, 186), (-52, 10, 206)], [4.6, 3.2]),
    *chain([(36, 25, 178), (54, 14, 200)], [4.2, 3.0]),
    *chain([(-44, 18, 176), (-60, 30, 140)], [4.6, 2.6]),
    *chain([(42, 26, 174), (62, 38, 138)], [4.4, 2.6]),
)
OESOPHAGUS = chain([(2, 29, 350), (4, 34, 240), (4, 36, 190), (10, 30, 110), (22, 16, 84)], [7, 7, 7.5, 7.5, 8])


def paint_mediastinum(canvas: Canvas) -> None:
    """Paint heart, great vessels, airways and gullet, from the back to the front of what covers what."""
    for tube in OESOPHAGUS:
        canvas.tube(tube, Tissue.SOFT)
        canvas.tube(Tube(tube.start, tube.end, 1.4, 1.6), Tissue.AIRWAY)
    for node in ((-16, 2, 222), (30, -2, 214), (-34, 12, 204), (2, 24, 196)):
        canvas.ellipsoid(Ellipsoid(node, (4.5, 3.5, 6)), Tissue.SOFT)
    _paint_heart(canvas)
    for tubes, tissue in ((VEINS, Tissue.VENOUS_BLOOD), (PULMONARY, Tissue.BLOOD)):
        _paint_vessels(canvas, tubes, tissue)
    _paint_vessels(canvas, (*AORTA, *ARCH_BRANCHES), Tissue.BLOOD)
    canvas.ellipsoid(Ellipsoid((15, 30, 234), (2, 5, 3), turn=30), Tissue.CALCIFICATION)
    for tube in TRACHEA:
        canvas.tube(tube.grown(1.5), Tissue.SOFT)
    for tube in TRACHEA:
        canvas.tube(tube, Tissue.AIRWAY)
    for side in (-1, 1):
        canvas.ellipsoid(Ellipsoid((side * 17, 2, 344), (9, 11, 18)), Tissue.THYROID)


def _paint_vessels(canvas: Canvas, tubes: tuple[Tube, ...], tissue: Tissue) -> None:
    for tube in tubes:
        canvas.tube(tube.grown(1.3), Tissue.SOFT, only=(*LUNG, Tissue.FAT))
    for tube in tubes:
        canvas.tube(tube, tissue)


def _paint_heart(canvas: Canvas) -> None:
    def part(centre: Vector, semi_axes: Vector) -> Ellipsoid:
        return Ellipsoid(centre, semi_axes, HEART_TURN, HEART_TILT)

    canvas.ellipsoid(part((20, -24, 134), (71, 53, 58)), Tissue.SOFT, only=LUNG)
    canvas.ellipsoid(part((20, -24, 134), (69.5, 51.5, 56.5)), Tissue.FAT)
    canvas.ellipsoid(part((14, -42, 132), (55, 27, 44)), Tissue.MYOCARDIUM)
    canvas.ellipsoid(part((13, -43, 133), (51, 23, 40)), Tissue.VENOUS_BLOOD)
    canvas.ellipsoid(part((36, -17, 126), (51, 33, 38)), Tissue.MYOCARDIUM)
    canvas.ellipsoid(part((33, -15, 128), (40, 21, 26)), Tissue.BLOOD)
    for x, y in ((46, -34), (50, -14)):
        canvas.ellipsoid(part((x, y, 122), (12, 4, 5)), Tissue.MYOCARDIUM)
    canvas.ellipsoid(part((-27, -12, 140), (22, 29, 33)), Tissue.VENOUS_BLOOD)
    canvas.ellipsoid(part((2, 14, 158), (33, 19, 24)), Tissue.BLOOD)
    for end in ((-44, 14, 158), (46, 20, 164)):
        canvas.tube(Tube((2, 14, 160), end, 7, 6), Tissue.BLOOD)
    coronary = chain([(8, -34, 165), (28, -50, 156), (52, -62, 132), (66, -60, 108)], [2.2, 2, 1.7, 1.3])
    for tube in coronary:
        canvas.tube(tube, Tissue.BLOOD)
    canvas.ellipsoid(Ellipsoid((22, -45, 159), (3.5, 1.8, 1.6), turn=-40), Tissue.CALCIFICATION)


def paint_lung_vessels(canvas: Canvas) -> None:
    """Paint the trees of both lungs, and the nodule."""
    for tube in lung_tree():
        canvas.tube(tube, Tissue.BLOOD, only=LUNG)
    canvas.ellipsoid(Ellipsoid(NODULE_CENTRE, (7.5, 7.0, 7.8)), Tissue.NODULE, only=LUNG)
    x, y, z = NODULE_CENTRE
    for index in range(7):
        turn = index * 2 * math.pi / 7
        tip = (x + 15 * math.cos(turn), y + 15 * math.sin(turn), z + 10 * math.sin(turn * 2 + 1))
        canvas.tube(Tube(NODULE_CENTRE, tip, 3.0, 0.3), Tissue.NODULE, only=LUNG)


_HEADINGS: tuple[Vector, ...] = (
    (0.6, -0.5, 0.8), (0.3, -0.1, 1.0), (0.8, 0.5, 0.5), (0.9, 0.0, 0.1),
    (0.9, -0.6, -0.2), (0.5, 0.7, -0.6), (0.5, 0.1, -1.0), (0.4, -0.7, 0.2),
)  # fmt: skip


@cache
def lung_tree() -> tuple[Tube, ...]:
    """Return arteries and veins of both lungs, grown from the hila; always the same ones."""
    random = np.random.default_rng(20_260_115)
    tubes: list[Tube] = []
    roots: tuple[tuple[Vector, float], ...] = (
        ((-42, 8, 190), 6.6), ((-44, 14, 160), 5.6), ((46, 22, 190), 6.4), ((46, 20, 164), 5.4),
    )  # fmt: skip
    for start, thickness in roots:
        side = math.copysign(1.0, start[0])
        for across, back, up in _HEADINGS:
            heading = np.array([side * across, back, up])
            _grow(np.array(start, dtype=np.float64), heading, thickness * 0.78, random, tubes)
    return tuple(tubes)


def _grow(
    start: npt.NDArray[np.float64],
    heading: npt.NDArray[np.float64],
    thickness: float,
    random: np.random.Generator,
    tubes: list[Tube],
) -> None:
    """Grow one branch and its two children until they are thin or leave the lung."""
    if thickness < 0.5:
        return
    heading = heading / np.linalg.norm(heading)
    end = start + heading * (5.5 + 3.1 * thickness) * random.uniform(0.8, 1.25)
    if not _in_lung(end):
        return
    tubes.append(Tube(_vector(start), _vector(end), thickness, thickness * 0.86))
    spread = random.normal(size=3)
    spread -= heading * (spread @ heading)
    spread /= np.linalg.norm(spread)
    for share, angle in ((random.uniform(0.78, 0.88), -0.38), (random.uniform(0.6, 0.78), 0.66)):
        turned = heading * math.cos(angle) + spread * math.sin(angle) + random.normal(scale=0.09, size=3)
        _grow(end, turned, thickness * share, random, tubes)


def _in_lung(point: npt.NDArray[np.float64]) -> bool:
    x, y, z = point.tolist()
    width, depth, centre = torso.cage(z)
    within = abs(x / width) ** 2.3 + abs((y - centre) / depth) ** 2.3 < 0.93
    return bool(within and z > float(torso.diaphragm(x, y)) + 2)


def _vector(point: npt.NDArray[np.float64]) -> Vector:
    x, y, z = point.tolist()
    return x, y, z


def paint_abdomen(canvas: Canvas, inside: npt.NDArray[np.bool_]) -> None:
    """Paint what lies below the diaphragm: liver, spleen, stomach, kidneys."""
    z = canvas.z
    if z > 116:
        return
    dome = torso.diaphragm(canvas.x, canvas.y)
    below = inside & (dome >= z) & (torso.radius(canvas, torso.cage(z)) < 0.985)
    canvas.paint(below & (dome < z + 3), Tissue.MUSCLE)
    under = below & (dome >= z + 3)
    edge = 34 - 0.5 * canvas.y - 0.25 * (60 - z) + 6 * np.sin(canvas.y / 17)
    back = 62 - 9 * ((canvas.x + 70) / 50) ** 2 + 0.2 * (z - 50)
    bed = (canvas.x / 34) ** 2 + ((canvas.y - torso.spine_y(z) + 4) / 34) ** 2
    canvas.paint(under & (canvas.x < edge) & (bed > 1) & (canvas.y < back), Tissue.LIVER)
    for tube in _LIVER_VESSELS:
        canvas.tube(tube, Tissue.LIVER_VESSEL, only=(Tissue.LIVER,))
    organs = (
        (Ellipsoid((96, 40, 58), (26, 42, 44), turn=-28), Tissue.SPLEEN),
        (Ellipsoid((64, -20, 50), (37, 36, 40)), Tissue.MUSCLE),
        (Ellipsoid((64, -20, 50), (33, 32, 36)), Tissue.STOMACH),
        (Ellipsoid((62, 46, 12), (22, 26, 34), turn=25), Tissue.KIDNEY),
        (Ellipsoid((-56, 50, 2), (22, 25, 32), turn=-25), Tissue.KIDNEY),
    )
    for shape, tissue in organs:
        only = (Tissue.FAT,) if tissue in (Tissue.SPLEEN, Tissue.KIDNEY) else (Tissue.FAT, Tissue.MUSCLE, Tissue.LIVER)
        canvas.ellipsoid(shape, tissue, only=only)
    gas = (canvas.labels == Tissue.STOMACH) & (canvas.y < -30 + 2 * np.sin(canvas.x / 6))
    canvas.paint(gas, Tissue.AIRWAY)


_LIVER_VESSELS = (
    *chain([(-24, 2, 88), (-58, -8, 72), (-98, -6, 52)], [4.6, 3.6, 1.6]),
    *chain([(-24, 0, 88), (-40, -36, 70), (-62, -62, 50)], [4.4, 3.4, 1.6]),
    *chain([(-22, -2, 88), (-2, -36, 66), (14, -60, 48)], [4.2, 3.2, 1.4]),
    *chain([(-14, -4, 20), (-44, -4, 36), (-84, 14, 42)], [5.5, 4.4, 2.0]),
    *chain([(-44, -4, 36), (-70, -40, 34), (-96, -52, 30)], [3.6, 2.8, 1.4]),
    *chain([(-44, -4, 36), (-84, 32, 24), (-104, 38, 20)], [3.4, 2.6, 1.2]),
)
