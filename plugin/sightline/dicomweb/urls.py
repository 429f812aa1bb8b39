"""Addresses of stored objects (PS3.18 section 10.1): below the address that a trusted proxy or the configuration gives.

What a client itself says of the host (header ``Host``) changes nothing.
"""

from __future__ import annotations

from sightline.archive.protocol import InstanceRecord
from sightline.dicomweb_section import ROOT, WADO_ROOT
from sightline.web.services import Services

BASE_PATH = ROOT
"""Where the route tables put DICOMweb; `application` moves it where the configuration wants it."""
WADO_PATH = WADO_ROOT
"""The same for WADO-URI."""


def study_url(services: Services, study: str) -> str:
    """Return the address of a study."""
    return f"{services.dicomweb_url}/studies/{study}"


def series_url(services: Services, study: str, series: str) -> str:
    """Return the address of a series."""
    return f"{study_url(services, study)}/series/{series}"


def instance_url(services: Services, study: str, series: str, instance: str) -> str:
    """Return the address of an instance."""
    return f"{series_url(services, study, series)}/instances/{instance}"


def record_url(services: Services, record: InstanceRecord) -> str:
    """Return the address of a stored instance."""
    return instance_url(services, record.study_instance_uid, record.series_instance_uid, record.sop_instance_uid)
