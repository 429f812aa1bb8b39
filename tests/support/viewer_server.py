"""The viewer's pages over an archive in memory, without Orthanc: to look at them, and for tests in a real browser.

Run ``python -m tests.support.viewer_server --port 8765 FOLDER...`` and open ``http://127.0.0.1:8765/sightline/``.
"""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, cast
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.serving import WSGIRequestHandler, make_server

from sightline.access.grant import Grant, Permission, Verb, administrator
from sightline.access.links import LinkStore
from sightline.access.opening import open_access
from sightline.configuration import Configuration
from sightline.dicomweb.routes import ROUTES as DICOMWEB_ROUTES
from sightline.openemr.routes import ROUTES as OPENEMR_ROUTES
from sightline.rendering.engine import RenderingEngine
from sightline.rendering.pool import WorkerPool
from sightline.state.database import open_database, sqlite_url
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
    archive: FakeArchive, engine: RenderingEngine, viewer_directory: Path = DIST, links: LinkStore | None = None
) -> Services:
    """Services with an archive in memory; nothing is checked or written that the viewer does not look at."""
    access = SimpleNamespace(check_origin=ignore, expires=lambda _grant: ENDS)
    audit = SimpleNamespace(record=ignore, read_study=ignore, denial=ignore)
    return Services(
        configuration=Configuration.parse({}),
        public_url="http://127.0.0.1:8042",
        archive=archive,
        engine=engine,
        access=cast(Any, access),
        links=cast(LinkStore, links),
        audit=cast(Any, audit),
        openings=RememberedOpenings(),
        viewer_directory=viewer_directory,
        clock=now,
        health=lambda: {"status": "ok"},
        site={"dicom_aet": "ORTHANC", "dicom_port": 4242, "versions": {}},
    )


class ViewerApplication:
    """The viewer's routes for one caller, with stand-ins for what the page calls of other rooms."""

    def __init__(self, services: Services, grant: Grant) -> None:
        self._grant = grant
        routes = (
            Route("GET", "/sightline/session", self._session, Public.LOGIN, "Who is asking"),
            Route("POST", "/sightline/link/<link_id>/session", self._open, Public.LINK, "Exchange", max_body=8192),
            Route("POST", "/sightline/logout", self._session, Public.LOGIN, "Log out"),
        )
        self._dispatcher = Dispatcher((*ROUTES, *routes, *OPENEMR_ROUTES, *DICOMWEB_ROUTES), services)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ[GRANT_KEY] = self._grant
        return self._dispatcher(environ, start_response)

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
    with (
        TemporaryDirectory() as folder,
        closing(small_engine(archive, Path(folder))) as engine,
        closing(open_database(sqlite_url(Path(folder)), now)) as database,
        closing(open_access(Configuration.parse({}), "http://127.0.0.1:8042", database, {})) as access,
    ):
        services = viewer_services(archive, engine, links=access.links)
        yield from _serve(ViewerApplication(services, grant), port)


def small_engine(archive: FakeArchive, tables: Path) -> RenderingEngine:
    """An engine with two workers."""
    pool = WorkerPool(Path(sys.executable), ROOT / "plugin")
    return RenderingEngine(archive, pool, volume_bytes=1 << 30, table_directory=tables)


def _serve(application: ViewerApplication, port: int) -> Iterator[str]:
    server = make_server("127.0.0.1", port, application, threaded=True, request_handler=_QuietHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


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
