"""The page that copies DICOM documents of a chart, in a real Chromium, over a fake OpenEMR."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from sightline.configuration import Configuration
from sightline.openemr.documents.routes import ROUTES
from tests.browser.chromium import DEVICES, Device
from tests.browser.viewer_pages import AXE, page_of, violations
from tests.support.ehr_section import asked_ehr
from tests.support.fake_archive import FakeArchive
from tests.support.openemr.backend_emr import BackendEmr
from tests.support.openemr.chart_files import dicom, zipped
from tests.support.viewer_server import ADMINISTRATOR, running_services, served


@contextmanager
def chart_page() -> Iterator[tuple[str, FakeArchive]]:
    archive = FakeArchive()
    with BackendEmr() as emr, running_services(archive) as base:
        patient = emr.records.add_patient("John", "Smith", "1980-01-01", pubpid="EXT-7")
        content = zipped({"1": dicom(1), "2": dicom(2), "mary": dicom(3, PatientName="Jones^Mary"), "R.TXT": b"-"})
        emr.records.add_document(patient, "CD from the county hospital.zip", "application/dicom+zip", content)
        emr.records.add_document(patient, "ct.dcm", "application/dicom", dicom(4, StudyInstanceUID="1.2.826.0.9.2"))
        ehr = asked_ehr(emr.fhir, ClientSecret="s3cret", RefreshToken="first")
        services: Any = replace(base, configuration=Configuration.parse({"Ehr": ehr}))
        with served(services, ADMINISTRATOR, further=ROUTES) as url:
            yield f"{url}/sightline/chart-documents", archive


def check(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if AXE.exists():
        assert violations(page) == []


def look_inside(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_label("Patient number in the chart").fill("EXT-7")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Look inside CD from").click()
    page.get_by_text("Patient id becomes EXT-7 (was X-17)").wait_for()


@pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.name)
def test_a_look_inside_says_whose_files_they_are(browser: Browser, device: Device) -> None:
    with chart_page() as (url, archive), page_of(browser, device) as page:
        look_inside(page, url)
        expect(page.get_by_text("Another name than the chart's: not copied.")).to_be_visible()
        expect(page.get_by_text("1 other file is left out: no DICOM")).to_be_visible()
        check(page)
        assert archive.files() == []
        assert "EXT-7" not in page.url


def test_a_chart_is_copied_opened_and_taken_back(browser: Browser) -> None:
    with chart_page() as (url, archive), page_of(browser) as page:
        look_inside(page, url)
        page.get_by_role("button", name="Copy to archive: CD from").click()
        expect(page.get_by_text("Copied: 2 new, 0 were here already.")).to_be_visible()
        assert len(archive.files()) == 2
        check(page)
        link = page.get_by_role("link", name="Open the study").first
        expect(link).to_have_attribute("href", f"{url.rpartition('/')[0]}/studies/1.2.826.0.9.1")
        page.get_by_role("button", name="Take back what was copied").click()
        expect(page.get_by_text("Taken back: 2 files deleted.")).to_be_visible()
        assert archive.files() == []
        expect(page.get_by_role("button", name="Take back what was copied")).to_have_count(0)


def test_an_unknown_number_and_a_site_without_an_emr(browser: Browser) -> None:
    with chart_page() as (url, _), page_of(browser) as page:
        page.goto(url)
        page.get_by_label("Patient number in the chart").fill("EXT-8")
        page.get_by_role("button", name="Look in the chart").click()
        expect(page.get_by_role("alert")).to_contain_text("no patient, or more than one")
    with (
        running_services(FakeArchive()) as services,
        served(services, ADMINISTRATOR, further=ROUTES) as base,
        page_of(browser) as page,
    ):
        page.goto(f"{base}/sightline/chart-documents")
        page.get_by_text("OpenEMR is not connected").wait_for()
        check(page)
