"""WADO-RS: whole DICOM files of a study, a series or an instance (PS3.18 section 10.4.1.1.1).

What is stored leaves byte for byte where the client accepts it; else a worker puts it into another transfer syntax,
file by file while the answer is sent. As a ZIP archive the files come with a DICOMDIR (PS3.18 section 8.7.3.5).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

from sightline.archive.encoded import declared_transfer_syntax
from sightline.archive.protocol import InstanceRecord
from sightline.dicomweb.answers import answer_unless_known, entity_tag, multipart_answer, streamed_multipart_answer
from sightline.dicomweb.frames import image_entry
from sightline.dicomweb.instances import records_at
from sightline.dicomweb.multipart import Part
from sightline.dicomweb.partial import AcceptablePart, acceptable_part
from sightline.dicomweb.retrieve_archive import ZIP, archive_answer
from sightline.dicomweb.syntaxes import (
    ENCODABLE,
    IMPLICIT_VR_LITTLE_ENDIAN,
    can_be_encoded,
    is_decodable,
    lossy_targets,
    offers,
)
from sightline.dicomweb.urls import record_url
from sightline.errors import NotAcceptableError, NotFoundError, UnprocessableError
from sightline.objects.deidentification import METHOD, study_key
from sightline.rendering.channel import Buffer
from sightline.rendering.files import file_argument
from sightline.web.negotiation import EXPLICIT_VR_LITTLE_ENDIAN, MediaType, negotiate
from sightline.web.request import CONTENT_TYPE_LOST, Request, Response
from sightline.web.services import Services

DICOM = "application/dicom"
_HEAD_BYTES = 4096
_TARGETS = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)


def retrieve_instance(request: Request, services: Services, study: str, series: str, instance: str) -> Response:
    """Answer ``GET …/instances/{instance}``: multipart, or the file itself where it is asked for as such."""
    record = services.archive.instance(request.grant, study, series, instance)
    stored = _stored_syntax(request, services, record)
    media_type = _negotiate(request, services, [record], [stored], single=True)

    tag = entity_tag([record], "dicom", media_type)

    def make() -> Response:
        if media_type.name == ZIP:
            return _archive(request, services, [record], [stored], media_type.transfer_syntax, tag)
        part = _part(request, services, record, stored, media_type.transfer_syntax)
        if media_type.part:
            return multipart_answer([part], DICOM)
        answer = Response(bytes(part.content), content_type=part.headers["Content-Type"])
        answer.headers["Content-Location"] = part.headers["Content-Location"]
        return answer

    return answer_unless_known(request, tag, make)


def retrieve_file(
    request: Request, services: Services, record: InstanceRecord, syntax: str, deidentified: bool = False
) -> Response:
    """Answer with the DICOM file of an instance in that transfer syntax, ``*`` for as it is stored, and nothing else.

    De-identified, all instances of a study get UIDs that fit together, now and later.

    Raises
    ------
    NotAcceptableError
        It cannot be put into that syntax; the message names those that it can be put into.
    UnprocessableError
        It cannot be de-identified.
    """
    stored = _stored_syntax(request, services, record)
    wanted = f"{DICOM}; transfer-syntax={syntax}"
    chosen = _negotiate(request, services, [record], [stored], single=True, wanted=wanted)

    def make() -> Response:
        part = _part(request, services, record, stored, chosen.transfer_syntax)
        content = _deidentified(services, record, part.content) if deidentified else part.content
        return Response(bytes(content), content_type=part.headers["Content-Type"])

    variant = METHOD if deidentified else ""
    return answer_unless_known(request, entity_tag([record], "dicom", chosen, variant), make)


def _deidentified(services: Services, record: InstanceRecord, content: Buffer) -> Buffer:
    key = study_key(services.deidentification_key, record.study_instance_uid)
    arguments = {"file": {"buffer": 0}, "key": key.hex()}
    return services.engine.run("sightline.objects.deidentification:deidentify_file", arguments, [content]).buffers[0]


def retrieve_instances(request: Request, services: Services, study: str, series: str | None = None) -> Response:
    """Answer ``GET`` of a study or a series: one part for each instance."""
    records = records_at(request, services, study, series, None)
    stored = [_stored_syntax(request, services, record) for record in records]
    left_out = 0
    try:
        media_type = _negotiate(request, services, records, stored, single=False)
    except NotAcceptableError as refusal:
        if request.environ.get(CONTENT_TYPE_LOST):  # a 206 could not name its boundary
            raise
        indices, media_type = _acceptable_part(request, services, records, stored, refusal)
        left_out = len(records) - len(indices)
        records, stored = tuple(records[i] for i in indices), [stored[i] for i in indices]

    tag = entity_tag(records, "dicom", media_type, left_out)

    def make() -> Response:
        if media_type.name == ZIP:
            return _archive(request, services, records, stored, media_type.transfer_syntax, tag)
        # The first part is made before the status is sent, so that one can still say that it cannot be.
        made = _parts(request, services, records, stored, media_type.transfer_syntax)
        answer = streamed_multipart_answer(chain([next(made)], made), DICOM)
        if left_out:
            answer.status_code = 206
            reason = f"{left_out} of {left_out + len(records)} instances cannot be sent as wanted and are left out"
            answer.headers["Warning"] = f'299 Sightline "{reason}"'
        return answer

    return answer_unless_known(request, tag, make)


def _parts(
    request: Request, services: Services, records: Sequence[InstanceRecord], stored: Sequence[str], wanted: str
) -> Iterator[Part]:
    """Yield the parts in order, made as many at a time as there are workers: all are busy, and memory stays bounded."""
    size = max(1, services.configuration.workers.count)
    with ThreadPoolExecutor(size) as threads:
        for start in range(0, len(records), size):
            chunk = slice(start, start + size)
            yield from threads.map(
                lambda record, syntax: _part(request, services, record, syntax, wanted), records[chunk], stored[chunk]
            )


def _archive(
    request: Request,
    services: Services,
    records: Sequence[InstanceRecord],
    stored: Sequence[str],
    wanted: str,
    tag: str,
) -> Response:
    syntaxes = [syntax if wanted == _MIXED else wanted for syntax in stored]
    contents = (part.content for part in _parts(request, services, records, stored, wanted))
    return archive_answer(request, services, records, syntaxes, contents, tag)


def _zip_offers(kept: str, targets: Sequence[str]) -> list[MediaType]:
    return [MediaType(ZIP, "", syntax) for syntax in dict.fromkeys([kept, *targets])]


def _acceptable_part(
    request: Request,
    services: Services,
    records: Sequence[InstanceRecord],
    stored: Sequence[str],
    refusal: NotAcceptableError,
) -> AcceptablePart:
    """Return what can be sent in parts although not all can; an archive is whole or refused."""

    def can_encode(index: int, syntax: str) -> bool:
        return _all_encodable(request, services, [records[index]], [stored[index]], syntax)

    accept = request.headers.get("Accept", "")
    try:
        return acceptable_part(accept, request.args.get("accept"), DICOM, stored, can_encode)
    except NotAcceptableError:
        raise refusal from None


_MIXED = "as stored"


def _negotiate(
    request: Request,
    services: Services,
    records: Sequence[InstanceRecord],
    stored: Sequence[str],
    single: bool,
    wanted: str | None = None,
) -> MediaType:
    """Choose between what is stored (one syntax, or several as a whole) and what can be made of all of it.

    Whether pixels can be compressed is looked up only when somebody wants that.
    """
    kept = stored[0] if len(set(stored)) == 1 else _MIXED
    accept = (request.headers.get("Accept", ""), wanted or request.args.get("accept"))
    made = (*ENCODABLE, *lossy_targets(*accept))
    targets = (*_TARGETS, *made) if all(is_decodable(syntax) for syntax in stored) else ()
    while True:
        types = [*offers(DICOM, kept, targets, single), *_zip_offers(kept, targets)]
        chosen = negotiate(*accept, types)
        syntax = chosen.transfer_syntax
        if syntax == kept or syntax not in made or _all_encodable(request, services, records, stored, syntax):
            return chosen
        targets = tuple(target for target in targets if target != syntax)


def _all_encodable(
    request: Request, services: Services, records: Sequence[InstanceRecord], stored: Sequence[str], syntax: str
) -> bool:
    """Whether every instance is in that syntax already or can be put into it; what is no image cannot."""
    others = (record for record, own in zip(records, stored, strict=True) if own != syntax)
    try:
        return all(can_be_encoded(image_entry(request, services, record), syntax) for record in others)
    except (NotFoundError, UnprocessableError):
        return False


def _part(request: Request, services: Services, record: InstanceRecord, stored: str, wanted: str) -> Part:
    """Make the part of one instance: the stored file, or another made of it."""
    syntax = stored if wanted == _MIXED else wanted
    headers = {
        "Content-Type": f"{DICOM}; transfer-syntax={syntax}",
        "Content-Location": record_url(services, record),
    }
    if syntax == stored:
        return Part(headers, services.archive.read(request.grant, record))
    buffers: list[Buffer] = []
    file = file_argument(services.archive.source(request.grant, record), buffers)
    reply = services.engine.run("sightline.dicomweb.conversion:convert_file", {"file": file, "syntax": syntax}, buffers)
    return Part(headers, bytes(reply.buffers[0]))


def _stored_syntax(request: Request, services: Services, record: InstanceRecord) -> str:
    """Return the transfer syntax that the meta header of the stored file declares."""
    kept = services.cache.get(("transfer-syntax", record.file.uuid))
    if kept is None:
        kept = declared_transfer_syntax(_head(request, services, record)).encode()
        services.cache.put(("transfer-syntax", record.file.uuid), kept)
    return kept.decode()


def _head(request: Request, services: Services, record: InstanceRecord) -> bytes:
    source = services.archive.source(request.grant, record)
    if source.path is None:
        return (source.content or b"")[:_HEAD_BYTES]
    try:
        with Path(source.path).open("rb") as file:
            return file.read(_HEAD_BYTES)
    except FileNotFoundError:
        raise NotFoundError("The instance has just been removed or replaced.") from None
