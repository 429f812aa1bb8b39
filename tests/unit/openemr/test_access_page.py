"""What administrators see of launches and links, and nobody else."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sightline.access.grant import Grant, Permission, Verb
from sightline.access.launch import EhrPatient, Launch, LaunchedStudy, Standing
from sightline.errors import ForbiddenError
from sightline.openemr.access_page import ROUTES
from sightline.openemr.routes import ROUTES as LINK_ROUTES
from sightline.openemr.smart.routes import ROUTES as SMART_ROUTES
from sightline.viewer.session_routes import SESSION_ROUTES
from tests.support.dicom_files import image_file
from tests.support.site import URL, Site, from_page
from tests.support.smart_site import write_build

LAUNCHES, LINKS, PAGE = "/sightline/smart/launches", "/sightline/openemr/links", "/sightline/access"
FHIR = "https://emr.example/fhir"
EHR = {"Issuers": [{"Name": "clinic", "Issuer": FHIR, "ClientId": "x", "ClientSecret": "y"}]}
STUDY = {"StudyInstanceUID": "1.2.1", "PatientID": "P1", "StudyDate": "20260102", "StudyDescription": "CT thorax"}
STUDIES = (
    LaunchedStudy("1.2.1", Standing.CONFIRMED),
    LaunchedStudy("1.2.2", Standing.UNVERIFIED, "missing"),
    LaunchedStudy("1.2.3", Standing.HELD, "birth-date"),
)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    write_build(tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    manifest["entries"]["access"] = {"script": "access.js", "preloads": []}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "access.js.gz").write_bytes(gzip.compress(b""))
    files = [image_file(np.zeros((2, 2), np.uint16), SeriesInstanceUID="1.2.1.1", **STUDY)]
    site = Site(tmp_path, (*SESSION_ROUTES, *ROUTES, *LINK_ROUTES, *SMART_ROUTES), files, Ehr=EHR)
    yield site
    site.close()


def begin(site: Site, number: int = 1, issuer: str = FHIR) -> tuple[Launch, dict[str, str]]:
    """Begin a launch, a second later than the one before; gives it with its browser's headers."""
    patient = EhrPatient(f"f{number}", f"P{number}", "Müller", "Anna", "19700102", "F")
    end = site.clock()
    told = Launch(
        "", issuer, patient, f"Dr. {number}", "e7", frozenset({Verb.VIEW}), STUDIES, end, end, f"ehr:clinic/{number}"
    )
    launch, session = site.services.launching.begin(told, "192.0.2.1")
    site.clock.advance(seconds=1)
    return launch, {"Cookie": session.cookies[-1].partition(";")[0]}


def launches(site: Site, query: str = "") -> list[dict[str, Any]]:
    answer = site.program("GET", LAUNCHES + query)
    assert answer.status_code == 200, answer.text
    listed: list[dict[str, Any]] = answer.json["launches"]
    return listed


def test_what_is_told_of_a_launch_and_nothing_more(site: Site) -> None:
    launch, headers = begin(site)
    assert launches(site) == [
        {
            "id": launch.id,
            "ehr": "clinic",
            "user": "Dr. 1",
            "patientId": "P1",
            "studies": 2,
            "begun": "2026-11-21T12:00:00+00:00",
            "lastUsed": "2026-11-21T12:00:00+00:00",
            "expires": "2026-11-22T00:00:00+00:00",
            "state": "open",
        }
    ]
    site.clock.advance(minutes=5)
    site.browser(keeps_cookies=False).get("/sightline/session", base_url=URL, headers=headers)
    answer = site.program("GET", LAUNCHES)
    assert answer.json["launches"][0]["lastUsed"] == "2026-11-21T12:05:01+00:00"
    secret = headers["Cookie"].partition("=")[2]
    for hidden in (secret, "Müller", "19700102", "f1", "1.2.3"):
        assert f'"{hidden}"' not in answer.text
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_newest_first_in_pages(site: Site) -> None:
    for number in (1, 2, 3):
        begin(site, number)
    assert [one["user"] for one in launches(site)] == ["Dr. 3", "Dr. 2", "Dr. 1"]
    assert [one["user"] for one in launches(site, "?limit=1&offset=1")] == ["Dr. 2"]
    assert launches(site, "?limit=0") == []


@pytest.mark.parametrize("query", ["limit=x", "limit=-1", "offset=9999999", "state=lost", "offset="])
@pytest.mark.parametrize("path", [LAUNCHES, LINKS])
def test_what_cannot_be_asked(site: Site, path: str, query: str) -> None:
    assert site.program("GET", f"{path}?{query}").status_code == 400


def test_an_ehr_that_is_not_configured_any_more(site: Site) -> None:
    begin(site, issuer="https://old.example/fhir")
    assert launches(site)[0]["ehr"] == "https://old.example/fhir"


def test_a_launch_is_open_while_somebody_may_read_by_it(site: Site) -> None:
    """A session that idled out has ended for good: no other can begin."""
    begin(site, 1)
    site.clock.advance(hours=1)
    begin(site, 2)
    assert [(one["user"], one["state"]) for one in launches(site)] == [("Dr. 2", "open"), ("Dr. 1", "ended")]
    assert launches(site)[1]["lastUsed"] is None
    assert [one["user"] for one in launches(site, "?state=open")] == ["Dr. 2"]
    site.clock.advance(hours=13)
    assert launches(site, "?state=open") == []
    site.services.launches.sweep()  # type: ignore[attr-defined]
    assert launches(site) == []


