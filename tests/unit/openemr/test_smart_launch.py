"""Launches from OpenEMR, from the button in the chart to a session on the patient's studies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from sightline.access.grant import administrator
from sightline.access.launch import EhrPatient, LaunchedStudy, Standing
from sightline.access.opening import open_access
from sightline.configuration import Configuration
from sightline.openemr.smart.registration import registration
from tests.support.openemr.server import FakeOpenEmr
from tests.support.site import URL, from_page
from tests.support.smart_site import SmartSite, asked_for, study, visit

ANNAS = {"PatientID": "P1", "PatientName": "MUELLER^ANNA", "PatientBirthDate": "19700102"}
FILES = (
    study("1.2.1", **ANNAS),
    study("1.2.2", **ANNAS | {"PatientName": "Meier^Jan", "PatientBirthDate": "19551231"}),
    study("1.2.3", PatientID="P1", PatientName="Müller^A"),
    study("1.2.4", **ANNAS | {"PatientID": "P10"}),
    study("1.2.5", **ANNAS | {"PatientID": "p1"}),
)
Make = Callable[..., SmartSite]


@pytest.fixture
def emr(request: pytest.FixtureRequest) -> Iterator[FakeOpenEmr]:
    with FakeOpenEmr(getattr(request, "param", "7.0.3")) as server:
        yield server


both = pytest.mark.parametrize("emr", ["7.0.3", "8.0.0"], indirect=True)
"""Scopes are spelled in two ways."""


@pytest.fixture
def make(tmp_path: Path, emr: FakeOpenEmr) -> Iterator[Make]:
    made: list[SmartSite] = []

    def make(files: tuple[bytes, ...] = FILES, **options: Any) -> SmartSite:
        made.append(SmartSite(tmp_path, emr, files, **options))
        return made[-1]

    yield make
    for site in made:
        site.close()


def session_of(here: SmartSite, browser: Any) -> dict[str, Any]:
    answer: dict[str, Any] = browser.get("/sightline/session", base_url=URL).get_json()
    return answer


@both
def test_from_the_chart_to_the_patients_studies(make: Make) -> None:
    here = make()
    browser = here.site.browser()
    launch_id = here.launched(browser)
    launch = here.site.services.launches.get(here.site.access.control.identify(cookies(browser), ""), launch_id)
    assert launch.patient == EhrPatient(here.anna.uuid, "P1", "Müller", "Anna", "19700102", "F")
    assert (launch.issuer, launch.user_id) == (here.emr.fhir, f"ehr:clinic/{here.emr.oauth.practitioner}")
    assert launch.studies == (
        LaunchedStudy("1.2.1", Standing.CONFIRMED),
        LaunchedStudy("1.2.2", Standing.HELD, "birth-date"),
        LaunchedStudy("1.2.3", Standing.UNVERIFIED, "missing"),
    )
    session = session_of(here, browser)
    assert session["user"] == "Billy Stone"
    assert session["studies"] == ["1.2.1", "1.2.3"]
    assert session["verbs"] == ["view", "download", "annotate", "report"]


def cookies(browser: Any) -> dict[str, str]:
    jar = browser._cookies.values()
    return {"cookie": "; ".join(f"{cookie.key}={cookie.value}" for cookie in jar)}


def test_what_it_opens_and_what_not(make: Make) -> None:
    here = make()
    browser = here.site.browser()
    here.launched(browser)

    def status(path: str) -> int:
        return browser.get(path, base_url=URL).status_code

    assert status("/sightline/api/studies/1.2.1/keys") == 200
    assert status("/sightline/api/studies/1.2.3/keys") == 200
    for other in ("1.2.2", "1.2.4", "1.2.5"):
        assert status(f"/sightline/api/studies/{other}/keys") == 403
    assert status("/sightline/api/studies") == 403
    assert status("/sightline/api/audit") == 403


def test_three_redirects_and_no_more(make: Make) -> None:
    """To the EHR, back again, and to the page; each kept by itself is one of ours or the EHR's."""
    here = make()
    browser = here.site.browser()
    sent = here.begin(browser)
    back = here.agree(sent)
    arrived = visit(browser, back)
    assert [sent.status_code, arrived.status_code] == [302, 303]
    assert "code" not in arrived.headers["Location"]


