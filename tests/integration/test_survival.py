"""What must not end, freeze or fill the server. Each case once did, on a real Orthanc."""

from __future__ import annotations

import concurrent.futures
import contextlib
import io
import os
import signal
import socket
import subprocess
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import requests

from sightline.application import ROUTES
from tests.support.dicom_files import image_file
from tests.support.nested import nested_file
from tests.support.orthanc_server import AET, CLIENT_AET, OrthancServer
from tests.support.processes import children

DEEP_JSON = b"[" * 100_000
LEVELS = (33, 60, 1_000, 100_000)


def ct_slice(instance: int = 1, rows: int = 64, columns: int = 64, **attributes: str) -> bytes:
    """Return one CT image."""
    pixels = (np.arange(rows * columns, dtype=np.int32) % 2000 + instance).astype(np.int16).reshape(rows, columns)
    return image_file(pixels, InstanceNumber=instance, **attributes)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[OrthancServer]:
    """One Orthanc of the test's own, since it may be hurt."""
    with OrthancServer(tmp_path, {"WebDavEnabled": True}) as running:
        yield running


def is_alive(server: OrthancServer) -> bool:
    """Whether the very process that was started still answers."""
    assert server.process is not None
    with server.session() as client:
        return server.process.poll() is None and client.get(f"{server.url}/system", timeout=10).ok


def count(server: OrthancServer) -> int:
    """Return how many instances are stored."""
    with server.session() as client:
        return int(client.get(f"{server.url}/statistics").json()["CountInstances"])


class TestStalledReader:
    """A client that does not read its answer."""

    def test_other_routes_answer(self, server: OrthancServer) -> None:
        """Others are answered within 100 ms while a client sits on a 20 MB answer."""
        content = ct_slice(rows=3300, columns=3300)
        assert len(content) > 20_000_000
        with server.session() as client:
            stored = client.post(f"{server.url}/instances", data=content).json()
            tags = client.get(f"{server.url}{stored['Path']}/simplified-tags").json()
            path = f"/dicom-web/studies/{tags['StudyInstanceUID']}/series/{tags['SeriesInstanceUID']}"
            path += f"/instances/{tags['SOPInstanceUID']}"
            with socket.create_connection(("127.0.0.1", server.http_port)) as stalled:
                authorization = requests.auth._basic_auth_str(*client.auth)  # type: ignore[attr-defined, misc]
                lines = (
                    f"GET {path} HTTP/1.1",
                    "Host: 127.0.0.1",
                    'Accept: multipart/related; type="application/dicom"; transfer-syntax=*',
                    f"Authorization: {authorization}",
                )
                stalled.sendall("\r\n".join([*lines, "", ""]).encode())
                assert stalled.recv(12) == b"HTTP/1.1 200"
                for route in ("/sightline/health", "/sightline/session", "/system"):
                    times = []
                    for _ in range(20):
                        begin = time.perf_counter()
                        assert client.get(server.url + route, timeout=10).ok
                        times.append(time.perf_counter() - begin)
                    assert sorted(times)[10] < 0.1, route


class TestDeepJson:
    """JSON nested 100,000 levels deep."""

    def test_on_each_of_our_routes(self, orthanc: OrthancServer, admin: requests.Session) -> None:
        """Every route that takes a body answers, and the server lives."""
        for route in ROUTES:
            if route.method in ("POST", "PUT"):
                path = route.path.replace("<uid:study>", "1.2.3").replace("<uid:series>", "1.2.4")
                path = path.replace("<uid:instance>", "1.2.5").replace("<link_id>", "a").replace("<id>", "a")
                for kind in ("application/json", "application/dicom+json"):
                    answer = admin.post(orthanc.url + path, data=DEEP_JSON, headers={"Content-Type": kind})
                    assert 400 <= answer.status_code < 500, path
        assert is_alive(orthanc)

    def test_core_routes_are_closed_before_the_core_parses(
        self, orthanc: OrthancServer, admin: requests.Session
    ) -> None:
        """Anonymous callers, a link's holder and the link service never reach the core's parser, which this kills."""
        for client in (orthanc.session(None), self.holder(orthanc, admin), orthanc.service()):
            with client:
                for path in ("/tools/find", "/tools/lookup", "/tools/create-dicom", "/modalities/x/store", "/jobs/x"):
                    answer = client.post(orthanc.url + path, data=DEEP_JSON, headers={"Origin": orthanc.url})
                    assert answer.status_code in (401, 403)
        assert is_alive(orthanc)

    @staticmethod
    def holder(server: OrthancServer, admin: requests.Session) -> requests.Session:
        """Return a client that has opened a link."""
        study = "1.2.826.0.1.5"
        stored = admin.post(f"{server.url}/instances", data=ct_slice(StudyInstanceUID=study, PatientID="HOLDER"))
        assert stored.ok
        with server.service() as service:
            link = service.post(f"{server.url}/sightline/openemr/links", json={"studyInstanceUID": study}).json()
        client = server.session(None)
        secret = {"secret": link["url"].partition("#")[2]}
        headers = {"Origin": server.url}
        answer = client.post(f"{server.url}/sightline/link/{link['id']}/session", json=secret, headers=headers)
        assert answer.ok
        client.headers["Cookie"] = answer.headers["Set-Cookie"].partition(";")[0]
        assert client.get(f"{server.url}/dicom-web/studies/{study}/series").ok
        return client


