"""The module for OpenEMR, run by PHP over stubs of OpenEMR's own classes, against a real Sightline application."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import requests
from werkzeug.serving import WSGIRequestHandler, make_server

from sightline.objects.patient import read_patient
from sightline.openemr.patient_card import ROUTES as CARD_ROUTES
from sightline.openemr.routes import ROUTES as LINK_ROUTES
from sightline.web.dispatcher import Dispatcher
from tests.support.dicom_files import image_file
from tests.support.orthanc_server import free_port
from tests.support.site import SERVICE_KEY, Site

REPOSITORY = Path(__file__).resolve().parents[3]
MODULE = REPOSITORY / "openemr-module" / "oe-module-sightline"
STUBS = REPOSITORY / "tests" / "support" / "openemr" / "php"
PHP = os.environ.get("SIGHTLINE_PHP") or shutil.which("php")
PAGES = "/interface/modules/custom_modules/oe-module-sightline"
JOHN = {"PatientID": "EMR-MRN1", "PatientName": "Smith^John", "PatientBirthDate": "19800101"}
FILES = (
    {"StudyInstanceUID": "1.2.1", "StudyDate": "20260102", "StudyDescription": "<script>alert(1)</script>"} | JOHN,
    {"StudyInstanceUID": "1.2.2", "StudyDate": "20260203"} | JOHN | {"PatientBirthDate": ""},
    {"StudyInstanceUID": "1.2.3"} | JOHN | {"PatientID": "EMR-MRN2"},
)
PATIENTS = {
    "1": {"pid": 1, "pubpid": "MRN1", "lname": "Smith", "DOB": "1980-01-01"},
    "2": {"pid": 2, "pubpid": "MRN9", "lname": "Nobody", "DOB": "1980-01-01"},
    "3": {"pid": 3, "pubpid": "MRN1", "lname": "Smith", "DOB": "0000-00-00"},
}
needs_php = pytest.mark.skipif(PHP is None, reason="There is no php here; name one by SIGHTLINE_PHP.")


class _Engine:
    def run(self, _task: str, arguments: dict[str, Any], buffers: Sequence[Any]) -> Any:
        return read_patient(arguments, buffers, ())

    def describe(self, *_names: Any) -> Any:
        return SimpleNamespace(frames=[SimpleNamespace(sop_instance_uid="1.2.9", frame=1)])

    def render(self, *_wish: Any) -> Any:
        return SimpleNamespace(content=b"picture", media_type="image/jpeg")


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def sightline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, str]]:
    pixels = np.zeros((2, 2), np.uint16)
    files = [image_file(pixels, **one, SeriesInstanceUID=f"{one['StudyInstanceUID']}.1") for one in FILES]
    site = Site(
        tmp_path_factory.mktemp("site"), (*CARD_ROUTES, *LINK_ROUTES), files, Links={"ServiceListsStudies": True}
    )
    server = make_server("127.0.0.1", 0, site, threaded=True, request_handler=_Quiet)
    url = f"http://127.0.0.1:{server.port}"
    services: Any = replace(site.services, engine=_Engine(), public_url=url)  # type: ignore[arg-type]
    links: Any = services.links
    links._public_url = url
    site._dispatcher = Dispatcher((*CARD_ROUTES, *LINK_ROUTES), services)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield site, url
    server.shutdown()
    thread.join()
    server.server_close()
    site.close()


class Emr:
    """PHP's own server over the stubs and the module."""

    def __init__(self, folder: Path, sightline: str, **stub: str) -> None:
        place = folder / "interface" / "modules" / "custom_modules"
        place.mkdir(parents=True)
        shutil.copytree(MODULE, place / MODULE.name)
        shutil.copy(STUBS / "globals.php", folder / "interface" / "globals.php")
        shutil.copy(STUBS / "bootstrap.php", folder / "bootstrap.php")
        self.folder, self.port = folder, free_port()
        self.environment = {
            "PATH": "/usr/bin:/bin", "STUB_URL": sightline, "STUB_KEY": SERVICE_KEY, "STUB_PID": "1",
            "STUB_PATIENTS": json.dumps(PATIENTS),
        } | {f"STUB_{name}": value for name, value in stub.items()}  # fmt: skip
        self.url = f"http://127.0.0.1:{self.port}{PAGES}"

    def __enter__(self) -> Emr:
        command = [str(PHP), "-n", "-d", "display_errors=1", "-d", "error_reporting=32767", "-S"]
        self._process = subprocess.Popen(
            [*command, f"127.0.0.1:{self.port}", "-t", str(self.folder)],
            env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for _ in range(100):
            try:
                requests.get(f"http://127.0.0.1:{self.port}/", timeout=2)
                break
            except requests.ConnectionError:
                time.sleep(0.05)
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.terminate()
        self._process.wait()

    def card(self) -> requests.Response:
        return requests.get(f"{self.url}/card.php", timeout=20)

    def open(self, study: str, csrf: str = "good-token") -> requests.Response:
        form = {"study": study, "csrf_token_form": csrf}
        return requests.post(f"{self.url}/open.php", data=form, allow_redirects=False, timeout=20)


def test_the_module_stays_small() -> None:
    lines = sum(len(path.read_text("utf-8").splitlines()) for path in MODULE.rglob("*.php"))
    assert 0 < lines <= 200


@needs_php
@pytest.mark.parametrize("version", ["7", "8"])
def test_the_card_and_the_link_behind_it(tmp_path: Path, sightline: tuple[Site, str], version: str) -> None:
    """Studies with pictures, texts escaped, the key nowhere; a click opens exactly that study, once."""
    site, url = sightline
    with Emr(tmp_path, url, VERSION=version) as emr:
        page = emr.card()
        assert page.status_code == 200
        assert page.text.count("<button") == 2
        assert page.text.count("data:image/jpeg;base64,cGljdHVyZQ==") == 2
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
        assert "<script>" not in page.text
        assert page.text.count("not verified") == 1
        assert "2026-01-02" in page.text
        assert SERVICE_KEY not in page.text
        opened = emr.open("1.2.1")
        assert (opened.status_code, opened.headers["Referrer-Policy"]) == (303, "no-referrer")
        assert opened.headers["Location"].startswith(f"{url}/sightline/link/")
        identifier = opened.headers["Location"].partition("#")[0].rpartition("/")[2]
        link = site.program("GET", f"/sightline/openemr/links/{identifier}").json
        assert link is not None
        assert (link["studyInstanceUID"], link["verbs"], link["usesLeft"]) == ("1.2.1", ["view"], 1)
        assert (link["userName"], link["purpose"]) == ("dr-hill", "OpenEMR chart")
        assert emr.open("1.2.1", "forged").status_code == 403
        assert emr.open("1.2.3").status_code == 404
        assert emr.open("1.2.1' OR 1").status_code == 404
        assert requests.get(f"{emr.url}/open.php?study=1.2.1", timeout=20).status_code == 403


@needs_php
@pytest.mark.parametrize(
    ("stub", "status", "words"),
    [
        ({"PID": "2"}, 200, "There are no images of this patient."),
        ({"PID": "3"}, 200, "cannot be asked for now"),
        ({"PID": "9"}, 200, "cannot be asked for now"),
        ({"KEY": "wrong"}, 200, "cannot be asked for now"),
        ({"URL": "http://127.0.0.1:1"}, 200, "cannot be asked for now"),
        ({"URL": "http://pacs.example"}, 200, "cannot be asked for now"),
        ({"ACL": "no"}, 403, "Not authorized"),
    ],
)
def test_what_is_said_where_there_is_nothing(
    tmp_path: Path, sightline: tuple[Site, str], stub: dict[str, str], status: int, words: str
) -> None:
    with Emr(tmp_path, **({"sightline": sightline[1]} | stub)) as emr:
        page = emr.card()
        assert (page.status_code, words in page.text) == (status, True), page.text
        assert "Warning" not in page.text
        assert emr.open("1.2.1").status_code in (403, 404)


@needs_php
def test_settings_and_card_are_added(tmp_path: Path) -> None:
    """As OpenEMR loads a module; the key is kept encrypted, and the card is a frame, which delays nothing."""
    emr = Emr(tmp_path, "https://pacs.example")
    command = [str(PHP), "-n", str(tmp_path / "bootstrap.php")]
    done = subprocess.run(command, env=emr.environment, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert told["settings"]["Sightline Imaging"] == {
        "sightline_url": "text",
        "sightline_key": "encrypted",
        "sightline_number": {"pubpid": "External ID (pubpid)", "pid": "Internal number (pid)"},
        "sightline_prefix": "text",
    }
    assert f'src="{PAGES}/card.php"' in told["card"]
