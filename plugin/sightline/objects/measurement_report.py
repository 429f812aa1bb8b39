"""A study's findings as a Comprehensive SR after TID 1500 (PS3.3 A.35.3, PS3.16). Runs in workers only.

It is put together here rather than by highdicom, which cannot be installed for every Python that Orthanc embeds; the
tests read it back with it. Who the patient is and which study it belongs to is copied from an image, never taken from
the client.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydicom import Dataset
from pydicom.uid import ComprehensiveSRStorage

from sightline.objects import content_items as items
from sightline.objects.content_items import CONTEXT, MODIFIER
from sightline.objects.measurement_codes import (
    DEVICE,
    DEVICE_MANUFACTURER,
    DEVICE_NAME,
    DEVICE_UID,
    ENGLISH,
    IMAGING,
    LANGUAGE,
    MEASUREMENTS,
    OBSERVER_TYPE,
    OWN_SCHEME,
    PERSON,
    PERSON_NAME,
    PROCEDURE,
    REPORT,
    Code,
)
from sightline.objects.measurement_group import measurement_group
from sightline.objects.own_objects import MANUFACTURER, MODEL, encoded, own_object
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.files import open_file
from sightline.rendering.headers import read_header


def make_report(arguments: dict[str, Any], buffers: Sequence[Buffer], _fds: Sequence[int]) -> Reply:
    """Make the file of a measurement report.

    Arguments: ``source``, a file of the study, which says whose it is; ``findings``, each as
    `sightline.objects.measurement_group:measurement_group` has them; ``author``, a person's name; ``predecessors``,
    each with ``sop_class``, ``series`` and ``instance``; ``instance``, ``series``, ``series_number``,
    ``instance_number``, ``date``, ``time``, ``timezone``, ``device`` (a UID) and ``version`` of the program. The reply
    has ``study``, to which it belongs, and the file.

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
    dataset = own_object(ComprehensiveSRStorage, header, arguments, modality="SR", series_description="Measurements")
    _describe(dataset, arguments)
    _refer(dataset, arguments)
    scheme = Dataset()
    scheme.CodingSchemeDesignator, scheme.CodingSchemeName = OWN_SCHEME, "Codes of the Sightline viewer"
    dataset.CodingSchemeIdentificationSequence = [scheme]
    dataset.update(_content(arguments, header))
    return dataset


def _describe(dataset: Dataset, arguments: dict[str, Any]) -> None:
    """Say what it is: modules SR Document Series, General Equipment and SR Document General."""
    dataset.ReferencedPerformedProcedureStepSequence = []
    dataset.ManufacturerModelName = MODEL
    dataset.DeviceSerialNumber, dataset.SoftwareVersions = "1", arguments["version"]
    dataset.ContentDate, dataset.ContentTime = arguments["date"], arguments["time"]
    dataset.CompletionFlag, dataset.VerificationFlag = "PARTIAL", "UNVERIFIED"
    dataset.PreliminaryFlag = "PRELIMINARY"
    dataset.PerformedProcedureCodeSequence = []
    author = Dataset()
    author.ObserverType, author.PersonName = "PSN", items.person_name(arguments["author"])
    author.PersonIdentificationCodeSequence = []
    author.InstitutionName, author.InstitutionCodeSequence = None, []
    dataset.AuthorObserverSequence = [author]


def _refer(dataset: Dataset, arguments: dict[str, Any]) -> None:
    """Name the images that the findings lie on, and the reports that this one follows (PS3.3 C.17.2.3)."""
    study = str(dataset.StudyInstanceUID)
    images = {
        (told["finding"]["series"], told["finding"]["instance"]): told["sop_class"] for told in arguments["findings"]
    }
    if images:
        evidence = [(series, instance, sop_class) for (series, instance), sop_class in images.items()]
        dataset.CurrentRequestedProcedureEvidenceSequence = [references(study, evidence)]
    if arguments["predecessors"]:
        before = [(each["series"], each["instance"], each["sop_class"]) for each in arguments["predecessors"]]
        dataset.PredecessorDocumentsSequence = [references(study, before)]


def references(study: str, named: Sequence[tuple[str, str, str]]) -> Dataset:
    """Return references by study and series; `named` has series, instance and SOP class."""
    by_series: dict[str, list[Dataset]] = {}
    for series_uid, instance, sop_class in named:
        reference = Dataset()
        reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = sop_class, instance
        by_series.setdefault(series_uid, []).append(reference)
    item = Dataset()
    item.StudyInstanceUID, item.ReferencedSeriesSequence = study, []
    for series_uid, references in by_series.items():
        series = Dataset()
        series.SeriesInstanceUID, series.ReferencedSOPSequence = series_uid, references
        item.ReferencedSeriesSequence.append(series)
    return item


def _content(arguments: dict[str, Any], header: Dataset) -> Dataset:
    """Return the root of the content tree (TID 1500)."""
    author = arguments["author"]
    groups = [measurement_group(told, author) for told in arguments["findings"]]
    root = items.container(
        REPORT,
        [
            items.code(LANGUAGE, ENGLISH, MODIFIER),
            items.code(OBSERVER_TYPE, PERSON, CONTEXT),
            items.person(PERSON_NAME, author, CONTEXT),
            items.code(OBSERVER_TYPE, DEVICE, CONTEXT),
            items.uid(DEVICE_UID, arguments["device"], CONTEXT),
            items.text(DEVICE_NAME, MANUFACTURER, CONTEXT),
            items.text(DEVICE_MANUFACTURER, MANUFACTURER, CONTEXT),
            items.code(PROCEDURE, procedure_of(header), MODIFIER),
            items.container(MEASUREMENTS, groups),
        ],
    )
    del root.RelationshipType
    template = Dataset()
    template.MappingResource, template.TemplateIdentifier = "DCMR", "1500"
    root.ContentTemplateSequence = [template]
    return root


def procedure_of(header: Dataset) -> Code:
    """Return what was done, as the images say, else in general."""
    for item in header.get("ProcedureCodeSequence") or ():
        code = tuple(str(item.get(k) or "") for k in ("CodeValue", "CodingSchemeDesignator", "CodeMeaning"))
        if all(code):
            return code[0], code[1], code[2]
    return IMAGING
