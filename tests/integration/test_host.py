"""The host inside a real Orthanc: who gets in, and what the platform does to requests and answers."""

from __future__ import annotations

import concurrent.futures
import contextlib
import gzip
import http.client
import io
import json
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from pydicom.data import get_testdata_file

from deploy import orthanc_configuration
from tests.support.orthanc_server import OrthancServer

CT = "CT_small.dcm"


def sample(name: str = CT) -> bytes:
    """Return one of pydicom's test files."""
    path = get_testdata_file(name)
    assert isinstance(path, str)
    return Path(path).read_bytes()


class TestDoor:
    """Nobody gets in without being known."""

    @pytest.mark.parametrize(
        "path",
        ["/system", "/patients", "/studies", "/instances", "/tools/find", "/changes", "/plugins", "/jobs", "/no-such"],
    )
    def test_core_routes_refuse_nobody(self, orthanc: OrthancServer, nobody: requests.Session, path: str) -> None:
        """Core routes answer 401 or 403 to anonymous callers, with no word of what they hold."""
        answer = nobody.get(orthanc.url + path)
        assert answer.status_code in (401, 403)
        assert "Version" not in answer.text

    @pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PROPFIND", "PATCH", "DELETE", "PUT", "POST"])
    def test_other_methods_do_not_open_the_core(
        self, orthanc: OrthancServer, nobody: requests.Session, method: str
    ) -> None:
        """The filter sees HEAD and others as GET; none of them gets through."""
        assert nobody.request(method, f"{orthanc.url}/system").status_code in (400, 401, 403, 404)

    @pytest.mark.parametrize(
        "path",
        [
            "/sightline/../system",
            "/app/../system",
            "/app/%2e%2e/system",
            "/app%2f..%2fsystem",
            "/sightline/..%2Fsystem",
            "//system",
            "/./system",
            "/system/",
            "/system%00/sightline",
            "/app/..%00/../system",
            "/dicom-web/../tools/../system",
            "/SYSTEM/../system",
        ],
    )
    def test_no_spelling_of_a_path_opens_the_core(self, orthanc: OrthancServer, path: str) -> None:
        """The gate decides on the path that routing sees, however it is written."""
        connection = http.client.HTTPConnection("127.0.0.1", orthanc.http_port, timeout=10)
        connection.putrequest("GET", path, skip_host=False)
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        assert answer.status != 200
        assert b"ApiVersion" not in body

    def test_administrator_uses_the_core(self, orthanc: OrthancServer, admin: requests.Session) -> None:
        """Users of RegisteredUsers are administrators."""
        assert admin.get(f"{orthanc.url}/system").json()["Version"]

    def test_wrong_password(self, orthanc: OrthancServer) -> None:
        """A wrong password is nobody."""
        with orthanc.session("admin", "wrong") as client:
            assert client.get(f"{orthanc.url}/system").status_code in (401, 403)

    def test_health_tells_nobody_anything_but_the_state(self, orthanc: OrthancServer, nobody: requests.Session) -> None:
        """Anonymous callers see one word, administrators everything."""
        answer = nobody.get(f"{orthanc.url}/sightline/health")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})

    def test_health_of_administrators(self, orthanc: OrthancServer, admin: requests.Session) -> None:
        """Versions, workers and warnings."""
        report = admin.get(f"{orthanc.url}/sightline/health").json()
        assert report["versions"]["orthanc"] == admin.get(f"{orthanc.url}/system").json()["Version"]
        assert report["workers"]["alive"] >= 1
        assert report["warnings"] == []

    def test_person_is_led_to_login(self, orthanc: OrthancServer, nobody: requests.Session) -> None:
        """`/` leads to the study list and that to the login page."""
        answer = nobody.get(orthanc.url + "/", headers={"Accept": "text/html"})
        assert answer.status_code == 200
        assert [step.status_code for step in answer.history] == [302, 303]
        assert answer.url.startswith(f"{orthanc.url}/sightline/login")

    def test_explorer_leads_to_login(self, orthanc: OrthancServer, nobody: requests.Session) -> None:
        """A person is refused Explorer's page, and led to the login page; a program is refused."""
        answer = nobody.get(f"{orthanc.url}/app/explorer.html")
        assert (answer.status_code, "Refresh" in answer.headers) == (401, False)
        answer = nobody.get(f"{orthanc.url}/app/explorer.html", headers={"Accept": "text/html"})
        assert answer.status_code == 401
        assert answer.headers["Refresh"] == "0; url=/sightline/login?next=/app/explorer.html"
        assert "<html" not in answer.text
        assert "WWW-Authenticate" not in answer.headers
        assert nobody.get(f"{orthanc.url}/app/explorer.js").status_code == 403
        assert nobody.get(f"{orthanc.url}/plugins/explorer.js").status_code == 403

    def test_explorer_of_administrators(self, orthanc: OrthancServer, admin: requests.Session) -> None:
        """Administrators get the page as the core answers it, and the button."""
        page = admin.get(f"{orthanc.url}/app/explorer.html")
        assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html")
        assert "<title>Orthanc Explorer</title>" in page.text
        assert "Open in Sightline" in admin.get(f"{orthanc.url}/plugins/explorer.js").text

    def test_fifty_clients_never_get_another_identity(self, orthanc: OrthancServer) -> None:
        """Administrator, link service and nobody, all at once: each is who they are."""
        clients = {"admin": orthanc.session, "link-service": orthanc.service, None: lambda: orthanc.session(None)}

        def ask(number: int) -> set[tuple[str | None, str | None]]:
            name = list(clients)[number % 3]
            with clients[name]() as client:
                answers = [client.get(f"{orthanc.url}/sightline/session").json() for _ in range(8)]
            return {(name, answer["user"]) for answer in answers}

        with concurrent.futures.ThreadPoolExecutor(50) as pool:
            seen = set().union(*pool.map(ask, range(150)))
        assert seen == {(name, name) for name in clients}


