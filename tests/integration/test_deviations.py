"""What the server around Sightline makes impossible: each row of the table, on Orthanc, outside, and through nginx."""

from __future__ import annotations

import base64
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from io import BytesIO
from ssl import create_default_context
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
import requests
from pydicom import dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import MPEG4HP41
from requests.adapters import HTTPAdapter
from werkzeug.serving import WSGIRequestHandler, make_server

from sightline.dicomweb.deviations import DEVIATIONS
from sightline.standalone import Standalone
from tests.support.dicom_files import image_file
from tests.support.nginx import Proxy
from tests.support.orthanc_server import PASSWORD, OrthancServer, core_version, free_port

if shutil.which("nginx") is None or shutil.which("Orthanc") is None:
    pytest.skip("nginx or Orthanc is not installed here", allow_module_level=True)

ADMIN = ("admin", PASSWORD)
VIEWER = "https://viewer.example"
STUDY, SERIES = "1.2.826.0.1.1", "1.2.826.0.1.2"
INSTANCE = f"/dicom-web/studies/{STUDY}/series/{SERIES}/instances/1.2.3"
BOUND = 1024 * 1024
PLACES = ("inside", "outside", "proxied")


class SourceAddress(HTTPAdapter):
    """Connects from another address of loopback."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, source_address=(self._address, 0), **options)  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Place:
    """One way to Sightline."""

    name: str
    url: str
    public_url: str
    verify: str | bool = True
    source: str = "127.0.0.1"

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        """Ask as the administrator, unless `auth` says otherwise."""
        with requests.Session() as session:
            session.trust_env = False
            for scheme in ("http://", "https://"):
                session.mount(scheme, SourceAddress(self.source))
            options.setdefault("auth", ADMIN)
            return session.request(method, self.url + path, verify=self.verify, timeout=30, **options)

    def raw(self, method: str, path: str, body: Any = None, **headers: str) -> HTTPResponse:
        """Ask for a path as it stands, or with a body of undeclared length."""
        parts = urlsplit(self.url)
        connection: HTTPConnection
        if parts.scheme == "https":
            context = create_default_context(cafile=str(self.verify))
            connection = HTTPSConnection(parts.hostname or "", parts.port, timeout=30, context=context)
        else:
            connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        connection.request(method, path, body, headers, encode_chunked=body is not None)
        answer = connection.getresponse()
        answer.body = answer.read()  # type: ignore[attr-defined]
        connection.close()
        return answer


class Quiet(WSGIRequestHandler):
    """Speaks HTTP/1.1, and says nothing on the console."""

    def log(self, *_: Any) -> None: ...


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Place]]:
    """One Orthanc; a WSGI server that has it as its archive; nginx in front of it."""
    port = free_port()
    public_url = f"https://localhost:{port}"
    section = {
        "PublicUrl": public_url,
        "TrustedProxies": ["127.0.0.9"],
        "CorsOrigins": [VIEWER],
        "MaximumUploadMegabytes": 1,
    }
    changes = [
        ('# "https://viewer.example.org" $http_origin;', f'"{VIEWER}" $http_origin;'),
        ("client_max_body_size 1024m;", "client_max_body_size 1m;"),
        (
            'proxy_set_header X-Forwarded-Host "";',
            "proxy_set_header X-Forwarded-Host $http_host; proxy_bind 127.0.0.9;",
        ),
    ]
    with OrthancServer(
        tmp_path_factory.mktemp("orthanc"), {"Sightline": section, "RemoteAccessAllowed": True}
    ) as orthanc:
        folder = tmp_path_factory.mktemp("proxy")
        folder.chmod(0o755)
        proxy = Proxy(folder, orthanc.http_port, port, changes)
        outer = free_port()
        state = {"StateDirectory": str(tmp_path_factory.mktemp("state")), "Environment": sys.prefix}
        outside = Standalone(
            {
                "Orthanc": orthanc.url,
                "User": "admin",
                "Password": PASSWORD,
                "RegisteredUsers": {"admin": PASSWORD},
                "Sightline": {**section, **state, "Workers": {"Count": 1}},
            }
        )
        server = make_server("127.0.0.1", outer, outside, threaded=True, request_handler=Quiet)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        certificate = str(proxy.certificate)
        found = {
            "inside": Place("inside", orthanc.url, public_url),
            "outside": Place("outside", f"http://127.0.0.1:{outer}", public_url),
            "proxied": Place("proxied", proxy.url, public_url, certificate),
        }
        for content in files():
            stored = found["inside"].ask("POST", "/dicom-web/studies", data=content, headers=DICOM)
            assert stored.status_code == 200, stored.text
        yield found
        server.shutdown()
        thread.join()
        server.server_close()
        outside.close()
        proxy.stop()


DICOM = {"Content-Type": "application/dicom"}


def files() -> list[bytes]:
    """Two images of one series, the second in a transfer syntax that nothing decodes."""
    uids = {"StudyInstanceUID": STUDY, "SeriesInstanceUID": SERIES, "PatientID": "DEVIATION", "PatientName": "a&b"}
    first = image_file(np.zeros((40, 40), np.uint16), SOPInstanceUID="1.2.3", **uids)
    second = dcmread(BytesIO(image_file(np.zeros((8, 8), np.uint16), SOPInstanceUID="1.2.4", **uids)))
    second.file_meta.TransferSyntaxUID = MPEG4HP41
    second.PixelData = encapsulate([bytes(64)])
    second["PixelData"].is_undefined_length = True
    written = BytesIO()
    second.save_as(written, implicit_vr=False, little_endian=True, enforce_file_format=True)
    return [first, written.getvalue()]


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, places: dict[str, Place]) -> Place:
    """One way after the other."""
    return places[request.param]


def head(place: Place) -> None:
    metadata = f"{INSTANCE}/metadata"
    for path in ("/dicom-web/studies", metadata, f"{INSTANCE}/frames/1", "/dicom-web/studies/1.9.9/metadata"):
        answer = place.ask("HEAD", path)
        assert answer.content == b""
        if place.name == "inside":
            assert answer.status_code == 404
            continue
        get = place.ask("GET", path)
        assert answer.status_code == get.status_code
        names = ("Content-Type", "Content-Length", "ETag", "Cache-Control", "Vary", "Content-Encoding")
        fixed = [name for name in names if "multipart" not in get.headers["Content-Type"] or name != "Content-Type"]
        assert [answer.headers.get(name) for name in fixed] == [get.headers.get(name) for name in fixed]
    if place.name != "inside":
        tag = place.ask("HEAD", metadata).headers["ETag"]
        assert place.ask("HEAD", metadata, headers={"If-None-Match": tag}).status_code == 304
        assert place.ask("HEAD", metadata, auth=None).status_code == 401


def options(place: Place) -> None:
    if place.name == "inside":
        assert place.ask("OPTIONS", "/dicom-web/studies").status_code == 404
        assert place.ask("OPTIONS", "/dicom-web/").status_code == 404
    else:
        answer = place.ask("OPTIONS", "/dicom-web/studies", auth=None)
        assert (answer.status_code, answer.content) == (204, b"")
        assert {"GET", "HEAD", "OPTIONS", "POST"} <= set(answer.headers["Allow"].split(", "))
        for path in ("/dicom-web/", "/dicom-web"):
            told = place.ask("OPTIONS", path)
            assert told.status_code == 200
            assert told.json()["basePath"] == "/dicom-web"
            assert place.ask("OPTIONS", path, auth=None).status_code == 401
    assert place.ask("GET", "/dicom-web/").json()["deviations"]


def preflight(place: Place) -> None:
    asked = {
        "Origin": VIEWER,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization,range",
    }
    for path in ("/dicom-web/studies", "/dicom-web/", f"{INSTANCE}/frames/1"):
        answer = place.ask("OPTIONS", path, headers=asked, auth=None)
        other = place.ask("OPTIONS", path, headers=asked | {"Origin": "https://evil.example"}, auth=None)
        assert not [name for name in other.headers if name.startswith("Access-Control-Allow")] or place.name == "inside"
        if place.name == "inside":
            assert answer.status_code == 404
            continue
        assert answer.status_code == 204
        assert answer.headers["Access-Control-Allow-Origin"] == VIEWER
        assert "GET" in answer.headers["Access-Control-Allow-Methods"]
        assert {"Authorization", "Range", "If-None-Match"} <= set(
            answer.headers["Access-Control-Allow-Headers"].split(", ")
        )
        assert "Access-Control-Allow-Credentials" not in answer.headers
    for status, path in ((200, "/dicom-web/studies"), (404, "/dicom-web/studies/1.9.9/metadata")):
        answer = place.ask("GET", path, headers={"Origin": VIEWER})
        assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (status, VIEWER)
        assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
        assert "Origin" in answer.headers["Vary"]
        other = place.ask("GET", path, headers={"Origin": "https://evil.example"})
        assert "Access-Control-Allow-Origin" not in other.headers
    stored = place.ask("POST", "/dicom-web/studies", data=files()[0], headers=DICOM | {"Origin": VIEWER})
    assert (stored.status_code, stored.headers["Access-Control-Allow-Origin"]) == (200, VIEWER)
    page = place.ask("GET", "/sightline/api/studies", headers={"Origin": VIEWER})
    assert "Access-Control-Allow-Origin" not in page.headers


def repeated_keys(place: Place) -> None:
    query = [
        ("PatientID", "DEVIATION"),
        ("includefield", "AccessionNumber,BitsStored"),
        ("includefield", "HighBit,Rows"),
    ]
    path = f"/dicom-web/studies/{STUDY}/series/{SERIES}/instances"
    (row, *_) = place.ask("GET", path, params=query).json()
    assert "00280102" in row
    assert ("00280101" in row) == (place.name == "outside")
    # Without commas nothing is lost inside either: the last one stands for all.
    alone = [("includefield", "BitsStored"), ("includefield", "HighBit")]
    (row, *_) = place.ask("GET", path, params=alone).json()
    assert {"00280101", "00280102"} <= set(row)


def ampersand(place: Place) -> None:
    answer = place.ask("GET", "/dicom-web/studies?PatientName=a%26b")
    if place.name != "outside" and core_version() >= (1, 13):
        assert answer.status_code == 400
    else:
        assert [row["00100020"]["Value"] for row in answer.json()] == [["DEVIATION"]]


def post_query(place: Place) -> None:
    answer = place.ask("POST", "/dicom-web/studies?accept=image/png", data=files()[0], headers=DICOM)
    assert answer.status_code == (406 if place.name == "outside" else 200)


def content_type(place: Place) -> None:
    refused = place.ask("POST", "/dicom-web/studies", data=b"no DICOM", headers=DICOM)
    assert refused.status_code == 409
    part = place.ask(
        "GET", f"{INSTANCE}/frames/1", headers={"Accept": "application/octet-stream", "Range": "bytes=0-9"}
    )
    assert (part.status_code, len(part.content)) == (206, 10), part.text
    error = place.ask("GET", "/dicom-web/studies?limit=x")
    assert error.json()["status"] == 400
    octets = "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1"
    for answer, kind in ((refused, "application/dicom+json"), (part, octets), (error, "application/json")):
        if place.name == "inside":
            assert answer.headers["Content-Type"] == "text/plain"
            assert answer.headers["X-Sightline-Content-Type"] == kind
        else:
            assert answer.headers["Content-Type"] == kind
            assert "X-Sightline-Content-Type" not in answer.headers


def partial(place: Place) -> None:
    accept = {"Accept": 'multipart/related; type="application/dicom"'}
    answer = place.ask("GET", f"/dicom-web/studies/{STUDY}/series/{SERIES}", headers=accept)
    if place.name == "outside":
        assert answer.status_code == 206
        assert answer.headers["Warning"].startswith('299 Sightline "1 of 2 instances')
        assert answer.content.count(b"Content-Location:") == 1
    else:
        assert (answer.status_code, answer.json()["code"]) == (406, "not-acceptable")
    everything = {"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'}
    whole = place.ask("GET", f"/dicom-web/studies/{STUDY}", headers=everything)
    assert (whole.status_code, whole.content.count(b"Content-Location:")) == (200, 2)


def method_not_allowed(place: Place) -> None:
    answer = place.ask("PUT", "/dicom-web/studies", data=b"")
    assert answer.status_code == 405
    assert {"GET", "POST"} <= set(answer.headers["Allow"].replace(" ", "").split(","))
    if place.name == "outside":
        assert answer.json()["code"] == "method-not-allowed"
    else:
        assert answer.content == b""


def too_large(place: Place) -> None:
    answer = place.ask("POST", "/dicom-web/studies", data=bytes(BOUND + 1), headers=DICOM)
    assert answer.status_code == (403 if place.name == "inside" else 413)
    if place.name == "outside":
        assert answer.json()["code"] == "too-large"


def chunked(place: Place) -> None:
    user = base64.b64encode(":".join(ADMIN).encode()).decode()
    headers = DICOM | {"Authorization": f"Basic {user}", "Transfer-Encoding": "chunked"}
    answer = place.raw("POST", "/dicom-web/studies", iter([files()[0]]), **headers)
    assert answer.status == {"inside": 403, "outside": 411, "proxied": 200}[place.name]


def form(place: Place) -> None:
    content = files()[0]
    answer = place.ask("POST", "/dicom-web/studies", files={"file": ("a.dcm", content, "application/dicom")})
    assert answer.status_code == (415 if place.name == "outside" else 403)


def too_many_requests(place: Place) -> None:
    stranger = replace(
        place, source={"inside": "127.0.0.41", "outside": "127.0.0.42", "proxied": "127.0.0.43"}[place.name]
    )
    login = {"user": "admin", "password": "wrong"}
    origin = {"Origin": place.public_url}
    for _ in range(10):
        assert stranger.ask("POST", "/sightline/login", json=login, headers=origin, auth=None).status_code == 401
    answer = stranger.ask("POST", "/sightline/login", json=login, headers=origin, auth=None)
    assert answer.status_code == (429 if place.name == "outside" else 503)
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json()["code"] == "throttled"


def path_encoding(place: Place) -> None:
    answer = place.raw("GET", "/dicom-web/studies/%FF/metadata")
    assert answer.status == (404 if place.name == "outside" else 500)


TESTS: dict[str, Callable[[Place], None]] = {
    "head": head,
    "options": options,
    "preflight": preflight,
    "repeated-keys": repeated_keys,
    "ampersand": ampersand,
    "post-query": post_query,
    "content-type": content_type,
    "partial": partial,
    "method-not-allowed": method_not_allowed,
    "too-large": too_large,
    "chunked": chunked,
    "form": form,
    "too-many-requests": too_many_requests,
    "path-encoding": path_encoding,
}


@pytest.mark.parametrize("name", TESTS)
def test_deviation(place: Place, name: str) -> None:
    TESTS[name](place)


def test_every_row_has_a_test() -> None:
    assert list(TESTS) == [row.name for row in DEVIATIONS]


def test_the_table_is_told(places: dict[str, Place]) -> None:
    told = places["inside"].ask("GET", "/dicom-web/conformance").json()["deviations"]
    assert [row["name"] for row in told] == [row.name for row in DEVIATIONS]
    assert all(row["inside"] and row["outside"] and row["proxied"] for row in told)


class TestAddresses:
    """Under which address each caller finds its objects."""

    FORGED = {  # noqa: RUF012
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Prefix": "/evil",
        "Forwarded": "host=evil.example;proto=https;for=127.0.0.9",
    }

    def test_nobody_but_the_proxy_is_believed(self, place: Place) -> None:
        for headers in (self.FORGED, {"Forwarded": self.FORGED["Forwarded"]}):
            for path in ("/dicom-web/studies", f"{INSTANCE}/metadata"):
                answer = place.ask("GET", path, headers=headers)
                assert answer.status_code == 200
                assert "evil" not in answer.text
                assert place.public_url in answer.text
            stored = place.ask("POST", "/dicom-web/studies", data=files()[0], headers=headers | DICOM)
            assert place.public_url in stored.text
            assert "evil" not in stored.text

    def test_each_caller_gets_its_own(self, places: dict[str, Place]) -> None:
        """Through the proxy under another name, and directly: neither finds the other's address in an answer."""
        proxied, inside = places["proxied"], places["inside"]
        host = f"images.local:{urlsplit(proxied.url).port}"
        tags = set()
        for _ in range(2):
            named = proxied.ask("GET", f"{INSTANCE}/metadata", headers={"Host": host})
            assert named.status_code == 200
            (uri,) = (named.json()[0]["7FE00010"]["BulkDataURI"],)
            assert uri == f"https://{host}{INSTANCE}/bulk/7fe00010"
            direct = inside.ask("GET", f"{INSTANCE}/metadata", headers={"Host": host})
            assert direct.json()[0]["7FE00010"]["BulkDataURI"] == f"{inside.public_url}{INSTANCE}/bulk/7fe00010"
            tags |= {named.headers["ETag"], direct.headers["ETag"]}
        assert len(tags) == 2

    def test_trusted_headers_outside(self, places: dict[str, Place]) -> None:
        trusted = replace(places["outside"], source="127.0.0.9")
        headers = {"Forwarded": 'for=192.0.2.1;host="out.example:444";proto=https', "X-Forwarded-Prefix": "/pacs"}
        (row,) = trusted.ask("GET", f"/dicom-web/studies?StudyInstanceUID={STUDY}", headers=headers).json()
        assert row["00081190"]["Value"] == [f"https://out.example:444/pacs/dicom-web/studies/{STUDY}"]
        frame = trusted.ask("GET", f"{INSTANCE}/frames/1", headers=headers | {"Accept": "application/octet-stream"})
        assert frame.headers["Content-Location"] == f"https://out.example:444/pacs{INSTANCE}/frames/1"
        malformed = {"Forwarded": 'host="out.example;proto=https'}
        (row,) = trusted.ask("GET", f"/dicom-web/studies?StudyInstanceUID={STUDY}", headers=malformed).json()
        assert row["00081190"]["Value"] == [f"{trusted.public_url}/dicom-web/studies/{STUDY}"]


def test_what_head_asked_for_is_recorded(places: dict[str, Place]) -> None:
    """An answer to HEAD tells whether there is a study; the audit log says who asked for what."""
    query = base64.b64encode(b"PatientID=NOBODY").decode()
    for place in (places["outside"], places["proxied"]):
        before = place.ask("GET", "/sightline/api/audit").text.count(query)
        assert place.ask("HEAD", "/dicom-web/studies?PatientID=NOBODY").status_code == 200
        assert place.ask("GET", "/sightline/api/audit").text.count(query) == before + 1
