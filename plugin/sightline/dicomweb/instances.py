"""Which stored instances an address stands for, as the archive has them now."""

from __future__ import annotations

from collections.abc import Sequence

from sightline.archive.protocol import InstanceRecord, Level, Query
from sightline.errors import NotFoundError
from sightline.web.request import Request
from sightline.web.services import Services


def study_records(request: Request, services: Services, study: str) -> tuple[InstanceRecord, ...]:
    """Return all instances of a study. Raises `NotFoundError`."""
    page = services.archive.search(request.grant, Query(Level.SERIES, study_instance_uid=study))
    series = [row["SeriesInstanceUID"] for row in page.rows]
    if not series:
        raise NotFoundError("There is no such study.")
    return tuple(record for uid in series for record in series_records(request, services, study, uid))


def series_records(request: Request, services: Services, study: str, series: str) -> tuple[InstanceRecord, ...]:
    """Return all instances of a series, by SOP Instance UID. Raises `NotFoundError`."""
    return ordered(services.archive.series_instances(request.grant, study, series))


def ordered(records: Sequence[InstanceRecord]) -> tuple[InstanceRecord, ...]:
    """Return instances by SOP Instance UID."""
    return tuple(sorted(records, key=lambda record: record.sop_instance_uid))


def records_at(
    request: Request, services: Services, study: str, series: str | None, instance: str | None
) -> tuple[InstanceRecord, ...]:
    """Return the instances of a study, a series, or the one instance. Raises `NotFoundError`."""
    if series is None:
        return study_records(request, services, study)
    if instance is None:
        return series_records(request, services, study, series)
    return (services.archive.instance(request.grant, study, series, instance),)
