"""curl, and what HTTP lets a program do on one connection, with a real Orthanc."""

from __future__ import annotations

import base64
import gzip
import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import requests
from pydicom.uid import generate_uid

from tests.support.dicom_files import image_file
from tests.support.orthanc_server import PASSWORD, OrthancServer

PIXELS = np.random.default_rng(4).integers(0, 4000, (64, 64), np.uint16)
OCTETS = "Accept: application/octet-stream"


class Curl:
    """curl as an administrator, with a folder for what it writes, and a stored instance to ask for."""

    def __init__(self, orthanc: OrthancServer, folder: Path) -> None:
        self.orthanc, self.folder = orthanc, folder
        self.study, self.series, self.instance = generate_uid(), generate_uid(), generate_uid()
        self.file = self.image(self.instance)
        self.study_url = f"{orthanc.url}/dicom-web/studies/{self.study}"
        self.url = f"{self.study_url}/series/{self.series}/instances/{self.instance}"

    def image(self, instance: str) -> bytes:
        """Return a file of the study."""
        return image_file(
            PIXELS,
            StudyInstanceUID=self.study,
            SeriesInstanceUID=self.series,
            SOPInstanceUID=instance,
            ImageComments="the same again and again " * 100,
        )

    def __call__(self, *arguments: str, begun: bytes = b"") -> tuple[dict[str, str], bytes]:
        """Run it with the beginning of a download; return what it tells of the last answer and the first one's body."""
        body = self.folder / "body"
        body.write_bytes(begun)
        facts = "%{http_code} %{num_connects} %{size_download} %{size_upload} %{content_type}\\n"
        command = ["curl", "--silent", "--show-error", "--noproxy", "*", "--user", f"admin:{PASSWORD}"]
        done = subprocess.run(
            [*command, "--max-time", "30", "--output", str(body), "--write-out", facts, *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        names = ("status", "connections", "received", "sent", "type")
        told = dict(zip(names, done.stdout.splitlines()[-1].split(" ", 4), strict=True))
        return told, body.read_bytes()


@pytest.fixture(scope="module")
def curl(orthanc: OrthancServer, admin: requests.Session, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Curl]:
    """curl and a stored instance."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed here")
    made = Curl(orthanc, tmp_path_factory.mktemp("curl"))
    assert admin.post(f"{orthanc.url}/instances", data=made.file).status_code == 200
    return made


class TestRanges:
    @pytest.fixture(params=["frame", "bulk data"])
    def url(self, curl: Curl, admin: requests.Session, request: pytest.FixtureRequest) -> str:
        """The address of the pixels."""
        if request.param == "frame":
            return f"{curl.url}/frames/1"
        (metadata,) = admin.get(f"{curl.url}/metadata").json()
        return str(metadata["7FE00010"]["BulkDataURI"])

    @pytest.mark.parametrize(
        ("asked", "start", "end"), [("0-99", 0, 100), ("100-", 100, None), ("-50", -50, None), ("8191-", 8191, None)]
    )
    def test_a_part(self, curl: Curl, url: str, asked: str, start: int, end: int | None) -> None:
        told, body = curl("--header", OCTETS, "--range", asked, url)
        assert told["status"] == "206"
        assert body == PIXELS.tobytes()[start:end]

    def test_the_rest_of_a_download(self, curl: Curl, url: str) -> None:
        told, body = curl("--header", OCTETS, "--continue-at", "-", url, begun=PIXELS.tobytes()[:5000])
        assert (told["status"], told["received"]) == ("206", str(PIXELS.nbytes - 5000))
        assert body == PIXELS.tobytes()

    def test_what_is_beyond_the_end(self, curl: Curl, url: str) -> None:
        told, _ = curl("--header", OCTETS, "--range", "8192-", url)
        assert told["status"] == "416"


class TestConditional:
    @pytest.mark.parametrize("suffix", ["", "/metadata", "/frames/1", "/rendered", "/thumbnail"])
    def test_what_it_has_already(self, curl: Curl, suffix: str) -> None:
        """`--etag-save` and `--etag-compare` are two runs of one script."""
        saved = curl.folder / "etag"
        saved.unlink(missing_ok=True)
        told, body = curl("--etag-save", str(saved), curl.url + suffix)
        assert told["status"] == "200" and body
        told, body = curl("--etag-compare", str(saved), curl.url + suffix)
        assert (told["status"], told["received"], body) == ("304", "0", b"")
        told, body = curl("--header", 'If-None-Match: "another"', curl.url + suffix)
        assert told["status"] == "200" and body


class TestCompression:
    def test_metadata(self, curl: Curl) -> None:
        _, plain = curl(f"{curl.url}/metadata")
        told, unpacked = curl("--compressed", f"{curl.url}/metadata")
        assert json.loads(unpacked) == json.loads(plain)
        assert int(told["received"]) < len(plain) / 2
        _, packed = curl("--header", "Accept-Encoding: gzip", f"{curl.url}/metadata")
        assert gzip.decompress(packed) == plain

    def test_nothing_that_is_compressed_already(self, curl: Curl) -> None:
        told, body = curl("--compressed", f"{curl.url}/rendered")
        assert told["received"] == str(len(body))
        assert body.startswith(b"\xff\xd8")


class TestConnections:
    def test_one_for_all_requests(self, curl: Curl) -> None:
        arguments = [part for number in range(5) for part in ("--output", f"{curl.folder}/{number}")]
        suffixes = ("", "/metadata", "/frames/1", "/rendered", "/frames/9")
        told, _ = curl(*arguments[2:], *(curl.url + suffix for suffix in suffixes))
        assert (told["status"], told["connections"]) == ("404", "0")

    def test_requests_before_their_answers(self, curl: Curl) -> None:
        """Several at once on one connection are answered in their order, and bodies are as long as they say."""
        credentials = base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
        path = curl.url.removeprefix(curl.orthanc.url)
        head = f"Host: 127.0.0.1\r\nAuthorization: Basic {credentials}\r\n{OCTETS}, */*;q=0.1\r\n\r\n"
        wanted = ("/frames/1", "/frames/7", "/metadata", "/frames/1")
        with socket.create_connection(("127.0.0.1", curl.orthanc.http_port), 20) as connection:
            connection.sendall("".join(f"GET {path}{suffix} HTTP/1.1\r\n{head}" for suffix in wanted).encode())
            with connection.makefile("rb") as stream:
                answers = [_answer(stream) for _ in wanted]
        assert [status for status, _ in answers] == [200, 404, 200, 200]
        assert answers[0][1] == answers[3][1] == PIXELS.tobytes()
        assert json.loads(answers[2][1])[0]["00080018"]["Value"] == [curl.instance]


def _answer(stream: object) -> tuple[int, bytes]:
    """Read one answer off a connection."""
    readline, read = stream.readline, stream.read  # type: ignore[attr-defined]
    status = int(readline().split()[1])
    length = 0
    while (line := readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
    return status, read(length)


class TestUploads:
    def upload(self, curl: Curl, *arguments: str, copies: int = 1) -> tuple[dict[str, str], bytes, list[str]]:
        """Send new instances of the study as parts of one body."""
        uids = [generate_uid() for _ in range(copies)]
        parts = (b"--b\r\nContent-Type: application/dicom\r\n\r\n%b\r\n" % curl.image(uid) for uid in uids)
        body = curl.folder / "upload"
        body.write_bytes(b"".join(parts) + b"--b--\r\n")
        kind = 'Content-Type: multipart/related; type="application/dicom"; boundary=b'
        told, answer = curl("--header", kind, "--data-binary", f"@{body}", *arguments, curl.study_url)
        return told, answer, uids

    def test_a_large_one_that_waits_for_leave(self, curl: Curl) -> None:
        """From 1 MB on curl sends `Expect: 100-continue`. Orthanc answers nothing, and curl goes on after a second."""
        told, answer, uids = self.upload(curl, copies=150)
        assert int(told["sent"]) > 1_100_000
        assert told["status"] == "200", answer
        stored = json.loads(answer)["00081199"]["Value"]
        assert [item["00081155"]["Value"][0] for item in stored] == uids

    def test_a_small_one_that_waits_for_leave(self, curl: Curl) -> None:
        told, answer, uids = self.upload(curl, "--header", "Expect: 100-continue", "--expect100-timeout", "0.2")
        assert told["status"] == "200"
        assert uids[0] in answer.decode()

    def test_one_file_without_parts(self, curl: Curl) -> None:
        uid = generate_uid()
        file = curl.folder / "file.dcm"
        file.write_bytes(curl.image(uid))
        told, answer = curl("--header", "Content-Type: application/dicom", "--data-binary", f"@{file}", curl.study_url)
        assert told["status"] == "200"
        assert uid in answer.decode()

    def test_a_form(self, curl: Curl) -> None:
        """What `--form` makes Orthanc would welcome with 200, and lose: so it is refused before it is read."""
        file = curl.folder / "file.dcm"
        uid = generate_uid()
        file.write_bytes(curl.image(uid))
        told, _ = curl("--form", f"file=@{file};type=application/dicom", curl.study_url)
        assert told["status"] == "403"
        found, _ = curl(f"{curl.study_url}/series/{curl.series}/instances/{uid}/metadata")
        assert found["status"] == "404"

    def test_without_a_length(self, curl: Curl) -> None:
        """A body in chunks is refused before it is read, where the site has not allowed it."""
        told, _, uids = self.upload(curl, "--header", "Transfer-Encoding: chunked")
        assert told["status"] == "403"
        found, _ = curl(f"{curl.study_url}/series/{curl.series}/instances/{uids[0]}/metadata")
        assert found["status"] == "404"
