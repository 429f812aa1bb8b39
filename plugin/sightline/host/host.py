"""Sightline inside Orthanc: started, finished once Orthanc answers, and stopped."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import orthanc

from sightline import __version__
from sightline.access.audit import AuditEvent
from sightline.archive.orthanc_archive import OrthancArchive
from sightline.archive.orthanc_search import FindLimits
from sightline.archive.register import SeriesRegister
from sightline.assembly import MEGABYTE, Site, assemble, interpreter
from sightline.configuration import Configuration
from sightline.dicomweb_section import read_section, unheeded
from sightline.errors import UnavailableError
from sightline.host import self_check
from sightline.host.bridge import THREADS, Bridge, wsgi_handler
from sightline.host.explorer import EXPLORER, ExplorerPage, root
from sightline.host.gate import PAGES_TREE, Gate
from sightline.host.loopback import Loopback
from sightline.host.query_probe import QueryProbe
from sightline.host.receiving import Receiving
from sightline.host.sdk_rest import SdkRest
from sightline.host.uploads import Uploads
from sightline.host.worklist import WorklistAnswers
from sightline.openemr.orders.worklist import worklist

RECORD_SECONDS = 30
"""An audit log that takes longer is as good as none."""

QUIET_SECONDS = 5

log = logging.getLogger(__name__)


class Host:
    """Sightline inside one Orthanc.

    Parameters
    ----------
    configuration : Mapping[str, Any]
        Orthanc's whole configuration.
    on_explorer_page : callable
        The callback that answers Orthanc Explorer's page by `explorer`, registered once that is there.

    Raises
    ------
    ConfigurationError
        Sightline must not start; the message says why and what to do.
    """

    def __init__(self, configuration: Mapping[str, Any], on_explorer_page: Callable[..., None]) -> None:
        self._on_explorer_page = on_explorer_page
        self_check.refuse_unsafe(configuration, orthanc.CheckVersionAdvanced)
        settings = Configuration.parse(configuration.get("Sightline", {}))
        self._section = read_section(configuration)
        self.trees = (PAGES_TREE, *self._section.trees)
        self._configuration = configuration
        self._warnings = self_check.warnings(configuration, orthanc.CheckVersionAdvanced)
        self._warnings += unheeded(configuration)
        self._core_version = ""
        self._is_started = self._is_shadowed = False
        self._stopping = threading.Lock()
        self._public_url = settings.public_url or f"http://127.0.0.1:{configuration.get('HttpPort', 8042)}"
        self._rest = SdkRest()
        storage = Path(configuration.get("StorageDirectory", "OrthancStorage")).absolute()
        # Compressed files cannot be read in place.
        in_place = None if configuration.get("StorageCompression", False) else storage
        site = self._site(settings, storage)
        register = SeriesRegister(site.state_directory / "register")
        limits = FindLimits(configuration.get("LimitFindResults", 0), configuration.get("LimitFindInstances", 0))
        self.archive = OrthancArchive(self._rest, in_place, is_told=True, register=register, limits=limits)
        self._sightline = assemble(settings, site, self.archive)
        self._preparing = ThreadPoolExecutor(1, "sightline-prepare")
        self._threads = ThreadPoolExecutor(THREADS, "sightline-request")
        self._open(settings)

    def _open(self, settings: Configuration) -> None:
        """Make what callbacks are handed to."""
        upload_bound = settings.maximum_upload_megabytes * MEGABYTE
        access = self._sightline.access
        chunked = settings.allow_chunked_uploads
        self.gate = Gate(access.control, self._public_url, upload_bound, chunked, self._record, self._section)
        self.receiving = Receiving(self._record)
        self._loopback = Loopback(self._configuration, self.gate.start_token)
        self._probe = QueryProbe(self._loopback)
        web = wsgi_handler(self._sightline.application, self._probe.is_decoded, self._public_url)
        self.application = Bridge(self._threads, web, self._sightline.application.ready)
        self.root = Bridge(self._threads, root)
        self.uploads = Bridge(self._threads, Uploads(self._rest, access.audit, upload_bound).handle)
        self.probe = Bridge(self._threads, self._probe.handle)
        self.worklist: WorklistAnswers | None = None
        if settings.orders.is_on:
            self.worklist = WorklistAnswers(self._threads, partial(worklist, self._sightline.services))

    def started(self) -> None:
        """Finish the start, now that Orthanc answers requests; not on its own thread, which must go on."""
        self._threads.submit(self._finish_start)

    def stop(self) -> None:
        """End threads and workers, write what is left to write."""
        if self._stopping.acquire(blocking=False):
            self._is_started = False
            # Workers first: whoever waits for one is told to try again, so that the threads come to an end.
            self._sightline.services.engine.close()
            self._preparing.shutdown(wait=True, cancel_futures=True)
            self._threads.shutdown(wait=True, cancel_futures=True)
            self._sightline.close()
            try:
                self.archive.leave_register()
            except Exception:
                log.exception("What is registered of series is not left to the next run")

    def is_complete(self, series: str) -> None:
        """Look through a series to which nothing has come for a while; `series` is its Orthanc id."""

        def prepare() -> None:
            try:
                place = self.archive.place_of_series(series)
                if place is not None:
                    self._sightline.prepare(*place)
            except UnavailableError as error:  # also at the stop
                log.info("A series was not looked through: %s", error.message)
            except Exception:
                log.exception("A series could not be looked through")

        with suppress(RuntimeError):  # stopping
            self._preparing.submit(prepare)

    def _record(self, event: AuditEvent) -> bool:
        """Write an audit event for a caller whose own stack is too small for a database, or not ours."""
        try:
            self._threads.submit(self._sightline.access.audit.record, event).result(RECORD_SECONDS)
        except Exception:
            log.exception("Something was refused, since the audit log cannot be written")
            return False
        return True

    def _finish_start(self) -> None:
        try:
            self._core_version = json.loads(self._rest.get("/system") or b"{}").get("Version", "")
            plugins = json.loads(self._rest.get("/plugins") or b"[]")
            self._refuse_official_dicomweb(plugins)
            if "delayed-deletion" in plugins:
                self.archive.distrust_storage()
            self.archive.take_over_register()
            self._probe.run()
            self._shadow_explorer()
        except Exception:
            log.exception("Sightline could not finish its start")
            return
        for warning in self._warnings:
            orthanc.LogWarning(f"Sightline: {warning}")
        self._sightline.begin()
        self._is_started = self.gate.is_open = True
        orthanc.LogWarning(f"Sightline {__version__} is ready: {self._public_url}/sightline/")

    def _shadow_explorer(self) -> None:
        """Take Orthanc Explorer's page from the core, which no plugin can ask for it once it is shadowed."""
        page = self._loopback.get(EXPLORER)
        if page is None:
            return
        self.explorer = Bridge(self._threads, ExplorerPage(page).handle)
        with self.gate.nobody_inside(QUIET_SECONDS) as is_quiet:
            if is_quiet:
                orthanc.RegisterRestCallback(EXPLORER.replace(".", "\\."), self._on_explorer_page)
                self.gate.led_pages = frozenset({EXPLORER})
        if not is_quiet:
            log.warning("Orthanc Explorer does not lead to the login page, since requests came all the time")

    def _refuse_official_dicomweb(self, plugins: list[str]) -> None:
        """Close what the official DICOMweb plugin still answers, which knows nothing of who may do what."""
        refused, shared = [], []
        for tree in self_check.official_dicomweb_trees(self._configuration, plugins):
            self._warnings.append(f"The official DICOMweb plugin is loaded as well; its {tree} is refused.")
            if tree not in self.trees or self._is_shadowed:
                refused.append(tree)
            elif _is_answered(f"{tree}/info"):
                refused.append(tree)
                self._is_shadowed = True
                self._warnings.append(
                    f"The official DICOMweb plugin is loaded before Sightline and would answer at {tree} in its place, "
                    'without asking who may: all of it is refused. Name the Python plugin first in "Plugins".'
                )
            else:
                # Bodies that it reads chunk by chunk are handed to it whichever plugin was loaded first.
                shared.append(tree)
                self._warnings.append(
                    f"Orthanc hands what is stored below {tree} to the official DICOMweb plugin, which asks nobody who "
                    'may: it is refused. Take that plugin out of "Plugins" to store through Sightline.'
                )
        self.gate.refused_trees, self.gate.closed_to_bodies = tuple(refused), tuple(shared)

    def _site(self, settings: Configuration, storage: Path) -> Site:
        configuration = self._configuration
        is_listening = configuration.get("DicomServerEnabled", True)
        return Site(
            public_url=self._public_url,
            dicomweb=self._section,
            state_directory=Path(settings.state_directory) if settings.state_directory else storage / "sightline",
            # sys.executable is Orthanc here; starting that again would start Orthanc.
            interpreter=interpreter(settings),
            users={str(name): str(value) for name, value in configuration.get("RegisteredUsers", {}).items()},
            facts={
                "dicom_aet": str(configuration.get("DicomAet", "ORTHANC")),
                "dicom_port": int(configuration.get("DicomPort", 4242)) if is_listening else 0,
                "dicom_encoding": str(configuration.get("DefaultEncoding", "Latin1")),
            },
            health=self._health,
        )

    def _health(self, workers: Mapping[str, int]) -> dict[str, Any]:
        python = sys.version.split()[0]
        status = "ok" if workers["alive"] else "no workers"
        if self._is_shadowed:
            status = "another plugin answers for us"
        return {
            "status": status if self._is_started else "starting",
            "versions": {"sightline": __version__, "orthanc": self._core_version, "python": python},
            "workers": dict(workers),
            "warnings": self._warnings,
        }


def _is_answered(path: str) -> bool:
    """Whether any plugin answers a request which is none of ours."""
    try:
        orthanc.RestApiGetAfterPlugins(path)
    except orthanc.OrthancException:
        return False
    return True