def test_an_administrator_ends_a_launch(site: Site) -> None:
    launch, headers = begin(site)
    assert site.program("DELETE", f"{LAUNCHES}/{launch.id}").status_code == 204
    assert launches(site) == []
    browser = site.browser(keeps_cookies=False)
    assert browser.get("/sightline/session", base_url=URL, headers=headers).json["user"] is None
    assert site.program("DELETE", f"{LAUNCHES}/{launch.id}").status_code == 401


@pytest.mark.parametrize("path", [LAUNCHES, PAGE])
def test_administrators_only(site: Site, path: str) -> None:
    _, launched = begin(site)
    link = site.program("POST", LINKS, json={"studyInstanceUID": "1.2.1"}).json
    holder = site.browser()
    secret = {"secret": link["url"].partition("#")[2]}
    holder.post(f"/sightline/link/{link['id']}/session", json=secret, **from_page())
    nobody = site.browser(keeps_cookies=False)
    assert nobody.get(path, base_url=URL).status_code == 401
    assert nobody.get(path, base_url=URL, headers=launched).status_code == 403
    assert holder.get(path, base_url=URL).status_code == 403
    assert site.program("GET", path, "link-service").status_code == 403
    assert [event for event in site.events() if event[0] == "denial"] == [("denial", "4")] * 4
    assert site.program("GET", path).status_code == 200


def test_a_user_without_the_right_is_refused_below_the_route_too(site: Site) -> None:
    every = frozenset(Verb) - {Verb.ADMINISTER}
    with pytest.raises(ForbiddenError):
        site.services.launching.list(Grant("bob", (Permission(every),)))


def test_each_look_is_written_down(site: Site) -> None:
    launches(site)
    site.program("GET", LINKS)
    site.program("GET", PAGE)
    assert site.events() == [("search", "0"), ("link", "0"), ("search", "0"), ("link", "0")]
    told = site.access.audit.page(10)[-1]["event"]
    assert told["outcomeDesc"] == "list of launches"


def test_a_link_that_is_used_up_is_open_while_it_is_read(site: Site) -> None:
    link = site.program("POST", LINKS, json={"studyInstanceUID": "1.2.1", "uses": 1}).json
    site.program("POST", LINKS, json={"studyInstanceUID": "1.2.1", "expiresInHours": 1})

    def opened() -> list[tuple[str, bool]]:
        listed = site.program("GET", f"{LINKS}?state=open").json["links"]
        return sorted((one["state"], one["lastUsed"] is not None) for one in listed)

    assert opened() == [("open", False), ("open", False)]
    secret = {"secret": link["url"].partition("#")[2]}
    site.browser().post(f"/sightline/link/{link['id']}/session", json=secret, **from_page())
    assert opened() == [("open", False), ("used", True)]
    assert site.program("GET", f"{LINKS}/{link['id']}").json["lastUsed"] == "2026-11-21T12:00:00+00:00"
    site.clock.advance(minutes=59)
    assert opened() == [("open", False)]
    site.clock.advance(minutes=2)
    assert opened() == []
    assert len(site.program("GET", LINKS).json["links"]) == 2


def test_who_may_search_is_told_whose_study_a_link_is_for(site: Site) -> None:
    """The link service sees no study, not even through its links."""
    site.program("POST", LINKS, "link-service", json={"studyInstanceUID": "1.2.1"})
    (told,) = site.program("GET", LINKS).json["links"]
    assert (told["patientId"], told["studyDate"], told["studyDescription"]) == ("P1", "20260102", "CT thorax")
    (told,) = site.program("GET", LINKS, "link-service").json["links"]
    assert not {"patientId", "studyDate", "studyDescription"} & set(told)


def test_a_study_that_is_gone_or_of_two_patients(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.program("POST", LINKS, json={"studyInstanceUID": "1.2.1"})
    search = site.archive.search

    def twice(grant: Grant, query: Any) -> Any:
        found = search(grant, query)
        return replace(found, rows=(*found.rows, *({**row, "PatientID": "P2"} for row in found.rows)))

    monkeypatch.setattr(site.archive, "search", twice)
    assert site.program("GET", LINKS).json["links"][0]["patientId"] == ""
    monkeypatch.setattr(site.archive, "search", lambda grant, query: replace(search(grant, query), rows=()))
    assert "patientId" not in site.program("GET", LINKS).json["links"][0]


def test_the_page_begins_with_what_is_open(site: Site) -> None:
    begin(site, 1)
    site.clock.advance(hours=1)
    begin(site, 2)
    html = site.program("GET", PAGE, headers={"Accept": "text/html"}).text
    found = re.search(r'id="page-data">(.*?)</script>', html)
    assert found is not None
    data = json.loads(found[1])
    assert (data["user"], data["hasEhr"], data["links"]) == ("ada", True, [])
    assert [launch["user"] for launch in data["launches"]] == ["Dr. 2"]