@both
def test_what_is_asked(make: Make, emr: FakeOpenEmr) -> None:
    here = make()
    asked = asked_for(here.begin(here.site.browser()))
    read = "read" if emr.version.startswith("7") else "rs"
    assert asked["scope"] == f"openid fhirUser launch api:fhir patient/Patient.{read} user/Practitioner.{read}"
    assert asked["aud"] == emr.fhir
    assert asked["redirect_uri"] == f"{URL}/sightline/smart/callback"
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert len(asked["state"]) == len(asked["nonce"]) == len(asked["code_challenge"]) == 43
    assert asked["launch"].startswith("opaque+/")


def test_the_same_launch_again_is_a_new_one(make: Make) -> None:
    here = make()
    browser, query = here.site.browser(), here.launch_query()
    first, second = here.begin(browser, query), here.begin(browser, query)
    assert asked_for(first)["state"] != asked_for(second)["state"]
    assert asked_for(first)["code_challenge"] != asked_for(second)["code_challenge"]
    one = visit(browser, here.agree(first))
    other = visit(browser, here.agree(second))
    assert (one.status_code, other.status_code) == (303, 303)
    assert one.headers["Location"] != other.headers["Location"]


def test_cookies_work_in_another_sites_frame(make: Make) -> None:
    here = make()
    browser = here.site.browser()
    begun = here.begin(browser)
    arrived = visit(browser, here.agree(begun))
    for answer in (begun, arrived):
        (cookie,) = answer.headers.getlist("Set-Cookie")
        assert cookie.startswith("__Host-sightline-")
        assert cookie.endswith("SameSite=None; Secure; Partitioned")
        assert "HttpOnly" in cookie and "Path=/" in cookie


def test_a_social_security_number_first_is_never_taken(make: Make) -> None:
    here = make((*FILES, study("1.2.9", **ANNAS | {"PatientID": "123-45-6789"})))
    here.anna.ss = "123-45-6789"
    browser = here.site.browser()
    here.launched(browser)
    assert session_of(here, browser)["studies"] == ["1.2.1", "1.2.3"]


@both
def test_pid_is_asked_of_the_standard_api(make: Make) -> None:
    """pid and pubpid differ as soon as somebody edits the one; what DICOM holds is the site's choice."""
    files = (study("1.2.1", **ANNAS | {"PatientID": "EMR-1"}), study("1.2.2", **ANNAS))
    here = make(files, rule={"Source": "pid", "Prefix": "EMR-"})
    browser = here.site.browser()
    here.launched(browser)
    assert here.anna.pid == 1
    assert session_of(here, browser)["studies"] == ["1.2.1"]


def test_an_old_build_names_the_patient_by_pid(make: Make) -> None:
    here = make()
    here.emr.oauth.numeric_patient = True
    browser = here.site.browser()
    here.launched(browser)
    assert session_of(here, browser)["studies"] == ["1.2.1", "1.2.3"]


@pytest.mark.parametrize("patient", [1, "1", "Patient/1"])
def test_a_patient_as_number_or_reference(make: Make, patient: object) -> None:
    here = make()
    here.emr.oauth.answer = {"patient": patient}
    assert here.arrive(here.site.browser()).status_code == 303


@pytest.mark.parametrize("token_type", ["bearer", "BEARER"])
def test_the_type_of_a_token_in_any_case(make: Make, token_type: str) -> None:
    here = make()
    here.emr.oauth.answer = {"token_type": token_type}
    assert here.arrive(here.site.browser()).status_code == 303


@both
def test_registered_scopes_replace_the_ones_asked_for_where_consent_is_skipped(make: Make, emr: FakeOpenEmr) -> None:
    here = make()
    emr.oauth.skips_flow = here.client.skips_flow = True
    with requests.Session() as chart:
        chart.get(f"{emr.url}/interface/patient_file/summary/demographics.php?set_pid=1", timeout=5)
        browser = here.site.browser()
        sent = here.begin(browser)
        page = chart.get(sent.headers["Location"], timeout=5)
        assert "document.forms[0].submit()" in page.text
        answer = chart.post(
            f"{emr.url}/oauth2/default/authorize", data=asked_for(sent), allow_redirects=False, timeout=5
        )
    arrived = visit(browser, answer.headers["Location"].removeprefix(URL))
    assert arrived.status_code == 303
    assert emr.oauth.granted == [here.client.scope]
    assert "launch/patient" not in here.client.scope


