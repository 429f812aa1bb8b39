"""What handlers work with, handed to each of them: no globals, so that tests can put anything in its place."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sightline.access.audit import AuditLog
from sightline.access.control import AccessControl
from sightline.access.launch import Launches
from sightline.access.launching import Launching
from sightline.access.links import LinkStore
from sightline.archive.protocol import Archive
from sightline.archive.upload_ledger import UploadLedger
from sightline.configuration import Configuration
from sightline.dicomweb_section import DicomwebSection
from sightline.rendering.engine import RenderingEngine
from sightline.state.backend_credentials import BackendCredentials
from sightline.state.chart_pulls import StoredChartPulls
from sightline.state.deliveries import StoredDeliveries
from sightline.state.finding_versions import FindingVersions
from sightline.state.findings import Findings
from sightline.state.key_images import KeyImages
from sightline.state.openings import Openings
from sightline.state.orders import StoredOrders
from sightline.state.reports import StoredReports
from sightline.web.cache import ByteCache
from sightline.web.ehr_tokens import EhrTokens
from sightline.web.fhir import FHIR_TREE


@dataclass(frozen=True)
class Services:
    """Everything below the handlers."""

    configuration: Configuration
    public_url: str
    archive: Archive
    engine: RenderingEngine
    access: AccessControl
    links: LinkStore
    audit: AuditLog
    openings: Openings
    findings: Findings
    versions: FindingVersions
    """Of the findings, on their way into reports."""
    key_images: KeyImages
    launches: Launches
    launching: Launching
    orders: StoredOrders
    reports: StoredReports
    deliveries: StoredDeliveries
    chart_pulls: StoredChartPulls
    backend_credentials: BackendCredentials
    viewer_directory: Path
    clock: Callable[[], datetime]
    health: Callable[[], dict[str, Any]]
    """Versions, workers and warnings for administrators; ``status`` is ``"ok"`` or says what is wrong."""
    site: dict[str, Any]
    """What the pages say of this Orthanc: ``dicom_aet``, ``dicom_port`` (0: off), ``versions``."""
    cache: ByteCache = field(default_factory=lambda: ByteCache(128 << 20))
    """Answers kept ready, by the identities of the files that they were made of."""
    dicomweb: DicomwebSection = field(default_factory=DicomwebSection)
    """Where the DICOMweb routes are."""
    dicomweb_url: str = ""
    """Their address as the caller knows it, without trailing slash; below the public URL by default."""
    ehr_tokens: EhrTokens | None = None
    """Checks access tokens of EHRs; None where none are taken."""
    fhir_url: str = ""
    """The address of FHIR as the caller knows it, without trailing slash; below the public URL by default."""
    uploads: UploadLedger = field(default_factory=UploadLedger)
    """What can be taken back."""
    deidentification_key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    """Of the UIDs in de-identified files."""

    def __post_init__(self) -> None:
        if not self.dicomweb_url:
            object.__setattr__(self, "dicomweb_url", self.dicomweb.url(self.public_url))
        if not self.fhir_url:
            object.__setattr__(self, "fhir_url", self.public_url + FHIR_TREE)

    def asked_under(self, base_url: str) -> Services:
        """Return the same for a caller who knows us under that address."""
        return replace(self, dicomweb_url=self.dicomweb.url(base_url), fhir_url=base_url + FHIR_TREE)
