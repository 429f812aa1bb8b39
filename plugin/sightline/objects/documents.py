"""Objects that are read rather than looked at: reports and encapsulated documents. Runs in workers only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydicom import Dataset, dcmread

from sightline.errors import NotFoundError, UnprocessableError
from sightline.objects.report import read_report, to_html, to_text
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.files import open_file

_LONGEST_TITLE = 256
_DESCRIBING = (
    "SpecificCharacterSet", "SeriesDescription", "DocumentTitle", "ConceptNameCodeSequence", "ContentDate", "ValueType",
    "CompletionFlag", "VerificationFlag", "MIMETypeOfEncapsulatedDocument",
)  # fmt: skip
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


def describe_documents(arguments: dict[str, Any], buffers: Sequence[Buffer], _fds: Sequence[int]) -> Reply:
    """Say what objects are.

    Arguments: ``files``. The reply has ``documents``, in that order: ``kind``, pdf, report or other, and ``title``,
    ``date`` and ``status`` as far as they are known.
    """
    return Reply({"documents": [_described(file, buffers) for file in arguments["files"]]})


def _described(argument: dict[str, Any], buffers: Sequence[Buffer]) -> dict[str, str]:
    told = {"kind": "other", "title": "", "date": "", "status": ""}
    with open_file(argument, buffers) as file:
        try:
            dataset = dcmread(file, force=True, specific_tags=list(_DESCRIBING))
            title = dataset.get("DocumentTitle") or _meaning(dataset) or dataset.get("SeriesDescription") or ""
            told |= {"title": str(title)[:_LONGEST_TITLE], "date": str(dataset.get("ContentDate") or "")}
            if "ValueType" in dataset:
                flags = (dataset.get("CompletionFlag"), dataset.get("VerificationFlag"))
                told |= {"kind": "report", "status": " ".join(str(flag).lower() for flag in flags if flag)}
            elif str(dataset.get("MIMETypeOfEncapsulatedDocument") or "").strip().lower() == PDF:
                told["kind"] = "pdf"
        except (MemoryError, RecursionError):
            raise
        except Exception:  # anything can be in a file; that there is something is told all the same
            return told
    return told


def _meaning(dataset: Dataset) -> str:
    """Return what the concept name of a report or of a document says."""
    names = dataset.get("ConceptNameCodeSequence")
    return str(names[0].get("CodeMeaning") or "") if names else ""


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
