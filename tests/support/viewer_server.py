"""The viewer's pages over an archive in memory, without Orthanc: to look at them, and for tests in a real browser.

Run ``python -m tests.support.viewer_server --port 8765 FOLDER...`` and open ``http://127.0.0.1:8765/sightline/``.
"""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, cast
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.serving import WSGIRequestHandler, make_server

from sightline.access.grant import Grant, Permission, Verb, administrator
from sightline.access.housekeeping import Housekeeping
from sightline.access.launch import Launches
from sightline.access.launching import Launching
from sightline.access.links import LinkStore
from sightline.access.opening import open_access
from sightline.configuration import Configuration
from sightline.dicomweb.routes import ROUTES as DICOMWEB_ROUTES
from sightline.openemr.orders.routes import ROUTES as ORDER_ROUTES
from sightline.openemr.routes import ROUTES as OPENEMR_ROUTES
from sightline.openemr.smart.routes import ROUTES as SMART_ROUTES
from sightline.rendering.engine import RenderingEngine
from sightline.rendering.pool import WorkerPool
from sightline.state.backend_credentials import BackendCredentials
from sightline.state.chart_pulls import StoredChartPulls
from sightline.state.database import Database, open_database, sqlite_url
from sightline.state.deliveries import StoredDeliveries
from sightline.state.finding_versions import FindingVersions
from sightline.state.findings import StoredFindings
from sightline.state.key_images import StoredKeyImages
from sightline.state.orders import StoredOrders
from sightline.state.reports import StoredReports
from sightline.viewer.keeping import save_due
from sightline.viewer.key_documents import KeyDocumentKeeper
from sightline.viewer.report_keeping import store_due
from sightline.viewer.routes import ROUTES
from sightline.web.dispatcher import Dispatcher
from sightline.web.json_answer import answer_json
from sightline.web.request import GRANT_KEY, Request, Response
from sightline.web.routing import Public, Route
from sightline.web.services import Services
from tests.support.fake_archive import FakeArchive

ROOT = Path(__file__).parents[2]
DIST = ROOT / "viewer-assets" / "dist"
ADMINISTRATOR = administrator("admin")
ENDS = datetime(2026, 12, 24, 18, tzinfo=UTC)


def link_grant(study: str) -> Grant:
    """What a link to that study gives."""
    return Grant("link:1", (Permission(frozenset({Verb.VIEW}), study),), name="Dr Reader")


def ignore(*_arguments: object, **_named: object) -> None:
    """Do nothing."""


def nothing(_study: str) -> tuple[()]:
    """There is none."""
    return ()


class RememberedOpenings:
    """`Openings` in memory."""

    def __init__(self) -> None:
        self._opened: dict[tuple[str, str], datetime] = {}

    def note(self, user: str, study_instance_uid: str) -> None:
        self._opened[user, study_instance_uid] = now()

    def of(self, user: str, study_instance_uids: Collection[str]) -> dict[str, datetime]:
        return {uid: self._opened[user, uid] for uid in study_instance_uids if (user, uid) in self._opened}

    def latest(self, user: str, limit: int) -> tuple[str, ...]:
        own = [(opened, uid) for (who, uid), opened in self._opened.items() if who == user]
        return tuple(uid for _, uid in sorted(own, reverse=True)[:limit])


def now() -> datetime:
    """Return the current time."""
    return datetime.now(UTC)


def viewer_services(
    archive: FakeArchive,
    engine: RenderingEngine,
    viewer_directory: Path = DIST,
    links: LinkStore | None = None,
    database: Database | None = None,
    launches: Launches | None = None,
    launching: Launching | None = None,
) -> Services:
    """Services with an archive in memory; nothing is checked or written that the viewer does not look at.

    Findings are kept where there is a database.
    """
    access = SimpleNamespace(check_origin=ignore, expires=lambda _grant: ENDS)
    audit = SimpleNamespace(record=ignore, read_study=ignore, denial=ignore)
    return Services(
        configuration=Configuration.parse({"Workers": {"Count": 2}}),
        public_url="http://127.0.0.1:8042",
        archive=archive,
        engine=engine,
        access=cast(Any, access),
        links=cast(LinkStore, links),
        audit=cast(Any, audit),
        openings=RememberedOpenings(),
        findings=StoredFindings(database) if database else cast(Any, SimpleNamespace(forget=ignore)),
        versions=cast(Any, FindingVersions(database) if database else None),
        key_images=StoredKeyImages(database) if database else cast(Any, SimpleNamespace()),
        launches=cast(Any, launches),
        launching=cast(Any, launching),
        orders=cast(Any, StoredOrders(database) if database else None),
        reports=StoredReports(database) if database else cast(Any, SimpleNamespace(forget=ignore, versions_of=nothing)),
        deliveries=cast(Any, StoredDeliveries(database) if database else None),
        chart_pulls=cast(Any, StoredChartPulls(database) if database else None),
        backend_credentials=cast(Any, BackendCredentials(database) if database else None),
        viewer_directory=viewer_directory,
        clock=now,
        health=lambda: {"status": "ok"},
        site={"dicom_aet": "ORTHANC", "dicom_port": 4242, "versions": {}},
    )


