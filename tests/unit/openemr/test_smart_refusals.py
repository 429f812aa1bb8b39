"""Launches that have to come to nothing: refused, written down, and with nothing of the patient on the page."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.test import TestResponse
from werkzeug.wrappers import Response

from sightline.openemr.ehr import client as ehr_client
from sightline.openemr.ehr.discovery import _discover
from tests.support.openemr.answers import json_answer
from tests.support.openemr.server import FakeOpenEmr
from tests.support.site import URL
from tests.support.smart_site import SmartSite, asked_for, study, visit

FILES = (study("1.2.1", PatientID="P1", PatientName="MUELLER^ANNA", PatientBirthDate="19700102"),)
Make = Callable[..., SmartSite]


@pytest.fixture
def emr() -> Iterator[FakeOpenEmr]:
    with FakeOpenEmr() as server:
        yield server


@pytest.fixture
def make(tmp_path: Path, emr: FakeOpenEmr) -> Iterator[Make]:
    made: list[SmartSite] = []

    def make(**options: Any) -> SmartSite:
        made.append(SmartSite(tmp_path, emr, FILES, **options))
        return made[-1]

    yield make
    for site in made:
        site.close()


def check(here: SmartSite, answer: TestResponse, status: int, title: str, logged: str) -> None:
    """A refusal is a page for people, tells nothing, gives no session and is in the audit log."""
    assert (answer.status_code, answer.mimetype) == (status, "text/html"), answer.text
    assert title in answer.text
    for told in ("Müller", "Anna", "P1", "1970", here.anna.uuid, here.client.secret):
        assert told not in answer.text
    assert not any("launch-" in cookie for cookie in answer.headers.getlist("Set-Cookie"))
    assert any(logged in reason for reason in here.refusals()), here.refusals()


def test_an_issuer_that_is_not_configured(make: Make) -> None:
    here = make()
    query = here.launch_query() | {"iss": "https://evil.example/apis/default/fhir", "aud": "x"}
    answer = here.begin(here.site.browser(), query)
    check(here, answer, 403, "not known here", "issuer that is not configured: https://evil.example")
    assert here.emr.requests == ["POST /oauth2/default/registration"]


@pytest.mark.parametrize("change", [{"aud": "https://evil.example/fhir"}, {"iss": "{fhir}/x"}, {"iss": "{fhir}?a=b"}])
def test_an_issuer_that_is_only_like_one(make: Make, change: dict[str, str]) -> None:
    here = make()
    query = here.launch_query() | {name: value.format(fhir=here.emr.fhir) for name, value in change.items()}
    check(here, here.begin(here.site.browser(), query), 403, "not known here", "not configured")


@pytest.mark.parametrize("missing", ["iss", "launch"])
def test_half_a_launch(make: Make, missing: str) -> None:
    here = make()
    query = here.launch_query()
    del query[missing]
    answer = here.begin(here.site.browser(), query)
    assert answer.status_code == 400
    assert "not complete" in answer.text


def test_an_unknown_name(make: Make) -> None:
    here = make()
    answer = visit(here.site.browser(), "/sightline/smart/standalone/elsewhere")
    check(here, answer, 403, "not known here", "not configured")


def test_without_a_rule_nothing_opens(make: Make) -> None:
    here = make(PatientId=None)
    answer = here.begin(here.site.browser())
    check(here, answer, 503, "cannot be opened from here yet", "no rule")
    assert "PatientId" in answer.text


def test_a_state_of_another_browser(make: Make) -> None:
    """Somebody else's launch, slipped to a person who then would read, or report on, the wrong patient."""
    here = make()
    attacker, victim = here.site.browser(), here.site.browser()
    here.begin(victim)  # has launched something itself before
    back = here.agree(here.begin(attacker))
    check(here, visit(victim, back), 400, "another browser", "state of another browser")
    # It was used up by that, too.
    check(here, visit(attacker, back), 400, "is over", "unknown, used or too old")


