"""The page on which an administrator sees who can see images, and ends that, in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from sightline.access.grant import Verb
from sightline.access.launch import EhrPatient, Launch, LaunchedStudy, Standing
from sightline.configuration import Configuration
from sightline.openemr.access_page import PAGE, ROUTES
from sightline.web.services import Services
from tests.browser.chromium import DEVICES, PHONE, Device
from tests.browser.people import layout_flaws, nameless_controls
from tests.browser.viewer_pages import page_of, violations
from tests.support.dicom_files import image_file
from tests.support.fake_archive import FakeArchive
from tests.support.viewer_server import ADMINISTRATOR, now, running_services, served

FHIR = "https://emr.example/fhir"
EHR = {"Ehr": {"Issuers": [{"Name": "clinic", "Issuer": FHIR, "ClientId": "x", "ClientSecret": "y"}]}}
READER = "Dr. Maximiliane Dorothea Überlänge-Winterstein-Hohenberg"
STUDIES = tuple(LaunchedStudy(uid, Standing.CONFIRMED) for uid in ("1.2.1", "1.2.2"))


@dataclass
class Office:
    """Where the administrator sits."""

    url: str
    services: Services

    def launch(self, user: str, patient: str = "PAT-0000-1111-2222-3333") -> Launch:
        verbs, moment = frozenset({Verb.VIEW, Verb.REPORT}), now()
        told = Launch("", FHIR, EhrPatient("f1", patient), user, "", verbs, STUDIES, moment, moment, f"ehr:{user}")
        return self.services.launching.begin(told, "192.0.2.1")[0]

    def link(self, user: str, purpose: str = "", uses: int | None = None, is_read: bool = False) -> str:
        end = now() + timedelta(hours=8)
        verbs = {Verb.VIEW, Verb.DOWNLOAD, Verb.ANNOTATE}
        link, secret = self.services.links.create(ADMINISTRATOR, "1.2.1", verbs, end, uses, purpose, user)
        if is_read:
            self.services.links.exchange(link.id, secret)
        return link.id


@contextmanager
def an_office(section: dict[str, Any] = EHR) -> Iterator[Office]:
    study = {"StudyInstanceUID": "1.2.1", "PatientID": "PAT-0000-1111-2222-3333", "StudyDate": "20260102"}
    words = "CT thorax and abdomen with contrast, portal venous phase"
    files = [image_file(np.zeros((4, 4), np.int16), **study, StudyDescription=words)]
    with running_services(FakeArchive(files)) as base:
        services = replace(base, configuration=Configuration.parse(section))
        with served(services, ADMINISTRATOR, further=ROUTES) as url:
            yield Office(f"{url}/sightline/access", services)


def check(page: Page, device: Device) -> None:
    page.evaluate("scrollTo(0, 0)")
    flaws = [*nameless_controls(page), *violations(page), *layout_flaws(page, device)]
    assert flaws == [], "\n".join(flaws)


def rows(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name).locator("tbody tr")


@pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.name)
def test_who_can_see_images_and_until_when(browser: Browser, device: Device) -> None:
    with an_office() as office, page_of(browser, device) as page:
        office.launch("Dr. Stone")
        office.launch(READER)
        office.link("Dr. Who", "second opinion", uses=1, is_read=True)
        office.link("")
        page.goto(office.url)
        launches, links = rows(page, "Launches from an EHR"), rows(page, "Links")
        expect(launches).to_have_count(2)
        expect(launches.nth(0)).to_contain_text(READER)
        expect(launches.nth(0)).to_contain_text("Patient PAT-0000-1111-2222-3333")
        expect(launches.nth(1)).to_contain_text("from clinic")
        expect(launches.nth(1)).to_contain_text("2 studies")
        expect(links.nth(0)).to_contain_text("nobody reads now")
        expect(links.nth(1)).to_contain_text("used up, still read")
        expect(links.nth(1)).to_contain_text("second opinion")
        check(page, device)
        page.get_by_role("button", name=f"End the launch of {READER}").click()
        check(page, device)


@pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.name)
def test_ending_a_launch_and_revoking_a_link(browser: Browser, device: Device) -> None:
    with an_office() as office, page_of(browser, device) as page:
        office.launch("Dr. Stone")
        office.link("Dr. Who", is_read=True)
        office.link("Dr. No")
        page.goto(office.url)
        launches, links, status = rows(page, "Launches from an EHR"), rows(page, "Links"), page.get_by_role("status")
        press = "tap" if device.touch else "click"

        button = page.get_by_role("button", name="End the launch of Dr. Stone")
        getattr(button, press)()
        dialog = page.get_by_role("dialog", name="End this launch?")
        expect(dialog).to_contain_text("At once they can load nothing more, in any tab")
        expect(dialog).to_contain_text("This cannot be undone.")
        getattr(dialog.get_by_role("button", name="Cancel"), press)()
        expect(dialog).not_to_be_attached()
        assert len(office.services.launching.list(ADMINISTRATOR, is_open=True)) == 1
        getattr(button, press)()
        getattr(dialog.get_by_role("button", name="End the launch"), press)()
        expect(status).to_have_text("The launch has ended: Dr. Stone.")
        expect(launches).to_have_count(0)
        expect(page.get_by_text("Nobody reads by a launch now.")).to_be_visible()
        assert office.services.launching.list(ADMINISTRATOR) == ()

        getattr(page.get_by_role("button", name="Revoke the link: Dr. Who"), press)()
        dialog = page.get_by_role("dialog", name="Revoke this link?")
        expect(dialog).to_contain_text("Somebody reads by it now.")
        getattr(dialog.get_by_role("button", name="Revoke the link"), press)()
        expect(status).to_have_text("The link is revoked: Dr. Who.")
        expect(links).to_have_count(1)

        getattr(page.get_by_role("button", name="Open only"), press)()
        expect(links).to_have_count(2)
        expect(links.nth(1)).to_contain_text("revoked")
        expect(links.nth(1).get_by_role("button")).to_have_count(0)
        assert page.url.endswith("?all")
        page.reload()
        expect(links).to_have_count(2)
        check(page, device)


def test_by_keys_alone(browser: Browser) -> None:
    with an_office() as office, page_of(browser) as page:
        office.launch("Dr. Stone")
        page.goto(office.url)
        page.get_by_role("button", name="End the launch of Dr. Stone").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog", name="End this launch?")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="End the launch of Dr. Stone")).to_be_focused()
        page.keyboard.press("Enter")
        end = page.get_by_role("dialog").get_by_role("button", name="End the launch")
        end.focus()
        expect(end).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_be_focused()


def test_what_has_ended_meanwhile_and_a_server_that_refuses(browser: Browser) -> None:
    with an_office() as office, page_of(browser) as page:
        launch = office.launch("Dr. Stone")
        office.link("Dr. No")
        page.goto(office.url)
        page.get_by_role("button", name="End the launch of Dr. Stone").click()
        office.services.launching.end(ADMINISTRATOR, launch.id)
        page.get_by_role("dialog").get_by_role("button", name="End the launch").click()
        expect(page.get_by_role("status")).to_have_text("That had ended already.")
        page.route("**/sightline/openemr/links**", lambda route: route.abort())
        page.get_by_role("button", name="Look again").click()
        expect(page.get_by_role("alert")).to_be_visible()
        expect(rows(page, "Links")).to_have_count(1)
        page.unroute("**/sightline/openemr/links**")
        page.get_by_role("button", name="Look again").click()
        expect(page.get_by_role("alert")).to_have_count(0)


def test_a_long_list_comes_in_pages(browser: Browser) -> None:
    with an_office() as office, page_of(browser) as page:
        for number in range(PAGE + 3):
            office.link(f"Dr. {number}")
        page.goto(office.url)
        expect(rows(page, "Links")).to_have_count(PAGE)
        page.get_by_role("button", name="Show more").click()
        expect(rows(page, "Links")).to_have_count(PAGE + 3)
        expect(page.get_by_role("button", name="Show more")).to_have_count(0)


@pytest.mark.parametrize(("section", "text"), [
    (EHR, "A launch begins when somebody opens a patient's images from the chart."),
    ({}, "No EHR is connected that could send somebody here."),
])  # fmt: skip
def test_an_empty_page_says_what_would_fill_it(browser: Browser, section: dict[str, Any], text: str) -> None:
    with an_office(section) as office, page_of(browser, PHONE) as page:
        page.goto(office.url)
        expect(page.get_by_text(text)).to_be_visible()
        expect(page.get_by_text("Links are made by Share in the study list")).to_be_visible()
        check(page, PHONE)
