"""The Rendered Volume Response Module (PS3.18 annex K): the parameters that a rendered volume was made with."""

from __future__ import annotations

import struct
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

from pydicom.datadict import tag_for_keyword

from sightline.dicomweb.dicom_json import JsonDataset, attribute, sequence, tag_text, value_representation
from sightline.dicomweb.volume_parameters import Method, Resource, VolumeRequest
from sightline.kernels.geometry import Vector
from sightline.rendering.camera import Camera
from sightline.rendering.view import Window


def response_module(asked: VolumeRequest, camera: Camera, window: Window | None) -> JsonDataset:
    """Return the module: what was asked for, and what was chosen where nothing was.

    Parameters
    ----------
    asked : VolumeRequest
    camera : Camera
        Of the first picture, or of the middle of a swivel.
    window : Window, optional
        The one applied; None where it is a VOI LUT, or a volume rendering.
    """
    values: dict[str, Sequence[Any]] = {
        "ReformattingOperationType": [asked.resource.value],
        "RenderingMethod": [asked.method.value],
        "ViewpointPosition": camera.position,
        "ViewpointLookAtPoint": camera.look_at,
        "ViewpointUpDirection": camera.up,
    }
    if asked.resource is Resource.MPR and asked.slab is not None:
        values["MPRSlabThickness"] = [asked.slab]
    if window is not None and asked.method is not Method.VOLUME_RENDERED:
        values["VOILUTFunction"] = [window.function.value]
        values["WindowWidth"], values["WindowCenter"] = [window.width], [window.center]
    if asked.swivel is not None:
        values["SwivelRange"] = [asked.swivel]
    if asked.is_animated:
        values["AnimationStepSize"] = [asked.step_size(camera)]
        values["RecommendedAnimationRate"] = [asked.rate]
    module = {_tag(keyword): attribute(value_representation(keyword), listed) for keyword, listed in values.items()}
    if asked.curve:
        module[_tag("AnimationCurveSequence")] = sequence([_curve(asked.path(camera))])
    return dict(sorted(module.items()))


def _curve(points: Sequence[Vector]) -> JsonDataset:
    """Return an item of the Animation Curve Sequence (PS3.3 C.11.29)."""
    numbers = [value for point in points for value in point]
    return {
        _tag("NumberOfVolumetricCurvePoints"): attribute("UL", [len(points)]),
        _tag("VolumetricCurvePoints"): {
            "vr": "OD",
            "InlineBinary": b64encode(struct.pack(f"<{len(numbers)}d", *numbers)).decode(),
        },
    }


def _tag(keyword: str) -> str:
    tag = tag_for_keyword(keyword)
    assert tag is not None  # noqa: S101 - all keywords here are standard
    return tag_text(tag)