class TestDeepDicom:
    """DICOM files whose sequences nest too deeply: refused on every way in, and nothing is left to be read later."""

    @pytest.mark.parametrize("levels", LEVELS)
    def test_refused_on_every_http_way(self, server: OrthancServer, levels: int) -> None:
        """STOW-RS, the core's upload route (plain and in a ZIP) and WebDAV."""
        content = nested_file(levels)
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("deep.dcm", content)
        with server.session() as client:
            stow = client.post(
                f"{server.url}/dicom-web/studies", data=content, headers={"Content-Type": "application/dicom"}
            )
            assert stow.status_code == 409
            assert client.post(f"{server.url}/instances", data=content).status_code == 422
            assert client.post(f"{server.url}/instances", data=archive.getvalue()).status_code == 422
            client.put(f"{server.url}/webdav/uploads/deep.dcm", data=content)
        time.sleep(1)
        assert is_alive(server)
        assert count(server) == 0

    def test_thirty_two_levels_are_stored_and_read(self, server: OrthancServer) -> None:
        """Everything up to the limit works to the end."""
        with server.session() as client:
            stored = client.post(f"{server.url}/instances", data=nested_file(32)).json()
            tags = client.get(f"{server.url}{stored['Path']}/tags")
            assert tags.ok
            uids = client.get(f"{server.url}{stored['Path']}/simplified-tags").json()
            metadata = client.get(f"{server.url}/dicom-web/studies/{uids['StudyInstanceUID']}/metadata")
            assert metadata.ok
            assert len(metadata.json()) == 1
        assert is_alive(server)

    @pytest.mark.parametrize("levels", [33, 60, 1_000])
    def test_discarded_from_a_modality(self, server: OrthancServer, tmp_path: Path, levels: int) -> None:
        """A configured modality sends it by C-STORE: it is discarded, and the log says why."""
        file = tmp_path / "deep.dcm"
        file.write_bytes(nested_file(levels))
        send(server, file, CLIENT_AET)
        assert is_alive(server)
        assert count(server) == 0
        assert "discarded a received file" in server.log()


def send(server: OrthancServer, path: Path, calling_aet: str) -> subprocess.CompletedProcess[bytes]:
    """Send files as a modality does."""
    command = [
        "storescu",
        "-aet",
        calling_aet,
        "-aec",
        AET,
        "-R",
        "+sd",
        "127.0.0.1",
        str(server.dicom_port),
        str(path),
    ]
    if path.is_file():
        command.remove("+sd")
    return subprocess.run(command, capture_output=True, timeout=120, check=False)


class TestUnknownModality:
    """A machine that is not configured."""

    def test_stores_nothing(self, server: OrthancServer, tmp_path: Path) -> None:
        """Its association is refused or carries nothing; a known one's works."""
        file = tmp_path / "slice.dcm"
        file.write_bytes(ct_slice())
        assert send(server, file, "STRANGER").returncode != 0
        assert count(server) == 0
        assert send(server, file, CLIENT_AET).returncode == 0
        assert count(server) == 1


