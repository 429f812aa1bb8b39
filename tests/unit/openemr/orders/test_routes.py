"""The orders' routes: administrators only, bounded, audited, and with nothing of patients in addresses."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from sightline.access.grant import Verb, administrator
from sightline.openemr.orders.intake import Intake
from sightline.openemr.orders.routes import ROUTES
from sightline.web.routing import Public
from tests.support.ehr_section import asked_ehr
from tests.support.openemr.orders_out import order_message
from tests.support.openemr.records import Records
from tests.support.site import Site, from_page
from tests.unit.openemr.orders.conftest import SENT, MakeSite

API = "/sightline/api/orders"
CLOSED = [one for one in ROUTES if not isinstance(one.permission, Public)]
NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def two(site: Site, intake: Intake, records: Records) -> Site:
    """A site with an order for Müller, one that needs a modality for Smith, and a message that is held."""
    for family, code in (("Müller", "71020"), ("Smith", "99999")):
        order = records.add_order(records.add_patient("Jo", family, "1980-01-01"), 12, (code, "Something"))
        intake.take(order_message(order, SENT).encode(), "mllp", "127.0.0.1")
    intake.take(b"MSH|", "mllp", "127.0.0.1")
    return site


def ask(site: Site, path: str = "", method: str = "POST", body: Any = None, user: str = "ada") -> Any:
    if body is None and path:
        return site.program(method, API + path, user)
    return site.program(method, API + path, user, json={} if body is None else body)


@pytest.mark.parametrize("user", ["nobody", "link-service"])
@pytest.mark.parametrize("route", CLOSED, ids=lambda one: one.path)
def test_nobody_else_may(two: Site, route: Any, user: str) -> None:
    path = route.path.replace("<message>", NOBODY)
    if user == "nobody":
        answer = two.browser().open(path, method=route.method, json={}, **from_page())
        assert answer.status_code in (302, 401)
    else:
        answer = two.program(route.method, path, user, json={})
        assert answer.status_code == 403
    assert "Müller" not in answer.text


def test_a_link_does_not_open_orders(two: Site) -> None:
    link, secret = two.services.links.create(
        administrator("ada"), "1.2.3", frozenset({Verb.VIEW}), two.clock() + timedelta(hours=1)
    )
    browser = two.browser()
    opened = browser.post(f"/sightline/link/{link.id}/session", json={"secret": secret}, **from_page())
    assert opened.status_code == 200
    answer = browser.post(API, json={}, **from_page())
    assert answer.status_code == 403
    assert two.events()[-1][0] == "denial"


def test_orders_are_searched_by_state_and_text(two: Site) -> None:
    answer = ask(two).json
    assert {one["patientName"] for one in answer["orders"]} == {"Müller^Jo", "Smith^Jo"}
    assert answer["counts"] == {"scheduled": 1, "needs-modality": 1, "completed": 0, "cancelled": 0, "held": 1}
    assert [one["modality"] for one in ask(two, body={"state": "scheduled"}).json["orders"]] == ["CR"]
    assert [one["code"] for one in ask(two, body={"state": "needs-modality"}).json["orders"]] == ["99999"]
    assert [one["patientName"] for one in ask(two, body={"text": "mÜLL"}).json["orders"]] == ["Müller^Jo"]
    assert [one["accessionNumber"] for one in ask(two, body={"text": "0004-"}).json["orders"]] == ["0004-1"]
    assert ask(two, body={"text": "%"}).json["orders"] == []
    assert two.events()[-1] == ("search", "0")


@pytest.mark.parametrize(
    "body", [[], {"state": "lost"}, {"text": 7}, {"text": "x" * 65}, {"offset": -1}, {"colour": "red"}]
)
def test_a_search_that_is_wrong_is_refused(two: Site, body: Any) -> None:
    assert ask(two, body=body).status_code == 400


def test_a_code_is_mapped_and_its_orders_with_it(two: Site) -> None:
    waiting = ask(two, "/codes", "GET").json["waiting"]
    assert [(one["code"], one["orders"]) for one in waiting] == [("99999", 1)]
    row = {"code": "99999", "modality": "US", "stationAet": "US1"}
    assert ask(two, "/codes", "PUT", row).json == {"waiting": 0}
    answer = ask(two, "/codes", "GET").json
    assert answer["waiting"] == []
    assert {"sender": "", "code": "99999", "modality": "US", "stationAet": "US1", "stationName": "",
            "description": ""} in answer["codes"]  # fmt: skip
    assert ask(two, "/codes/removal", body={"code": "99999"}).json == {"waiting": 1}
    assert ask(two, "/codes/removal", body={"code": "99999"}).status_code == 404


@pytest.mark.parametrize(
    "row", [{}, {"modality": ""}, {"modality": "ct"}, {"modality": "CT", "stationAet": "A*"},
            {"modality": "CT", "stationAet": "x" * 17}, {"modality": "CT", "description": "a\\b"}],
)  # fmt: skip
def test_a_row_that_no_modality_could_use_is_refused(two: Site, row: Any) -> None:
    assert ask(two, "/codes", "PUT", row).status_code == 400


def test_held_messages_are_shown_tried_and_put_aside(two: Site) -> None:
    (held,) = ask(two, "/held", "GET").json["held"]
    assert (held["source"], held["code"]) == ("mllp", "not-hl7")
    assert held["text"].startswith("MSH|")
    again = ask(two, f"/held/{held['id']}/again").json
    assert (again["isTaken"], again["reason"]) == (False, held["reason"])
    assert ask(two, f"/held/{held['id']}/dismiss").status_code == 204
    assert ask(two, f"/held/{held['id']}/dismiss").status_code == 404
    assert ask(two, "/held/..%2F/again").status_code == 404
    assert ask(two, "/held", "GET").json["held"] == []


def test_the_public_key_is_there_for_a_site_that_asks_by_fhir_only(two: Site, make_site: MakeSite) -> None:
    path = "/sightline/openemr/jwks"
    assert two.browser().get(path).status_code == 404
    two.close()
    site = make_site(asked_ehr("https://emr.example/fhir"))
    (key,) = json.loads(site.browser().get(path).data)["keys"]
    assert (key["kty"], key["alg"]) == ("RSA", "RS384")
    assert not {"d", "p", "q"} & set(key)
    assert json.loads(site.browser().get(path).data)["keys"] == [key]
