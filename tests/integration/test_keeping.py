"""Inside a real Orthanc, what is drawn becomes a report, and neither a restart nor a crash loses any of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from pydicom import Dataset, dcmread

from tests.support.dicom_files import image_file
from tests.support.findings import EVERY_TOOL, finding
from tests.support.orthanc_server import PASSWORD, OrthancServer

STUDY = "1.2.826.0.1.4711"
SERIES, IMAGE = f"{STUDY}.1", f"{STUDY}.1.1"
PIXELS = np.arange(48, dtype=np.int16).reshape(8, 6)
PATIENCE_SECONDS = 60


@pytest.fixture
def server(tmp_path: Path) -> Iterator[OrthancServer]:
    """One Orthanc of the test's own, since it is ended in between."""
    with OrthancServer(tmp_path) as running:
        content = image_file(
            PIXELS, StudyInstanceUID=STUDY, SeriesInstanceUID=SERIES, SOPInstanceUID=IMAGE, PatientID="P4711",
            PatientName="Doe^Jane", PixelSpacing=["0.5", "0.25"], RescaleSlope=1, RescaleIntercept=-10,
        )  # fmt: skip
        with running.session() as admin:
            answer = admin.post(
                f"{running.url}/dicom-web/studies", content, headers={"Content-Type": "application/dicom"}, timeout=30
            )
            assert answer.status_code == 200, answer.text
        yield running


def api(server: OrthancServer) -> str:
    return f"{server.url}/sightline/api/studies/{STUDY}/findings"


