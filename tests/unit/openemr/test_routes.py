"""Links over HTTP, as an EHR asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sightline.openemr.routes import ROUTES
from sightline.viewer.session_routes import SESSION_ROUTES
from tests.support.dicom_files import image_file
from tests.support.site import URL, Site, from_page

PIXELS = np.zeros((2, 2), np.uint16)
LINKS = "/sightline/openemr/links"
STUDIES = (
    {"StudyInstanceUID": "1.2.1", "PatientID": "P1", "AccessionNumber": "A1", "StudyDate": "20260102"},
    {"StudyInstanceUID": "1.2.2", "PatientID": "P1", "AccessionNumber": "A2", "StudyDate": "20260102"},
    {"StudyInstanceUID": "1.2.3", "PatientID": "P1", "AccessionNumber": "A3", "StudyDate": "20260203"},
    {"StudyInstanceUID": "1.2.4", "PatientID": "P2", "AccessionNumber": "A3", "StudyDate": "20260203"},
    {"StudyInstanceUID": "1.2.5", "PatientID": "P3 ", "AccessionNumber": "a1", "StudyDate": ""},
)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    files = [image_file(PIXELS, SeriesInstanceUID=study["StudyInstanceUID"] + ".1", **study) for study in STUDIES]
    site = Site(tmp_path, (*SESSION_ROUTES, *ROUTES), files)
    yield site
    site.close()


def ask(site: Site, user: str = "link-service", **body: Any) -> Any:
    return site.program("POST", LINKS, user, json=body)


def test_a_link_by_study_uid(site: Site) -> None:
    answer = ask(site, studyInstanceUID="1.2.1")
    assert answer.status_code == 201
    link = answer.json
    assert set(link) == {"id", "url", "studyInstanceUID", "verbs", "expires", "usesLeft"}
    assert link["studyInstanceUID"] == "1.2.1"
    assert link["verbs"] == ["view"]
    assert link["expires"] == "2026-11-21T20:00:00+00:00"
    assert link["usesLeft"] is None
    address, _, secret = link["url"].partition("#")
    assert address == f"{URL}/sightline/link/{link['id']}"
    assert len(secret) == 43
    assert answer.headers["Location"] == address
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_the_whole_way_from_asking_to_being_sent_away(site: Site) -> None:
    link = ask(site, studyInstanceUID="1.2.1", verbs=["view", "download"], uses=1, userName="Dr. Who").json
    assert link["usesLeft"] == 1
    assert link["verbs"] == ["download", "view"]
    browser = site.browser()
    exchange = f"/sightline/link/{link['id']}/session"
    opened = browser.post(exchange, json={"secret": link["url"].partition("#")[2]}, **from_page())
    assert opened.json["studyInstanceUID"] == "1.2.1"
    session = browser.get("/sightline/session", base_url=URL).json
    assert (session["user"], session["studies"]) == ("Dr. Who", ["1.2.1"])
    assert site.program("DELETE", f"{LINKS}/{link['id']}", "link-service").status_code == 204
    session = browser.get("/sightline/session", base_url=URL).json
    assert (session["user"], session["verbs"], session["studies"]) == (None, [], [])
    assert site.events() == [("link-create", "0"), ("link-open", "0"), ("link-revoke", "0")]


@pytest.mark.parametrize(
    ("body", "study"),
    [
        ({"accessionNumber": "A1"}, "1.2.1"),
        ({"accessionNumber": "a1"}, "1.2.5"),
        ({"patientID": "P1", "date": "2026-02-03"}, "1.2.3"),
        ({"patientID": "P1", "date": "20260203"}, "1.2.3"),
        ({"accessionNumber": "A3", "patientID": "P2"}, "1.2.4"),
        ({"studyInstanceUID": "1.2.5", "patientID": "P3"}, "1.2.5"),
    ],
)
def test_other_ways_to_name_a_study(site: Site, body: dict[str, str], study: str) -> None:
    answer = ask(site, **body)
    assert (answer.status_code, answer.json["studyInstanceUID"]) == (201, study)


@pytest.mark.parametrize(
    "body",
    [
        {"studyInstanceUID": "1.2"},
        {"studyInstanceUID": "1.2.1", "patientID": "P2"},  # somebody else's study
        {"accessionNumber": "A9"},
        {"patientID": "P1", "date": "20260304"},
    ],
)
def test_no_such_study(site: Site, body: dict[str, str]) -> None:
    answer = ask(site, **body)
    assert (answer.status_code, answer.json["code"]) == (404, "study-unknown")


@pytest.mark.parametrize("body", [{"accessionNumber": "A3"}, {"patientID": "P1", "date": "20260102"}])
def test_an_ambiguous_study(site: Site, body: dict[str, str]) -> None:
    answer = ask(site, **body)
    assert (answer.status_code, answer.json["candidates"]) == (409, 2)
    assert answer.json["code"] == "study-ambiguous"


@pytest.mark.parametrize("value", ["*", "P?", "P1\\P2", "A*"])
def test_nobody_searches_by_asking_for_links(site: Site, value: str) -> None:
    assert ask(site, accessionNumber=value).status_code == 400
    assert ask(site, patientID=value, date="20260203").status_code == 400


def test_an_unknown_field_is_named(site: Site) -> None:
    answer = ask(site, studyInstanceUID="1.2.1", patient="P1")
    assert answer.status_code == 400
    assert "'patient' is not known" in answer.json["message"]


def test_listing_shows_nothing_that_could_open_a_link(site: Site) -> None:
    made = [ask(site, studyInstanceUID=f"1.2.{number}", purpose="review").json for number in (1, 2)]
    site.program("DELETE", f"{LINKS}/{made[0]['id']}")
    for user in ("ada", "link-service"):
        answer = site.program("GET", LINKS, user)
        assert answer.status_code == 200
        links = {link["id"]: link for link in answer.json["links"]}
        assert set(links) == {link["id"] for link in made}
        assert links[made[0]["id"]]["state"] == "revoked"
        assert links[made[1]["id"]]["state"] == "open"
        for link in made:
            assert link["url"].partition("#")[2] not in answer.text
    one = site.program("GET", f"{LINKS}/{made[1]['id']}").json
    assert one == {
        "id": made[1]["id"],
        "state": "open",
        "studyInstanceUID": "1.2.2",
        "verbs": ["view"],
        "created": "2026-11-21T12:00:00+00:00",
        "createdBy": "link-service",
        "expires": "2026-11-21T20:00:00+00:00",
        "usesLeft": None,
        "revoked": None,
        "purpose": "review",
        "userName": "",
        "lastUsed": None,
    }


def test_paging_of_links(site: Site) -> None:
    for number in (1, 2, 3):
        ask(site, studyInstanceUID=f"1.2.{number}")
        site.clock.advance(seconds=1)
    links = site.program("GET", f"{LINKS}?limit=1&offset=1").json["links"]
    assert [link["studyInstanceUID"] for link in links] == ["1.2.2"]
    assert site.program("GET", f"{LINKS}?limit=x").status_code == 400


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_unknown_link(site: Site, method: str) -> None:
    answer = site.program(method, f"{LINKS}/unknown")
    assert (answer.status_code, answer.json["code"]) == (404, "link-unknown")


@pytest.mark.parametrize(
    ("method", "path"), [("POST", LINKS), ("GET", LINKS), ("GET", f"{LINKS}/x"), ("DELETE", f"{LINKS}/x")]
)
def test_neither_anybody_nor_a_link_holder_may(site: Site, method: str, path: str) -> None:
    body = {"json": {"studyInstanceUID": "1.2.1"}} if method == "POST" else {}
    assert site.browser().open(path, method=method, **body).status_code == 401
    link = ask(site, studyInstanceUID="1.2.1").json
    browser = site.browser()
    browser.post(f"/sightline/link/{link['id']}/session", json={"secret": link["url"].partition("#")[2]}, **from_page())
    assert browser.open(path, method=method, **from_page(), **body).status_code == 403
    assert site.events()[0] == site.events()[-1] == ("denial", "4")


def test_a_logged_in_browser_may_from_our_own_pages_only(site: Site) -> None:
    browser = site.browser()
    browser.post("/sightline/login", json={"user": "ada", "password": "opensesame"}, **from_page())
    body = {"studyInstanceUID": "1.2.1"}
    assert browser.post(LINKS, json=body, **from_page()).status_code == 201
    assert browser.post(LINKS, json=body, **from_page(Origin="https://evil.example")).status_code == 403
    assert browser.post(LINKS, json=body, base_url=URL).status_code == 403


def test_the_same_uid_under_two_patients_is_ambiguous(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    search = site.archive.search

    def twice(*arguments: Any) -> Any:
        page = search(*arguments)
        return type(page)(page.rows + tuple(row | {"PatientID": "P9"} for row in page.rows), False)

    monkeypatch.setattr(site.archive, "search", twice)
    assert ask(site, studyInstanceUID="1.2.1").json["candidates"] == 2
    assert ask(site, studyInstanceUID="1.2.1", patientID="P1").status_code == 201


def test_an_archive_that_compares_loosely_gives_no_wrong_study(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    search = site.archive.search
    monkeypatch.setattr(
        site.archive,
        "search",
        lambda grant, query: search(grant, type(query)(query.level, attributes=query.attributes)),
    )
    assert ask(site, accessionNumber="A1").json["studyInstanceUID"] == "1.2.1"
    assert ask(site, accessionNumber="A9").status_code == 404


def test_a_body_of_a_hundred_thousand_levels_is_refused(site: Site) -> None:
    headers = {"Content-Type": "application/json"}
    assert site.program("POST", LINKS, data=b"[" * 60_000, headers=headers).status_code == 400
    assert site.program("POST", LINKS, data=b"[" * 100_000, headers=headers).status_code == 413
