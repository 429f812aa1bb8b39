"""A signed report's PDF as an Encapsulated PDF (PS3.3 A.45.1, C.24). Runs in workers only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydicom import Dataset
from pydicom.uid import BasicTextSRStorage, EncapsulatedPDFStorage

from sightline.objects.content_items import code_item
from sightline.objects.own_objects import encoded, own_object
from sightline.objects.report_codes import document_title
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.files import open_file
from sightline.rendering.headers import read_header


def make_encapsulated_report(arguments: dict[str, Any], buffers: Sequence[Buffer], _fds: Sequence[int]) -> Reply:
    """Make the file.

    Arguments: ``source``, a file of the study, which says whose it is; ``document``, the number of the buffer with the
    PDF; ``title`` and ``modality``; ``report``, the SOP Instance UID of the structured report with the same content;
    ``instance``, ``series``, ``series_number``, ``instance_number``, ``date``, ``time``, ``timezone`` and ``version``
    of the program. The reply has ``study``, to which it belongs, and the file.

    Raises
    ------
    UnprocessableError
        What the file says of patient and study cannot be copied.
    """
    with open_file(arguments["source"], buffers) as file:
        header = read_header(file)
    pdf = bytes(buffers[arguments["document"]])
    dataset, content = encoded(lambda: _document(arguments, header, pdf))
    return Reply({"study": str(dataset.StudyInstanceUID)}, (content,))


def _document(arguments: dict[str, Any], header: Dataset, pdf: bytes) -> Dataset:
    title = arguments["title"]
    dataset = own_object(
        EncapsulatedPDFStorage, header, arguments, modality="DOC", series_description=f"{title} (PDF)"[:64]
    )
    dataset.SoftwareVersions = arguments["version"]
    dataset.ConversionType = "WSD"
    dataset.ContentDate, dataset.ContentTime = arguments["date"], arguments["time"]
    dataset.AcquisitionDateTime = None
    dataset.BurnedInAnnotation = "YES"
    dataset.VerificationFlag = "VERIFIED"
    dataset.DocumentTitle = title
    dataset.ConceptNameCodeSequence = [code_item(document_title(arguments["modality"]))]
    source = Dataset()
    source.ReferencedSOPClassUID, source.ReferencedSOPInstanceUID = BasicTextSRStorage, arguments["report"]
    dataset.SourceInstanceSequence = [source]
    dataset.MIMETypeOfEncapsulatedDocument = "application/pdf"
    dataset.EncapsulatedDocumentLength = len(pdf)
    dataset.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    return dataset