def send(client: requests.Session, server: OrthancServer, *changes: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = client.post(api(server), json={"changes": list(changes), **more}, timeout=30)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def told(client: requests.Session, server: OrthancServer) -> dict[str, Any]:
    answer = client.get(api(server), timeout=30)
    assert answer.status_code == 200, answer.text
    value: dict[str, Any] = answer.json()
    return value


def saved(client: requests.Session, server: OrthancServer, revision: int) -> dict[str, Any]:
    """Wait until that revision is stored."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        value = told(client, server)["saved"]
        if value is not None and value["revision"] >= revision:
            found: dict[str, Any] = value
            return found
        time.sleep(0.2)
    raise AssertionError(f"Nothing was stored: {told(client, server)}")


def report(client: requests.Session, server: OrthancServer, instance: str) -> Dataset:
    """Return a stored report, as a DICOMweb client finds and retrieves it."""
    root = f"{server.url}/dicom-web/studies/{STUDY}"
    rows = client.get(f"{root}/instances", params={"SOPInstanceUID": instance}, timeout=30).json()
    series = rows[0]["0020000E"]["Value"][0]
    answer = client.get(
        f"{root}/series/{series}/instances/{instance}", headers={"Accept": "multipart/related; type=application/dicom"},
        timeout=30,
    )  # fmt: skip
    start = answer.content.index(b"\r\n\r\n") + 4
    return dcmread(BytesIO(answer.content[start:]))


def labels(group: Dataset) -> list[str]:
    texts = (item for item in group.ContentSequence if item.ValueType == "TEXT")
    return [item.TextValue for item in texts if item.ConceptNameCodeSequence[0].CodeValue == "125309"]


def test_every_tool_is_stored_when_its_reader_leaves(server: OrthancServer) -> None:
    drawn = [finding(STUDY, SERIES, IMAGE, tool, f"{tool} ü") for tool in EVERY_TOOL]
    with server.session() as admin:
        answer = send(admin, server, *({"finding": each, "base": 0} for each in drawn), leaving=True)
        dataset = report(admin, server, saved(admin, server, answer["revision"])["instance"])
        assert (dataset.PatientID, dataset.PatientName, dataset.Modality) == ("P4711", "Doe^Jane", "SR")
        assert dataset.AuthorObserverSequence[0].PersonName == "admin"
        groups = dataset.ContentSequence[-1].ContentSequence
        assert len(groups) == len(drawn)
        # A line of 25.5 mm was drawn over 5 rows: by it the reader says how large a pixel is.
        (group,) = (each for each in groups if "length ü" in labels(each))
        length = next(item for item in group.ContentSequence if item.ValueType == "NUM").MeasuredValueSequence[0]
        scale = 25.5 / (5 * 0.5)
        assert float(length.FloatingPointValue) == pytest.approx(np.hypot(3 * 0.25, 4 * 0.5) * scale)
        (found,) = admin.get(f"{api(server)}/reports", timeout=60).json()["reports"]
        assert (found["ours"], found["problems"], len(found["findings"])) == (True, [], len(drawn))
        kinds = {row["subtype"][1]["code"] for row in _events(admin, server)}
        assert "store" in kinds


def _events(client: requests.Session, server: OrthancServer) -> list[dict[str, Any]]:
    rows = client.get(f"{server.url}/sightline/api/audit", timeout=30).json()["events"]
    events = [row["event"] for row in rows]
    assert any(event.get("outcomeDesc") == "findings stored as a report" for event in events)
    return events


def test_the_end_of_orthanc_in_mid_drawing_loses_nothing(server: OrthancServer) -> None:
    first = finding(STUDY, SERIES, IMAGE, "ellipse", "first")
    with server.session() as admin:
        revision = send(admin, server, {"finding": first, "base": 0})["revision"]
    assert server.process is not None
    server.process.kill()
    server.process.wait()
    server.start()
    with server.session() as admin:
        assert [each["finding"] for each in told(admin, server)["findings"]] == [first]
        second = finding(STUDY, SERIES, IMAGE, "length", "second")
        revision = send(admin, server, {"finding": second, "base": 0}, leaving=True)["revision"]
        server.stop()
        server.start()
    with server.session() as admin:
        dataset = report(admin, server, saved(admin, server, revision)["instance"])
        groups = dataset.ContentSequence[-1].ContentSequence
        assert [labels(group) for group in sorted(groups, key=labels)] == [["first"], ["second"]]


def test_two_readers_of_a_link_and_a_login_are_told_of_each_other(server: OrthancServer) -> None:
    drawn = finding(STUDY, SERIES, IMAGE, "circle", "hers")
    with server.service() as service, server.session(None) as reader, server.session() as admin:
        wish = {"studyInstanceUID": STUDY, "verbs": ["view", "annotate"], "userName": "Dr Link"}
        made = service.post(f"{server.url}/sightline/openemr/links", json=wish, timeout=30)
        assert made.status_code == 201, made.text
        link = made.json()
        opened = reader.post(
            f"{server.url}/sightline/link/{link['id']}/session",
            json={"secret": link["url"].partition("#")[2]},
            headers={"Origin": server.url},
            timeout=30,
        )
        assert opened.status_code == 200, opened.text
        # A program's cookie jar keeps Secure cookies from plain HTTP, as browsers do on loopback only.
        reader.headers["Cookie"] = opened.headers["Set-Cookie"].partition(";")[0]
        reader.headers["Origin"] = server.url
        send(reader, server, {"finding": drawn, "base": 0})
        answer = send(admin, server, {"finding": drawn | {"label": "mine"}, "base": 0})
        conflict = answer["results"][0]["conflict"]
        assert (conflict["author"], conflict["finding"]["label"]) == ("Dr Link", "hers")
        revision = send(admin, server, {"finding": drawn | {"label": "mine"}, "base": conflict["revision"]})["revision"]
        value = admin.post(f"{api(server)}/save", json={}, timeout=60).json()
        assert value["saved"]["revision"] == revision
        reports = admin.get(f"{api(server)}/reports", timeout=60).json()["reports"]
        assert sorted((each["author"], each["superseded"]) for each in reports) == [("Dr Link", True), ("admin", False)]
        assert PASSWORD not in str(reports)
        elsewhere = reader.get(f"{server.url}/sightline/api/studies/1.2.3/findings", timeout=30)
        assert elsewhere.status_code == 403
