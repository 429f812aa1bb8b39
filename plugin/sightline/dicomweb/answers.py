"""How answers are made: JSON, multipart, single parts, and "you have that already"."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from itertools import repeat
from typing import Any

from sightline.archive.protocol import InstanceRecord
from sightline.dicomweb.dicom_json import MEDIA_TYPE, JsonDataset, encode
from sightline.dicomweb.multipart import MultipartWriter, Part
from sightline.dicomweb.native_xml import PART_TYPE, native_xml
from sightline.web.negotiation import MediaType
from sightline.web.request import Request, Response
from sightline.web.services import Services

JSON_OFFERS = (MediaType(MEDIA_TYPE), MediaType("application/json"))
XML_OFFER = MediaType("multipart/related", PART_TYPE)


def json_answer(value: Any, media_type: MediaType, status: int = 200) -> Response:
    """Answer with JSON."""
    return Response(encode(value), status, content_type=media_type.name)


def datasets_answer(datasets: Sequence[JsonDataset], media_type: MediaType) -> Response:
    """Answer with data sets as JSON, or as XML with one part for each (PS3.18 section 8.7.3.4).

    Nothing at all has no form in XML, since a multipart body has at least one part: it is 204 without a body.
    """
    if media_type != XML_OFFER:
        return json_answer(datasets, media_type)
    if not datasets:
        return Response(status=204)
    return multipart_answer([Part({"Content-Type": PART_TYPE}, native_xml(item)) for item in datasets], PART_TYPE)


def multipart_answer(parts: Sequence[Part], part_type: str) -> Response:
    """Answer with parts that are all there, as one buffer: the server then keeps the connection open."""
    writer = MultipartWriter()
    return Response(b"".join(writer.encode(parts)), content_type=writer.content_type(part_type))


def streamed_multipart_answer(parts: Iterable[Part], part_type: str) -> Response:
    """Answer with parts that are made while they are sent."""
    writer = MultipartWriter()
    pieces = (bytes(piece) for piece in writer.encode(parts))
    return Response(pieces, content_type=writer.content_type(part_type))


def entity_tag(records: Iterable[InstanceRecord], *variant: object) -> str:
    """Return an ETag that changes when any of the stored files, or the variant of the answer, does."""
    identities = sorted(f"{record.sop_instance_uid} {record.file.uuid}" for record in records)
    return sha256("\n".join([*identities, *map(str, variant)]).encode()).hexdigest()[:32]


def again_while_stored(
    request: Request,
    services: Services,
    records: Sequence[InstanceRecord],
    unchanged: Callable[[], bool],
    key: tuple[str, str],
    body: bytes,
) -> Callable[[], bytes | None] | None:
    """Keep a body, and return what gives it again while all files that it was made of are stored; None if it cannot.

    Parameters
    ----------
    records : sequence of InstanceRecord
        All that the body was made of.
    unchanged : callable
        Of `Archive.watch`, asked for before the records.
    key : tuple of (str, str)
        Name of the body in the cache, with the identities of the files in it.
    """
    sources = [services.archive.source(request.grant, record).path for record in records]
    paths = [path for path in sources if path is not None]
    if len(paths) < len(records):
        return None
    services.cache.put(key, body)

    def again() -> bytes | None:
        # os.access, since it is called hundreds of times and has no Python around it
        return services.cache.get(key) if unchanged() and all(map(os.access, paths, repeat(os.F_OK))) else None

    return again


def answer_unless_known(request: Request, tag: str, make: Callable[[], Response]) -> Response:
    """Answer 304 without a body where the client has this representation already, else make the answer."""
    tag = tag_under(request.grant.base_url, tag)
    known = request.if_none_match.contains_weak(tag) or request.if_none_match.star_tag
    answer = Response(status=304) if known else make()
    answer.set_etag(tag)
    answer.headers.add("Vary", "Accept")
    return answer


def tag_under(base_url: str, tag: str) -> str:
    """Return the ETag for callers who know us under that address: parts name their own (Content-Location)."""
    return sha256(f"{tag} {base_url}".encode()).hexdigest()[:32] if base_url else tag