def test_a_browser_that_keeps_nothing(make: Make) -> None:
    here = make()
    browser = here.site.browser(keeps_cookies=False)
    check(here, visit(browser, here.agree(here.begin(browser))), 400, "another browser", "another browser")


def test_a_state_works_once(make: Make) -> None:
    here = make()
    browser = here.site.browser()
    back = here.agree(here.begin(browser))
    assert visit(browser, back).status_code == 303
    check(here, visit(browser, back), 400, "is over", "unknown, used or too old")


def test_a_code_works_once(make: Make) -> None:
    here = make()
    browser = here.site.browser()
    first = here.agree(here.begin(browser))
    assert visit(browser, first).status_code == 303
    code = first.partition("code=")[2].partition("&")[0]
    state = asked_for(here.begin(browser))["state"]
    answer = visit(browser, f"/sightline/smart/callback?code={code}&state={state}")
    check(here, answer, 403, "did not agree", "ehr-refused")


def test_a_code_of_another_launch_does_not_fit_its_verifier(make: Make) -> None:
    """PKCE: a stolen code is of no use to whoever has not begun that launch."""
    here = make()
    browser, thief = here.site.browser(), here.site.browser()
    stolen = here.agree(here.begin(browser)).partition("code=")[2].partition("&")[0]
    state = asked_for(here.begin(thief))["state"]
    answer = visit(thief, f"/sightline/smart/callback?code={stolen}&state={state}")
    check(here, answer, 403, "did not agree", "ehr-refused")


def test_a_state_is_old_after_five_minutes(make: Make) -> None:
    here = make()
    browser = here.site.browser()
    sent = here.begin(browser)
    here.site.clock.advance(minutes=5, seconds=1)
    check(here, visit(browser, here.agree(sent)), 400, "is over", "too old")


def test_a_code_is_old_after_a_minute(make: Make) -> None:
    here = make()
    browser = here.site.browser()
    back = here.agree(here.begin(browser))
    here.site.clock.advance(seconds=61)
    check(here, visit(browser, back), 403, "did not agree", "ehr-refused")


@pytest.mark.parametrize("query", ["", "?state=", "?code=x", "?state=" + "x" * 43, "?error=access_denied"])
def test_a_callback_out_of_nowhere(make: Make, query: str) -> None:
    here = make()
    check(here, visit(here.site.browser(), f"/sightline/smart/callback{query}"), 400, "is over", "unknown")


def test_guessing_states_is_slowed_down(make: Make) -> None:
    here = make()
    browser = here.site.browser()
    answers = [
        browser.get(f"/sightline/smart/callback?state={number}", headers={"Accept": "text/html"}).status_code
        for number in range(12)
    ]
    assert answers == [400] * 10 + [503] * 2


def test_whoever_does_not_agree(make: Make) -> None:
    here = make()
    browser = here.site.browser()
    check(here, visit(browser, here.agree(here.begin(browser), deny="1")), 403, "did not agree", "access_denied")


def test_an_error_of_the_ehr_is_not_believed_word_by_word(make: Make) -> None:
    here = make()
    browser = here.site.browser()
    state = asked_for(here.begin(browser))["state"]
    answer = visit(browser, f"/sightline/smart/callback?state={state}&error=%3Cscript%3E&error_description=x")
    check(here, answer, 403, "did not agree", "The EHR says no.")
    assert "<script>" not in " ".join(here.refusals())


CLAIMS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"aud": "somebody-else"}, "token-audience"),
    ({"aud": ["somebody-else"]}, "token-audience"),
    ({"aud": None}, "token-audience"),
    ({"iss": "https://evil.example"}, "token-issuer"),
    ({"iss": None}, "token-issuer"),
    ({"nonce": "another"}, "token-nonce"),
    ({"nonce": None}, "token-nonce"),
    ({"exp": 1}, "token-expired"),
    ({"exp": None}, "token-expired"),
    ({"exp": "never"}, "token-expired"),
    ({"iat": 99_999_999_999}, "token-expired"),
    ({"iat": None}, "token-expired"),
    ({"nbf": 99_999_999_999}, "token-expired"),
    ({"sub": None}, "token-subject"),
    ({"azp": "somebody-else"}, "token-audience"),
)


