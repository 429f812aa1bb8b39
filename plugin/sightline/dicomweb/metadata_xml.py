"""Metadata as XML: one document of the Native DICOM Model for each instance (PS3.18 section 8.7.3.2, PS3.19 annex A).

Workers make it of the metadata as JSON, which is kept for each stored file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sightline.dicomweb.answers import multipart_answer
from sightline.dicomweb.multipart import Part
from sightline.dicomweb.native_xml import PART_TYPE, native_xml
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.files import in_batches
from sightline.web.request import Response
from sightline.web.services import Services

_TASK = "sightline.dicomweb.metadata_xml:xml_documents"
_INSTANCES_PER_TASK = 32


def metadata_xml_answer(services: Services, contents: Sequence[bytes], warning: str) -> Response:
    """Answer with one part for each instance.

    Parameters
    ----------
    contents : sequence of bytes
        The JSON of each instance.
    warning : str
        Header `Warning`; empty for none.
    """

    def make(batch: Sequence[bytes]) -> Sequence[Buffer]:
        return services.engine.run(_TASK, {}, batch).buffers

    with ThreadPoolExecutor(max(1, services.configuration.workers.count)) as threads:
        documents = [part for batch in threads.map(make, in_batches(contents, _INSTANCES_PER_TASK)) for part in batch]
    parts = [Part({"Content-Type": PART_TYPE}, bytes(text)) for text in documents]
    answer = multipart_answer(parts, PART_TYPE)
    if warning:
        answer.headers["Warning"] = warning
    return answer


def xml_documents(_arguments: Mapping[str, Any], buffers: Sequence[Buffer], _: Sequence[int]) -> Reply:
    """Return a document for each buffer, which is the JSON of one data set. The worker's part."""
    return Reply({}, tuple(native_xml(json.loads(bytes(buffer))) for buffer in buffers))
