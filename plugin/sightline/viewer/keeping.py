"""Keeping: what readers marked becomes a report in the archive when they pause or leave, whoever asks for it or not."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from pydicom.uid import ComprehensiveSRStorage

from sightline import __version__
from sightline.access.audit import AuditEvent, AuditKind, Outcome
from sightline.access.grant import Grant, Permission, Verb
from sightline.archive.protocol import Level, Query
from sightline.archive.upload import examine
from sightline.errors import ConflictError, NotFoundError, SightlineError, UnprocessableError
from sightline.rendering.channel import Buffer
from sightline.rendering.files import file_argument
from sightline.rendering.series_table import FrameEntry, SeriesTable
from sightline.state.finding_versions import Version
from sightline.state.findings import Author
from sightline.viewer.captures import numbers_of
from sightline.viewer.finding_values import measured
from sightline.viewer.report_series import report_series
from sightline.web.services import Services

SECONDS_BETWEEN = 2.0
"""How often it is looked whether something is to be stored."""

_EXTENDED_AFTER = 20
"""Findings are measured in a fraction of the time for which a study is held."""

_log = logging.getLogger("sightline.keeping")


def author_of(grant: Grant) -> Author:
    """Return by which name a caller is known: a link's holder by the name that its maker gave."""
    return Author(grant.author[:255], (grant.name or grant.subject)[:255])


def save_due(services: Services) -> None:
    """Store what is due in any study: a task of housekeeping, which also finds what was left before a restart."""
    for study in services.versions.due():
        save_study(services, study)


def save_study(services: Services, study: str, is_asked: bool = False) -> bool:
    """Store a study's versions, oldest first; what fails is remembered, told to readers, and tried again later.

    Parameters
    ----------
    is_asked : bool
        Also store what its reader may not have done with yet.

    Returns
    -------
    bool
        False where another thread or node is at it, and nothing was done.
    """
    versions = services.versions
    if not versions.hold(study):
        return False
    try:
        while (version := versions.next(study, is_asked)) is not None:
            _save(services, version)
            versions.stored(version)
    except SightlineError as error:
        _log.warning("The findings of study %s could not be stored: %s", study, error.message)
        versions.failed(study, error.message)
    except Exception:
        _log.exception("The findings of study %s could not be stored", study)
        versions.failed(study, "Something went wrong while the report was stored. The server's log says what.")
    finally:
        versions.release(study)
    return True


def _save(services: Services, version: Version) -> None:
    """Store one version in the name of whoever made it, and say so in the audit log."""
    study = version.study_instance_uid
    # Whether they may was asked when they changed the findings; a link that has ended since does not take these away.
    may = Permission(frozenset({Verb.VIEW, Verb.ANNOTATE}), study)
    grant = Grant(version.subject, (may,), name=version.author)
    event = AuditEvent(AuditKind.STORE, grant, study_instance_uid=study, detail="findings stored as a report")
    try:
        if not _is_there(services, grant, study, version.instance):
            _store(services, grant, version)
    except Exception:
        services.audit.record(replace(event, outcome=Outcome.SERIOUS_FAILURE))
        raise
    services.audit.record(event)


def _is_there(services: Services, grant: Grant, study: str, instance: str) -> bool:
    """Whether a report was stored already by somebody who came to no more than that."""
    try:
        services.archive.instance(grant, study, report_series(study), instance)
    except NotFoundError:
        return False
    return True


def _store(services: Services, grant: Grant, version: Version) -> None:
    study, series = version.study_instance_uid, report_series(version.study_instance_uid)
    rows = json.loads(version.document)
    tables = _tables(services, grant, study, {row["finding"]["series"] for row in rows})
    told = []
    for row, frame, values in measured(services, grant, _placed(rows, tables)):
        told.append({**row, **_image(frame), **values, "changed": _moment(row["changed"])})
        if len(told) % _EXTENDED_AFTER == 0:
            services.versions.extend(study)
    predecessors = [each for uid in version.predecessors if (each := _report(services, grant, study, uid))]
    buffers: list[Buffer] = []
    changed = version.changed.astimezone(services.clock().astimezone().tzinfo)
    arguments = {
        "source": _source(services, grant, study, told, predecessors, buffers),
        "findings": told,
        "author": version.author,
        "predecessors": predecessors,
        "instance": version.instance,
        "series": series,
        **numbers_of(services, grant, study, series),
        "date": f"{changed:%Y%m%d}",
        "time": f"{changed:%H%M%S.%f}",
        "timezone": f"{changed:%z}",
        "device": f"2.25.{uuid5(NAMESPACE_OID, services.public_url).int}",
        "version": __version__,
    }
    reply = services.engine.run("sightline.objects.measurement_report:make_report", arguments, buffers)
    if reply.values["study"] != study:
        raise ConflictError("The image that findings lie on says that it is of another study.", "other-study")
    storing = replace(grant, permissions=(*grant.permissions, Permission(frozenset({Verb.UPLOAD}))))
    services.archive.store(storing, examine(bytes(reply.buffers[0])))


def _tables(services: Services, grant: Grant, study: str, series: set[str]) -> Mapping[str, SeriesTable]:
    tables = {}
    for uid in sorted(series):
        try:
            tables[uid] = services.engine.describe(grant, study, uid)
        except (NotFoundError, UnprocessableError):  # deleted since
            continue
    return tables


def _placed(rows: Sequence[Any], tables: Mapping[str, SeriesTable]) -> list[tuple[Any, SeriesTable, FrameEntry]]:
    """Return the findings with their frames. Those whose image was deleted stay in the reports that had them."""
    placed = []
    for row in rows:
        finding = row["finding"]
        table = tables.get(finding["series"])
        frame = table.frame(finding["instance"], finding["frame"]) if table else None
        if table is not None and frame is not None:
            placed.append((row, table, frame))
    return placed


def _image(frame: FrameEntry) -> dict[str, Any]:
    instance = frame.instance
    shape = frame.pixel_spacing or instance.pixel_aspect_ratio
    return {"sop_class": instance.sop_class_uid, "frames": instance.number_of_frames, "spacing": shape}


def _moment(text: str) -> str:
    """Return an ISO moment as a DICOM one (PS3.5 6.2, DT)."""
    return f"{datetime.fromisoformat(text):%Y%m%d%H%M%S.%f%z}"


def _report(services: Services, grant: Grant, study: str, instance: str) -> dict[str, str] | None:
    """Return how a report is referred to; None if it is gone."""
    query = Query(
        Level.INSTANCE, {"SOPInstanceUID": instance}, study, attributes=("SeriesInstanceUID", "SOPClassUID"), limit=1
    )
    rows = services.archive.search(grant, query).rows
    if not rows:
        return None
    sop_class = rows[0].get("SOPClassUID") or ComprehensiveSRStorage
    return {"sop_class": str(sop_class), "series": rows[0]["SeriesInstanceUID"], "instance": instance}


def _source(
    services: Services,
    grant: Grant,
    study: str,
    told: Sequence[Mapping[str, Any]],
    predecessors: Sequence[Mapping[str, str]],
    buffers: list[Buffer],
) -> dict[str, Any]:
    """Return a file that says whose study it is: an image that was drawn on, or the report before."""
    places = [(each["finding"]["series"], each["finding"]["instance"]) for each in told[:1]]
    places += [(each["series"], each["instance"]) for each in predecessors]
    for series, instance in places:
        try:
            record = services.archive.instance(grant, study, series, instance)
            return file_argument(services.archive.source(grant, record), buffers)
        except NotFoundError:
            continue
    raise NotFoundError("The images that findings lie on are not here any more.", "no-such-image")
