"""Objects that are read rather than looked at: reports and encapsulated documents. Runs in workers only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydicom import Dataset, dcmread

from sightline.errors import NotFoundError, UnprocessableError
from sightline.objects.report import read_report, to_html, to_text
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.files import open_file

HTML, TEXT, PDF = "text/html", "text/plain", "application/pdf"


def read_document(arguments: dict[str, Any], buffers: Sequence[Buffer], _fds: Sequence[int]) -> Reply:
    """Return what people read of an object that has no pixels.

    Arguments: ``file``. The reply has ``media_types``, best first, and one buffer for each; text is in UTF-8.

    Raises
    ------
    NotFoundError
        The object is neither a structured report nor a PDF document.
    UnprocessableError
        It cannot be read.
    """
    with open_file(arguments["file"], buffers) as file:
        try:
            dataset = dcmread(file, force=True)
            contents = _contents(dataset)
        except (MemoryError, RecursionError):
            raise
        except Exception as error:  # values are parsed only now, and anything can be in them
            raise UnprocessableError("This document is damaged and cannot be read.", "bad-document") from error
    if not contents:
        raise NotFoundError("This instance has no picture, and is neither a report nor a PDF document.")
    return Reply({"media_types": list(contents)}, tuple(contents.values()))


def _contents(dataset: Dataset) -> dict[str, bytes]:
    """Return the forms of the object by media type."""
    if "ContentSequence" in dataset and "ValueType" in dataset:
        report = read_report(dataset)
        return {HTML: to_html(report).encode("utf-8", "replace"), TEXT: to_text(report).encode("utf-8", "replace")}
    if str(dataset.get("MIMETypeOfEncapsulatedDocument") or "").strip().lower() != PDF:
        return {}
    document = bytes(dataset.EncapsulatedDocument)
    length = int(dataset.get("EncapsulatedDocumentLength") or len(document))
    if not document.startswith(b"%PDF-"):
        raise ValueError("The document is no PDF.")
    # Without its length, the byte that makes the length even stays: readers of PDF skip what follows the end.
    return {PDF: document[:length]}
