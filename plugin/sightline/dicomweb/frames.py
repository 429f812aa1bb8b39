"""WADO-RS: frames as stored or native, and bulk data (PS3.18 sections 10.4.1.1.6 and 10.4.1.1.5)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

from pydicom.datadict import tag_for_keyword

from sightline.archive.protocol import FileSource, InstanceRecord
from sightline.dicomweb.answers import answer_unless_known, entity_tag
from sightline.dicomweb.attributes import bulk_data_url
from sightline.dicomweb.native_frames import Framing, NativeFrames, again, frame_length
from sightline.dicomweb.syntaxes import (
    FRAME_SYNTAXES,
    JPEG_BASELINE,
    MEDIA_TYPES,
    NATIVE,
    can_be_encoded,
    is_decodable,
    lossy_targets,
    offers,
)
from sightline.dicomweb.urls import record_url
from sightline.errors import BadRequestError, NotFoundError, UnprocessableError
from sightline.rendering.channel import Buffer
from sightline.rendering.files import file_argument
from sightline.rendering.quick_header import quick_entry
from sightline.rendering.series_table import InstanceEntry, instance_from_json, instance_to_json
from sightline.web.negotiation import EXPLICIT_VR_LITTLE_ENDIAN, MediaType, negotiate
from sightline.web.ranges import part_of
from sightline.web.request import Request, Response
from sightline.web.services import Services

OCTETS = "application/octet-stream"
PIXEL_DATA = "7FE00010"
_MAXIMUM_FRAMES = 1000
_PLACE = re.compile(r"[0-9A-F]{8}(\.[1-9]\d{0,5}\.[0-9A-F]{8})*")


def retrieve_frames(
    request: Request, services: Services, study: str, series: str, instance: str, frames: str
) -> Response:
    """Answer ``GET …/frames/{list}``: several parts, or the frame itself where one was asked for as such."""
    numbers = parse_frames(frames)
    unchanged = services.archive.watch(study)
    record = services.archive.instance(request.grant, study, series, instance)
    entry = _frame_entry(request, services, record)
    if missing := [number for number in numbers if number > entry.number_of_frames]:
        raise NotFoundError(f"There is no frame {missing[0]}; the instance has {entry.number_of_frames}.")
    return _answer_frames(request, services, record, entry, numbers, unchanged)


def retrieve_bulk_data(
    request: Request, services: Services, study: str, series: str, instance: str, place: str
) -> Response:
    """Answer ``GET …/bulkdata/{place}``, as metadata once named it. Encapsulated pixels come frame by frame."""
    if not _PLACE.fullmatch(place):
        raise NotFoundError("There is no such bulk data.")
    record = services.archive.instance(request.grant, study, series, instance)
    if place == PIXEL_DATA:
        entry = image_entry(request, services, record)
        if entry.transfer_syntax_uid not in NATIVE:
            return _answer_frames(request, services, record, entry, range(1, entry.number_of_frames + 1), None)
    types = [
        MediaType("multipart/related", OCTETS, EXPLICIT_VR_LITTLE_ENDIAN),
        MediaType(OCTETS, "", EXPLICIT_VR_LITTLE_ENDIAN),
    ]
    media_type = negotiate(request.headers.get("Accept", ""), request.args.get("accept"), types)

    def make() -> Response:
        buffers: list[Buffer] = []
        file = file_argument(services.archive.source(request.grant, record), buffers)
        reply = services.engine.run("sightline.dicomweb.bulk_data:bulk_value", {"file": file, "place": place}, buffers)
        url = bulk_data_url(record_url(services, record), place)
        return Framing([url], media_type).answer([bytes(reply.buffers[0])])

    return _in_parts(request, answer_unless_known(request, entity_tag([record], place, media_type), make), media_type)


def retrieve_linked_bulk_data(
    request: Request, services: Services, study: str, series: str, instance: str, path: str
) -> Response:
    """Answer ``GET …/bulk/{tag}/{item}/{tag}``, the addresses that metadata gives, as Orthanc's own plugin does."""
    return retrieve_bulk_data(request, services, study, series, instance, path.upper().replace("/", "."))


def retrieve_pixel_data(request: Request, services: Services, study: str, series: str, instance: str) -> Response:
    """Answer ``GET …/pixeldata`` (PS3.18 table 10.4.1-4): native pixels as one value, encapsulated ones frame by frame.

    Float and double pixels are meant as well.
    """
    record = services.archive.instance(request.grant, study, series, instance)
    keyword = image_entry(request, services, record).pixel_keyword
    return retrieve_bulk_data(request, services, study, series, instance, f"{tag_for_keyword(keyword):08X}")


def parse_frames(text: str) -> list[int]:
    """Return frame numbers of a comma-separated list, in its order. Raises `BadRequestError`."""
    if not re.fullmatch(r"[1-9]\d{0,8}(,[1-9]\d{0,8})*", text) or text.count(",") >= _MAXIMUM_FRAMES:
        raise BadRequestError(f"Frames are numbers from 1, separated by commas, at most {_MAXIMUM_FRAMES} at once.")
    return [int(number) for number in text.split(",")]