class TestPlatform:
    """What the platform does to requests and answers is put right."""

    def test_query_values_arrive_decoded_once(self, orthanc: OrthancServer, admin: requests.Session) -> None:
        """Percent signs, spaces and other scripts arrive as they were meant."""
        for value in ("Müller^Jörg", "50%25 off", "a b", "山田^太郎"):
            query = {"PatientName": value, "limit": "1"}
            assert admin.get(f"{orthanc.url}/dicom-web/studies", params=query).status_code in (200, 204)

    def test_one_content_type_on_errors(self, orthanc: OrthancServer, admin: requests.Session) -> None:
        """Orthanc writes its own Content-Type on other statuses than 200; ours is not sent beside it."""
        connection = http.client.HTTPConnection("127.0.0.1", orthanc.http_port, timeout=10)
        connection.request("GET", "/sightline/no-such-page")
        answer = connection.getresponse()
        assert answer.status == 404
        assert len(answer.headers.get_all("Content-Type") or []) == 1
        assert json.loads(answer.read())["code"] == "not-found"
        connection.close()

    def test_method_not_allowed(self, orthanc: OrthancServer, admin: requests.Session) -> None:
        """405 can only be sent in Orthanc's own way."""
        answer = admin.delete(f"{orthanc.url}/sightline/health")
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET,HEAD,OPTIONS")

    def test_large_upload_is_refused_before_its_body(self, orthanc: OrthancServer) -> None:
        """A body that is declared larger than the bound is refused although none of it was sent."""
        connection = http.client.HTTPConnection("127.0.0.1", orthanc.http_port, timeout=5)
        connection.putrequest("POST", "/dicom-web/studies")
        connection.putheader("Content-Length", str(10**12))
        connection.putheader("Content-Type", "application/dicom")
        connection.endheaders()
        assert connection.getresponse().status == 403
        connection.close()

    def test_chunked_upload_is_refused(self, orthanc: OrthancServer, admin: requests.Session) -> None:
        """A body of unknown length cannot be bounded beforehand."""
        answer = admin.post(f"{orthanc.url}/dicom-web/studies", data=iter([b"x"]))
        assert answer.status_code == 403


