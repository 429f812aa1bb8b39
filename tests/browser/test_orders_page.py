"""The orders page: what is ordered, what waits for a modality, what could not be read, on every size of screen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest
from playwright.sync_api import Browser, Page, expect

from sightline.configuration import Configuration
from sightline.openemr.orders.intake import Intake
from sightline.openemr.orders.patient_numbers import patient_numbers
from sightline.rendering.engine import RenderingEngine
from sightline.state.database import open_database, sqlite_url
from sightline.state.order_codes import OrderCode
from sightline.state.orders import StudyOfOrder
from sightline.web.services import Services
from tests.browser.chromium import DESKTOP, DEVICES, PHONE, Device
from tests.browser.people import layout_flaws, nameless_controls
from tests.browser.viewer_pages import page_of, violations
from tests.support.fake_archive import FakeArchive
from tests.support.openemr.orders_out import order_message
from tests.support.openemr.records import Records
from tests.support.viewer_server import ADMINISTRATOR, now, served, viewer_services

NAMES = (("Jörg", "Müller-Lüdenscheid"), ("Rita", "Roe"), ("Maximiliane Dorothea", "Überlänge-Winterstein"),
         ("John", "Smith"), ("Änne", "Grünwald"))  # fmt: skip
CODES = ("71020", "71250", "73030", "71020", "71020")


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    options = {"Orders": {"Folder": {"Path": str(tmp_path)}, "TimeZone": "UTC"}}
    with closing(open_database(sqlite_url(tmp_path), now)) as database:
        plain = viewer_services(FakeArchive(), cast(RenderingEngine, None), database=database)
        yield replace(plain, configuration=Configuration.parse(options))


@pytest.fixture
def filled(services: Services) -> Services:
    """Five orders, of which one has no modality, one is completed, one has a study that does not fit; one is held."""
    services.orders.codes.put(OrderCode("", "71020", "CR", "CR_ROOM1", "CR-1", "Chest PA and lateral"))
    services.orders.codes.put(OrderCode("", "71250", "CT"))
    intake, records = Intake(services, patient_numbers(services)[0]), Records()
    for number, (given, family) in enumerate(NAMES):
        patient = records.add_patient(given, family, "1980-01-01")
        order = records.add_order(patient, 12, (CODES[number], "Something asked for"))
        intake.take(order_message(order, datetime.now(UTC)).encode(), "folder", f"{order.id}.txt")
    services.orders.link(StudyOfOrder("1.2.3", "0008-1", ""))
    services.orders.link(StudyOfOrder("1.2.4", "0010-1", "birth-date"))
    text = order_message(records.add_order(records.patients[0], 12, ("71020", "Chest")), datetime.now(UTC))
    intake.take(text.replace("ORC|NW|", "ORC|ZZ|").encode(), "folder", "11.txt")
    return services


def opened(page: Page, url: str, tab: str = "") -> None:
    page.goto(f"{url}/sightline/orders{tab}")
    expect(page.get_by_role("heading", name="Orders", exact=True)).to_be_visible()


def check(page: Page, device: Device) -> None:
    flaws = [*nameless_controls(page), *layout_flaws(page, device), *violations(page)]
    assert flaws == [], "\n".join(flaws)


@pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.name)
def test_every_tab_on_every_screen(browser: Browser, filled: Services, device: Device, tmp_path: Path) -> None:
    with served(filled, ADMINISTRATOR) as url, page_of(browser, device) as page:
        opened(page, url)
        expect(page.locator(".orders-table tbody tr")).to_have_count(5)
        check(page, device)
        page.screenshot(path=tmp_path / f"{device.name}-all.png")
        page.get_by_role("button", name="Quarantine").click()
        expect(page.get_by_text("order control code")).to_be_visible()
        check(page, device)
        page.screenshot(path=tmp_path / f"{device.name}-held.png")
        page.get_by_role("button", name="Codes and modalities").click()
        expect(page.locator(".orders-table tbody tr")).to_have_count(2)
        check(page, device)
        page.screenshot(path=tmp_path / f"{device.name}-codes.png")
        page.get_by_role("button", name="Say which modality").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        check(page, device)
        page.screenshot(path=tmp_path / f"{device.name}-form.png")


def test_an_order_goes_onto_the_worklist_once_its_code_is_mapped(browser: Browser, filled: Services) -> None:
    with served(filled, ADMINISTRATOR) as url, page_of(browser) as page:
        opened(page, url, "#needs-modality")
        row = page.locator(".orders-table tbody tr")
        expect(row).to_contain_text("Überlänge-Winterstein")
        row.get_by_role("button", name="Say which modality").click()
        form = page.get_by_role("dialog")
        expect(form.get_by_label("Code")).to_have_value("73030")
        form.get_by_label("Modality, such as CT").fill("dx")
        form.get_by_label("Station AE title").fill("DX_1")
        form.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status")).to_have_text("Saved. Orders that waited for it are on the worklist.")
        page.get_by_role("button", name="Scheduled").click()
        expect(page.locator(".orders-table tbody tr")).to_have_count(4)
        expect(page.get_by_text("DX_1")).to_be_visible()
    order = filled.orders.of_accession("0006-1")
    assert order is not None
    assert (order.modality, order.station_aet) == ("DX", "DX_1")


def test_a_completed_order_leads_to_its_study_and_a_misfit_says_why(browser: Browser, filled: Services) -> None:
    with served(filled, ADMINISTRATOR) as url, page_of(browser) as page:
        opened(page, url, "#completed")
        link = page.get_by_role("link", name="Open the study")
        assert (link.get_attribute("href") or "").endswith("/sightline/studies/1.2.3")
        page.get_by_role("button", name="All").click()
        expect(page.get_by_text("is not linked: another birth date")).to_be_visible()


def test_a_search_finds_by_name_and_keeps_it_out_of_the_address(browser: Browser, filled: Services) -> None:
    with served(filled, ADMINISTRATOR) as url, page_of(browser) as page:
        opened(page, url)
        page.get_by_role("searchbox").fill("grün")
        expect(page.locator(".orders-table tbody tr")).to_have_count(1)
        assert "gr" not in page.url.rpartition("/")[2]
        page.get_by_role("searchbox").fill("nobody")
        expect(page.get_by_text("No such orders")).to_be_visible()


def test_quarantine_is_tried_again_and_emptied(browser: Browser, filled: Services) -> None:
    with served(filled, ADMINISTRATOR) as url, page_of(browser) as page:
        opened(page, url, "#held")
        page.get_by_text("Show the message").click()
        expect(page.locator("pre")).to_contain_text("ORC|ZZ|0011")
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("status")).to_contain_text("It still cannot be read.")
        page.get_by_role("button", name="Put aside").click()
        expect(page.get_by_text("Nothing in quarantine")).to_be_visible()


def test_new_orders_appear_by_themselves(browser: Browser, services: Services) -> None:
    with served(services, ADMINISTRATOR) as url, page_of(browser, PHONE) as page:
        opened(page, url)
        expect(page.get_by_text("No orders yet")).to_be_visible()
        check(page, PHONE)
        records = Records()
        order = records.add_order(records.add_patient("John", "Smith", "1980-01-01"), 12, ("1", "Chest"))
        text = order_message(order, datetime.now(UTC))
        Intake(services, patient_numbers(services)[0]).take(text.encode(), "folder", "2.txt")
        expect(page.get_by_text("John Smith")).to_be_visible()
        check(page, PHONE)


def test_a_site_without_a_way_in_is_told_so(browser: Browser, services: Services) -> None:
    off = replace(services, configuration=Configuration.parse({}))
    with served(off, ADMINISTRATOR) as url, page_of(browser, DESKTOP) as page:
        opened(page, url)
        expect(page.get_by_text("No way in is set up.")).to_be_visible()
        check(page, DESKTOP)
