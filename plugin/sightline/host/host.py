"""Puts Sightline together inside Orthanc, and takes it apart again."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orthanc

from sightline import __version__
from sightline.access.opening import open_access
from sightline.application import application
from sightline.archive.orthanc_archive import OrthancArchive
from sightline.configuration import Configuration
from sightline.host import self_check
from sightline.host.bridge import THREADS, Answer, Bridge, wsgi_handler
from sightline.host.explorer import Pages
from sightline.host.gate import Gate
from sightline.host.query_probe import QueryProbe
from sightline.host.sdk_rest import SdkRest
from sightline.host.uploads import Uploads
from sightline.rendering.engine import RenderingEngine
from sightline.rendering.pool import WorkerPool
from sightline.state.database import open_database, sqlite_url
from sightline.web.services import Services

log = logging.getLogger(__name__)

_MEGABYTE = 1 << 20
_PLUGIN_DIRECTORY = Path(__file__).resolve().parents[2]


class Host:
    """Sightline inside one Orthanc.

    Parameters
    ----------
    orthanc_configuration : Mapping[str, Any]
        Orthanc's whole configuration.

    Raises
    ------
    ConfigurationError
        Sightline must not start; the message says why and what to do.
    """

    def __init__(self, orthanc_configuration: Mapping[str, Any]) -> None:
        self_check.refuse_unsafe(orthanc_configuration, orthanc.CheckVersionAdvanced)
        settings = Configuration.parse(orthanc_configuration.get("Sightline", {}))
        self._configuration = orthanc_configuration
        self._warnings = self_check.warnings(orthanc_configuration, orthanc.CheckVersionAdvanced)
        self._started = False
        self._core_version = ""
        self._closing = threading.Lock()
        self.public_url = settings.public_url or f"http://127.0.0.1:{orthanc_configuration.get('HttpPort', 8042)}"
        storage = Path(orthanc_configuration.get("StorageDirectory", "OrthancStorage")).absolute()
        state = Path(settings.state_directory) if settings.state_directory else storage / "sightline"

        self._threads = ThreadPoolExecutor(THREADS, "sightline-request")
        self._database = open_database(sqlite_url(state), lambda: datetime.now(UTC))
        users = {str(name): str(value) for name, value in orthanc_configuration.get("RegisteredUsers", {}).items()}
        self._access = open_access(settings, self.public_url, self._database, users)
        self._rest = SdkRest()
        self.archive = OrthancArchive(self._rest, None if _is_remote(orthanc_configuration) else storage, True)
        self._pool = WorkerPool(
            _interpreter(settings),
            _PLUGIN_DIRECTORY,
            count=settings.workers.count,
            memory_bytes=settings.workers.memory_megabytes * _MEGABYTE,
            volume_bytes=settings.volume_megabytes * _MEGABYTE,
            deadline_seconds=settings.workers.deadline_seconds,
        )
        self._engine = RenderingEngine(
            self.archive,
            self._pool,
            volume_bytes=settings.volume_megabytes * _MEGABYTE,
            table_directory=state / "series",
        )
        services = Services(
            configuration=settings,
            public_url=self.public_url,
            archive=self.archive,
            engine=self._engine,
            access=self._access.control,
            links=self._access.links,
            audit=self._access.audit,
            viewer_directory=_viewer_directory(settings),
            clock=self._database.clock,
            health=self.health,
            site=self._site(),
        )
        upload_bound = settings.maximum_upload_megabytes * _MEGABYTE
        self.gate = Gate(
            self._access.control,
            self.public_url,
            upload_bound,
            settings.allow_chunked_uploads,
            self._access.audit.defer,
        )
        self._probe = QueryProbe(orthanc_configuration)
        web = wsgi_handler(application(services), self._probe.is_decoded, self.public_url)
        pages = Pages(self._rest)
        self.application = Bridge(self._threads, web)
        self.root = Bridge(self._threads, pages.root)
        self.explorer_script = Bridge(self._threads, pages.explorer_script)
        self.uploads = Bridge(self._threads, Uploads(self._rest, self._access.audit, upload_bound).handle)
        self.probe = Bridge(self._threads, self._probe.handle)

    def started(self) -> None:
        """Finish the start once Orthanc answers requests; runs on Orthanc's own thread for changes, so hand it on."""
        self._threads.submit(self._finish_start)

    def stop(self) -> None:
        """End workers and threads, write what is left to write."""
        if not self._closing.acquire(blocking=False):
            return
        self._started = False
        self._engine.close()
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._access.close()
        self._database.close()

    def health(self) -> dict[str, Any]:
        """Return what administrators see at `/sightline/health`."""
        workers = self._pool.statistics()
        status = "starting" if not self._started else "ok" if workers["alive"] else "no workers"
        return {
            "status": status,
            "versions": {"sightline": __version__, "orthanc": self._core_version, "python": sys.version.split()[0]},
            "workers": workers,
            "warnings": self._warnings,
        }

    def _finish_start(self) -> None:
        try:
            self._core_version = json.loads(self._rest.get("/system") or b"{}").get("Version", "")
            plugins = json.loads(self._rest.get("/plugins") or b"[]")
            self.gate.refused_trees = self_check.official_dicomweb_trees(self._configuration, plugins)
            for tree in self.gate.refused_trees:
                self._warnings.append(f"The official DICOMweb plugin is loaded as well; its {tree} is refused.")
            self._probe.run()
        except Exception:
            log.exception("Sightline could not finish its start")
            return
        for warning in self._warnings:
            orthanc.LogWarning(f"Sightline: {warning}")
        self._started = True
        orthanc.LogWarning(f"Sightline {__version__} is ready: {self.public_url}/sightline/")

    def _site(self) -> dict[str, Any]:
        configuration = self._configuration
        port = int(configuration.get("DicomPort", 4242)) if configuration.get("DicomServerEnabled", True) else 0
        return {
            "dicom_aet": str(configuration.get("DicomAet", "ORTHANC")),
            "dicom_port": port,
            "versions": {"sightline": __version__},
        }


def _interpreter(settings: Configuration) -> Path:
    """Return the real Python: `sys.executable` is Orthanc here, and starting that again would start Orthanc."""
    environment = Path(settings.environment) if settings.environment else _PLUGIN_DIRECTORY.parent / "environment"
    return environment / "bin" / "python"


def _viewer_directory(settings: Configuration) -> Path:
    if settings.viewer_directory:
        return Path(settings.viewer_directory)
    return _PLUGIN_DIRECTORY.parent / "viewer-assets" / "dist"


def _is_remote(configuration: Mapping[str, Any]) -> bool:
    """Whether stored files are compressed: then they cannot be read in place."""
    return bool(configuration.get("StorageCompression", False))


__all__ = ["Answer", "Host"]
