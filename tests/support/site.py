"""A whole site without Orthanc: some routes, real access control, an archive in memory, and browsers that visit it."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from werkzeug.test import Client, TestResponse

from sightline.access.opening import open_access
from sightline.configuration import Configuration
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.engine import RenderingEngine
from sightline.rendering.worker import resolve
from sightline.state.backend_credentials import BackendCredentials
from sightline.state.chart_pulls import StoredChartPulls
from sightline.state.database import open_database, sqlite_url
from sightline.state.deliveries import StoredDeliveries
from sightline.state.finding_versions import FindingVersions
from sightline.state.findings import StoredFindings
from sightline.state.key_images import StoredKeyImages
from sightline.state.openings import StoredOpenings
from sightline.state.orders import StoredOrders
from sightline.state.reports import StoredReports
from sightline.web.dispatcher import Dispatcher
from sightline.web.request import GRANT_KEY, Request
from sightline.web.routing import Route
from sightline.web.services import Services
from tests.support.clock import Clock
from tests.support.fake_archive import FakeArchive

URL = "https://pacs.example"
PASSWORD = "opensesame"
SERVICE_KEY = "8d4f0a7c"


class Tasks:
    """Of an engine, the tasks of workers: they run here, with their arguments through JSON."""

    def run(
        self, task: str, arguments: Mapping[str, Any], buffers: Sequence[Buffer] = (), deadline: float | None = None
    ) -> Reply:
        return resolve(task)(json.loads(json.dumps(arguments)), buffers, ())


class Site:
    """A site with the administrator ``ada`` and a link service.

    Workers' tasks run in this process where there is an `engine`, such as `Tasks`.
    """

    def __init__(
        self,
        directory: Path,
        routes: Sequence[Route],
        files: Iterable[bytes] = (),
        engine: Any = None,
        url: str = URL,
        **options: Any,
    ) -> None:
        self.clock = Clock()
        self.url = url
        self.database = open_database(sqlite_url(directory), self.clock)
        links = {"ServiceKeySha256": hashlib.sha256(SERVICE_KEY.encode()).hexdigest()} | options.pop("Links", {})
        configuration = Configuration.parse({"Links": links, "Workers": {"Count": 2}} | options)
        self.access = open_access(configuration, url, self.database, {"ada": PASSWORD})
        self.archive = FakeArchive(files)
        self.services = Services(
            configuration=configuration,
            public_url=url,
            archive=self.archive,
            engine=cast(RenderingEngine, engine),
            access=self.access.control,
            links=self.access.links,
            audit=self.access.audit,
            openings=StoredOpenings(self.database),
            findings=StoredFindings(self.database),
            versions=FindingVersions(self.database),
            key_images=StoredKeyImages(self.database),
            launches=self.access.launches,
            launching=self.access.launching,
            orders=StoredOrders(self.database),
            reports=StoredReports(self.database),
            deliveries=StoredDeliveries(self.database),
            chart_pulls=StoredChartPulls(self.database),
            backend_credentials=BackendCredentials(self.database),
            viewer_directory=directory,
            clock=self.clock,
            health=lambda: {"status": "ok"},
            site={},
        )
        self._dispatcher = Dispatcher(routes, self.services)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        headers = {name.lower(): value for name, value in Request(environ).headers.items()}
        environ[GRANT_KEY] = self.access.control.identify(headers, environ.get("REMOTE_ADDR", ""))
        return self._dispatcher(environ, start_response)

    def close(self) -> None:
        self.access.close()
        self.database.close()

    def browser(self, keeps_cookies: bool = True) -> Client:
        """Return a browser of its own, with its own cookies; or one that sends what `headers` say instead."""
        return Client(self, use_cookies=keeps_cookies)

    def program(self, method: str, path: str, user: str = "ada", **more: Any) -> TestResponse:
        """Send a request as a program does: with Basic, or the link service's key, and without an Origin."""
        headers = {"Authorization": "Basic " + b64encode(f"{user}:{PASSWORD}".encode()).decode()}
        if user == "link-service":
            headers = {"Authorization": f"Bearer {SERVICE_KEY}"}
        return Client(self).open(path, method=method, headers=headers | more.pop("headers", {}), **more)

    def events(self) -> list[tuple[str, str]]:
        """Return kind and outcome of each audit event, oldest first."""
        rows = reversed(self.access.audit.page(1000))
        return [(row["event"]["subtype"][1]["code"], row["event"]["outcome"]) for row in rows]


def from_page(**headers: str) -> dict[str, Any]:
    """Return what a request of one of our own pages carries."""
    return {"headers": {"Origin": URL} | headers, "base_url": URL}