@pytest.mark.parametrize(("claims", "code"), CLAIMS, ids=lambda value: str(value))
def test_an_id_token_for_something_else(make: Make, claims: dict[str, Any], code: str) -> None:
    here = make()
    here.emr.oauth.claims = claims
    check(here, here.arrive(here.site.browser()), 403, "could not be confirmed", code)


def test_an_id_token_for_several_needs_to_say_for_whom(make: Make) -> None:
    here = make()
    here.emr.oauth.claims = {"aud": [here.client.client_id, "somebody-else"]}
    check(here, here.arrive(here.site.browser()), 403, "could not be confirmed", "token-audience")
    here.emr.oauth.claims |= {"azp": here.client.client_id}
    assert here.arrive(here.site.browser()).status_code == 303


def test_clocks_may_be_a_minute_apart(make: Make) -> None:
    here = make()
    now = int(here.site.clock().timestamp())
    here.emr.oauth.claims = {"exp": now - 55, "iat": now + 55, "nbf": now + 55}
    assert here.arrive(here.site.browser()).status_code == 303
    here.emr.oauth.claims = {"exp": now - 65}
    check(here, here.arrive(here.site.browser()), 403, "could not be confirmed", "token-expired")


def signed(header: dict[str, str], sign: Callable[[bytes], bytes]) -> Callable[[dict[str, Any]], str]:
    """Return what makes tokens that no honest library would make."""

    def make(claims: dict[str, Any]) -> str:
        parts = [urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
        content = b".".join(parts)
        return b".".join([content, urlsafe_b64encode(sign(content)).rstrip(b"=")]).decode()

    return make


def test_an_id_token_signed_by_somebody_else(make: Make) -> None:
    here = make()
    key = RSAKey.generate_key(2048, {"kid": "emr-1"})
    here.emr.oauth.sign = lambda claims: jwt.encode({"alg": "RS256", "kid": "emr-1"}, claims, key)
    check(here, here.arrive(here.site.browser()), 403, "could not be confirmed", "token-signature")


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", ""])
def test_an_id_token_signed_by_nobody(make: Make, algorithm: str) -> None:
    here = make()
    here.emr.oauth.sign = signed({"alg": algorithm, "kid": "emr-1"}, lambda _content: b"")
    check(here, here.arrive(here.site.browser()), 403, "could not be confirmed", "token-signature")


def test_the_public_key_is_no_shared_secret(make: Make) -> None:
    """An HS256 token, signed with the public key that everybody knows (RFC 8725 2.1)."""
    here = make()
    public = here.emr.oauth.key.as_pem(private=False)
    header = {"alg": "HS256", "kid": "emr-1"}
    here.emr.oauth.sign = signed(header, lambda content: hmac.digest(public, content, "sha256"))
    check(here, here.arrive(here.site.browser()), 403, "could not be confirmed", "token-signature")


def test_keys_that_a_token_brings_along_are_not_looked_at(make: Make) -> None:
    here = make()
    key = RSAKey.generate_key(2048, {"kid": "own"})
    header = {"alg": "RS256", "kid": "own", "jku": f"{here.emr.url}/evil", "x5u": f"{here.emr.url}/evil"}
    header |= {"jwk": key.as_dict(private=False)}
    here.emr.oauth.sign = lambda claims: jwt.encode(header, claims, key)
    check(here, here.arrive(here.site.browser()), 403, "could not be confirmed", "token-signature")
    assert not any("evil" in asked for asked in here.emr.requests)


def test_a_key_without_a_name_is_found(make: Make) -> None:
    here = make()
    here.emr.oauth.sign = lambda claims: jwt.encode({"alg": "RS256"}, claims, here.emr.oauth.key)
    assert here.arrive(here.site.browser()).status_code == 303


@pytest.mark.parametrize("token", [None, "", "x", "a.b.c", "x" * 20_000, 7])
def test_no_id_token_at_all(make: Make, token: object) -> None:
    here = make()
    here.emr.oauth.answer = {"id_token": token}
    check(here, here.arrive(here.site.browser()), 403, "could not be confirmed", "token-signature")


@pytest.mark.parametrize("patient", [None, "", "..?x", True, "a b", ["1"]])
def test_no_patient(make: Make, patient: object) -> None:
    here = make()
    here.emr.oauth.answer = {"patient": patient}
    check(here, here.arrive(here.site.browser()), 403, "not certain", "launch-no-patient")


@pytest.mark.parametrize("answer", [{"token_type": "mac"}, {"token_type": None}, {"access_token": None}])
def test_no_token(make: Make, answer: dict[str, Any]) -> None:
    here = make()
    here.emr.oauth.answer = answer
    check(here, here.arrive(here.site.browser()), 502, "does not answer", "ehr-answer")


def test_another_patient_than_the_token_may_read(make: Make) -> None:
    """OpenEMR answers with 500 where it means 403."""
    here = make()
    other = here.emr.records.add_patient("Jan", "Meier", "1955-12-31")
    here.emr.oauth.answer = {"patient": other.uuid}
    check(here, here.arrive(here.site.browser()), 403, "did not agree", "refused (500)")


def test_the_ehr_answers_with_another_patient(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    here = make()
    other = here.emr.records.add_patient("Jan", "Meier", "1955-12-31")
    monkeypatch.setattr(here.emr.records, "patient", lambda _uuid: other)
    monkeypatch.setattr(here.emr.tokens, "require", lambda *_: type("T", (), {"patient": ""}))
    check(here, here.arrive(here.site.browser()), 403, "not certain", "patient-mismatch")


def test_the_two_interfaces_tell_of_different_patients(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    here = make(rule={"Source": "pid"})
    replace(here.emr, "/apis/default/api/patient/", json_answer({"data": {"uuid": "x", "pid": 1}}), monkeypatch)
    check(here, here.arrive(here.site.browser()), 403, "not certain", "patient-mismatch")


def test_a_token_that_ended(make: Make) -> None:
    here = make()
    here.emr.oauth.answer = {"access_token": here.emr.tokens.issue("x", "patient/Patient.read", seconds=-1)}
    check(here, here.arrive(here.site.browser()), 403, "did not agree", "refused (401)")


@pytest.mark.parametrize("pubpid", ["", "  ", "P*", "P?", "x" * 65])
def test_no_number_that_could_be_searched_for(make: Make, pubpid: str) -> None:
    here = make()
    here.anna.pubpid = pubpid
    here.anna.ss = "P1"
    check(here, here.arrive(here.site.browser()), 409, "no number", "patient-number")


def replace(emr: FakeOpenEmr, path: str, answer: Response, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the EHR answer something else below a path."""
    usual = emr.answer

    def answered(environ: dict[str, Any]) -> Any:
        return answer if environ["PATH_INFO"].startswith(path) else usual(environ)

    monkeypatch.setattr(emr, "answer", answered)
    _discover.cache_clear()


def test_an_ehr_that_is_down(make: Make) -> None:
    here = make()
    here.emr.is_down = True
    check(here, here.begin(here.site.browser()), 502, "does not answer", "refused (503)")


def test_an_ehr_that_is_not_there(make: Make) -> None:
    here = make(Issuer="http://127.0.0.1:9/fhir")
    query = here.launch_query() | {"iss": "http://127.0.0.1:9/fhir", "aud": "http://127.0.0.1:9/fhir"}
    check(here, here.begin(here.site.browser(), query), 502, "does not answer", "cannot be reached")


CONFIGURATION = "/apis/default/fhir/.well-known/smart-configuration"


@pytest.mark.parametrize("endpoint", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/token",
        "file:///etc/passwd",
        "http://127.0.0.1:1/token",
        "{emr}@evil.example/",
        "{emr}/a#b",
    ],
)
def test_endpoints_elsewhere_are_not_asked(
    make: Make, monkeypatch: pytest.MonkeyPatch, endpoint: str, address: str
) -> None:
    here = make()
    usual = requests.get(here.emr.url + CONFIGURATION, timeout=5).json()
    changed = usual | {"issuer": here.emr.url, "jwks_uri": f"{here.emr.url}/jwk"}
    changed[endpoint] = address.format(emr=here.emr.url)
    replace(here.emr, CONFIGURATION, json_answer(changed), monkeypatch)
    check(here, here.begin(here.site.browser()), 502, "does not answer", "address that is not configured")


@pytest.mark.parametrize(
    "answer",
    [Response("[]"), Response("{"), Response("{}"), Response('{"a":' * 5000), Response("x" * 1_100_000)],
    ids=["list", "half", "empty", "deep", "long"],
)
def test_answers_that_are_none(make: Make, monkeypatch: pytest.MonkeyPatch, answer: Response) -> None:
    here = make()
    replace(here.emr, CONFIGURATION, answer, monkeypatch)
    check(here, here.begin(here.site.browser()), 502, "does not answer", "clinic: The EHR")


def test_no_redirect_is_followed(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    here = make()
    replace(here.emr, CONFIGURATION, Response(status=302, headers={"Location": f"{here.emr.url}/evil"}), monkeypatch)
    check(here, here.begin(here.site.browser()), 502, "does not answer", "refused (302)")
    assert not any("evil" in asked for asked in here.emr.requests)


def test_an_openid_configuration_of_another_issuer(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    here = make()
    document = {"issuer": "https://evil.example", "jwks_uri": f"{here.emr.url}/jwk"}
    replace(here.emr, "/oauth2/default/.well-known", json_answer(document), monkeypatch)
    check(here, here.begin(here.site.browser()), 502, "does not answer", "another issuer")


def test_an_answer_of_another_authorization_server(make: Make) -> None:
    here = make()
    browser = here.site.browser()
    back = here.agree(here.begin(browser)) + "&iss=https://evil.example"
    check(here, visit(browser, back), 403, "could not be confirmed", "token-issuer")


def test_an_ehr_that_never_stops_talking(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ehr_client, "SMALL", ehr_client.Limits(1 << 20, -1))
    here = make()
    check(here, here.begin(here.site.browser()), 502, "does not answer", "takes too long")


def test_an_ehr_that_is_silent_does_not_hold_every_thread(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    here = make()
    monkeypatch.setattr(ehr_client, "PATIENCE_SECONDS", 0.01)
    for _ in range(ehr_client.AT_ONCE):
        ehr_client._asking.acquire()
    try:
        check(here, here.begin(here.site.browser()), 503, "One moment", "Too many are asking")
    finally:
        ehr_client._asking.release(ehr_client.AT_ONCE)
    assert here.begin(here.site.browser()).status_code == 302


def test_a_client_that_is_not_enabled_yet(make: Make) -> None:
    here = make()
    here.client.is_enabled = False
    sent = here.begin(here.site.browser())
    assert requests.get(sent.headers["Location"], timeout=5).status_code == 401


def test_where_only_basic_is_taken_the_secret_is_sent_so(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    here = make()
    usual = requests.get(here.emr.url + CONFIGURATION, timeout=5).json()
    changed = usual | {"token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt"]}
    replace(here.emr, CONFIGURATION, json_answer(changed), monkeypatch)
    seen: list[str] = []
    usual_post = requests.Session.request

    def spy(session: requests.Session, method: str, url: str, **more: Any) -> Any:
        if method == "POST":
            seen.append(type(more["auth"]).__name__)
            assert "client_secret" not in more["data"]
        return usual_post(session, method, url, **more)

    monkeypatch.setattr(requests.Session, "request", spy)
    assert here.arrive(here.site.browser()).status_code == 303
    assert seen == ["HTTPBasicAuth"]


def test_other_methods_and_other_people(make: Make) -> None:
    here = make()
    assert here.site.program("POST", "/sightline/smart/launch").status_code == 405
    assert URL not in here.begin(here.site.browser()).text