class TestInstances:
    """The shadowed upload route answers as the core does."""

    @pytest.fixture
    def plain(self, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrthancServer]:
        """Return an Orthanc without any plugin, to compare with."""
        server = OrthancServer(tmp_path_factory.mktemp("plain"))
        for key in ("Plugins", "PythonScript", "Python", "Sightline", "RegisteredUsers"):
            server.configuration.pop(key, None)
        server.launch()
        for _ in range(200):
            try:
                requests.get(f"{server.url}/system", timeout=1)
                break
            except requests.RequestException:
                time.sleep(0.1)
        yield server
        server.stop()

    @staticmethod
    def archive() -> bytes:
        """Return a ZIP of two files and a text."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("a/ct.dcm", sample())
            file.writestr("mr.dcm", sample("MR_small.dcm"))
            file.writestr("readme.txt", "hello")
        return buffer.getvalue()

    def test_same_answers(self, orthanc: OrthancServer, admin: requests.Session, plain: OrthancServer) -> None:
        """One file, the same again, gzipped, a ZIP archive, rubbish, nothing: same status, same JSON."""
        uploads: list[tuple[bytes, dict[str, str]]] = [
            (sample(), {}),
            (sample(), {}),
            (gzip.compress(sample("MR_small.dcm")), {"Content-Encoding": "gzip"}),
            (self.archive(), {}),
            (b"this is no DICOM file", {}),
            (b"", {}),
        ]
        for content, headers in uploads:
            ours = admin.post(f"{orthanc.url}/instances", data=content, headers=headers)
            theirs = requests.post(f"{plain.url}/instances", data=content, headers=headers, timeout=10)
            assert (ours.status_code, self.without_details(ours)) == (theirs.status_code, self.without_details(theirs))

    @staticmethod
    def without_details(answer: requests.Response) -> object:
        """Return the JSON, less the core's free text on what it could not parse."""
        body = answer.json()
        if isinstance(body, dict):
            body.pop("Details", None)
        return body

    def test_listing(self, orthanc: OrthancServer, admin: requests.Session) -> None:
        """`GET /instances` goes on to the core, with its arguments."""
        assert admin.post(f"{orthanc.url}/instances", data=sample()).ok
        assert len(admin.get(f"{orthanc.url}/instances", params={"limit": 1, "since": 0}).json()) == 1

    def test_nobody_uploads(self, orthanc: OrthancServer, nobody: requests.Session) -> None:
        """Uploading is for administrators."""
        assert nobody.post(f"{orthanc.url}/instances", data=sample()).status_code == 401


class TestStart:
    """It refuses to start where it would not be safe, and says what to do."""

    @pytest.mark.parametrize(
        ("extra", "sentence"),
        [
            ({"Python": {"AllowThreads": False}}, '"AllowThreads": true'),
            ({"AuthenticationEnabled": True}, '"AuthenticationEnabled": false'),
            ({"RemoteAccessAllowed": True, "RegisteredUsers": {}}, "nobody can log in"),
            ({"Sightline": {"Workers": {"Cuont": 3}}}, '"Sightline.Workers.Cuont" is not an option'),
            ({"Sightline": {"VolumeMegabytes": "many"}}, "\"Sightline.VolumeMegabytes\" is 'many'"),
        ],
    )
    def test_refusal(self, tmp_path: Path, extra: dict[str, object], sentence: str) -> None:
        """The log has the sentence, and Orthanc does not run."""
        server = OrthancServer(tmp_path)
        if extra.get("RegisteredUsers") == {}:
            server.configuration["RegisteredUsers"] = {}
        server.configuration = orthanc_configuration.merged(server.configuration, extra)
        assert server.launch().wait(30) != 0
        assert sentence in server.log()

    def test_official_dicomweb_loaded_first(self, tmp_path: Path) -> None:
        """It would answer at our address without asking who may: nobody gets there, and the health says why."""
        server = OrthancServer(tmp_path)
        official = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"
        server.configuration["Plugins"] = [official, *server.configuration["Plugins"]]
        server.launch()
        try:
            deadline = time.monotonic() + 30
            report = {"status": "starting"}
            while report["status"] == "starting" and time.monotonic() < deadline:
                time.sleep(0.2)
                with contextlib.suppress(requests.RequestException), server.session() as client:
                    report = client.get(f"{server.url}/sightline/health", timeout=5).json()
            assert report["status"] == "another plugin answers for us"
            assert "loaded before Sightline" in server.log()
            for user in (None, "admin"):
                with server.session(user) as client:
                    for path in ("/dicom-web/info", "/dicom-web/servers", "/dicom-web/studies", "/wado"):
                        assert client.get(server.url + path).status_code == 403
        finally:
            server.stop()

    def test_warning_of_unknown_modalities(self, tmp_path: Path) -> None:
        """It starts, but says that anybody may store."""
        with OrthancServer(tmp_path, {"DicomAlwaysAllowStore": True}) as server, server.session() as client:
            assert "DicomAlwaysAllowStore" in client.get(f"{server.url}/sightline/health").json()["warnings"][0]

    def test_start_while_clients_ask_all_the_time(self, tmp_path: Path) -> None:
        """Registering Explorer's page while callbacks run once stopped the server for ever."""
        over = threading.Event()
        server = OrthancServer(tmp_path)

        def ask() -> None:
            with server.session(None) as client:
                while not over.is_set():
                    try:
                        client.get(f"{server.url}/sightline/health", timeout=5)
                    except requests.RequestException:
                        time.sleep(0.01)

        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            asking = [threads.submit(ask) for _ in range(8)]
            try:
                with server, server.session(None) as client:
                    assert client.get(f"{server.url}/app/explorer.html").status_code == 401
                    over.set()
            finally:
                over.set()
            for one in asking:
                one.result(20)
