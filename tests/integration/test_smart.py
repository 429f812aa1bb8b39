"""A launch into a real Orthanc, whose own index would show one patient's name on another patient's study."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from sightline.openemr.smart.registration import registration
from tests.support.openemr.oauth import PASSWORD, USER
from tests.support.openemr.server import FakeOpenEmr
from tests.support.orthanc_server import OrthancServer
from tests.support.smart_site import study

ANNAS = {"PatientID": "P1", "PatientName": "MUELLER^ANNA", "PatientBirthDate": "19700102"}
FILES = (
    study("1.5.1", **ANNAS),
    study("1.5.2", **ANNAS | {"PatientName": "Meier^Jan", "PatientBirthDate": "19551231"}),
    study("1.5.3", **ANNAS | {"PatientID": "P2"}),
)


@dataclass
class Launchable:
    """An Orthanc that is registered at an OpenEMR, and what a browser keeps of it."""

    orthanc: OrthancServer
    emr: FakeOpenEmr
    launch: str
    cookie: str = ""

    def visit(self, path: str, method: str = "GET", **more: Any) -> requests.Response:
        headers = {"Accept": "text/html", "Cookie": self.cookie, "Origin": self.orthanc.url}
        answer = requests.request(
            method, self.orthanc.url + path, headers=headers, allow_redirects=False, timeout=30, **more
        )
        if "Set-Cookie" in answer.headers:
            self.cookie = answer.headers["Set-Cookie"].partition(";")[0]
        return answer

    def come_back(self, sent: requests.Response) -> str:
        address = urlsplit(sent.headers["Location"])
        form = {name: values[0] for name, values in parse_qs(address.query).items()}
        form |= {"username": USER, "password": PASSWORD}
        answer = requests.post(f"{self.emr.url}{address.path}", data=form, allow_redirects=False, timeout=10)
        return answer.headers["Location"].removeprefix(self.orthanc.url)

    def begin(self) -> requests.Response:
        # As OpenEMR encodes it: base64 with all of its signs.
        query = {"launch": self.launch, "iss": self.emr.fhir, "aud": self.emr.fhir}
        return self.visit(f"/sightline/smart/launch?{urlencode(query)}")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launchable]:
    with FakeOpenEmr() as emr:
        server = OrthancServer(tmp_path_factory.mktemp("smart"))
        anna = emr.records.add_patient("Anna", "Müller", "1970-01-02", pubpid="P1")
        launch = "q83vASNFZ4k+/w=="
        emr.oauth.launches[launch] = anna.uuid
        answer = requests.post(
            f"{emr.url}/oauth2/default/registration", json=registration(server.url), timeout=10
        ).json()
        emr.clients[answer["client_id"]].is_enabled = True
        issuer = {
            "Name": "emr",
            "Issuer": emr.fhir,
            "ClientId": answer["client_id"],
            "ClientSecret": answer["client_secret"],
            "PatientId": {"Source": "pubpid"},
        }
        server.configuration["Sightline"]["Ehr"] = {"Issuers": [issuer]}
        with server:
            with server.session() as admin:
                for content in FILES:
                    assert admin.post(f"{server.url}/instances", data=content).status_code == 200
            yield Launchable(server, emr, launch)


def test_from_the_launch_to_the_patients_studies(site: Launchable) -> None:
    sent = site.begin()
    assert sent.status_code == 302
    asked = parse_qs(urlsplit(sent.headers["Location"]).query)
    assert asked["launch"] == [site.launch]
    arrived = site.visit(site.come_back(sent))
    assert arrived.status_code == 303, arrived.text
    launch_id = arrived.headers["Location"].rpartition("/")[2]
    assert site.visit("/sightline/session").json()["studies"] == ["1.5.1"]
    assert site.visit("/sightline/api/studies/1.5.1").status_code == 200
    assert site.visit("/sightline/api/studies/1.5.2").status_code == 403
    assert site.visit("/sightline/api/studies/1.5.3").status_code == 403
    assert site.visit("/studies").status_code in (401, 403)

    # What has come meanwhile opens when somebody looks again.
    with site.orthanc.session() as admin:
        assert admin.post(f"{site.orthanc.url}/instances", data=study("1.5.4", **ANNAS)).status_code == 200
    answer = site.visit(f"/sightline/smart/launches/{launch_id}/look", "POST")
    standings = {row["studyInstanceUID"]: row["standing"] for row in answer.json()["studies"]}
    assert standings == {"1.5.1": "confirmed", "1.5.2": "held", "1.5.4": "confirmed"}
    assert site.visit("/sightline/api/studies/1.5.4").status_code == 200

    # Whom it lets in is seen by administrators, and ended by them.
    launches = f"{site.orthanc.url}/sightline/smart/launches"
    assert site.visit("/sightline/smart/launches").status_code == 403
    with site.orthanc.session() as admin:
        (told,) = admin.get(launches).json()["launches"]
        assert (told["id"], told["ehr"], told["patientId"]) == (launch_id, "emr", "P1")
        assert (told["studies"], told["state"]) == (2, "open")
        assert admin.delete(f"{launches}/{launch_id}").status_code == 204
        assert admin.get(launches).json()["launches"] == []
    ended = site.visit("/sightline/studies/1.5.1")
    assert (ended.status_code, ended.headers["Location"]) == (303, "/sightline/smart/ended")


def test_a_refusal_is_a_page(site: Launchable) -> None:
    answer = site.visit("/sightline/smart/callback?state=x&code=y")
    assert answer.status_code == 400
    assert "Open the images again" in answer.text
