"""What a file says of how its images are hung, played and measured. Runs in workers only."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pydicom import Dataset

from sightline.errors import UnprocessableError
from sightline.rendering.attributes import item_of, number_of, text_of, values_of
from sightline.rendering.series_table import Cine, Hanging, Uptake
from sightline.rendering.suv import factor_of

_PET = ("1.2.840.10008.5.1.4.1.1.128", "1.2.840.10008.5.1.4.1.1.130", "1.2.840.10008.5.1.4.1.1.128.1")
_SWEEPING = 1
_BREAST_VIEWS: Mapping[str, str] = MappingProxyType(
    {
        "399162004": "CC", "R-10242": "CC", "399368009": "MLO", "R-10226": "MLO", "399260004": "ML", "R-10224": "ML",
        "399352003": "LM", "R-10228": "LM", "399099002": "LMO", "R-10230": "LMO", "399188001": "SIO", "R-102D0": "SIO",
        "399196006": "FB", "R-10244": "FB", "399192008": "XCCL", "R-1024A": "XCCL", "399101009": "XCCM",
        "R-1024B": "XCCM",
    }
)  # fmt: skip
"""Code of a mammography view -> what ACR calls it (PS3.16 CID 4014; SNOMED CT, and SRT before it)."""


def cine_of(dataset: Dataset) -> Cine | None:
    """Return how frames follow each other (PS3.3 C.7.6.5), None where the object is no cine.

    Frame Time counts, then Frame Time Vector, whose first value is 0, then the rates.
    """
    display, rate = (number_of(dataset, keyword) for keyword in ("RecommendedDisplayFrameRate", "CineRate"))
    display = display if display and display > 0 else None
    time = number_of(dataset, "FrameTime")
    if time is None:
        steps = [float(step) for step in values_of(dataset.get("FrameTimeVector")) if step > 0]
        time = sum(steps) / len(steps) if steps else None
    if not time or time <= 0:
        rate = rate if rate and rate > 0 else display
        time = 1000 / rate if rate else None
    if time is None:
        return None
    return Cine(time, display, number_of(dataset, "PreferredPlaybackSequencing") == _SWEEPING)


def hanging_of(dataset: Dataset) -> Hanging:
    """Return what decides where images are hung."""
    shared = item_of(dataset, "SharedFunctionalGroupsSequence")
    anatomy = item_of(shared, "FrameAnatomySequence")
    laterality = (
        text_of(dataset, "ImageLaterality") or text_of(anatomy, "FrameLaterality") or text_of(dataset, "Laterality")
    )
    magnification = number_of(dataset, "EstimatedRadiographicMagnificationFactor")
    return Hanging(
        laterality=laterality if laterality in ("L", "R", "B") else "",
        view_position=text_of(dataset, "ViewPosition")[:16] or _breast_view(dataset),
        presentation_intent=text_of(dataset, "PresentationIntentType")[:16],
        contrast=bool(text_of(dataset, "ContrastBolusAgent") or dataset.get("ContrastBolusAgentSequence")),
        magnification=magnification if magnification and magnification > 0 else None,
    )


def uptake_of(dataset: Dataset) -> Uptake | None:
    """Return what makes uptake values, or why there are none; None where it is no PET image."""
    if text_of(dataset, "SOPClassUID") not in _PET:
        return None
    try:
        return Uptake(factor=factor_of(dataset))
    except UnprocessableError as error:
        return Uptake(reason=error.message)
    except (MemoryError, RecursionError):
        raise
    except Exception:  # values are parsed only now; the image itself can be shown all the same
        return Uptake(reason="There are no uptake values: an attribute that they need cannot be read.")


def _breast_view(dataset: Dataset) -> str:
    return _BREAST_VIEWS.get(text_of(item_of(dataset, "ViewCodeSequence"), "CodeValue"), "")
