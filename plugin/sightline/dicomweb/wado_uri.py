"""WADO-URI: one instance as a picture, a text or a DICOM file (PS3.18 chapter 9)."""

from __future__ import annotations

from collections.abc import Sequence

from sightline.access.grant import Verb
from sightline.archive.protocol import InstanceRecord
from sightline.dicomweb.frames import image_entry
from sightline.dicomweb.rendered import MAXIMUM_PICTURES, answer_pictures
from sightline.dicomweb.rendered_documents import answer_form, read_forms
from sightline.dicomweb.rendered_parameters import FORMATS
from sightline.dicomweb.rendered_sources import PictureSource
from sightline.dicomweb.retrieve import DICOM, retrieve_file
from sightline.dicomweb.wado_uri_parameters import UriRequest, parse_request
from sightline.errors import BadRequestError, NotFoundError, TooLargeError
from sightline.rendering.series_table import InstanceEntry
from sightline.rendering.view import FrameOf
from sightline.web.animations import ANIMATIONS
from sightline.web.negotiation import EXPLICIT_VR_LITTLE_ENDIAN, MediaType, negotiate
from sightline.web.request import Request, Response
from sightline.web.services import Services


def retrieve_uri(request: Request, services: Services) -> Response:
    """Answer ``GET /wado``.

    Without `contentType`, and where `Accept` has no wishes, an image is sent as JPEG (of several frames the first), a
    report as HTML, a document as PDF, and everything else as a DICOM file. Files need DOWNLOAD, all else VIEW.
    """
    asked = parse_request(request.args)
    record = services.archive.instance(request.grant, asked.study, asked.series, asked.instance)
    if asked.is_file:
        return _answer_file(request, services, asked, record)
    try:
        entry = image_entry(request, services, record)
    except NotFoundError:
        return _answer_other(request, services, asked, record)
    media_type = _negotiate(request, asked, _image_offers(asked, entry))
    if media_type.name == DICOM:
        return _answer_file(request, services, asked, record)
    sources = _sources(asked, entry, animated=media_type.name in ANIMATIONS)
    settings = asked.view_settings(entry.rows, entry.columns)
    return answer_pictures(request, services, asked.study, sources, media_type, settings)


def _negotiate(request: Request, asked: UriRequest, offers: Sequence[MediaType]) -> MediaType:
    return negotiate(request.headers.get("Accept", ""), asked.content_type or None, offers)


def _image_offers(asked: UriRequest, entry: InstanceEntry) -> list[MediaType]:
    """Return what an image can be sent as. Animations are sent to those who name them as `contentType` only.

    Browsers accept them where they expect a picture.
    """
    can_move = entry.number_of_frames > 1 and asked.frame is None and asked.content_type
    return [MediaType(name) for name in (*FORMATS, *(ANIMATIONS if can_move else ()), DICOM)]


def _sources(asked: UriRequest, entry: InstanceEntry, animated: bool) -> list[PictureSource]:
    if asked.frame is not None and entry.number_of_frames == 1:
        raise BadRequestError("'frameNumber' is for images of several frames; this has one.", "bad-frame-number")
    if (asked.frame or 1) > entry.number_of_frames:
        raise BadRequestError(
            f"'frameNumber' is {asked.frame}; the image has {entry.number_of_frames}.", "bad-frame-number"
        )
    numbers = range(1, entry.number_of_frames + 1) if animated else [asked.frame or 1]
    if len(numbers) > MAXIMUM_PICTURES:
        raise TooLargeError(f"These are {len(numbers)} frames; at most {MAXIMUM_PICTURES} are rendered at once.")
    return [
        PictureSource(asked.series, FrameOf(asked.instance, number), entry.frame_time, asked.presentation)
        for number in numbers
    ]


def _answer_other(request: Request, services: Services, asked: UriRequest, record: InstanceRecord) -> Response:
    """Answer with an instance that has no pixels."""
    if asked.of_pixels:
        raise BadRequestError(f"'{asked.of_pixels[0]}' is for images; this is none.", "no-image")
    try:
        forms = read_forms(request, services, record)
    except NotFoundError:
        forms = {}
    name = _negotiate(request, asked, [MediaType(name) for name in (*forms, DICOM)]).name
    if name == DICOM:
        return _answer_file(request, services, asked, record)
    return answer_form(request, record, name, forms[name])


def _answer_file(request: Request, services: Services, asked: UriRequest, record: InstanceRecord) -> Response:
    request.grant.require(Verb.DOWNLOAD, asked.study)
    if asked.of_pixels:
        raise BadRequestError(f"'{asked.of_pixels[0]}' is for pictures, not for DICOM files.", "no-picture")
    if "charset" in request.args:
        raise BadRequestError("'charset' is for texts; DICOM files are sent in their own.", "bad-charset")
    request.audit = "export"
    return retrieve_file(request, services, record, asked.transfer_syntax or EXPLICIT_VR_LITTLE_ENDIAN, asked.anonymize)
