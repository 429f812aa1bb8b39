"""What presentation states of a study are called, and for which images they are. Runs in workers only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydicom import Dataset, dcmread

from sightline.errors import NotFoundError, SightlineError
from sightline.kernels.grayscale import VoiWindow
from sightline.objects.presentation_state import (
    PRESENTATION_STATES,
    check_supported,
    read_area,
    read_references,
    read_rotation,
    read_voi,
)
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.files import open_file
from sightline.rendering.value_text import person

_LONGEST_TEXT = 1024
_MOST_IMAGES = 5000
_DAMAGED = "This presentation state is damaged and cannot be shown."


def list_presentations(arguments: dict[str, Any], buffers: Sequence[Buffer], _fds: Sequence[int]) -> Reply:
    """Say what presentation states are.

    Arguments: ``files``. The reply has ``documents``, in that order, each null for what is no presentation state, else
    ``label``, ``description``, ``author``, ``date``, ``time`` and ``software``, ``reason`` why it cannot be shown or
    null, ``rotation`` in degrees clockwise, ``flip``, ``mode`` (as Presentation Size Mode), and ``images``: ``series``,
    ``instance``, ``frames`` (empty: all), ``rows`` and ``columns`` of its picture in full size, and ``window``, the
    centre and the width that it is shown with, or null.
    """
    return Reply({"documents": [_told(file, buffers) for file in arguments["files"]]})


def _told(argument: dict[str, Any], buffers: Sequence[Buffer]) -> dict[str, Any] | None:
    with open_file(argument, buffers) as file:
        try:
            dataset = dcmread(file, force=True)
            if not str(dataset.get("SOPClassUID", "")).startswith(PRESENTATION_STATES):
                return None
            told = _named(dataset)
        except (MemoryError, RecursionError, NotFoundError):
            raise
        except Exception:  # anything can be in a file; one that is damaged does not hide the others
            return {"label": "", "images": [], "reason": _DAMAGED}
    try:
        check_supported(dataset)
        return {**told, **_shown(dataset), "reason": None}
    except (MemoryError, RecursionError):
        raise
    except SightlineError as error:
        return {**told, "images": [], "reason": error.message}
    except Exception:  # as above
        return {**told, "images": [], "reason": _DAMAGED}


def _named(dataset: Dataset) -> dict[str, Any]:
    texts = {
        "label": str(dataset.get("ContentLabel") or ""),
        "description": str(dataset.get("ContentDescription") or ""),
        "author": person(dataset.get("ContentCreatorName")),
        "date": str(dataset.get("PresentationCreationDate") or ""),
        "time": str(dataset.get("PresentationCreationTime") or ""),
        "software": str(dataset.get("Manufacturer") or ""),
    }
    return {name: text[:_LONGEST_TEXT] for name, text in texts.items()}


def _shown(dataset: Dataset) -> dict[str, Any]:
    rotation = read_rotation(dataset)
    images = []
    for reference in read_references(dataset)[:_MOST_IMAGES]:
        image = (reference.sop_instance_uid, reference.frames[0] if reference.frames else 1)
        height, width = read_area(dataset, image).size(rotation)
        voi = read_voi(dataset, image)
        images.append(
            {
                "series": reference.series_instance_uid,
                "instance": reference.sop_instance_uid,
                "frames": list(reference.frames),
                "rows": max(1, round(height)),
                "columns": max(1, round(width)),
                "window": [voi.center, voi.width] if isinstance(voi, VoiWindow) else None,
            }
        )
    areas = dataset.get("DisplayedAreaSelectionSequence") or [Dataset()]
    return {
        "rotation": rotation,
        "flip": str(dataset.get("ImageHorizontalFlip", "N")) == "Y",
        "mode": str(areas[0].get("PresentationSizeMode") or ""),
        "images": images,
    }
