"""Launches from other EHRs than OpenEMR: what differs is configuration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import requests

from sightline.errors import SightlineError
from sightline.openemr.ehr.discovery import SmartConfiguration, _discover, parse
from sightline.openemr.patient_number import fhir_number
from sightline.openemr.smart.authorization import scopes
from sightline.openemr.smart.patients import ehr_patient
from sightline.openemr.smart.routes import ROUTES
from sightline.smart_section import Issuer, PatientIdRule
from sightline.viewer.session_routes import SESSION_ROUTES
from tests.support.clock import Clock
from tests.support.site import URL, Site, Tasks
from tests.support.smart_launcher import SmartLauncher, launch_of
from tests.support.smart_site import study, visit, write_build

SECRET = "s3cret"


@dataclass
class Simulated:
    """A site that the public launcher launches."""

    launcher: SmartLauncher
    site: Site

    def arrive(self, secret: str = SECRET) -> Any:
        """Walk the whole way; the launcher asks nobody anything."""
        browser = self.site.browser()
        query = {"iss": self.launcher.fhir, "launch": launch_of("87a339d0", "e443ac58", "sightline", secret)}
        sent = visit(browser, f"/sightline/smart/launch?{urlencode(query)}")
        assert sent.status_code == 302, sent.text
        answer = requests.get(sent.headers["Location"], allow_redirects=False, timeout=5)
        back = urlsplit(answer.headers["Location"])
        arrived = visit(browser, f"{back.path}?{back.query}")
        return arrived, browser.get("/sightline/session", base_url=URL).get_json()


@pytest.fixture
def simulated(tmp_path: Path) -> Iterator[Simulated]:
    clock = Clock()
    with SmartLauncher("87a339d0", "MRN-7", "Smith", "1960-05-06", lambda: clock().timestamp()) as launcher:
        issuer = {
            "Name": "launcher",
            "Issuer": launcher.fhir,
            "ClientId": "sightline",
            "ClientSecret": SECRET,
            "ClientAuthentication": "basic",
            "IdTokenIssuer": f"{launcher.url}/v/r4/auth/fhir",
            "PatientId": {"Source": "pubpid"},
        }
        write_build(tmp_path)
        _discover.cache_clear()
        files = [
            study("1.3.1", PatientID="MRN-7", PatientName="SMITH^ANN", PatientBirthDate="19600506"),
            study("1.3.2", PatientID="999-12-3456", PatientName="SMITH^ANN", PatientBirthDate="19600506"),
        ]
        site = Site(tmp_path, (*SESSION_ROUTES, *ROUTES), files, Tasks(), Ehr={"Issuers": [issuer]})
        yield Simulated(launcher, site)
        site.close()


def test_the_public_launcher(simulated: Simulated) -> None:
    arrived, session = simulated.arrive()
    assert arrived.status_code == 303
    assert session["studies"] == ["1.3.1"]
    assert session["user"] == "Practitioner/e443ac58"


def test_the_public_launcher_and_a_wrong_secret(simulated: Simulated) -> None:
    arrived, session = simulated.arrive("another")
    assert arrived.status_code == 403
    assert session["user"] is None


EPIC = Issuer(
    Name="epic",
    Issuer="https://fhir.epic.example/api/FHIR/R4",
    ClientId="a",
    ClientSecret="b",
    PatientId=PatientIdRule(Source="pubpid", IdentifierSystem="urn:oid:1.2.840.114350.1.13.0.1.7.5.737384.14"),
    TrustedOrigins=("https://login.epic.example",),
)


def test_one_of_several_numbers_by_its_system() -> None:
    """Epic gives a number for each purpose, with a text for a type."""
    assert EPIC.patient_id is not None
    system = EPIC.patient_id.identifier_system
    identifiers = [
        {"type": {"text": "CEID"}, "system": "urn:oid:1.2.3", "value": "FHIR7"},
        {"type": {"text": "EPI"}, "system": system, "value": " E1703 "},
        {"system": "urn:oid:2.16.840.1.113883.4.1", "value": "222-33-4444"},
    ]
    assert fhir_number({"identifier": identifiers}, EPIC.patient_id) == "E1703"
    assert fhir_number({"identifier": identifiers[:1]}, EPIC.patient_id) == ""
    social = PatientIdRule(Source="pubpid", IdentifierSystem="urn:oid:2.16.840.1.113883.4.1")
    assert fhir_number({"identifier": identifiers}, social) == ""


MR = {"type": {"coding": [{"code": "MR"}]}, "value": "1"}


@pytest.mark.parametrize(
    ("identifiers", "number"),
    [
        ([MR], "1"),
        ([MR, MR | {"value": "1 "}], "1"),
        ([MR | {"use": "old", "value": "0"}, MR], "1"),
        ([MR, {"type": {"coding": [{"code": "PT"}]}, "value": "2"}], "2"),
        ([{"type": {"coding": [{"code": "SS"}, {"code": "PT"}]}, "value": "3"}, MR], "1"),
        ([{"type": {"coding": [{"code": "SS"}]}, "value": "3"}], ""),
        ([{"type": {}, "value": "4"}, {"value": "5"}, {"type": "MR"}, "x", None], ""),
        ([MR | {"value": 7}], ""),
        ("x", ""),
        (None, ""),
    ],
)
def test_which_number_is_taken(identifiers: Any, number: str) -> None:
    assert fhir_number({"identifier": identifiers}, PatientIdRule(Source="pubpid")) == number


def test_two_numbers_of_one_type_are_one_too_many() -> None:
    with pytest.raises(SightlineError, match="IdentifierSystem") as refusal:
        fhir_number({"identifier": [MR, MR | {"value": "2"}]}, PatientIdRule(Source="pubpid"))
    assert refusal.value.code == "patient-number"


@pytest.mark.parametrize(
    ("resource", "told"),
    [
        ({"name": [{"family": "A"}], "birthDate": "1970-01-02", "gender": "male"}, ("A", "19700102", "M")),
        ({"name": [{"use": "old", "family": "B"}, {"use": "usual", "family": "A"}]}, ("A", "", "")),
        ({"name": [{"use": "usual", "family": "B"}, {"use": "official", "family": "A"}]}, ("A", "", "")),
        ({"name": [{"text": "A B"}], "birthDate": "1970", "gender": "unknown"}, ("", "", "")),
        ({"name": "x", "birthDate": 1970, "gender": ["male"]}, ("", "", "")),
        ({}, ("", "", "")),
    ],
)
def test_what_is_compared(resource: dict[str, Any], told: tuple[str, str, str]) -> None:
    patient = ehr_patient(resource, "f1", "P1")
    assert (patient.family, patient.birth_date, patient.sex) == told


def test_scopes_of_an_ehr_that_tells_nothing_of_users() -> None:
    known = SmartConfiguration("https://a/authorize", "https://a/token")
    assert scopes(EPIC, known) == "launch patient/Patient.read"
    assert scopes(EPIC, known, is_standalone=True) == "launch/patient patient/Patient.read"


def test_scopes_as_configured() -> None:
    own = EPIC.model_copy(update={"scopes": "openid launch fhirUser patient/Patient.read"})
    known = SmartConfiguration("https://a/authorize", "https://a/token", issuer="https://a")
    assert scopes(own, known) == "openid fhirUser patient/Patient.read launch"
    assert scopes(own, known, is_standalone=True) == "openid fhirUser patient/Patient.read launch/patient"


def test_an_authorization_server_elsewhere_is_named_in_the_configuration() -> None:
    assert EPIC.origins == {"https://fhir.epic.example", "https://login.epic.example"}


@pytest.mark.parametrize(
    ("told", "found"),
    [
        (["a", "b"], {"a", "b"}),
        ([["a", "b"]], {"a", "b"}),
        ([[["a"]], "b", 7, None], {"a", "b"}),
        ("a b", {"a", "b"}),
        (None, set()),
        ({"a": 1}, set()),
    ],
)
def test_lists_however_they_are_nested(told: Any, found: set[str]) -> None:
    document = {"authorization_endpoint": "https://a", "token_endpoint": "https://a", "scopes_supported": told}
    assert parse(document).scopes == found