def image_entry(request: Request, services: Services, record: InstanceRecord) -> InstanceEntry:
    """Return how the pixels of exactly that stored file are encoded.

    The first question about a series asks for its table; what the table says of each file then holds for that file.

    Raises
    ------
    NotFoundError
        The instance has no pixels, or was replaced just now.
    """
    known = services.engine.known_instance(record)
    if known is not None:
        return known
    kept = services.cache.get(("image-entry", record.file.uuid))
    if kept is not None:
        return instance_from_json(json.loads(kept))
    table = services.engine.describe(request.grant, record.study_instance_uid, record.series_instance_uid)
    entries = {frame.instance.file_uuid: frame.instance for frame in table.frames}
    for uuid, entry in entries.items():
        services.cache.put(("image-entry", uuid), json.dumps(instance_to_json(entry)).encode())
    if record.file.uuid in entries:
        return entries[record.file.uuid]
    reason = dict(table.unreadable).get(record.sop_instance_uid)
    if reason:
        raise UnprocessableError(reason, "unreadable")
    raise NotFoundError("This instance has no frames, or has just been replaced.")


def _frame_entry(request: Request, services: Services, record: InstanceRecord) -> InstanceEntry:
    """Return how the pixels are encoded, without a worker where that can be told."""
    known = services.engine.known_instance(record)
    if known is not None:
        return known
    if services.cache.get(("image-entry", record.file.uuid)) is None:
        path = services.archive.source(request.grant, record).path
        entry = quick_entry(path, record) if path else None
        if entry is not None:
            return entry
    return image_entry(request, services, record)


def _answer_frames(
    request: Request,
    services: Services,
    record: InstanceRecord,
    entry: InstanceEntry,
    numbers: Sequence[int],
    unchanged: Callable[[], bool] | None,
) -> Response:
    """Answer with frames; with `unchanged`, so that the answer may be given again while nothing has changed."""
    accept = (request.headers.get("Accept", ""), request.args.get("accept"))
    media_type = negotiate(*accept, _frame_offers(entry, len(numbers) == 1, lossy_targets(*accept)))
    url = record_url(services, record)
    framing = Framing([f"{url}/frames/{number}" for number in numbers], media_type)

    def make() -> Response:
        source = services.archive.source(request.grant, record)
        native = _native_frames(source, entry, numbers, media_type.transfer_syntax)
        if native is None:
            contents = _converted_frames(services, source, entry, numbers, media_type.transfer_syntax)
            return framing.answer(contents)
        if unchanged is not None and source.path is not None:
            request.again = again(native, framing, unchanged)
        return framing.answer(native.read())

    tag = entity_tag([record], "frames", *numbers, media_type)
    return _in_parts(request, answer_unless_known(request, tag, make), media_type)


def _in_parts(request: Request, answer: Response, media_type: MediaType) -> Response:
    """Let the client read piece by piece what is no multipart body, whose boundary is another each time."""
    return answer if media_type.part else part_of(request, answer)


def _frame_offers(entry: InstanceEntry, single: bool, lossy: tuple[str, ...]) -> list[MediaType]:
    """Return what frames can be had as: as stored, native, and compressed; what is encapsulated under two names.

    Of several that a client likes equally the first is sent: so what is stored, under either name, comes before what
    has to be made of it.
    """
    stored = entry.transfer_syntax_uid
    made = [syntax for syntax in (*FRAME_SYNTAXES, *lossy) if syntax != stored and can_be_encoded(entry, syntax)]
    native = (EXPLICIT_VR_LITTLE_ENDIAN,) if is_decodable(stored) and stored not in NATIVE else ()
    kept = EXPLICIT_VR_LITTLE_ENDIAN if stored in NATIVE else stored
    found = offers(OCTETS, kept, (), single)
    if stored in MEDIA_TYPES:
        found += offers(MEDIA_TYPES[stored], stored, (), single)
    for syntax in (*native, *made):
        found += offers(OCTETS, syntax, (), single)
    for syntax in made:
        found += offers(MEDIA_TYPES[syntax], syntax, (), single)
    return found


def _native_frames(
    source: FileSource, entry: InstanceEntry, numbers: Sequence[int], syntax: str
) -> NativeFrames | None:
    """Return where the frames lie in the file, if that is all there is to do."""
    length = frame_length(entry)
    made = syntax in (*FRAME_SYNTAXES, JPEG_BASELINE) and syntax != entry.transfer_syntax_uid
    if length is None or made:
        return None
    start = entry.pixel_offset or 0
    return NativeFrames(source, tuple(start + (number - 1) * length for number in numbers), length)


def _converted_frames(
    services: Services, source: FileSource, entry: InstanceEntry, numbers: Sequence[int], syntax: str
) -> list[bytes]:
    """Have a worker cut, decode or encode the frames."""
    made = syntax in (*FRAME_SYNTAXES, JPEG_BASELINE) and syntax != entry.transfer_syntax_uid
    native = syntax == EXPLICIT_VR_LITTLE_ENDIAN
    task = "native_frames" if native else "encoded_frames" if made else "stored_frames"
    buffers: list[Buffer] = []
    arguments = {
        "file": file_argument(source, buffers),
        "instance": instance_to_json(entry),
        "frames": list(numbers),
        "syntax": syntax,
    }
    reply = services.engine.run(f"sightline.dicomweb.conversion:{task}", arguments, buffers)
    return [bytes(buffer) for buffer in reply.buffers]
