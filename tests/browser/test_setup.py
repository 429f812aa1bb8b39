"""The page that connects an EHR, in a real browser, with a fake OpenEMR to look at."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from sightline.openemr.setup.routes import ROUTES
from tests.browser.chromium import DESKTOP, DEVICES, Device
from tests.browser.people import layout_flaws, nameless_controls
from tests.browser.viewer_pages import page_of, violations
from tests.support.dicom_files import image_file
from tests.support.fake_archive import FakeArchive
from tests.support.openemr.server import FakeOpenEmr
from tests.support.viewer_server import ADMINISTRATOR, running_services, served


@dataclass
class Office:
    """Where the administrator sits."""

    url: str
    emr: FakeOpenEmr


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    files = [image_file(np.zeros((4, 4), np.int16), PatientID="EMR-0042", PatientName="Lovelace^Ada")]
    with (
        FakeOpenEmr() as emr,
        running_services(FakeArchive(files)) as services,
        served(services, ADMINISTRATOR, further=ROUTES) as url,
    ):
        yield Office(url, emr)


def check(page: Page, office: Office) -> None:
    page.goto(f"{office.url}/sightline/setup")
    page.get_by_label("Address of OpenEMR").fill(office.emr.url)
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.get_by_text(f"{office.emr.fhir}", exact=True)).to_be_visible()


@pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.name)
def test_everybody_can_use_it(browser: Browser, office: Office, device: Device) -> None:
    with page_of(browser, device) as page:
        check(page, office)
        page.get_by_label("the number that people see in OpenEMR").check()
        page.get_by_role("button", name="Try it on patients").click()
        page.get_by_label("Number of Ada Lovelace in OpenEMR").fill("0042")
        page.get_by_role("button", name="Run the self-test").click()
        expect(page.get_by_role("button", name="Run it again")).to_be_enabled()
        expect(page.get_by_text("curl -sS").first).to_be_visible()
        page.evaluate("scrollTo(0, 0)")
        flaws = [*nameless_controls(page), *violations(page)]
        flaws += [flaw for flaw in layout_flaws(page, device) if not flaw.startswith("overlap")]
        assert flaws == [], "\n".join(flaws)


def test_the_whole_way(browser: Browser, office: Office) -> None:
    with page_of(browser, DESKTOP) as page:
        page.goto(f"{office.url}/sightline/setup")
        expect(page.get_by_text("First check an address in step 1.").first).to_be_visible()
        check(page, office)
        rows = page.locator("#address .checked")
        expect(rows.filter(has_text="FHIR").first).to_contain_text("OpenEMR 7.0.3 speaks FHIR 4.0.1")
        expect(rows.last).to_contain_text("does not name it yet")
        expect(page.get_by_text("First choose a patient number in step 2.").first).to_be_visible()

        page.get_by_label("the number that people see in OpenEMR").check()
        page.get_by_label("Prefix").fill("EMR-")
        page.get_by_role("button", name="Try it on patients").click()
        number = page.get_by_label("Number of Ada Lovelace in OpenEMR")
        number.fill("43")
        expect(page.get_by_text("EMR-43 is another")).to_be_visible()
        number.fill("0042")
        expect(page.get_by_text("EMR-0042 is the same")).to_be_visible()

        page.get_by_label("Folder of orders").fill("/var/spool/orders")
        expect(page.get_by_role("row", name="Orders Path")).to_contain_text("/var/spool/orders")
        expect(page.get_by_role("row", name="Site Address (required for OAuth2 and FHIR)")).to_contain_text(
            office.emr.url
        )
        page.get_by_label("client_id", exact=True).fill("abc-123")
        page.get_by_label("client_id of the client for orders").fill("def-456")
        block = page.get_by_role("group", name="Section of Orthanc’s configuration")
        expect(block).to_contain_text('"ClientId": "abc-123"')
        expect(block).to_contain_text('"ClientId": "def-456"')
        section = json.loads(block.inner_text())["Sightline"]
        (issuer,) = section["Ehr"]["Issuers"]
        assert issuer["PatientId"] == {"Source": "pubpid", "Prefix": "EMR-"}
        assert (issuer["ClientId"], issuer["Backend"]["ClientId"]) == ("abc-123", "def-456")
        assert section["FrameAncestors"] == [office.emr.url]


def test_texts_are_copied(browser: Browser, office: Office) -> None:
    with page_of(browser, DESKTOP) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        check(page, office)
        page.get_by_label("OpenEMR’s internal number").check()
        page.get_by_role("button", name="Register Sightline").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith("curl -sS -H 'Content-Type: application/json' --data '{")
        assert copied.endswith(f"{office.emr.url}/oauth2/default/registration")


def test_an_address_that_is_none_is_explained_where_it_stands(browser: Browser, office: Office) -> None:
    with page_of(browser, DESKTOP) as page:
        page.goto(f"{office.url}/sightline/setup")
        page.get_by_label("Address of OpenEMR").fill("http://169.254.169.254/")
        page.keyboard.press("Enter")
        expect(page.locator("#address").get_by_role("alert")).to_contain_text("never asked")
        assert violations(page) == []


def test_the_head_leads_to_the_other_pages(browser: Browser, office: Office) -> None:
    with page_of(browser, DESKTOP) as page:
        page.goto(f"{office.url}/sightline/setup")
        pages = page.get_by_role("navigation", name="Pages").get_by_role("link")
        expect(pages).to_have_text(
            ["Studies", "Orders", "Reports sent", "Chart documents", "Who can see images", "Connect an EHR"]
        )
        expect(page.get_by_role("link", name="Connect an EHR")).to_have_attribute("aria-current", "page")
        pages.first.click()
        expect(page.locator("table.studies tbody tr").first).to_be_visible()
