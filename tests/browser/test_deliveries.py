"""The page that says where each report is on its way, in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from sightline.configuration import Configuration
from sightline.openemr.results.routes import ROUTES
from sightline.state.delivery import DeliveryState
from tests.browser.chromium import DEVICES, Device
from tests.browser.viewer_pages import AXE, page_of, violations
from tests.support.fake_archive import FakeArchive
from tests.support.ordered_reports import RememberedReports, signed_report
from tests.support.viewer_server import ADMINISTRATOR, running_services, served

ON = {"Results": {"Transport": "folder", "Folder": "/srv/openemr/results"}}
STATES = (
    (DeliveryState.DELIVERED, "", ""),
    (DeliveryState.WAITING, "", ""),
    (DeliveryState.FAILED, "sftp", "Connection refused"),
    (DeliveryState.HELD, "patient-id", ""),
    (DeliveryState.HELD, "no-order", ""),
)


@contextmanager
def deliveries_page(section: dict[str, Any], count: int = len(STATES)) -> Iterator[tuple[str, Any]]:
    reports = [
        signed_report(n, patient_name=f"Überlänge-Winterstein^Maximiliane Dorothea {n}", version=1 + (n == 2))
        for n in range(1, count + 1)
    ]
    with running_services(FakeArchive()) as base:
        services: Any = replace(base, configuration=Configuration.parse(section), reports=RememberedReports(*reports))
        deliveries = services.deliveries
        deliveries.take_in("oru", reports)
        for delivery in deliveries.list(None, 100):
            state, reason, detail = STATES[delivery.sequence - 1]
            deliveries.claim(delivery)
            deliveries.settle(delivery, state, reason, detail, retry_in=None)
        with served(services, ADMINISTRATOR, further=ROUTES) as url:
            yield f"{url}/sightline/deliveries", deliveries


def check(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if AXE.exists():
        assert violations(page) == []


@pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.name)
def test_each_report_says_where_it_is_and_why(browser: Browser, device: Device) -> None:
    with deliveries_page(ON) as (url, _), page_of(browser, device) as page:
        page.goto(url)
        rows = page.get_by_role("list", name="Reports, the latest signed first").get_by_role("listitem")
        expect(rows).to_have_count(5)
        expect(rows.nth(0)).to_contain_text("No order is known for this study")
        expect(rows.nth(2)).to_contain_text("It said: Connection refused")
        expect(rows.nth(3)).to_contain_text("Procedures, Electronic Reports, Process")
        check(page)
        page.get_by_role("button", name="Needs you 2").click()
        expect(rows).to_have_count(2)
        assert "Überlänge" not in page.url


def test_a_person_tries_again_or_marks_a_report_as_delivered(browser: Browser) -> None:
    with deliveries_page(ON) as (url, deliveries), page_of(browser) as page:
        page.goto(url)
        page.get_by_role("button", name="Try now: report of Maximiliane Dorothea 5").focus()
        page.keyboard.press("Enter")
        rows = page.get_by_role("list", name="Reports, the latest signed first").get_by_role("listitem")
        expect(rows.nth(0)).to_contain_text("Queued")
        page.get_by_role("button", name="Mark as delivered: report of Maximiliane Dorothea 4").click()
        page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        expect(rows.nth(1)).to_contain_text("Needs you")
        page.get_by_role("button", name="Mark as delivered: report of Maximiliane Dorothea 4").click()
        check(page)
        page.get_by_role("dialog").get_by_role("button", name="Mark as delivered").click()
        expect(rows.nth(1)).to_contain_text("Marked as delivered in another way")
        found = {one.sequence: one for one in deliveries.list(None, 10)}
        assert (found[5].state, found[4].reason) == (DeliveryState.QUEUED, "elsewhere")
        deliveries.settle(found[5], DeliveryState.DELIVERED)
        expect(rows.nth(0)).to_contain_text("Delivered", timeout=10_000)


@pytest.mark.parametrize(("section", "text"), [
    ({}, "Say in Orthanc's configuration where they go"), (ON, "Reports that are signed in the viewer are sent"),
])  # fmt: skip
def test_an_empty_page_says_what_would_fill_it(browser: Browser, section: dict[str, Any], text: str) -> None:
    with deliveries_page(section, 0) as (url, _), page_of(browser) as page:
        page.goto(url)
        page.get_by_text(text).wait_for()
        check(page)
