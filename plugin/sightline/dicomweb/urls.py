"""Addresses of stored objects (PS3.18 section 10.1), below the configured public address, never the request's."""

from __future__ import annotations

from sightline.archive.protocol import InstanceRecord
from sightline.web.services import Services

BASE_PATH = "/dicom-web"


def study_url(services: Services, study: str) -> str:
    """Return the address of a study."""
    return f"{services.public_url}{BASE_PATH}/studies/{study}"


def series_url(services: Services, study: str, series: str) -> str:
    """Return the address of a series."""
    return f"{study_url(services, study)}/series/{series}"


def instance_url(services: Services, study: str, series: str, instance: str) -> str:
    """Return the address of an instance."""
    return f"{series_url(services, study, series)}/instances/{instance}"


def record_url(services: Services, record: InstanceRecord) -> str:
    """Return the address of a stored instance."""
    return instance_url(services, record.study_instance_uid, record.series_instance_uid, record.sop_instance_uid)
