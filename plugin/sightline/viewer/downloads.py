"""A study as a ZIP archive of DICOM files: as they are stored, or de-identified."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from sightline.access.grant import Grant
from sightline.archive.encoded import declared_transfer_syntax
from sightline.archive.protocol import InstanceRecord
from sightline.errors import BadRequestError, NotFoundError, UnprocessableError
from sightline.objects.burned_in import Risk
from sightline.objects.deidentification import Choices, study_key
from sightline.rendering.channel import Buffer
from sightline.rendering.files import file_argument
from sightline.rendering.view import FrameOf, View
from sightline.viewer.download_choices import DownloadChoices
from sightline.viewer.studies import series_row, series_rows
from sightline.web.json_answer import answer_json
from sightline.web.request import Request, Response
from sightline.web.services import Services
from sightline.web.zip_writing import zip_pieces

PICTURE_SIZE = 640
LEFT_OUT = "LEFT-OUT.txt"
"""Entry that lists which files are not in the archive, and why; only where there are such."""

_HEAD_BYTES = 4096
_EXPLICIT, _RLE = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.5"
_NATIVE = frozenset({"1.2.840.10008.1.2", _EXPLICIT, "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"})
_CONVERT = "sightline.dicomweb.conversion:convert_file"
_DEIDENTIFY = "sightline.objects.deidentification:deidentify_file"
_PREVIEW = "sightline.objects.deidentification_preview:preview_file"


def size(request: Request, services: Services, study: str) -> Response:
    """Say how many files a study has, and how large they are together."""
    records = [record for _, records in _series(services, request.grant, study) for record in records]
    return answer_json({"files": len(records), "bytes": sum(record.file.size for record in records)})


def files(request: Request, services: Services, study: str) -> Response:
    """Send all files as they are stored, one after the other."""
    series = _series(services, request.grant, study)
    entries = ((name, services.archive.read(request.grant, record)) for name, record in _named(series))
    return _archive(zip_pieces(entries), "dicom.zip")


def preview(request: Request, services: Services, study: str) -> Response:
    """Say for each series what would become of one of its files, and whether its pixels may name the patient."""
    choices = DownloadChoices.parse(request.args)
    rows = {row["SeriesInstanceUID"]: series_row(row) for row in series_rows(services, request.grant, study)}
    if not rows:
        raise NotFoundError("There is no such study here. It may have been deleted.")
    told = [
        {**_told(row), **_preview(services, request.grant, study, uid, choices), "picture": None}
        for uid, row in rows.items()
    ]
    for series in told:
        if series["pictures"] and series["risk"] != Risk.NONE:
            series["picture"] = _picture(services, request.grant, study, series["uid"])
    return answer_json({"series": told})


def anonymised(request: Request, services: Services, study: str) -> Response:
    """Send the files de-identified (PS3.15 E.1), with new UIDs that fit together; decisions stand in the query.

    Every series whose pixels may name the patient needs a decision. A single file that turns out to need one that its
    series did not get is left out, and so is what cannot be de-identified; an entry of the archive lists these.

    Raises
    ------
    UnprocessableError
        ``undecided``: names the series that nobody has decided about.
    """
    choices = DownloadChoices.parse(request.args)
    series = [(uid, records) for uid, records in _series(services, request.grant, study) if uid not in choices.left_out]
    if not series:
        raise BadRequestError("Nothing is left to be downloaded.", "nothing-left")
    for uid, _ in series:
        told = _preview(services, request.grant, study, uid, choices)
        if told["risk"] != Risk.NONE and uid not in choices.looked_at and told["refusal"] is None:
            raise UnprocessableError(
                f"Decide about series {uid}: its pixels may name the patient. Leave it out, or look at it.", "undecided"
            )
    return _archive(zip_pieces(_deidentified(services, request.grant, study, series, choices)), "anonymised.zip")


def _deidentified(
    services: Services,
    grant: Grant,
    study: str,
    series: Sequence[tuple[str, Sequence[InstanceRecord]]],
    choices: DownloadChoices,
) -> Iterator[tuple[str, bytes]]:
    """Yield the entries of the archive, made as many at a time as there are workers."""
    key, count = study_key(services.deidentification_key, study), max(1, services.configuration.workers.count)
    named, left_out = list(_named(series)), []

    def make(entry: tuple[str, InstanceRecord]) -> bytes | str:
        try:
            return _one(services, grant, entry[1], key, choices.of(entry[1].series_instance_uid))
        except (UnprocessableError, NotFoundError) as error:
            return error.message

    with ThreadPoolExecutor(count) as threads:
        for start in range(0, len(named), count):
            batch = named[start : start + count]
            for (name, _), made in zip(batch, threads.map(make, batch), strict=True):
                if isinstance(made, str):
                    left_out.append(f"{name}: {made}")
                else:
                    yield name, made
    if left_out:
        yield LEFT_OUT, ("\n".join(left_out) + "\n").encode()


def _one(services: Services, grant: Grant, record: InstanceRecord, key: bytes, choices: Choices) -> bytes:
    """De-identify one file. What is to be blacked out is decoded first, and compressed again without loss after."""
    content: Buffer = services.archive.read(grant, record)
    syntax = declared_transfer_syntax(bytes(content[:_HEAD_BYTES]))
    if choices.blanked:
        content = services.engine.run(_CONVERT, {"file": {"buffer": 0}, "syntax": _EXPLICIT}, [content]).buffers[0]
    arguments = {"file": {"buffer": 0}, "key": key.hex(), "choices": choices.to_json()}
    content = services.engine.run(_DEIDENTIFY, arguments, [content]).buffers[0]
    if choices.blanked and syntax not in _NATIVE:
        content = services.engine.run(_CONVERT, {"file": {"buffer": 0}, "syntax": _RLE}, [content]).buffers[0]
    return bytes(content)


def _preview(services: Services, grant: Grant, study: str, series: str, choices: DownloadChoices) -> Mapping[str, Any]:
    """Have a worker look at one file of a series."""
    buffers: list[Buffer] = []
    record = services.archive.any_instance(grant, study, series)
    file = file_argument(services.archive.source(grant, record), buffers)
    key = study_key(services.deidentification_key, study)
    arguments = {"file": file, "key": key.hex(), "choices": choices.of(series).to_json()}
    try:
        return services.engine.run(_PREVIEW, arguments, buffers).values
    except UnprocessableError as error:
        return {"risk": Risk.LIKELY, "refusal": error.message, "changes": []}


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("uid", "number", "description", "modality", "instances", "pictures")}


def _picture(services: Services, grant: Grant, study: str, series: str) -> str | None:
    """Return the address of a picture of the series' middle, to see what is written in it."""
    try:
        frames = services.engine.describe(grant, study, series).frames
    except (UnprocessableError, NotFoundError):
        return None
    if not frames:
        return None
    entry = frames[len(frames) // 2]
    view = View(study, series, FrameOf(entry.sop_instance_uid, entry.frame))
    return replace(view, max_size=PICTURE_SIZE).path().removeprefix("/")


def _series(services: Services, grant: Grant, study: str) -> list[tuple[str, Sequence[InstanceRecord]]]:
    """Return the instances of each series by their UIDs. Raises `NotFoundError`."""
    uids = [row["SeriesInstanceUID"] for row in series_rows(services, grant, study)]
    if not uids:
        raise NotFoundError("There is no such study here. It may have been deleted.")
    found = [(uid, services.archive.series_instances(grant, study, uid)) for uid in uids]
    return [(uid, sorted(records, key=lambda record: record.sop_instance_uid)) for uid, records in found]


def _named(series: Sequence[tuple[str, Sequence[InstanceRecord]]]) -> Iterator[tuple[str, InstanceRecord]]:
    """Yield each file with its name, which tells nothing of the patient."""
    for number, (_, records) in enumerate(series, 1):
        for place, record in enumerate(records, 1):
            yield f"SE{number:06}/IM{place:06}.dcm", record


def _archive(pieces: Iterator[bytes], name: str) -> Response:
    answer = Response(pieces, content_type="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