class ViewerApplication:
    """The viewer's routes for one caller, with stand-ins for what the page calls of other rooms.

    `further` routes go before all others.
    """

    def __init__(self, services: Services, grant: Grant, further: Sequence[Route] = ()) -> None:
        self._grant = grant
        routes = (
            Route("GET", "/sightline/session", self._session, Public.LOGIN, "Who is asking"),
            Route("POST", "/sightline/link/<link_id>/session", self._open, Public.LINK, "Exchange", max_body=8192),
            Route("POST", "/sightline/logout", self._session, Public.LOGIN, "Log out"),
        )
        openemr = (*OPENEMR_ROUTES, *SMART_ROUTES, *ORDER_ROUTES)
        self._dispatcher = Dispatcher((*further, *ROUTES, *routes, *openemr, *DICOMWEB_ROUTES), services)
        self._change = threading.Condition()
        self._running = 0
        self._is_closed = False

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with self._change:
            if self._is_closed:
                start_response("503 Service Unavailable", [("Content-Length", "0")])
                return []
            self._running += 1
        try:
            environ[GRANT_KEY] = self._grant
            return self._dispatcher(environ, start_response)
        finally:
            with self._change:
                self._running -= 1
                self._change.notify_all()

    def close(self) -> None:
        """Take no more requests, and wait for those that run: a page sends its last ones as it is closed."""
        with self._change:
            self._is_closed = True
            self._change.wait_for(lambda: self._running == 0, timeout=30)

    def _open(self, request: Request, services: Services, link_id: str) -> Response:
        return answer_json({"studyInstanceUID": self._grant.permissions[0].study_instance_uid})

    def _session(self, request: Request, services: Services) -> Response:
        answer = {"user": self._grant.name, "verbs": ["view"], "studies": None, "expires": ENDS.isoformat()}
        return answer_json(answer)


class _QuietHandler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write nothing."""


@contextmanager
def serve(archive: FakeArchive, grant: Grant = ADMINISTRATOR, port: int = 0) -> Iterator[str]:
    """Serve the viewer for one caller on loopback; gives the base URL."""
    with running_services(archive) as services, served(services, grant, port) as url:
        yield url


@contextmanager
def serve_readers(archive: FakeArchive, *grants: Grant) -> Iterator[list[str]]:
    """Serve the viewer for several callers who share archive and state; gives a base URL for each."""
    with running_services(archive) as services, ExitStack() as stack:
        yield [stack.enter_context(served(services, grant)) for grant in grants]


@contextmanager
def running_services(archive: FakeArchive) -> Iterator[Services]:
    """Give what serves the viewer over an archive, with workers and state of its own, until left."""
    with (
        TemporaryDirectory() as folder,
        closing(small_engine(archive, Path(folder))) as engine,
        closing(open_database(sqlite_url(Path(folder)), now)) as database,
        closing(open_access(Configuration.parse({}), "http://127.0.0.1:8042", database, {})) as access,
    ):
        services = viewer_services(
            archive,
            engine,
            links=access.links,
            database=database,
            launches=access.launches,
            launching=access.launching,
        )
        tasks = [partial(save_due, services), KeyDocumentKeeper(services).save_due, partial(store_due, services)]
        keeping = Housekeeping(tasks, 0.2)
        keeping.start()
        try:
            yield services
        finally:
            keeping.stop()


def small_engine(archive: FakeArchive, tables: Path) -> RenderingEngine:
    """An engine with two workers."""
    pool = WorkerPool(Path(sys.executable), ROOT / "plugin")
    return RenderingEngine(archive, pool, volume_bytes=1 << 30, table_directory=tables)


@contextmanager
def served(services: Services, grant: Grant, port: int = 0, further: Sequence[Route] = ()) -> Iterator[str]:
    """Serve what one caller may see on loopback, until left; gives the base URL."""
    application = ViewerApplication(services, grant, further)
    server = make_server("127.0.0.1", port, application, threaded=True, request_handler=_QuietHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        application.close()


def main() -> None:
    """Serve folders of DICOM files until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--link", default="", help="serve as a link to this study")
    parser.add_argument("folders", nargs="*", type=Path)
    options = parser.parse_args()
    files = (path.read_bytes() for folder in options.folders for path in sorted(folder.rglob("*.dcm")))
    archive = FakeArchive(files)
    grant = link_grant(options.link) if options.link else ADMINISTRATOR
    with serve(archive, grant, options.port) as url:
        print(f"{url}/sightline/", flush=True)  # noqa: T201
        threading.Event().wait()


if __name__ == "__main__":
    main()
