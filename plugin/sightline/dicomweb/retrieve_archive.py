"""WADO-RS: instances as a ZIP archive with a DICOMDIR (PS3.18 sections 8.7.3.1 and 10.4, PS3.10)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any

from sightline.archive.protocol import InstanceRecord
from sightline.dicomweb.media_directory import MAXIMUM_FILES, NAME, Entry, encode_directory, file_ids
from sightline.errors import UnprocessableError
from sightline.rendering.channel import Buffer
from sightline.rendering.files import file_argument, in_batches
from sightline.web.request import Request, Response
from sightline.web.services import Services
from sightline.web.zip_writing import zip_pieces

ZIP = "application/zip"
_TASK = "sightline.dicomweb.media_records:record_attributes"
_FILES_PER_TASK = 32


def archive_answer(
    request: Request,
    services: Services,
    records: Sequence[InstanceRecord],
    syntaxes: Sequence[str],
    contents: Iterator[Buffer],
    tag: str,
) -> Response:
    """Answer with the DICOMDIR, then the files that it lists, one after the other while it is sent.

    Parameters
    ----------
    records : sequence of InstanceRecord
        At least one.
    syntaxes : sequence of str
        UID of the transfer syntax that each file is in.
    contents : iterator of bytes
        The files in that order; the first one is taken before the answer begins, so that its failure has a status.
    tag : str
        Identity of the answer. Nothing of the patient is in the archive's name, nor in those of the files in it.
    """
    if len(records) > MAXIMUM_FILES:
        raise UnprocessableError(f"An archive has no more than {MAXIMUM_FILES} files.", "too-many-instances")
    names = file_ids(records)
    told = _record_attributes(request, services, records)
    directory = encode_directory([Entry(*row) for row in zip(records, told, syntaxes, names, strict=True)], tag)
    files = zip(names, chain([next(contents)], contents), strict=True)
    entries = (("/".join(name), bytes(content)) for name, content in files)
    answer = Response(zip_pieces(chain([(NAME, directory)], entries)), content_type=ZIP)
    answer.headers["Content-Disposition"] = f'attachment; filename="dicom-{tag[:8]}.zip"'
    return answer


def _record_attributes(
    request: Request, services: Services, records: Sequence[InstanceRecord]
) -> list[Mapping[str, Any]]:
    """Have workers read what the directory tells of each instance."""

    def read(batch: Sequence[InstanceRecord]) -> list[Mapping[str, Any]]:
        buffers: list[Buffer] = []
        files = [file_argument(services.archive.source(request.grant, record), buffers) for record in batch]
        found: list[Mapping[str, Any]] = services.engine.run(_TASK, {"files": files}, buffers).values["files"]
        return found

    with ThreadPoolExecutor(max(1, services.configuration.workers.count)) as threads:
        return [told for batch in threads.map(read, in_batches(records, _FILES_PER_TASK)) for told in batch]
