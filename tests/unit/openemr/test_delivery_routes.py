"""What the page of deliveries asks for, and does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sightline.openemr.results.routes import PAGE, ROUTES
from sightline.state.delivery import DeliveryState
from sightline.web.dispatcher import Dispatcher
from tests.support.ordered_reports import STUDY, RememberedReports, signed_report
from tests.support.site import Site

API = "/sightline/api/deliveries"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path, (), Results={"Transport": "folder", "Folder": str(tmp_path)})
    reports = RememberedReports(*(signed_report(number) for number in range(1, PAGE + 6)))
    services: Any = replace(site.services, reports=reports)
    site._dispatcher = Dispatcher(ROUTES, services)
    services.deliveries.take_in("oru", reports.all[:-1])
    services.deliveries.take_in("oru", reports.all[-1:], "before")
    yield site
    site.close()


def get(site: Site, path: str = "") -> Any:
    return site.program("GET", API + path)


def test_pages_of_the_latest_first(site: Site) -> None:
    first = get(site).json
    assert (len(first["deliveries"]), first["more"], first["isOn"]) == (PAGE, True, True)
    assert first["counts"] == {"queued": PAGE + 4, "held": 1}
    told = first["deliveries"][0]
    assert (told["state"], told["reason"], told["patientName"], told["study"]) == (
        "held", "before", "Smith^John", STUDY,
    )  # fmt: skip
    rest = get(site, f"?offset={PAGE}").json
    assert (len(rest["deliveries"]), rest["more"]) == (5, False)
    assert [one["state"] for one in get(site, "?state=held").json["deliveries"]] == ["held"]


@pytest.mark.parametrize("query", ["?state=lost", "?offset=x", "?offset=-1", "?offset=99999999999"])
def test_what_cannot_be_asked(site: Site, query: str) -> None:
    assert get(site, query).status_code == 400


def test_news_name_nobody(site: Site) -> None:
    assert get(site, "/news").json == {
        "counts": {"queued": PAGE + 4, "held": 1},
        "changed": "2026-11-21T12:00:00+00:00",
    }
    assert site.events() == [], "asked every few seconds"


def test_a_person_sends_or_closes(site: Site) -> None:
    held = get(site).json["deliveries"][0]["id"]
    assert site.program("POST", f"{API}/{held}/retry").status_code == 204
    assert site.services.deliveries.get(held).state is DeliveryState.QUEUED
    assert site.program("POST", f"{API}/{held}/close").status_code == 204
    assert site.services.deliveries.get(held).reason == "elsewhere"
    for act in ("retry", "close"):
        assert site.program("POST", f"{API}/{held}/{act}").json["code"] == "delivery-not-open"
        assert site.program("POST", f"{API}/SL0/{act}").json["code"] == "delivery-unknown"
    assert [kind for kind, outcome in site.events() if outcome == "0"] == ["search", "export", "export"]


def test_what_is_being_sent_is_left_alone(site: Site) -> None:
    deliveries = site.services.deliveries
    first = deliveries.due("oru")[0]
    assert deliveries.claim(first)
    assert site.program("POST", f"{API}/{first.id}/close").status_code == 404
    site.clock.advance(minutes=6)
    assert site.program("POST", f"{API}/{first.id}/close").status_code == 204


def test_a_report_that_has_gone_is_still_listed(site: Site) -> None:
    site._dispatcher = Dispatcher(ROUTES, replace(site.services, reports=RememberedReports()))  # type: ignore[arg-type]
    told = get(site).json["deliveries"][0]
    assert "patientName" not in told
    assert told["state"] == "held"
