"""What was signed becomes DICOM objects in the archive: a structured report, and a PDF that is read anywhere.

Their UIDs were chosen when the report was signed, so that storing them again after a failure makes no second one.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydicom.uid import BasicTextSRStorage, ComprehensiveSRStorage

from sightline import __version__
from sightline.access.audit import AuditEvent, AuditKind, Outcome
from sightline.access.grant import Grant, Permission, Verb
from sightline.archive.upload import examine
from sightline.errors import ConflictError, NotFoundError, SightlineError
from sightline.objects.report_pdf import report_pdf
from sightline.rendering.channel import Buffer
from sightline.rendering.files import file_argument
from sightline.state.report import KeyFrame, SignedReport
from sightline.viewer.captures import numbers_of, storing
from sightline.viewer.keeping import save_study
from sightline.viewer.report_series import report_series
from sightline.viewer.studies import series_row, series_rows
from sightline.web.services import Services

_log = logging.getLogger("sightline.keeping")


def store_due(services: Services) -> None:
    """Store what was signed and is not stored: a task of housekeeping, which also finds what a restart left."""
    for sequence in services.reports.waiting.due():
        store_report(services, sequence)


def store_report(services: Services, sequence: int) -> None:
    """Store one signed version; what fails is remembered, told to readers, and tried again later."""
    waiting = services.reports.waiting
    report = services.reports.of_sequence(sequence)
    if report is None or not waiting.hold(sequence):
        return
    study = report.study_instance_uid
    try:
        _store(services, report)
        waiting.stored(sequence)
    except SightlineError as error:
        _log.warning("The report of study %s could not be stored: %s", study, error.message)
        waiting.failed(sequence, error.message)
    except Exception:
        _log.exception("The report of study %s could not be stored", study)
        waiting.failed(sequence, "Something went wrong while the report was stored. The server's log says what.")


def _store(services: Services, report: SignedReport) -> None:
    """Store both objects in the name of who signed, and say so in the audit log."""
    study = report.study_instance_uid
    # Whether they may was asked when they signed; a session that has ended since does not take the report away.
    may = Permission(frozenset({Verb.VIEW, Verb.ANNOTATE, Verb.REPORT}), study)
    grant = Grant(report.author_subject, (may,), name=report.author)
    save_study(services, study, is_asked=True)  # the report refers to the numbers of the findings
    event = AuditEvent(AuditKind.STORE, grant, study_instance_uid=study, detail="signed report stored")
    try:
        if not _is_there(services, grant, study, report.series_instance_uid, report.sr_instance_uid):
            _store_text(services, grant, report)
        if not _is_there(services, grant, study, report.pdf_series_uid, report.pdf_instance_uid):
            _store_pdf(services, grant, report)
    except Exception:
        services.audit.record(replace(event, outcome=Outcome.SERIOUS_FAILURE))
        raise
    services.audit.record(event)


def _is_there(services: Services, grant: Grant, study: str, series: str, instance: str) -> bool:
    try:
        services.archive.instance(grant, study, series, instance)
    except NotFoundError:
        return False
    return True


def _store_text(services: Services, grant: Grant, report: SignedReport) -> None:
    study, buffers = report.study_instance_uid, list[Buffer]()
    before = services.reports.signed(report.id, report.version - 1) if report.version > 1 else None
    arguments = {
        **_common(services, grant, report, report.series_instance_uid, buffers),
        "instance": report.sr_instance_uid,
        "sections": [{"code": section.code, "text": section.text} for section in report.sections],
        "key_images": [_key_image(services, grant, study, key) for key in report.key_frames],
        "measurements": _measurements(services, study),
        "predecessor": before and _reference(before.series_instance_uid, before.sr_instance_uid, BasicTextSRStorage),
        "order": _order(services, study),
        "author": report.author,
        "organization": services.configuration.reporting.organization,
        "language": services.configuration.reporting.language,
        "signed": f"{report.signed.astimezone(services.clock().astimezone().tzinfo):%Y%m%d%H%M%S.%f%z}",
    }
    _make(services, grant, study, "sightline.objects.text_report:make_text_report", arguments, buffers)


def _store_pdf(services: Services, grant: Grant, report: SignedReport) -> None:
    buffers: list[Buffer] = []
    arguments = _common(services, grant, report, report.pdf_series_uid, buffers)
    buffers.append(report_pdf(services.engine, report))
    arguments |= {
        "instance": report.pdf_instance_uid,
        "document": len(buffers) - 1,
        "report": report.sr_instance_uid,
    }
    task = "sightline.objects.encapsulated_report:make_encapsulated_report"
    _make(services, grant, report.study_instance_uid, task, arguments, buffers)


def _make(
    services: Services, grant: Grant, study: str, task: str, arguments: Mapping[str, Any], buffers: list[Buffer]
) -> None:
    """Have a worker make an object, and store it if it is of the study that was signed."""
    reply = services.engine.run(task, arguments, buffers)
    if reply.values["study"] != study:
        raise ConflictError("The image that the report is made after says that it is of another study.", "other-study")
    services.archive.store(storing(grant), examine(bytes(reply.buffers[0])))


def _common(
    services: Services, grant: Grant, report: SignedReport, series: str, buffers: list[Buffer]
) -> dict[str, Any]:
    """Return what both objects need: a file that says whose they are, and who they are themselves."""
    signed = report.signed.astimezone(services.clock().astimezone().tzinfo)
    study = report.study_instance_uid
    return {
        "source": _source(services, grant, report, buffers),
        "title": report.title,
        "modality": report.modality,
        "series": series,
        "series_number": numbers_of(services, grant, study, series)["series_number"],
        "instance_number": report.version,
        "date": f"{signed:%Y%m%d}",
        "time": f"{signed:%H%M%S.%f}",
        "timezone": f"{signed:%z}",
        "version": __version__,
    }


def _source(services: Services, grant: Grant, report: SignedReport, buffers: list[Buffer]) -> dict[str, Any]:
    """Return a file that says whose study it is: an image of it."""
    study = report.study_instance_uid
    for row in map(series_row, series_rows(services, grant, study)):
        if not row["pictures"]:
            continue
        try:
            record = services.archive.any_instance(grant, study, row["uid"])
            return file_argument(services.archive.source(grant, record), buffers)
        except NotFoundError:  # deleted in this moment
            continue
    raise NotFoundError("There is no image of this study any more that the report could be stored with.", "no-image")


def _key_image(services: Services, grant: Grant, study: str, key: KeyFrame) -> dict[str, Any]:
    """Return how an image is referred to: by its frame only where it has several."""
    try:
        entry = services.engine.describe(grant, study, key.series_instance_uid).frame(key.sop_instance_uid, key.frame)
    except SightlineError as error:
        if error.status not in (404, 409, 422):
            raise
        entry = None  # deleted since; the report still says which one it was
    has_frames = entry.instance.number_of_frames > 1 if entry else key.frame > 1
    reference = _reference(key.series_instance_uid, key.sop_instance_uid, key.sop_class_uid)
    return {**reference, "frame": key.frame if has_frames else None}


def _measurements(services: Services, study: str) -> dict[str, str] | None:
    """Return the stored report with the numbers of the study's findings, if there is one."""
    known = services.findings.read(study)
    if known is None or known.saved is None or not known.findings:
        return None
    return _reference(report_series(study), known.saved.instance, ComprehensiveSRStorage)


def _reference(series: str, instance: str, sop_class: str) -> dict[str, str]:
    return {"series": series, "instance": instance, "sop_class": str(sop_class)}


def _order(services: Services, study: str) -> dict[str, str] | None:
    """Return what was asked for, if an order is known."""
    order = services.orders.of_study(study)
    if order is None:
        return None
    return {
        "study": study,
        "accession": order.accession_number,
        "placer": order.placer_order_number,
        "description": order.code_text or order.description,
        "code": order.code,
    }