@both
def test_standalone_asks_for_the_patient(make: Make) -> None:
    here = make(is_standalone=True, StandaloneOnly=True)
    browser = here.site.browser()
    sent = visit(browser, "/sightline/smart/standalone/clinic")
    assert "launch/patient" in asked_for(sent)["scope"].split()
    assert "launch" not in asked_for(sent)
    arrived = visit(browser, here.agree(sent, picked=here.anna.uuid))
    assert arrived.status_code == 303
    # Its client is not for launches from the chart.
    assert here.begin(browser).status_code == 403


def test_a_secret_by_basic(make: Make) -> None:
    here = make(ClientAuthentication="basic")
    assert here.arrive(here.site.browser()).status_code == 303


def test_a_public_client_has_no_secret(make: Make, emr: FakeOpenEmr) -> None:
    here = make(ClientSecret="")
    here.client.secret = ""
    browser = here.site.browser()
    sent = here.begin(browser)
    assert "user/" not in asked_for(sent)["scope"]
    assert visit(browser, here.agree(sent)).status_code == 303
    assert session_of(here, browser)["user"] == f"Practitioner/{emr.oauth.practitioner}"


def test_looking_again_opens_what_has_come(make: Make) -> None:
    here = make()
    browser = here.site.browser()
    launch_id = here.launched(browser)
    here.site.archive.store(administrator("ada"), study("1.2.7", **ANNAS))
    assert session_of(here, browser)["studies"] == ["1.2.1", "1.2.3"]
    answer = browser.post(f"/sightline/smart/launches/{launch_id}/look", **from_page())
    assert answer.status_code == 200
    found = {row["studyInstanceUID"]: row["standing"] for row in answer.get_json()["studies"]}
    assert found == {"1.2.1": "confirmed", "1.2.2": "held", "1.2.3": "unverified", "1.2.7": "confirmed"}
    assert session_of(here, browser)["studies"] == ["1.2.1", "1.2.3", "1.2.7"]


def test_after_a_merge_a_study_is_closed(make: Make) -> None:
    here = make()
    browser = here.site.browser()
    launch_id = here.launched(browser)
    here.site.archive.delete_study(administrator("ada"), "1.2.1")
    here.site.archive.store(administrator("ada"), study("1.2.1", **ANNAS | {"PatientID": "P77"}))
    browser.post(f"/sightline/smart/launches/{launch_id}/look", **from_page())
    assert session_of(here, browser)["studies"] == ["1.2.3"]


def test_one_number_of_two_issuers_is_held_back(make: Make) -> None:
    other = {"IssuerOfPatientID": "ELSEWHERE"}
    here = make(
        (
            *FILES[2:],
            *(study(f"1.2.{n}", **ANNAS | more) for n, more in ((1, {"IssuerOfPatientID": "HERE"}), (6, other))),
        )
    )
    browser = here.site.browser()
    here.launched(browser)
    assert session_of(here, browser)["studies"] == ["1.2.3"]


def test_one_study_uid_of_two_patients_is_held_back(make: Make) -> None:
    here = make((*FILES, study("1.2.1", **ANNAS | {"PatientID": "P77"})))
    browser = here.site.browser()
    here.launched(browser)
    assert session_of(here, browser)["studies"] == ["1.2.3"]


def test_a_tab_of_its_own(make: Make) -> None:
    """A tab does not share what a frame in another site keeps, so it gets a session by a secret that works once."""
    here = make()
    frame, tab = here.site.browser(), here.site.browser()
    launch_id = here.launched(frame)
    answer = frame.post(f"/sightline/smart/launches/{launch_id}/tab", **from_page())
    assert answer.status_code == 201
    address, _, secret = answer.get_json()["url"].partition("#")
    assert address == f"{URL}/sightline/smart/tab/{launch_id}"
    landing = visit(tab, address.removeprefix(URL))
    assert landing.status_code == 200
    assert "Müller" not in landing.text and secret not in landing.text
    opened = tab.post(f"/sightline/smart/tab/{launch_id}/session", json={"secret": secret}, **from_page())
    assert opened.get_json() == {"patient": f"sightline/patient/{launch_id}"}
    assert session_of(here, tab)["studies"] == ["1.2.1", "1.2.3"]
    again = here.site.browser().post(
        f"/sightline/smart/tab/{launch_id}/session", json={"secret": secret}, **from_page()
    )
    assert (again.status_code, again.get_json()["code"]) == (410, "launch-ended")


