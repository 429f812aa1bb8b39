"""Puts the rooms together, the same for both hosts: inside Orthanc and outside of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from sightline import __version__
from sightline.access.grant import internal
from sightline.access.housekeeping import Housekeeping
from sightline.access.opening import Access, open_access
from sightline.application import application
from sightline.archive.protocol import Archive
from sightline.configuration import Configuration
from sightline.dicomweb.retrieve_metadata import prepare_metadata
from sightline.dicomweb_section import DicomwebSection
from sightline.errors import ConflictError, NotFoundError
from sightline.openemr.fhir.tokens import accepted_tokens
from sightline.openemr.round_trip import RoundTrip
from sightline.rendering.cluster import Scheduler
from sightline.rendering.cluster_tasks import Limits
from sightline.rendering.dask_pool import DaskPool
from sightline.rendering.engine import RenderingEngine
from sightline.rendering.pool import Pool, WorkerPool
from sightline.state.backend_credentials import BackendCredentials
from sightline.state.chart_pulls import StoredChartPulls
from sightline.state.database import Database, open_database, sqlite_url
from sightline.state.deliveries import StoredDeliveries
from sightline.state.finding_versions import FindingVersions
from sightline.state.findings import StoredFindings
from sightline.state.key_images import StoredKeyImages
from sightline.state.openings import StoredOpenings
from sightline.state.orders import StoredOrders
from sightline.state.reports import StoredReports
from sightline.state.site_keys import site_key
from sightline.viewer.keeping import SECONDS_BETWEEN, save_due
from sightline.viewer.key_documents import KeyDocumentKeeper
from sightline.viewer.report_keeping import store_due
from sightline.web.cache import ByteCache
from sightline.web.dispatcher import Dispatcher
from sightline.web.services import Services

MEGABYTE = 1 << 20
PLUGIN_DIRECTORY = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Site:
    """What differs from host to host.

    Parameters
    ----------
    public_url : str
        Our own address, without trailing slash.
    state_directory : Path
        For the database and the series tables.
    interpreter : Path
        The Python that workers are started with.
    users : Mapping[str, str]
        Administrators' names and passwords.
    facts : Mapping[str, Any]
        What the pages say of this Orthanc: ``dicom_aet`` and ``dicom_port``.
    health : callable
        Takes the workers' statistics, returns the health report.
    dicomweb : DicomwebSection
        Where the DICOMweb routes are.
    """

    public_url: str
    state_directory: Path
    interpreter: Path
    users: Mapping[str, str]
    facts: Mapping[str, Any]
    health: Callable[[Mapping[str, int]], dict[str, Any]]
    dicomweb: DicomwebSection


@dataclass(frozen=True)
class Assembly:
    """A running Sightline."""

    services: Services
    application: Dispatcher
    access: Access
    database: Database
    keeping: Housekeeping
    round_trip: RoundTrip

    def begin(self) -> None:
        """Store what is due from now on, and what was left before a restart: the archive answers."""
        self.services.versions.resume()
        self.keeping.start()
        self.round_trip.begin()

    def prepare(self, study: str, series: str) -> None:
        """Look through a series to which nothing has come for a while, so that it opens fast, if it is still there."""
        grant = internal("prepare")
        with suppress(NotFoundError, ConflictError):
            self.services.engine.describe(grant, study, series)
            prepare_metadata(grant, self.services, study, series)

    def close(self) -> None:
        """End the workers and write what is left to write. No request may be running any more."""
        self.services.engine.close()
        self.round_trip.close()
        self.keeping.stop()
        self.access.close()
        self.database.close()


def assemble(settings: Configuration, site: Site, archive: Archive) -> Assembly:
    """Start everything but the host, and what has to wait for the archive: `Assembly.begin`.

    Raises
    ------
    ConfigurationError
        A user or a proxy address cannot be used, or the cluster that is to render cannot be reached.
    """
    database = open_database(sqlite_url(site.state_directory), lambda: datetime.now(UTC))
    access = open_access(settings, site.public_url, database, site.users)
    pool = _pool(settings, site.interpreter)
    services = Services(
        configuration=settings,
        public_url=site.public_url,
        archive=archive,
        engine=RenderingEngine(
            archive,
            pool,
            volume_bytes=settings.volume_megabytes * MEGABYTE,
            table_directory=site.state_directory / "series",
            picture_bytes=settings.cache_megabytes * MEGABYTE // 2,
        ),
        access=access.control,
        links=access.links,
        audit=access.audit,
        openings=StoredOpenings(database),
        findings=StoredFindings(database),
        versions=FindingVersions(database),
        key_images=StoredKeyImages(database),
        launches=access.launches,
        launching=access.launching,
        orders=StoredOrders(database),
        reports=StoredReports(database),
        deliveries=StoredDeliveries(database),
        chart_pulls=StoredChartPulls(database),
        backend_credentials=BackendCredentials(database),
        viewer_directory=_viewer_directory(settings),
        clock=database.clock,
        health=lambda: site.health(pool.statistics()),
        site={**site.facts, "versions": {"sightline": __version__}},
        cache=ByteCache(settings.cache_megabytes * MEGABYTE // 2),
        dicomweb=site.dicomweb,
        deidentification_key=site_key(database, "deidentification"),
        ehr_tokens=accepted_tokens(settings.ehr, access.throttle, database.clock),
        dicomweb_url=site.dicomweb.url(settings.public_url or site.dicomweb.host_url or site.public_url),
    )
    tasks = (partial(save_due, services), KeyDocumentKeeper(services).save_due, partial(store_due, services))
    keeping = Housekeeping(tasks, SECONDS_BETWEEN)
    return Assembly(services, application(services), access, database, keeping, RoundTrip(services))


def _pool(settings: Configuration, python: Path) -> Pool:
    """Start the workers, and join the cluster that helps them if there is one."""
    workers = settings.workers
    limits = Limits(workers.memory_megabytes * MEGABYTE, settings.volume_megabytes * MEGABYTE)
    local = WorkerPool(
        python,
        PLUGIN_DIRECTORY,
        count=workers.count,
        memory_bytes=limits.memory_bytes,
        volume_bytes=limits.volume_bytes,
        deadline_seconds=workers.deadline_seconds,
    )
    if not workers.dask_scheduler:
        return local
    scheduler = Scheduler(workers.dask_scheduler, workers.dask_ca, workers.dask_certificate, workers.dask_key)
    try:
        return DaskPool(scheduler, local, count=workers.dask_tasks, limits=limits)
    except BaseException:
        local.close()
        raise


def interpreter(settings: Configuration) -> Path:
    """Return the Python of the configured environment."""
    environment = Path(settings.environment) if settings.environment else PLUGIN_DIRECTORY.parent / "environment"
    return environment / "bin" / "python"


def _viewer_directory(settings: Configuration) -> Path:
    if settings.viewer_directory:
        return Path(settings.viewer_directory)
    return PLUGIN_DIRECTORY.parent / "viewer-assets" / "dist"
