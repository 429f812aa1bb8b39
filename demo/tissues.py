"""Tissues of the phantom: what each looks like to a CT and to a PET scanner."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, auto

import numpy as np
import numpy.typing as npt


class Tissue(IntEnum):
    """Labels of the phantom, painted in this order of meaning and in any order of place."""

    AIR = 0
    TABLE = auto()
    SKIN = auto()
    FAT = auto()
    MUSCLE = auto()
    CORTICAL_BONE = auto()
    MARROW = auto()
    CARTILAGE = auto()
    SPINAL_CANAL = auto()
    LUNG = auto()
    FISSURE = auto()
    AIRWAY = auto()
    SOFT = auto()
    BLOOD = auto()
    VENOUS_BLOOD = auto()
    MYOCARDIUM = auto()
    LIVER = auto()
    LIVER_VESSEL = auto()
    SPLEEN = auto()
    THYROID = auto()
    KIDNEY = auto()
    STOMACH = auto()
    NODULE = auto()
    CALCIFICATION = auto()


@dataclass(frozen=True)
class Appearance:
    """Mean CT number in HU, its texture (standard deviation, HU), and the standardised uptake value of FDG."""

    hounsfield: float
    texture: float
    uptake: float


APPEARANCES: dict[Tissue, Appearance] = {
    Tissue.AIR: Appearance(-1000, 0, 0.0),
    Tissue.TABLE: Appearance(-420, 4, 0.0),
    Tissue.SKIN: Appearance(5, 8, 0.6),
    Tissue.FAT: Appearance(-102, 8, 0.25),
    Tissue.MUSCLE: Appearance(58, 11, 0.75),
    Tissue.CORTICAL_BONE: Appearance(760, 90, 0.8),
    Tissue.MARROW: Appearance(190, 55, 1.3),
    Tissue.CARTILAGE: Appearance(125, 25, 0.6),
    Tissue.SPINAL_CANAL: Appearance(22, 8, 1.4),
    Tissue.LUNG: Appearance(-862, 26, 0.45),
    Tissue.FISSURE: Appearance(-640, 20, 0.45),
    Tissue.AIRWAY: Appearance(-985, 4, 0.1),
    Tissue.SOFT: Appearance(42, 8, 1.1),
    Tissue.BLOOD: Appearance(265, 9, 1.6),
    Tissue.VENOUS_BLOOD: Appearance(165, 9, 1.6),
    Tissue.MYOCARDIUM: Appearance(112, 9, 4.2),
    Tissue.LIVER: Appearance(104, 9, 2.3),
    Tissue.LIVER_VESSEL: Appearance(158, 8, 1.7),
    Tissue.SPLEEN: Appearance(122, 9, 1.9),
    Tissue.THYROID: Appearance(172, 12, 1.5),
    Tissue.KIDNEY: Appearance(178, 14, 4.0),
    Tissue.STOMACH: Appearance(28, 14, 1.2),
    Tissue.NODULE: Appearance(48, 14, 9.5),
    Tissue.CALCIFICATION: Appearance(540, 40, 1.0),
}


def table(attribute: str) -> npt.NDArray[np.float32]:
    """Return one column of `APPEARANCES` as a look-up table indexed by label."""
    return np.array([getattr(APPEARANCES[tissue], attribute) for tissue in Tissue], dtype=np.float32)