def test_a_tabs_address_is_old_after_a_minute(make: Make) -> None:
    here = make()
    frame = here.site.browser()
    launch_id = here.launched(frame)
    url = frame.post(f"/sightline/smart/launches/{launch_id}/tab", **from_page()).get_json()["url"]
    here.site.clock.advance(seconds=61)
    answer = here.site.browser().post(
        f"/sightline/smart/tab/{launch_id}/session", json={"secret": url.partition("#")[2]}, **from_page()
    )
    assert answer.status_code == 410


def test_logging_out_ends_the_launch_in_every_tab(make: Make) -> None:
    here = make()
    frame, tab = here.site.browser(), here.site.browser()
    launch_id = here.launched(frame)
    url = frame.post(f"/sightline/smart/launches/{launch_id}/tab", **from_page()).get_json()["url"]
    tab.post(f"/sightline/smart/tab/{launch_id}/session", json={"secret": url.partition("#")[2]}, **from_page())
    frame.post("/sightline/logout", **from_page())
    assert session_of(here, tab)["user"] is None
    answer = visit(tab, "/sightline/studies/1.2.1")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sightline/smart/ended")
    assert "ended" in visit(tab, "/sightline/smart/ended").text


def test_one_chart_after_the_other(make: Make) -> None:
    """Cookies of old launches make room, so that the header stays short; the newest launches stay open."""
    here = make()
    browser = here.site.browser()
    ids = [here.launched(browser) for _ in range(12)]
    kept = [part for part in cookies(browser)["cookie"].split("; ") if "-launch-" in part]
    assert len(kept) == 8
    grant = here.site.access.control.identify(cookies(browser), "")
    assert here.site.services.launches.get(grant, ids[-1]).id == ids[-1]


def test_ending_a_launch(make: Make) -> None:
    here = make()
    browser = here.site.browser()
    launch_id = here.launched(browser)
    assert browser.delete(f"/sightline/smart/launches/{launch_id}", **from_page()).status_code == 204
    assert session_of(here, browser)["user"] is None


@pytest.mark.parametrize(("method", "what"), [("POST", "/look"), ("POST", "/tab"), ("DELETE", "")])
def test_a_launch_is_nobody_elses(make: Make, method: str, what: str) -> None:
    here = make()
    browser, other, nobody = (here.site.browser() for _ in range(3))
    launch_id = here.launched(browser)
    here.launched(other)
    path = f"/sightline/smart/launches/{launch_id}{what}"
    assert other.open(path, method=method, **from_page()).status_code == 403
    assert nobody.open(path, method=method, **from_page()).status_code == 401
    assert here.site.program(method, path, "link-service").status_code == 403
    assert (
        browser.open(path, method=method, base_url=URL, headers={"Origin": "https://evil.example"}).status_code == 403
    )
    assert [kind for kind, _ in here.site.events()].count("denial") == 4
    assert here.site.program(method, path).status_code in (200, 201, 204)


def test_sessions_outlive_a_restart(make: Make) -> None:
    here = make()
    browser = here.site.browser()
    here.launched(browser)
    again = open_access(Configuration.parse({}), URL, here.site.database, {})
    grant = again.control.identify(cookies(browser), "")
    again.housekeeping.stop()
    assert [permission.study_instance_uid for permission in grant.permissions] == ["1.2.1", "1.2.3"]


def test_what_is_written_down(make: Make, emr: FakeOpenEmr) -> None:
    here = make()
    here.launched(here.site.browser())
    (event,) = [
        row["event"] for row in here.site.access.audit.page(10) if row["event"]["subtype"][1]["code"] == "launch"
    ]
    assert event["outcome"] == "0"
    assert event["outcomeDesc"] == f"{emr.fhir}; user {emr.oauth.practitioner}"
    assert "P1" in str(event["entity"])


def test_what_openemr_is_told_at_registration() -> None:
    body = registration("https://pacs.example/images", "it@clinic.example")
    assert body["initiate_login_uri"] == "https://pacs.example/images/sightline/smart/launch"
    assert "?" not in body["initiate_login_uri"]
    assert "launch/patient" not in body["scope"] and "  " not in body["scope"]
    assert body["contacts"] == ["it@clinic.example"]
    standalone = registration("https://pacs.example", is_standalone=True, needs_pid=True, is_v2=True)
    assert standalone["scope"] == (
        "openid fhirUser launch/patient api:fhir patient/Patient.rs user/Practitioner.rs api:oemr user/patient.rs"
    )
    assert "initiate_login_uri" not in standalone
