"""A signed report as a Basic Text SR after TID 2000 (PS3.3 A.35.1, PS3.16). Runs in workers only.

Who the patient is and which study it belongs to is copied from an image, never taken from the client.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydicom import Dataset
from pydicom.uid import BasicTextSRStorage

from sightline.objects import content_items as items
from sightline.objects.content_items import CONTAINS, CONTEXT, MODIFIER
from sightline.objects.measurement_codes import (
    ENGLISH,
    LANGUAGE,
    OBSERVER_TYPE,
    PERSON,
    PERSON_NAME,
    PROCEDURE,
    REPORT,
    SOURCE_IMAGE,
)
from sightline.objects.measurement_report import procedure_of, references
from sightline.objects.own_objects import MODEL, encoded, own_object
from sightline.objects.report_codes import FINDINGS, HEADINGS, KEY_IMAGES, document_title, heading
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.files import open_file
from sightline.rendering.headers import read_header

_UNKNOWN_LANGUAGE = ("und", "RFC5646", "Undetermined")
_KEY_IMAGES_HEADING = (KEY_IMAGES, "LN", "Key Images")


def make_text_report(arguments: dict[str, Any], buffers: Sequence[Buffer], _fds: Sequence[int]) -> Reply:
    """Make the file of a signed report.

    Arguments: ``source``, a file of the study, which says whose it is; ``title`` and ``modality``; ``sections``, each
    with ``code`` and ``text``; ``key_images``, each with ``series``, ``instance``, ``sop_class`` and ``frame`` (null
    for the only one); ``measurements``, null or the report with the findings' numbers, and ``predecessor``, null or the
    version before, each with ``series``, ``instance`` and ``sop_class``; ``order``, null or what was asked for, with
    ``study``, ``accession``, ``placer``, ``description`` and ``code``; ``author``, a person's name; ``organization``;
    ``language``, a tag of RFC 5646 or empty; ``signed``, a moment (DT); ``instance``, ``series``, ``series_number``,
    ``instance_number``, ``date``, ``time``, ``timezone`` and ``version`` of the program. The reply has ``study``, to
    which it belongs, and the file.

    Raises
    ------
    UnprocessableError
        What the file says of patient and study cannot be copied.
    """
    with open_file(arguments["source"], buffers) as file:
        header = read_header(file)
    dataset, content = encoded(lambda: _report(arguments, header))
    return Reply({"study": str(dataset.StudyInstanceUID)}, (content,))


def _report(arguments: dict[str, Any], header: Dataset) -> Dataset:
    dataset = own_object(
        BasicTextSRStorage, header, arguments, modality="SR", series_description=arguments["title"][:64]
    )
    _describe(dataset, arguments)
    study = str(dataset.StudyInstanceUID)
    evidence = [(image["series"], image["instance"], image["sop_class"]) for image in arguments["key_images"]]
    measurements, before = arguments["measurements"], arguments["predecessor"]
    if measurements:
        evidence.append((measurements["series"], measurements["instance"], measurements["sop_class"]))
    if evidence:
        dataset.CurrentRequestedProcedureEvidenceSequence = [references(study, list(dict.fromkeys(evidence)))]
    if before:
        named = (before["series"], before["instance"], before["sop_class"])
        dataset.PredecessorDocumentsSequence = [references(study, [named])]
    if arguments["order"]:
        dataset.ReferencedRequestSequence = [_request(arguments["order"])]
    dataset.update(_content(arguments, header))
    return dataset


def _describe(dataset: Dataset, arguments: dict[str, Any]) -> None:
    """Say what it is: modules SR Document Series, General Equipment and SR Document General (PS3.3 C.17.2)."""
    dataset.ReferencedPerformedProcedureStepSequence = []
    dataset.ManufacturerModelName = MODEL
    dataset.SoftwareVersions = arguments["version"]
    dataset.ContentDate, dataset.ContentTime = arguments["date"], arguments["time"]
    dataset.CompletionFlag, dataset.VerificationFlag, dataset.PreliminaryFlag = "COMPLETE", "VERIFIED", "FINAL"
    dataset.PerformedProcedureCodeSequence = []
    name = items.person_name(arguments["author"])
    author = Dataset()
    author.ObserverType, author.PersonName = "PSN", name
    author.PersonIdentificationCodeSequence = []
    author.InstitutionName, author.InstitutionCodeSequence = arguments["organization"] or None, []
    dataset.AuthorObserverSequence = [author]
    verifier = Dataset()
    verifier.VerifyingObserverName, verifier.VerifyingObserverIdentificationCodeSequence = name, []
    verifier.VerifyingOrganization = arguments["organization"] or "Not stated"  # type 1: may not be empty
    verifier.VerificationDateTime = arguments["signed"]
    dataset.VerifyingObserverSequence = [verifier]


def _request(order: Mapping[str, str]) -> Dataset:
    """Return what was asked for (PS3.3 table C.17-2, Referenced Request Sequence)."""
    item = Dataset()
    item.StudyInstanceUID, item.ReferencedStudySequence = order["study"], []
    item.AccessionNumber = order["accession"]
    item.PlacerOrderNumberImagingServiceRequest = order["placer"]
    item.FillerOrderNumberImagingServiceRequest = order["accession"]
    item.RequestedProcedureID = order["accession"]
    item.RequestedProcedureDescription = order["description"][:64]
    item.RequestedProcedureCodeSequence = []
    if order["code"] and order["description"]:
        # Whose code it is, an order does not say: it is the site's own (PS3.16 section 8.2).
        coded = items.code_item((order["code"][:16], "99SITE", order["description"][:64]))
        item.RequestedProcedureCodeSequence = [coded]
    return item


def _content(arguments: dict[str, Any], header: Dataset) -> Dataset:
    """Return the root of the content tree (TID 2000)."""
    language = arguments["language"]
    told = ENGLISH if language == "en" else (language, "RFC5646", language) if language else _UNKNOWN_LANGUAGE
    children = [
        items.code(LANGUAGE, told, MODIFIER),
        items.code(OBSERVER_TYPE, PERSON, CONTEXT),
        items.person(PERSON_NAME, arguments["author"], CONTEXT),
        items.code(PROCEDURE, procedure_of(header), MODIFIER),
    ]
    sections = [_section(section, ()) for section in arguments["sections"]]
    if arguments["measurements"]:
        _attach(sections, arguments["sections"], arguments["measurements"])
    if arguments["key_images"]:
        pictures = [
            items.image(SOURCE_IMAGE, image["sop_class"], image["instance"], image["frame"], CONTAINS)
            for image in arguments["key_images"]
        ]
        sections.append(items.container(_KEY_IMAGES_HEADING, pictures))
    root = items.container(document_title(arguments["modality"]), [*children, *sections])
    del root.RelationshipType
    template = Dataset()
    template.MappingResource, template.TemplateIdentifier = "DCMR", "2000"
    root.ContentTemplateSequence = [template]
    return root


def _section(section: Mapping[str, str], more: Sequence[Dataset]) -> Dataset:
    """Return a heading with its text; one without text stays, so that the reader sees that nothing was said."""
    code = section["code"]
    lines = section["text"].replace("\n", "\r\n")  # as DICOM ends lines (PS3.5 6.1.3)
    texts = [items.text(HEADINGS[code][1], lines, CONTAINS)] if lines else []
    return items.container(heading(code), [*texts, *more])


def _attach(sections: list[Dataset], told: Sequence[Mapping[str, str]], measurements: Mapping[str, str]) -> None:
    """Refer to the report with the numbers, from the findings or else from the last section."""
    at = next((index for index, section in enumerate(told) if section["code"] == FINDINGS), len(told) - 1)
    reference = items.composite(REPORT, measurements["sop_class"], measurements["instance"], CONTAINS)
    sections[at] = _section(told[at], (reference,))
