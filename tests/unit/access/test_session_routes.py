"""Login, logout, opening a link and the audit log over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from sightline.access.grant import Verb, administrator
from sightline.viewer.session_routes import SESSION_ROUTES
from tests.support.site import PASSWORD, URL, Site, from_page

RIGHT = {"user": "ada", "password": PASSWORD}
ADA = administrator("ada")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path, SESSION_ROUTES)
    yield site
    site.close()


def link(site: Site, **more: object) -> tuple[str, str]:
    expires = site.clock() + timedelta(hours=1)
    made, secret = site.access.links.create(ADA, "1.2.3", {Verb.VIEW}, expires, **more)
    return made.id, secret


def cookie(response: TestResponse) -> str:
    return response.headers["Set-Cookie"]


def test_login_session_and_logout(site: Site) -> None:
    browser = site.browser()
    answer = browser.post("/sightline/login", json=RIGHT, **from_page())
    assert (answer.status_code, answer.json) == (200, {"user": "ada"})
    assert cookie(answer).startswith("__Host-sightline=")
    assert answer.headers["Cache-Control"] == "private, no-store"
    session = browser.get("/sightline/session", base_url=URL).json
    assert session == {
        "user": "ada",
        "verbs": [verb.value for verb in Verb],
        "studies": None,
        "expires": "2026-11-22T00:00:00+00:00",
    }
    answer = browser.post("/sightline/logout", **from_page())
    assert (answer.status_code, answer.json) == (200, {"user": None})
    assert browser.get("/sightline/session", base_url=URL).json["user"] is None
    assert site.events() == [("login", "0"), ("logout", "0")]


def test_nobody_has_a_session_too(site: Site) -> None:
    answer = site.browser().get("/sightline/session")
    assert (answer.status_code, answer.json) == (200, {"user": None, "verbs": [], "studies": [], "expires": None})


def test_a_wrong_password(site: Site) -> None:
    answer = site.browser().post("/sightline/login", json=RIGHT | {"password": "x"}, **from_page())
    assert (answer.status_code, answer.json["code"]) == (401, "wrong-credentials")
    assert "Set-Cookie" not in answer.headers
    assert site.events() == [("login", "4")]


def test_too_many_wrong_passwords(site: Site) -> None:
    for _ in range(10):
        site.browser().post("/sightline/login", json=RIGHT | {"password": "x"}, **from_page())
    answer = site.browser().post("/sightline/login", json=RIGHT, **from_page())
    assert (answer.status_code, answer.json["code"]) == (429, "throttled")
    assert answer.headers["Retry-After"] == "60"


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "x",
        {"user": "ada"},
        RIGHT | {"admin": True},
        {"user": 1, "password": 2},
        {"user": "x" * 513, "password": ""},
    ],
)
def test_a_login_of_another_shape_is_a_bad_request(site: Site, body: object) -> None:
    answer = site.browser().post("/sightline/login", json=body, **from_page())
    assert answer.status_code == 400
    assert PASSWORD not in answer.text


@pytest.mark.parametrize(
    ("path", "body"),
    [("/sightline/login", RIGHT), ("/sightline/logout", None), ("/sightline/link/x/session", {"secret": "y"})],
)
@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {}]
)
def test_other_sites_can_log_nobody_in_or_out(site: Site, path: str, body: object, headers: dict[str, str]) -> None:
    answer = site.browser().post(path, json=body, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (403, "cross-origin")
    assert site.events() == [("denial", "4")]


def test_a_new_login_ends_the_one_before(site: Site) -> None:
    browser = site.browser()
    first = cookie(browser.post("/sightline/login", json=RIGHT, **from_page())).split(";")[0]
    browser.post("/sightline/login", json=RIGHT, **from_page())
    assert browser.get("/sightline/session", base_url=URL).json["user"] == "ada"
    assert site.browser(keeps_cookies=False).get("/sightline/session", headers={"Cookie": first}).json["user"] is None


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/sightline/study/1.2.3?series=4", "/sightline/study/1.2.3?series=4"),
        ("", "./"),
        ("//evil.example", "./"),
        ("/\\evil.example", "./"),
        ("https://evil.example/", "./"),
        ("javascript:alert(1)", "./"),
        ("/\r\nSet-Cookie: a=b", "./"),
        ("/\t/evil.example", "./"),
    ],
)
def test_the_login_form_leads_on_within_this_site_only(site: Site, target: str, location: str) -> None:
    answer = site.browser().post("/sightline/login", data=RIGHT | {"next": target}, **from_page())
    assert (answer.status_code, answer.headers["Location"]) == (303, location)
    assert cookie(answer).startswith("__Host-sightline=")


def test_the_login_form_is_shown_again_after_a_wrong_password(site: Site) -> None:
    data = {"user": "ada", "password": "x", "next": "/sightline/a?b=c&d"}
    answer = site.browser().post("/sightline/login", data=data, **from_page())
    assert answer.status_code == 303
    assert answer.headers["Location"] == "login?error=wrong-credentials&next=/sightline/a%253Fb%253Dc%2526d"


def test_opening_a_link(site: Site) -> None:
    link_id, secret = link(site, uses=1)
    browser = site.browser()
    answer = browser.post(f"/sightline/link/{link_id}/session", json={"secret": secret}, **from_page())
    assert answer.status_code == 200
    assert answer.json == {"studyInstanceUID": "1.2.3", "verbs": ["view"], "expires": "2026-11-21T13:00:00+00:00"}
    assert cookie(answer).endswith("; Path=/; HttpOnly; SameSite=None; Secure; Partitioned")
    session = (
        site.browser(keeps_cookies=False)
        .get("/sightline/session", headers={"Cookie": cookie(answer).split(";")[0]})
        .json
    )
    assert session == {"user": None, "verbs": ["view"], "studies": ["1.2.3"], "expires": "2026-11-21T13:00:00+00:00"}
    again = browser.post(f"/sightline/link/{link_id}/session", json={"secret": secret}, **from_page())
    assert (again.status_code, again.json["code"]) == (410, "link-used")


def test_a_link_that_ended(site: Site) -> None:
    link_id, secret = link(site)
    site.clock.advance(hours=2)
    answer = site.browser().post(f"/sightline/link/{link_id}/session", json={"secret": secret}, **from_page())
    assert (answer.status_code, answer.json["code"]) == (410, "link-expired")
    assert "1.2.3" not in answer.text


def test_a_wrong_secret(site: Site) -> None:
    link_id, secret = link(site)
    answer = site.browser().post(f"/sightline/link/{link_id}/session", json={"secret": secret[1:]}, **from_page())
    assert (answer.status_code, answer.json["code"]) == (404, "link-unknown")


def test_a_deep_body_is_refused(site: Site) -> None:
    for path in ("/sightline/login", "/sightline/link/x/session"):
        page = from_page(**{"Content-Type": "application/json"})
        assert site.browser().post(path, data=b"[" * 8000, **page).status_code == 400
        assert site.browser().post(path, data=b"[" * 100_000, **page).status_code == 413


def test_the_audit_log_is_for_administrators(site: Site) -> None:
    link_id, secret = link(site)
    opened = site.browser().post(f"/sightline/link/{link_id}/session", json={"secret": secret}, **from_page())
    headers = {"Cookie": cookie(opened).split(";")[0]}
    for path in ("/sightline/api/audit", "/sightline/api/audit/verification"):
        assert site.browser().get(path).status_code == 401
        assert site.browser(keeps_cookies=False).get(path, headers=headers).status_code == 403
        assert site.program("GET", path, "link-service").status_code == 403
        assert site.program("GET", path).status_code == 200


def test_the_audit_log_page_by_page(site: Site) -> None:
    for _ in range(3):
        link(site)
    first = site.program("GET", "/sightline/api/audit?limit=2").json["events"]
    assert [event["sequence"] for event in first] == [4, 3]  # reading the log is itself written to it
    assert first[0]["event"]["type"]["code"] == "110101"
    second = site.program("GET", "/sightline/api/audit?limit=2&before=3").json["events"]
    assert [event["sequence"] for event in second] == [2, 1]
    for query in ("limit=x", "before=-1", "limit=1e3", "before=" + "9" * 30):
        assert site.program("GET", f"/sightline/api/audit?{query}").status_code == 400


def test_tampering_with_the_audit_log_is_told(site: Site) -> None:
    link(site)
    path = "/sightline/api/audit/verification"
    assert site.program("GET", path).json == {"intact": True, "firstBroken": None}
    with site.database.write() as connection:
        connection.execute(text("UPDATE audit_events SET document = '{}' WHERE sequence = 1"))
    assert site.program("GET", path).json == {"intact": False, "firstBroken": 1}


def test_when_nothing_can_be_written_down_nobody_gets_in(site: Site) -> None:
    link_id, secret = link(site)
    with site.database.write() as connection:
        connection.execute(text("ALTER TABLE audit_events RENAME TO elsewhere"))
    browser = site.browser()
    for path, body in (("/sightline/login", RIGHT), (f"/sightline/link/{link_id}/session", {"secret": secret})):
        answer = browser.post(path, json=body, **from_page())
        assert (answer.status_code, answer.json["code"]) == (503, "audit-unavailable")
        assert "Set-Cookie" not in answer.headers
    with site.database.write() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO audit_events"))
