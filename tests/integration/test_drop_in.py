"""In place of the official DICOMweb plugin: its roots, its addresses of bulk data, its section of the configuration."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from pydicom import Dataset
from requests import Session

from sightline.dicomweb.multipart import parse_multipart
from sightline.web.negotiation import parse_media_type
from tests.support.dicom_files import image_file
from tests.support.orthanc_server import OrthancServer, free_port

OFFICIAL = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
if shutil.which("Orthanc") is None or not OFFICIAL.exists():
    pytest.skip("no Orthanc with the official DICOMweb plugin here", allow_module_level=True)

SECTION = {
    "Root": "/images/web/",
    "WadoRoot": "/images/uri",
    "StudiesMetadata": "MainDicomTags",
    "Servers": {},
    "Unheard": 1,
}
STUDY, SERIES = "1.2.826.0.1.1", "1.2.826.0.1.2"
INSTANCE = f"/studies/{STUDY}/series/{SERIES}/instances/1.2.3"


def nested_file() -> bytes:
    """Return an image with large binary values in the second items of nested sequences."""
    inner, middle = Dataset(), Dataset()
    inner.add_new(0x54001010, "OW", bytes(range(256)) * 16)
    middle.add_new(0x54000100, "SQ", [Dataset(), inner])
    return image_file(
        np.arange(1600, dtype=np.uint16).reshape(40, 40),
        SOPInstanceUID="1.2.3",
        StudyInstanceUID=STUDY,
        SeriesInstanceUID=SERIES,
        ReferencedImageSequence=[Dataset(), middle],
        EncapsulatedDocument=b"x" * 3000,
    )


@pytest.fixture(scope="module")
def official(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The official plugin alone, with the same section and the same file: the address of its root."""
    folder = tmp_path_factory.mktemp("official")
    port = free_port()
    configuration = {
        "Plugins": [str(OFFICIAL)],
        "HttpPort": port,
        "DicomServerEnabled": False,
        "AuthenticationEnabled": False,
        "StorageDirectory": str(folder / "data"),
        "DicomWeb": SECTION,
    }
    file = folder / "orthanc.json"
    file.write_text(json.dumps(configuration))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(["Orthanc", str(file)], stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    for _ in range(200):
        try:
            requests.get(f"{url}/system", timeout=5)
            break
        except requests.ConnectionError:
            time.sleep(0.05)
    assert requests.post(f"{url}/instances", nested_file(), timeout=10).status_code == 200
    yield f"{url}/images/web"
    process.terminate()
    process.wait(20)


@pytest.fixture(scope="module", params=["alone", "beside the official plugin"])
def ours(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrthancServer]:
    """Sightline with that section: alone, or with the official plugin loaded behind it."""
    plugins = () if request.param == "alone" else (str(OFFICIAL),)
    with OrthancServer(tmp_path_factory.mktemp("ours"), {"DicomWeb": SECTION}, plugins) as server:
        yield server


@pytest.fixture(scope="module")
def client(ours: OrthancServer) -> Session:
    """An administrator, after storing the file."""
    made = ours.session()
    assert made.post(f"{ours.url}/instances", nested_file()).status_code == 200
    return made


def is_alone(server: OrthancServer) -> bool:
    return str(OFFICIAL) not in server.configuration["Plugins"]


MULTIPART = {"Content-Type": 'multipart/related; type="application/dicom"; boundary=b'}


@pytest.mark.parametrize("path", ["/images/web/studies", f"/images/web/studies/{STUDY}"])
def test_nobody_stores_past_us(ours: OrthancServer, client: Session, path: str) -> None:
    """Orthanc hands stores to the official plugin, wherever that stands in the list: then nobody may store there."""
    body = b"--b\r\nContent-Type: application/dicom\r\n\r\n" + nested_file() + b"\r\n--b--\r\n"
    before = client.get(f"{ours.url}/statistics").json()["CountInstances"]
    stranger = ours.session(None).post(ours.url + path, body, headers=MULTIPART)
    admin = client.post(ours.url + path, body, headers=MULTIPART)
    if is_alone(ours):
        assert (stranger.status_code, admin.status_code) == (401, 200), admin.text
    else:
        assert (stranger.status_code, admin.status_code) == (403, 403)
        assert client.get(f"{ours.url}/statistics").json()["CountInstances"] == before
        warnings = client.get(f"{ours.url}/sightline/health").json()["warnings"]
        assert any("asks nobody who may" in warning for warning in warnings)


def bulk_addresses(value: Any, root: str) -> dict[str, str]:
    """Return the addresses of bulk data below the root, by the part behind the instance."""
    found: dict[str, str] = {}
    for item in value if isinstance(value, list) else value.values() if isinstance(value, dict) else ():
        if isinstance(item, dict) and "BulkDataURI" in item:
            path = item["BulkDataURI"].split(root, 1)[1]
            found[path.split("/1.2.3/", 1)[1]] = path
        found |= bulk_addresses(item, root)
    return found


def content(answer: requests.Response) -> bytes:
    """Return the only part of a multipart answer."""
    assert answer.status_code == 200, answer.text
    _, options = parse_media_type(answer.headers["Content-Type"])
    (part,) = parse_multipart(answer.content, options["boundary"])
    return bytes(part.content)


def test_bulk_data_has_the_same_addresses(official: str, ours: OrthancServer, client: Session) -> None:
    theirs = requests.get(f"{official}{INSTANCE}/metadata", timeout=10).json()
    own = client.get(f"{ours.url}/images/web{INSTANCE}/metadata").json()
    expected = bulk_addresses(theirs, "/images/web")
    found = bulk_addresses(own, "/images/web")
    assert "bulk/00081140/2/54000100/2/54001010" in found
    assert {"bulk/7fe00010", "bulk/00420011"} <= set(found)
    both = set(expected) & set(found)
    assert "bulk/7fe00010" in both
    assert both == set(expected), "what the official plugin names is named alike"
    assert all(expected[name] == found[name] for name in both)


def test_every_address_of_the_official_plugin_works(official: str, ours: OrthancServer, client: Session) -> None:
    theirs = requests.get(f"{official}{INSTANCE}/metadata", timeout=10).json()
    paths = bulk_addresses(theirs, "/images/web").values()
    assert paths
    for path in paths:
        expected = content(requests.get(official + path, timeout=10))
        assert content(client.get(f"{ours.url}/images/web{path}")) == expected, path
    nested = f"{INSTANCE}/bulk/00081140/2/54000100/2/54001010"
    assert content(requests.get(official + nested, timeout=10)) == content(client.get(f"{ours.url}/images/web{nested}"))


def test_our_own_former_addresses_work(ours: OrthancServer, client: Session) -> None:
    former = client.get(f"{ours.url}/images/web{INSTANCE}/bulkdata/00081140.2.54000100.2.54001010")
    assert content(former) == bytes(range(256)) * 16


def test_ours_answers_at_the_roots(ours: OrthancServer, client: Session) -> None:
    nobody = ours.session(None)
    assert nobody.get(f"{ours.url}/images/web/studies").status_code == 401
    told = client.get(f"{ours.url}/images/web/conformance").json()
    assert (told["basePath"], told["wadoPath"]) == ("/images/web", "/images/uri")
    (row,) = client.get(f"{ours.url}/images/web/studies?StudyInstanceUID={STUDY}").json()
    (url,) = row["00081190"]["Value"]
    assert url == f"{ours.url}/images/web/studies/{STUDY}"
    assert client.get(url).status_code == 200
    for path in ("/images/web/info", "/images/web/servers", "/dicom-web/studies", "/wado", "/dicom-web/servers"):
        assert client.get(ours.url + path).status_code in (403, 404), path
        assert nobody.get(ours.url + path).status_code in (401, 403, 404), path
    assert nobody.get(f"{ours.url}/images/uri?requestType=WADO&objectUID=1.2.3").status_code == 401
    unnamed = client.get(f"{ours.url}/images/uri?requestType=WADO")
    assert (unnamed.status_code, "'studyUID'" in unnamed.text) == (400, True)


def test_uploads_have_their_bound_there(ours: OrthancServer, client: Session) -> None:
    """The gate knows the moved root: a large store passes, another large body does not."""
    headers = {"Content-Type": "application/dicom"}
    body = bytes(200_000)
    assert client.post(f"{ours.url}/images/web/studies", body, headers=headers).status_code == (
        409 if is_alone(ours) else 403
    )
    assert client.post(f"{ours.url}/images/web/series", body, headers=headers).status_code == 403


def test_the_log_names_what_is_not_heeded(ours: OrthancServer, client: Session) -> None:
    log = ours.log()
    assert '"DicomWeb.StudiesMetadata" is not heeded: Metadata is always complete' in log
    assert '"DicomWeb.Unheard" is not known.' in log
    assert "DicomWeb.Servers" not in log
    assert ("official DICOMweb plugin is loaded as well" in log) != is_alone(ours)


def test_loaded_behind_the_official_plugin(tmp_path: Path) -> None:
    """That one would answer in our place: nothing is reached at either root, and the health says why."""
    server = OrthancServer(tmp_path, {"DicomWeb": SECTION}, (str(OFFICIAL),))
    server.configuration["Plugins"].reverse()
    server.launch()
    try:
        health: dict[str, str] = {}
        for _ in range(300):
            try:
                health = server.session(None).get(f"{server.url}/sightline/health", timeout=5).json()
            except (requests.RequestException, ValueError):
                health = {}
            if health.get("status") not in (None, "starting"):
                break
            time.sleep(0.1)
        assert health == {"status": "another plugin answers for us"}
        for path in ("/images/web/studies", "/images/web/info", "/images/uri", "/images/uri?requestType=WADO"):
            assert server.session().get(server.url + path).status_code == 403, path
    finally:
        server.stop()


@pytest.mark.parametrize("setting", [{"Enable": False}, {"EnableWado": False}])
def test_switched_off(tmp_path: Path, setting: dict[str, bool]) -> None:
    with OrthancServer(tmp_path, {"DicomWeb": setting}) as server:
        status = server.session().get(f"{server.url}/dicom-web/studies").status_code
        assert status == (200 if "EnableWado" in setting else 404)
        assert server.session(None).get(f"{server.url}/wado").status_code == 403
        assert server.session().get(f"{server.url}/wado").status_code == 404


@pytest.mark.parametrize(("section", "is_sensitive"), [({}, False), ({"QidoCaseSensitive": True}, True)])
def test_case(tmp_path: Path, section: dict[str, bool], is_sensitive: bool) -> None:
    with OrthancServer(tmp_path, {"DicomWeb": section}) as server, server.session() as client:
        headers = {"Content-Type": "application/dicom"}
        client.post(f"{server.url}/dicom-web/studies", image_file(np.zeros((8, 8), np.uint16)), headers=headers)
        stored = client.get(f"{server.url}/dicom-web/studies").json()[0]["00100010"]["Value"][0]["Alphabetic"]
        assert len(client.get(f"{server.url}/dicom-web/studies?PatientName={stored}").json()) == 1
        swapped = client.get(f"{server.url}/dicom-web/studies?PatientName={stored.swapcase()}").json()
        assert len(swapped) == (0 if is_sensitive else 1)


def test_read_only(tmp_path: Path) -> None:
    with OrthancServer(tmp_path, {"ReadOnly": True}) as server, server.session() as client:
        headers = {"Content-Type": "application/dicom"}
        answer = client.post(
            f"{server.url}/dicom-web/studies", image_file(np.zeros((8, 8), np.uint16)), headers=headers
        )
        assert (answer.status_code, answer.headers["Allow"].replace(" ", "")) == (405, "GET,HEAD,OPTIONS")


def test_a_root_that_is_taken_stops_the_start(tmp_path: Path) -> None:
    server = OrthancServer(tmp_path, {"DicomWeb": {"Root": "/instances/"}})
    process = server.launch()
    assert process.wait(60) != 0
    assert "\"DicomWeb.Root\" is '/instances/'" in server.log()
