"""What a request to store brings (PS3.18 sections 8.6.1 and 10.5.1): DICOM files, or metadata with bulk data.

A damaged body, or metadata that cannot be read at all, is refused as a whole. Everything else stands for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sightline.archive.identity import Identity
from sightline.dicomweb.multipart import Part, parse_multipart
from sightline.dicomweb.store_reasons import (
    CANNOT_UNDERSTAND,
    OTHER_STUDY,
    OUT_OF_RESOURCES,
    PROCESSING_FAILURE,
    UNREFERENCED,
    NotStoredError,
)
from sightline.errors import SightlineError, UnavailableError, UnprocessableError, UnsupportedMediaTypeError
from sightline.rendering.channel import Buffer
from sightline.web.negotiation import parse_media_type
from sightline.web.request import Request
from sightline.web.services import Services

DICOM, JSON, XML = "application/dicom", "application/dicom+json", "application/dicom+xml"
STORED_TYPES = (DICOM, JSON, XML)
"""Media types of single bodies, and of the parts of multipart/related, that can be stored."""
_METADATA = (JSON, XML)

File = tuple[Buffer, int | None]
"""A DICOM file, and a warning reason where something of what was sent is not in it."""


@dataclass(frozen=True)
class Candidate:
    """One instance of a request, or what should have been one.

    Parameters
    ----------
    identity : Identity or None
        What its metadata says that it is; None where only the file says so.
    make : callable
        Returns its DICOM file; raises `NotStoredError`.
    """

    identity: Identity | None
    make: Callable[[], File]


def candidates(request: Request, services: Services, study: str | None) -> list[Candidate]:
    """Return what is to be stored, in the order of the request.

    Raises
    ------
    UnsupportedMediaTypeError
        The body is of another type, or none of its parts is of the type that it should be.
    BadRequestError
        It is damaged, or its metadata cannot be read.
    """
    kind, options = parse_media_type(request.headers.get("Content-Type", ""))
    if kind == DICOM:
        return [_file(request.body)]
    if kind in _METADATA:
        return _composed(services, [Part({}, request.body)], [], kind, study)
    if kind != "multipart/related":
        names = ", ".join(STORED_TYPES)
        raise UnsupportedMediaTypeError(f"Send {names}, or multipart/related with parts of such a type.")
    declared = options.get("type", DICOM).lower()
    if declared != DICOM and declared not in _METADATA:
        raise UnsupportedMediaTypeError(f"Send parts of one of these types: {', '.join(STORED_TYPES)}.")
    parts = parse_multipart(request.body, options.get("boundary", ""))
    if declared == DICOM:
        return _files(parts)
    metadata = [part for part in parts if _type(part, "") == declared]
    if not metadata:
        raise UnsupportedMediaTypeError(f"None of the parts is {declared}.")
    taken = set(map(id, metadata))
    others = [part for part in parts if id(part) not in taken]
    return _composed(services, metadata, others, declared, study)


def _type(part: Part, default: str) -> str:
    return parse_media_type(part.headers.get("content-type", default))[0]


def _files(parts: Sequence[Part]) -> list[Candidate]:
    found = [_file(part.content) if _type(part, DICOM) == DICOM else None for part in parts]
    if not any(found):
        raise UnsupportedMediaTypeError(f"None of the parts is {DICOM}.")
    return [candidate or _refused(CANNOT_UNDERSTAND) for candidate in found]


def _file(content: Buffer) -> Candidate:
    return Candidate(None, lambda: (content, None))


def _refused(reason: int) -> Candidate:
    def make() -> File:
        raise NotStoredError(reason)

    return Candidate(None, make)


def _composed(
    services: Services, metadata: Sequence[Part], others: Sequence[Part], kind: str, study: str | None
) -> list[Candidate]:
    """Return the instances of metadata; their files are made by workers, one at a time, when they are asked for."""
    reply = services.engine.run(
        "sightline.dicomweb.store_tasks:read_metadata", {"xml": kind == XML}, [part.content for part in metadata]
    )
    bulk: dict[str, list[Part]] = {}
    for part in others:
        bulk.setdefault(part.headers.get("content-location", ""), []).append(part)
    found, used = [], set[str]()
    for said, content in zip(reply.values["instances"], reply.buffers, strict=True):
        identity = Identity(**said["identity"])
        used.update(said["locations"])
        parts = [part for location in said["locations"] for part in bulk.get(location, ())]
        found.append(Candidate(identity, partial(_compose, services, identity, content, parts, study)))
    unused = [part for location, parts in bulk.items() if location not in used for part in parts]
    return found + [_refused(UNREFERENCED) for _ in unused]


def _compose(services: Services, identity: Identity, content: Buffer, parts: Sequence[Part], study: str | None) -> File:
    """Have a worker make the DICOM file of one instance."""
    if not content:
        raise NotStoredError(CANNOT_UNDERSTAND)
    if study is not None and identity.study_instance_uid not in ("", study):
        raise NotStoredError(OTHER_STUDY)
    arguments = {"parts": [_said(part) for part in parts]}
    buffers = [content, *(part.content for part in parts)]
    try:
        reply = services.engine.run("sightline.dicomweb.store_tasks:compose_instance", arguments, buffers)
    except (UnavailableError, UnprocessableError) as error:
        raise NotStoredError(OUT_OF_RESOURCES) from error
    except SightlineError as error:
        raise NotStoredError(PROCESSING_FAILURE) from error
    if "failure" in reply.values:
        raise NotStoredError(int(reply.values["failure"]))
    return reply.buffers[0], reply.values["warning"]


def _said(part: Part) -> dict[str, Any]:
    kind, options = parse_media_type(part.headers.get("content-type", ""))
    return {
        "location": part.headers.get("content-location", ""),
        "type": kind,
        "syntax": options.get("transfer-syntax", ""),
    }
