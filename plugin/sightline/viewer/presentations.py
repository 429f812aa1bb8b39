"""Presentation states: those of anybody are listed, and what a reader sees is stored as one.

``GET …/presentations`` answers with ``mayAnnotate`` and ``presentations``, the latest first: ``series`` and
``instance``, ``ours``, and what `sightline.objects.presentation_listing` tells of each.

``POST …/presentations`` takes ``shown`` (``series``, ``instance``, ``frame``); ``whole``, whether it is for all images
of the series that it fits, rather than for that frame alone; ``name``; ``window`` (``center``, ``width``,
``voiFunction``) or null for the file's own VOI LUT; ``invert``; ``turn`` (``quarters`` clockwise after ``mirrored``);
``area``, left, top, right and bottom in pixels from the outer corner of the first one; ``magnification`` in pixels of
the display for one of the image, or null to scale to fit; ``overlays`` and ``shutter``; and ``graphics``, each with
``instance``, ``frame``, ``tool``, ``points``, ``text`` and ``at``. It answers 201 with ``series`` and ``instance`` of
what was stored.
"""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_OID, uuid4, uuid5

from sightline import __version__
from sightline.access.grant import Verb
from sightline.archive.upload import examine
from sightline.errors import ConflictError, NotFoundError, UnprocessableError
from sightline.rendering.channel import Buffer
from sightline.rendering.files import file_argument
from sightline.rendering.series_table import FrameEntry, SeriesTable
from sightline.viewer.captures import numbers_of, storing
from sightline.viewer.key_documents import OURS, read_objects
from sightline.viewer.key_images import author_of
from sightline.viewer.presentation_request import PresentationRequest, reference
from sightline.web.json_answer import answer_json
from sightline.web.json_body import read_json
from sightline.web.request import Request, Response
from sightline.web.services import Services

LARGEST_BODY = 1 << 20
"""Bytes."""
MODALITY = "PR"


def presentations(request: Request, services: Services, study: str) -> Response:
    """Answer with the presentation states of a study."""
    task = "sightline.objects.presentation_listing:list_presentations"
    found = read_objects(services, request.grant, study, MODALITY, task)
    rows = [{**row, "ours": row.get("software") == OURS} for row in found]
    return answer_json({"mayAnnotate": request.grant.allows(Verb.ANNOTATE, study), "presentations": rows})


def store(request: Request, services: Services, study: str) -> Response:
    """Store what a reader sees.

    Raises
    ------
    BadRequestError
        The body is not what it has to be.
    NotFoundError
        The frame is not in this study.
    UnprocessableError
        It is none that a grayscale presentation state can be for.
    """
    grant = request.grant.on_study(study)
    body = PresentationRequest(read_json(request, LARGEST_BODY))
    series, instance, frame = body.frame("shown")
    table = services.engine.describe(grant, study, series)
    entry = table.frame(instance, frame)
    if entry is None:
        raise NotFoundError("The image that was shown is not in this study.", "no-frame")
    if not entry.instance.is_grey:
        raise UnprocessableError(
            "This image has colours; only presentations of grayscale images can be stored.", "colour-image"
        )
    record = services.archive.instance(grant, study, series, instance)
    buffers: list[Buffer] = []
    now = services.clock().astimezone()
    new_series = f"2.25.{uuid5(NAMESPACE_OID, f'presentations {study} {grant.author}').int}"
    window = body.window()
    arguments = {
        "file": file_argument(services.archive.source(grant, record), buffers),
        "entry": entry.argument,
        "images": _images(table, entry, body.flag("whole"), window is None),
        "image_series": series,
        **body.named(),
        "author": author_of(grant).name,
        "window": window,
        "invert": body.flag("invert"),
        **body.turn(),
        "area": body.area(entry.instance.rows, entry.instance.columns),
        "magnification": body.magnification(),
        "overlays": body.flag("overlays"),
        "shutter": body.flag("shutter"),
        "graphics": body.graphics(table),
        "instance": f"2.25.{uuid4().int}",
        "series": new_series,
        **numbers_of(services, grant, study, new_series),
        "date": f"{now:%Y%m%d}",
        "time": f"{now:%H%M%S.%f}",
        "timezone": f"{now:%z}",
        "version": __version__,
    }
    reply = services.engine.run("sightline.objects.presentation_writing:make_presentation", arguments, buffers)
    if reply.values["study"] != study:
        raise ConflictError("The image that was shown says that it is of another study.", "other-study")
    result = services.archive.store(storing(grant), examine(bytes(reply.buffers[0])))
    answer = {"series": result.series_instance_uid, "instance": result.sop_instance_uid}
    return answer_json(answer, 201)


def _images(table: SeriesTable, shown: FrameEntry, whole: bool, own_lut: bool) -> list[dict[str, Any]]:
    """Return the images that a presentation is for: those whose values and pixels mean the same as of the one shown.

    One Modality LUT stands for all of them, so that images with another rescale, as of PET, are not among them.
    """
    if not whole:
        return [reference(shown.sop_instance_uid, shown, [shown.frame])]
    alike = [frame for frame in table.frames if _kind(frame, own_lut) == _kind(shown, own_lut)]
    frames: dict[str, list[FrameEntry]] = {}
    for frame in alike:
        frames.setdefault(frame.sop_instance_uid, []).append(frame)
    return [reference(uid, found[0], [frame.frame for frame in found]) for uid, found in frames.items()]


def _kind(frame: FrameEntry, own_lut: bool) -> tuple[Any, ...]:
    instance = frame.instance
    own_table = instance.sop_instance_uid if instance.modality_lut or instance.shutter else ""
    voi_table = (instance.voi_lut_digest or instance.sop_instance_uid) if own_lut else ""
    size = (instance.rows, instance.columns, frame.pixel_spacing, instance.pixel_aspect_ratio)
    return (*size, instance.is_grey, instance.is_inverse, frame.rescale, own_table, voi_table)
