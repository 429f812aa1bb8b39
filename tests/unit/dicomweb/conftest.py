"""The DICOMweb routes over an archive in memory; workers' tasks run here, with their arguments through JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from sightline.access.grant import Grant, administrator
from sightline.archive.protocol import InstanceRecord
from sightline.configuration import Configuration
from sightline.dicomweb.routes import ROUTES
from sightline.errors import UnprocessableError
from sightline.kernels.geometry import GeometryError
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.engine import PreparedView
from sightline.rendering.headers import read_frames
from sightline.rendering.picture import Picture
from sightline.rendering.series_table import SeriesTable, in_display_order, series_identity
from sightline.rendering.view import View
from sightline.rendering.volume_plan import VolumePlan, chosen, plan
from sightline.rendering.volume_sources import Inputs
from sightline.rendering.worker import resolve
from sightline.web.dispatcher import Dispatcher
from sightline.web.request import GRANT_KEY
from sightline.web.services import Services
from tests.support.fake_archive import FakeArchive

PUBLIC_URL = "https://pacs.example"


class LocalEngine:
    """What the routes need of the engine. Pictures are the text of their view."""

    def __init__(self, archive: FakeArchive) -> None:
        self._archive = archive
        self.tasks: list[str] = []
        self.views: list[View] = []

    def describe(self, grant: Grant, study: str, series: str) -> SeriesTable:
        records = self._archive.series_instances(grant, study, series)
        frames, other, unreadable = [], [], []
        for record in records:
            try:
                read = read_frames(BytesIO(self._archive.read(grant, record)), record.file.uuid)
                frames += read
                other += [] if read else [record.sop_instance_uid]
            except UnprocessableError as error:
                unreadable.append((record.sop_instance_uid, error.message))
        identity = series_identity(record.file.uuid for record in records)
        return SeriesTable(identity, study, series, "", in_display_order(frames), tuple(other), tuple(unreadable))

    def known_instance(self, record: InstanceRecord) -> None:
        return None

    def volume_plan(self, grant: Grant, study: str, series: str, inputs: Inputs) -> VolumePlan:
        try:
            return plan(chosen(self.describe(grant, study, series), inputs))
        except GeometryError as refusal:
            raise UnprocessableError(refusal.reason, "no-volume") from None

    def etag(self, grant: Grant, view: View) -> str:
        table = self.describe(grant, view.study_instance_uid, view.series_instance_uid)
        return f"{hash((table.identity, view)) & 0xFFFFFFFF:x}"

    def render(self, grant: Grant, view: View) -> Picture:
        self.views.append(view)
        name = view.picture_format.value
        return Picture(repr(view).encode(), f"image/{name}", 1, 1, self.etag(grant, view), name == "jpeg", None)

    def prepare(self, grant: Grant, views: Sequence[View]) -> list[PreparedView]:
        return [PreparedView(view, self.etag(grant, view), ()) for view in views]

    def prepare_known(self, grant: Grant, view: View) -> PreparedView | None:
        self._archive.instance(grant, view.study_instance_uid, view.series_instance_uid, view.source.sop_instance_uid)  # type: ignore[union-attr]
        table = self.describe(grant, view.study_instance_uid, view.series_instance_uid)
        known = table.frame(view.source.sop_instance_uid, view.source.frame)  # type: ignore[union-attr]
        return PreparedView(view, self.etag(grant, view), ()) if known else None

    def render_prepared(self, grant: Grant, prepared: PreparedView) -> Picture:
        return self.render(grant, prepared.view)

    def run(
        self, task: str, arguments: Mapping[str, Any], buffers: Sequence[Buffer] = (), deadline: float | None = None
    ) -> Reply:
        self.tasks.append(task)
        return resolve(task)(json.loads(json.dumps(arguments)), buffers, ())


class NoAccess:
    """Lets every origin pass; what a caller may do is in the grant."""

    def check_origin(self, *_: object) -> None: ...


@dataclass
class Audit:
    """Keeps what was recorded."""

    events: list[Any] = field(default_factory=list)

    def record(self, event: Any) -> None:
        self.events.append(event)

    def read_study(self, grant: Grant, study: str, patient: Callable[[], str]) -> None:
        self.events.append(("read", study, patient()))

    def count_read(self, _grant: Grant, study: str) -> bool:
        self.events.append(("further read", study))
        return True

    def denial(self, *_: object) -> None:
        self.events.append("denial")


@dataclass
class Server:
    """The routes as an HTTP client sees them."""

    archive: FakeArchive
    engine: LocalEngine
    services: Services
    audit: Audit
    client: Client
    grant: Grant = field(default_factory=lambda: administrator("tester"))

    def get(self, path: str, accept: str = "", root: str = "/dicom-web", **options: Any) -> TestResponse:
        headers = {**options.pop("headers", {}), **({"Accept": accept} if accept else {})}
        environ = {GRANT_KEY: self.grant}
        return self.client.get(root + path, headers=headers, environ_overrides=environ, **options)

    def post(self, path: str, body: bytes, content_type: str, **headers: str) -> TestResponse:
        environ = {GRANT_KEY: self.grant}
        return self.client.post(
            "/dicom-web" + path, data=body, content_type=content_type, headers=headers, environ_overrides=environ
        )


Serve = Callable[..., Server]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """Make a server of these files; by path unless told otherwise."""

    def make(*files: bytes, by_path: bool = True) -> Server:
        archive = FakeArchive(files, by_path=str(tmp_path) if by_path else None)
        engine, audit = LocalEngine(archive), Audit()
        known: dict[str, Any] = {
            "configuration": Configuration.parse({"Workers": {"Count": 2}}),
            "public_url": PUBLIC_URL,
            "archive": archive,
            "engine": engine,
            "access": NoAccess(),
            "audit": audit,
            "findings": SimpleNamespace(forget=lambda _study: None),
            "reports": SimpleNamespace(forget=lambda _study: None),
            "viewer_directory": tmp_path,
            "clock": lambda: datetime.now(UTC),
            "health": dict,
            "site": {},
        }
        # Of what the EHR link keeps, DICOMweb asks nothing.
        rest = {
            one.name: SimpleNamespace() for one in fields(Services) if one.default is one.default_factory is MISSING
        }
        services = Services(**rest | known)
        return Server(archive, engine, services, audit, Client(Dispatcher(ROUTES, services)))

    return make
