"""WADO-RS: rendered reports and documents (PS3.18 table 8.7.4-1, media types of text and PDF)."""

from __future__ import annotations

from sightline.archive.protocol import InstanceRecord
from sightline.dicomweb.answers import answer_unless_known, entity_tag
from sightline.dicomweb.rendered_parameters import check_charset
from sightline.rendering.channel import Buffer
from sightline.rendering.files import file_argument
from sightline.web.negotiation import MediaType, negotiate
from sightline.web.request import Request, Response
from sightline.web.services import Services

_TEXT = ("text/html", "text/plain")


def retrieve_document(request: Request, services: Services, record: InstanceRecord) -> Response:
    """Answer ``GET …/rendered`` of an instance without pixels: HTML or text of a report, or a PDF document.

    Raises
    ------
    NotFoundError
        It is neither.
    NotAcceptableError
        The client wants it as something else.
    """
    forms = read_forms(request, services, record)
    offers = [MediaType(name) for name in forms]
    name = negotiate(request.headers.get("Accept", ""), request.args.get("accept"), offers).name
    return answer_form(request, record, name, forms[name])


def read_forms(request: Request, services: Services, record: InstanceRecord) -> dict[str, bytes]:
    """Return what people read of an instance by media type, best first. Raises `NotFoundError` if it has nothing."""
    buffers: list[Buffer] = []
    arguments = {"file": file_argument(services.archive.source(request.grant, record), buffers)}
    reply = services.engine.run("sightline.objects.documents:read_document", arguments, buffers)
    return dict(zip(reply.values["media_types"], map(bytes, reply.buffers), strict=True))


def answer_form(request: Request, record: InstanceRecord, name: str, content: bytes) -> Response:
    """Answer with one form of a document; texts are in UTF-8."""
    if name in _TEXT:
        check_charset(request.args)
    content_type = f"{name}; charset=utf-8" if name in _TEXT else name
    tag = entity_tag([record], name)
    return answer_unless_known(request, tag, lambda: Response(content, content_type=content_type))
