"""Addresses in answers: of the proxy that the caller came through, never another caller's, and moved roots."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from werkzeug.test import Client

from sightline.access.grant import administrator
from sightline.dicomweb.conformance import conformance
from sightline.dicomweb.roots import placed
from sightline.dicomweb.routes import ROUTES
from sightline.dicomweb_section import DicomwebSection
from sightline.web.dispatcher import Dispatcher
from tests.support.dicom_files import image_file, volume_file
from tests.unit.dicomweb.conftest import PUBLIC_URL, Serve, Server

STUDY, SERIES = "1.2.826.0.1.1", "1.2.826.0.1.2"
INSTANCE = f"/studies/{STUDY}/series/{SERIES}/instances/1.2.3"
FILE = image_file(
    np.zeros((40, 40), np.uint16), SOPInstanceUID="1.2.3", StudyInstanceUID=STUDY, SeriesInstanceUID=SERIES
)
OTHER = "https://other.example/images"


def through(server: Server, base_url: str) -> Server:
    """Return the same server, asked through a trusted proxy."""
    return replace(server, grant=replace(administrator("tester"), base_url=base_url))


def addresses(value: Any) -> Iterator[str]:
    """Give every address in an answer."""
    if isinstance(value, dict):
        if "BulkDataURI" in value:
            yield value["BulkDataURI"]
        if value.get("vr") == "UR":
            yield from value.get("Value", ())
        for inner in value.values():
            yield from addresses(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from addresses(inner)


@pytest.mark.parametrize(
    "path",
    ["/studies", "/series", "/instances", f"{INSTANCE}/metadata", f"/studies/{STUDY}/series/{SERIES}/metadata"],
)
@pytest.mark.parametrize("zipped", [True, False])
def test_no_caller_gets_the_address_of_another(serve: Serve, path: str, zipped: bool) -> None:
    """Answers are kept ready; asked in turn under three addresses, each caller finds its own in them, twice."""
    server = serve(FILE)
    headers = {"Accept-Encoding": "gzip" if zipped else "identity"}
    tags = {}
    for _ in range(2):
        for base, asked in (
            (PUBLIC_URL, server),
            (OTHER, through(server, OTHER)),
            ("http://x", through(server, "http://x")),
        ):
            answer = asked.get(path, headers=headers)
            body = answer.data
            if answer.headers.get("Content-Encoding") == "gzip":
                import gzip

                body = gzip.decompress(body)
            found = list(addresses(json.loads(body)))
            assert found
            assert all(address.startswith(f"{base}/dicom-web/studies/") for address in found), found
            tags.setdefault(answer.headers.get("ETag"), set()).add(base)
    if "metadata" in path:
        assert all(len(bases) == 1 for bases in tags.values())


def test_a_tag_of_one_address_is_not_known_under_another(serve: Serve) -> None:
    server = serve(FILE)
    for resource in ("metadata", "frames/1", ""):
        tag = server.get(f"{INSTANCE}/{resource}".rstrip("/")).headers["ETag"]
        asked = through(server, OTHER).get(f"{INSTANCE}/{resource}".rstrip("/"), headers={"If-None-Match": tag})
        assert asked.status_code == 200, resource
        again = server.get(f"{INSTANCE}/{resource}".rstrip("/"), headers={"If-None-Match": tag})
        assert again.status_code == 304, resource


def test_content_location_and_store(serve: Serve) -> None:
    server = through(serve(FILE), OTHER)
    frame = server.get(f"{INSTANCE}/frames/1", "application/octet-stream")
    assert frame.headers["Content-Location"] == f"{OTHER}/dicom-web{INSTANCE}/frames/1"
    assert f"Content-Location: {OTHER}/dicom-web{INSTANCE}\r\n".encode() in server.get(INSTANCE).data
    stored = server.post("/studies", FILE, "application/dicom")
    found = list(addresses(stored.json))
    assert found == [f"{OTHER}/dicom-web/studies/{STUDY}", f"{OTHER}/dicom-web{INSTANCE}"]


def test_what_the_client_says_itself_changes_nothing(serve: Serve) -> None:
    forged = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    forged["Forwarded"] = "host=evil.example;proto=https"
    answer = serve(FILE).get(f"{INSTANCE}/metadata", headers=forged)
    assert "evil" not in answer.text
    assert next(addresses(answer.json)).startswith(PUBLIC_URL)


MOVED = DicomwebSection(root="/images/web", wado_root="/images/uri")


def moved(server: Server, section: DicomwebSection) -> Client:
    """Return a client of the server with its routes where that section puts them."""
    services = replace(server.services, dicomweb=section, dicomweb_url=section.url(PUBLIC_URL))
    return Client(Dispatcher(placed(ROUTES, section), services))


def test_moved_roots(serve: Serve) -> None:
    client = moved(serve(FILE), MOVED)
    environ = {"sightline.grant": administrator("tester")}
    found = client.get(f"/images/web{INSTANCE}/metadata", environ_overrides=environ)
    (uri,) = addresses(found.json)
    assert uri == f"{PUBLIC_URL}/images/web{INSTANCE}/bulk/7fe00010"
    octets = {"Accept": "application/octet-stream"}
    pixels = client.get(uri.removeprefix(PUBLIC_URL), headers=octets, environ_overrides=environ)
    assert pixels.data == bytes(40 * 40 * 2)
    assert client.get("/dicom-web/studies", environ_overrides=environ).status_code == 404
    told = client.get("/images/web/conformance", environ_overrides=environ).json or {}
    assert (told["basePath"], told["wadoPath"]) == ("/images/web", "/images/uri")
    assert told == json.loads(json.dumps(conformance(placed(ROUTES, MOVED), MOVED)))
    assert {"/studies", "/conformance"} <= {row["path"] for row in told["routes"]}


def test_public_root(serve: Serve) -> None:
    section = DicomwebSection(public_root="/outside")
    found = moved(serve(FILE), section).get(
        f"/dicom-web{INSTANCE}/metadata", environ_overrides={"sightline.grant": administrator("tester")}
    )
    assert list(addresses(found.json)) == [f"{PUBLIC_URL}/outside{INSTANCE}/bulk/7fe00010"]


def test_switched_off_and_read_only() -> None:
    assert placed(ROUTES, DicomwebSection(is_enabled=False)) == ()
    without = placed(ROUTES, DicomwebSection(is_wado_enabled=False))
    assert not [route for route in without if route.path.startswith("/wado")]
    reading = placed(ROUTES, DicomwebSection(is_read_only=True))
    assert {route.method for route in reading} == {"GET", "OPTIONS"}
    assert len([r for r in reading if r.method == "GET"]) == len([r for r in ROUTES if r.method == "GET"])


class TestKeeping:
    """What clients are told to keep."""

    PROGRAM: ClassVar = {"Authorization": "Basic eDp5"}

    def server(self, serve: Serve, tmp_path: Path, immutable: bool) -> Server:
        made = serve(FILE)
        configuration = made.services.configuration.model_copy(update={"immutable_caching": immutable})
        services = replace(made.services, configuration=configuration)
        return replace(made, services=services, client=Client(Dispatcher(ROUTES, services)))

    def test_nothing_by_default(self, serve: Serve, tmp_path: Path) -> None:
        server = self.server(serve, tmp_path, immutable=False)
        for path in (INSTANCE, f"{INSTANCE}/frames/1", f"/studies/{STUDY}/metadata", "/studies", "/conformance"):
            answer = server.get(path, headers=self.PROGRAM)
            assert answer.headers["Cache-Control"] == "private, no-store", path

    @pytest.mark.parametrize(
        "path", [INSTANCE, f"{INSTANCE}/metadata", f"{INSTANCE}/frames/1", f"{INSTANCE}/bulk/7fe00010"]
    )
    def test_instances_for_programs(self, serve: Serve, tmp_path: Path, path: str) -> None:
        server = self.server(serve, tmp_path, immutable=True)
        answer = server.get(path, headers=self.PROGRAM)
        assert answer.headers["Cache-Control"] == "private, max-age=604800, immutable"
        assert {"Accept", "Authorization"} <= set(answer.vary)
        known = server.get(path, headers=self.PROGRAM | {"If-None-Match": answer.headers["ETag"]})
        assert (known.status_code, known.headers["Cache-Control"]) == (304, answer.headers["Cache-Control"])

    @pytest.mark.parametrize("path", [f"/studies/{STUDY}", f"/studies/{STUDY}/series/{SERIES}/metadata"])
    def test_what_grows_is_asked_for_again(self, serve: Serve, tmp_path: Path, path: str) -> None:
        server = self.server(serve, tmp_path, immutable=True)
        assert server.get(path, headers=self.PROGRAM).headers["Cache-Control"] == "private, no-cache"

    def test_never_for_people_nor_for_searches_or_errors(self, serve: Serve, tmp_path: Path) -> None:
        server = self.server(serve, tmp_path, immutable=True)
        people = server.get(f"{INSTANCE}/frames/1", headers={"Cookie": "__Host-sightline=x"})
        search = server.get("/studies", headers=self.PROGRAM)
        error = server.get(f"{INSTANCE}/frames/9", headers=self.PROGRAM)
        for answer in (people, search, error):
            assert answer.headers["Cache-Control"] == "private, no-store"


def test_every_get_but_searches_has_a_tag(serve: Serve) -> None:
    uids = {"StudyInstanceUID": STUDY, "SeriesInstanceUID": SERIES, "SOPInstanceUID": "1.2.3"}
    server = serve(volume_file(np.zeros((3, 8, 8), np.int16), (1.0, 1.0), 1.0, **uids))
    values = {
        "study": STUDY,
        "series": SERIES,
        "instance": "1.2.3",
        "frames": "1",
        "place": "7FE00010",
        "path": "7fe00010",
    }
    for route in ROUTES:
        if route.method != "GET" or not route.path.startswith("/dicom-web"):
            continue
        path = route.path
        for key, value in values.items():
            for converter in ("uid:", "path:", ""):
                path = path.replace(f"<{converter}{key}>", value)
        answer = server.get(path.removeprefix("/dicom-web"))
        assert answer.status_code == 200, path
        is_search = path.rsplit("/", 1)[1] in ("studies", "series", "instances")
        assert ("ETag" in answer.headers) == (not is_search), path
        if not is_search:
            again = server.get(path.removeprefix("/dicom-web"), headers={"If-None-Match": answer.headers["ETag"]})
            assert (again.status_code, again.data) == (304, b""), path
