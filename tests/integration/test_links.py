"""A link on a real Orthanc: it opens one study, and nothing else of anything."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from pydicom import dcmread
from pydicom.data import get_testdata_file

from tests.support.orthanc_server import OrthancServer

LINKS = "/sightline/openemr/links"
BEYOND = (
    "/wado",
    "/sightline/",
    "/dicom-web/studies",
    "/system",
    "/studies",
    "/patients",
    "/instances",
    "/changes",
    "/app/explorer.html",
    "/sightline/api/audit",
    LINKS,
)


def study_of(name: str) -> str:
    path = get_testdata_file(name)
    assert isinstance(path, str)
    return str(dcmread(path).StudyInstanceUID)


def uids_of(name: str) -> dict[str, str]:
    """The query by which WADO-URI names an instance."""
    dataset = dcmread(str(get_testdata_file(name)))
    return {
        "requestType": "WADO",
        "studyUID": dataset.StudyInstanceUID,
        "seriesUID": dataset.SeriesInstanceUID,
        "objectUID": dataset.SOPInstanceUID,
    }


CT, MR = "CT_small.dcm", "MR_small.dcm"


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrthancServer]:
    with OrthancServer(tmp_path_factory.mktemp("links")) as server:
        with server.session() as admin:
            for name in (CT, MR):
                content = Path(str(get_testdata_file(name))).read_bytes()
                assert admin.post(f"{server.url}/instances", data=content).status_code == 200
        yield server


def make(orthanc: OrthancServer, **body: object) -> dict[str, object]:
    with orthanc.service() as service:
        answer = service.post(orthanc.url + LINKS, json={"studyInstanceUID": study_of(CT)} | body)
    assert answer.status_code == 201, answer.text
    link: dict[str, object] = answer.json()
    return link


def exchange(orthanc: OrthancServer, link: dict[str, object], client: requests.Session) -> requests.Response:
    address = f"{orthanc.url}/sightline/link/{link['id']}/session"
    secret = str(link["url"]).partition("#")[2]
    answer = client.post(address, json={"secret": secret}, headers={"Origin": orthanc.url})
    # A program's cookie jar keeps Secure cookies from plain HTTP, as browsers do on loopback only.
    if "Set-Cookie" in answer.headers:
        client.headers["Cookie"] = answer.headers["Set-Cookie"].partition(";")[0]
    return answer


def test_the_landing_page_spends_no_use_and_shows_nothing(orthanc: OrthancServer) -> None:
    link = make(orthanc, uses=1)
    with orthanc.session(None) as client:
        for _ in range(3):
            page = client.get(str(link["url"]).partition("#")[0])
            assert page.status_code == 200
            assert study_of(CT) not in page.text
        assert exchange(orthanc, link, client).status_code == 200
        again = exchange(orthanc, link, client)
        assert (again.status_code, again.json()["code"]) == (410, "link-used")


def test_a_session_opens_its_study_and_nothing_else(orthanc: OrthancServer) -> None:
    with orthanc.session(None) as client:
        for path in BEYOND:
            assert client.get(orthanc.url + path, allow_redirects=False).status_code in (303, 401, 403), path
        opened = exchange(orthanc, make(orthanc), client)
        assert opened.json()["studyInstanceUID"] == study_of(CT)
        assert client.get(f"{orthanc.url}/sightline/studies/{study_of(CT)}").status_code == 200
        assert client.get(f"{orthanc.url}/sightline/studies/{study_of(MR)}").status_code == 403
        for name, status in ((CT, 200), (MR, 403)):
            assert client.get(f"{orthanc.url}/wado", params=uids_of(name)).status_code == status
        for path in BEYOND:
            assert client.get(orthanc.url + path, allow_redirects=False).status_code in (401, 403), path


def test_the_link_service_makes_links_and_does_nothing_else(orthanc: OrthancServer) -> None:
    with orthanc.service() as service:
        assert service.get(orthanc.url + LINKS).status_code == 200
        for path in set(BEYOND) - {LINKS}:
            assert service.get(orthanc.url + path, allow_redirects=False).status_code in (401, 403), path
        assert service.get(f"{orthanc.url}/sightline/studies/{study_of(CT)}").status_code == 403


def test_revoking_ends_an_open_session_with_that_request(orthanc: OrthancServer) -> None:
    link = make(orthanc)
    page = f"{orthanc.url}/sightline/studies/{study_of(CT)}"
    with orthanc.session(None) as client, orthanc.service() as service:
        exchange(orthanc, link, client)
        assert client.get(page).status_code == 200
        assert service.delete(f"{orthanc.url}{LINKS}/{link['id']}").status_code == 204
        assert client.get(page, allow_redirects=False).status_code in (303, 401)
        gone = exchange(orthanc, link, client)
        assert (gone.status_code, gone.json()["code"]) == (410, "link-revoked")


def test_an_administrator_sees_whose_studies_links_open(orthanc: OrthancServer) -> None:
    made = {name: make(orthanc, studyInstanceUID=study_of(name))["id"] for name in (CT, MR)}
    with orthanc.session() as admin, orthanc.service() as service:
        told = {one["id"]: one for one in admin.get(f"{orthanc.url}{LINKS}?state=open").json()["links"]}
        for name, link in made.items():
            assert told[link]["patientId"] == str(dcmread(str(get_testdata_file(name))).PatientID)
        assert all("patientId" not in one for one in service.get(orthanc.url + LINKS).json()["links"])


def test_studies_that_are_not_there_or_not_one(orthanc: OrthancServer) -> None:
    with orthanc.service() as service:
        missing = service.post(orthanc.url + LINKS, json={"studyInstanceUID": "1.2.3"})
        assert (missing.status_code, missing.json()["code"]) == (404, "study-unknown")
        wildcard = service.post(orthanc.url + LINKS, json={"accessionNumber": "*"})
        assert wildcard.status_code == 400
        deep = service.post(orthanc.url + LINKS, data=b"[" * 60_000, headers={"Content-Type": "application/json"})
        assert deep.status_code == 400


def test_by_patient_and_date(orthanc: OrthancServer) -> None:
    dataset = dcmread(str(get_testdata_file(CT)))
    link = make(orthanc, patientID=str(dataset.PatientID), date=str(dataset.StudyDate))
    assert link["studyInstanceUID"] == study_of(CT)


def test_other_sites_cannot_log_anybody_in(orthanc: OrthancServer) -> None:
    with orthanc.session(None) as client:
        for headers in ({"Origin": "https://evil.example"}, {}):
            answer = client.post(f"{orthanc.url}/sightline/login", json={"user": "x", "password": "y"}, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "cross-origin")


def test_fifty_clients_at_once_keep_their_own_identity(orthanc: OrthancServer) -> None:
    wrong: list[tuple[str, object]] = []

    def ask(kind: str) -> None:
        with orthanc.session("admin" if kind == "admin" else None) as client:
            if kind == "link-service":
                client.headers.update(orthanc.service().headers)
            elif kind == "Dr. Who":
                exchange(orthanc, make(orthanc, userName="Dr. Who"), client)
            for _ in range(10):
                user = client.get(f"{orthanc.url}/sightline/session").json()["user"]
                if user != (None if kind == "nobody" else kind):
                    wrong.append((kind, user))

    kinds = ["admin", "link-service", "nobody", "Dr. Who", "admin"] * 10
    threads = [threading.Thread(target=ask, args=(kind,)) for kind in kinds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_all_of_it_is_in_an_unbroken_audit_log(orthanc: OrthancServer) -> None:
    with orthanc.session() as admin:
        events = admin.get(f"{orthanc.url}/sightline/api/audit?limit=1000").json()["events"]
        codes = {event["event"]["subtype"][1]["code"] for event in events}
        assert {"link-create", "link-open", "link-revoke", "denial", "read"} <= codes
        reads = [event["event"] for event in events if event["event"]["subtype"][1]["code"] == "read"]
        assert reads[0]["entity"][0]["what"]["identifier"]["value"] == str(
            dcmread(str(get_testdata_file(CT))).PatientID
        )
        whole = admin.get(f"{orthanc.url}/sightline/api/audit/verification").json()
        assert whole == {"intact": True, "firstBroken": None}
