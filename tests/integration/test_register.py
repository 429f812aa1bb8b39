"""What is registered of series: made when a series is complete, used by the next run, and never when it is outdated."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import requests

from tests.support.dicom_files import image_file
from tests.support.orthanc_server import OrthancServer

STUDY, SERIES = "1.2.826.0.1.7", "1.2.826.0.1.7.1"
SERIES_PATH = f"/dicom-web/studies/{STUDY}/series/{SERIES}"
OCTETS = {"Accept": "application/octet-stream"}


def slice_file(number: int, value: int = 0) -> bytes:
    pixels = np.full((4, 4), value or number, np.uint16)
    uids = {"StudyInstanceUID": STUDY, "SeriesInstanceUID": SERIES, "SOPInstanceUID": f"{SERIES}.{number}"}
    return image_file(pixels, **uids)


def store(server: OrthancServer, client: requests.Session, content: bytes) -> None:
    assert client.post(f"{server.url}/instances", content).status_code == 200


def first_pixel(server: OrthancServer, client: requests.Session, number: int) -> int:
    answer = client.get(f"{server.url}{SERIES_PATH}/instances/{SERIES}.{number}/frames/1", headers=OCTETS)
    assert answer.status_code == 200, answer.text
    return int(np.frombuffer(answer.content, np.uint16)[0])


def test_registered_when_complete_and_taken_over(tmp_path: Path) -> None:
    """A series that has been quiet is listed before anybody asks; the next run starts with that, changed or not."""
    folder = tmp_path / "data" / "sightline" / "register"
    server = OrthancServer(tmp_path, {"StableAge": 1})
    with server, server.session() as client:
        for number in (1, 2, 3):
            store(server, client, slice_file(number))
        deadline = time.monotonic() + 20
        while not (files := list(folder.glob("*/*/*"))) and time.monotonic() < deadline:
            time.sleep(0.1)
        (path,) = files
        assert json.loads(path.read_bytes().split(b"\n")[0])[1:] == ["P1", STUDY, SERIES]
        assert path.read_bytes().count(SERIES.encode()) == 4
        assert folder.stat().st_mode & 0o077 == 0
        tables = tmp_path / "data" / "sightline" / "series"
        while not list(tables.glob("*.json")) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert list(tables.glob("*.json"))
    with server, server.session() as client:
        assert path.exists()
        assert [first_pixel(server, client, number) for number in (1, 2, 3)] == [1, 2, 3]
        instance = client.post(f"{server.url}/tools/lookup", f"{SERIES}.2").json()[0]["ID"]
        assert client.delete(f"{server.url}/instances/{instance}").status_code == 200
    with server, server.session() as client:
        assert len(client.get(f"{server.url}{SERIES_PATH}/metadata").json()) == 2
        store(server, client, slice_file(3, 77))
        assert first_pixel(server, client, 3) == 77
        assert len(client.get(f"{server.url}{SERIES_PATH}/metadata").json()) == 2


def test_nothing_is_taken_over_from_before_a_store_without_us(tmp_path: Path) -> None:
    """Orthanc ran without the plugin, or ended suddenly: what was registered may be outdated."""
    folder = tmp_path / "data" / "sightline" / "register"
    server = OrthancServer(tmp_path)
    with server, server.session() as client:
        store(server, client, slice_file(1))
        assert len(client.get(f"{server.url}{SERIES_PATH}/metadata").json()) == 1
        assert list(folder.glob("*/*/*"))
    plugins, server.configuration["Plugins"] = server.configuration["Plugins"], []
    server.launch()
    try:
        for _ in range(100):
            try:
                store(server, server.session(None), slice_file(2))
                break
            except requests.RequestException:
                time.sleep(0.1)
    finally:
        server.stop()
    server.configuration["Plugins"] = plugins
    with server, server.session() as client:
        assert not list(folder.glob("*/*/*"))
        assert len(client.get(f"{server.url}{SERIES_PATH}/metadata").json()) == 2
        assert list(folder.glob("*/*/*"))
        assert server.process is not None
        server.process.kill()
        server.process.wait()
    with server:
        assert not list(folder.glob("*/*/*"))