class TestWorkers:
    """Workers that die or hang."""

    @staticmethod
    def workers(server: OrthancServer) -> list[int]:
        """Return the process ids of the workers."""
        assert server.process is not None
        return sorted(children(server.process.pid))

    def test_killed(self, server: OrthancServer) -> None:
        """Under load workers are killed again and again: each request succeeds or says 503 with Retry-After."""
        urls = []
        with server.session() as client:
            for number in range(8):
                stored = client.post(f"{server.url}/instances", data=ct_slice(instance=number, rows=512, columns=512))
                tags = client.get(f"{server.url}{stored.json()['Path']}/simplified-tags").json()
                urls.append(
                    f"{server.url}/dicom-web/studies/{tags['StudyInstanceUID']}/series/{tags['SeriesInstanceUID']}"
                    f"/instances/{tags['SOPInstanceUID']}/rendered"
                )

            def ask(number: int) -> requests.Response:
                with server.session() as one:
                    window = f"{40 + number},400,linear"
                    return one.get(urls[number % len(urls)], params={"window": window}, timeout=60)

            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                answers = [pool.submit(ask, number) for number in range(120)]
                for _ in range(10):
                    time.sleep(0.05)
                    for pid in self.workers(server)[:1]:
                        with contextlib.suppress(ProcessLookupError):  # it may have been replaced a moment ago
                            os.kill(pid, signal.SIGKILL)
            for future in answers:
                answer = future.result()
                assert answer.status_code in (200, 503), answer.text
                assert answer.ok or "Retry-After" in answer.headers
            assert client.get(urls[0], params={"window": "1000,400,linear"}).ok
        assert is_alive(server)

    def test_hanging(self, tmp_path: Path) -> None:
        """A worker that hangs is ended at its deadline, and the next request works."""
        with OrthancServer(tmp_path, {"Sightline": {"Workers": {"Count": 1, "DeadlineSeconds": 4}}}) as server:
            with server.session() as client:
                stored = client.post(f"{server.url}/instances", data=ct_slice()).json()
                tags = client.get(f"{server.url}{stored['Path']}/simplified-tags").json()
                url = f"{server.url}/dicom-web/studies/{tags['StudyInstanceUID']}/series/{tags['SeriesInstanceUID']}"
                url += f"/instances/{tags['SOPInstanceUID']}/rendered"
                for pid in self.workers(server):
                    os.kill(pid, signal.SIGSTOP)
                begin = time.monotonic()
                answer = client.get(url, timeout=60)
                assert answer.status_code in (200, 503)
                assert time.monotonic() - begin < 20
                assert client.get(url, timeout=60).ok
            assert is_alive(server)


class TestStop:
    """Stopping under load."""

    def test_twenty_stops(self, tmp_path: Path) -> None:
        """Each ends with exit code 0 and leaves no process behind."""

        def stop_under_load(number: int) -> tuple[int, list[int]]:
            folder = tmp_path / str(number)
            folder.mkdir()
            server = OrthancServer(folder).start()
            children = TestWorkers.workers(server)
            with server.session() as client:
                client.post(f"{server.url}/instances", data=ct_slice())
            load = [threading.Thread(target=self.ask_until_gone, args=(server,)) for _ in range(4)]
            for thread in load:
                thread.start()
            time.sleep(0.3)
            code = server.stop()
            for thread in load:
                thread.join()
            return code, [pid for pid in children if Path(f"/proc/{pid}").exists()]

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            assert list(pool.map(stop_under_load, range(20))) == [(0, [])] * 20

    @staticmethod
    def ask_until_gone(server: OrthancServer) -> None:
        """Ask one question after the other until nobody answers any more."""
        with server.session() as client:
            for _ in range(500):
                try:
                    client.get(f"{server.url}/dicom-web/studies", timeout=10)
                except requests.RequestException:
                    return


class TestMemory:
    """Memory over many requests."""

    def test_does_not_grow(self, server: OrthancServer) -> None:
        """After 10,000 requests at most 50 MB more than after 1,000."""
        assert server.process is not None
        routes = ("/sightline/health", "/dicom-web/studies", "/sightline/session", "/sightline/no-such-page")

        def ask(amount: int) -> None:
            with server.session() as client:
                for number in range(amount):
                    client.get(server.url + routes[number % len(routes)])

        def resident() -> int:
            assert server.process is not None
            pages = int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1])
            return pages * os.sysconf("SC_PAGE_SIZE")

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(ask, [250] * 4))
            before = resident()
            list(pool.map(ask, [2250] * 4))
        assert resident() - before < 50 * 1024 * 1024
