"""The study list of a real Orthanc: search, filters, upload."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser, Page, Request, expect
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import generate_uid

from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.people import administrators_page
from tests.support.orthanc_server import OrthancServer

NAME = "Grünwald^Änne"


def sample(name: str, patient: str) -> bytes:
    """Return one of pydicom's files as a study of that patient."""
    dataset = dcmread(str(get_testdata_file(name)))
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName, dataset.PatientID = patient, "LIST-1"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = generate_uid(), generate_uid()
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def named(site: OrthancServer, other_study: str) -> str:
    """A study of somebody with a name."""
    with site.session() as admin:
        assert admin.post(f"{site.url}/instances", data=sample("MR_small.dcm", NAME)).status_code == 200
    return NAME


@pytest.fixture
def page(browser: Browser, site: OrthancServer, named: str) -> Iterator[Page]:
    with administrators_page(browser, site) as page:
        expect(page.locator("table.studies tbody tr").nth(2)).to_be_visible()
        yield page


def test_a_name_is_found_and_stays_out_of_every_url(page: Page) -> None:
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))
    before = page.url
    page.keyboard.type("grünw")
    expect(page.locator("table.studies tbody tr")).to_have_count(1)
    row = page.locator("table.studies tbody tr")
    expect(row).to_contain_text("Änne Grünwald")
    assert page.url == before
    searches = [one for one in asked if "/api/studies" in one.url and one.method == "POST"]
    assert "grünw" in (searches[-1].post_data or "")
    assert not [one.url for one in asked if "grünw" in unquote(one.url)]
    row.get_by_role("link").press("Enter")
    expect(page.locator(".corner-top-left")).to_contain_text("Grünwald")
    assert "gr" not in unquote(page.url.rpartition("/")[2]).lower()


def test_filters_are_in_the_url_and_come_back(page: Page) -> None:
    page.get_by_role("button", name="MR", exact=True).click()
    expect(page.locator("table.studies tbody tr")).to_have_count(1)
    assert "modality=MR" in page.url
    page.reload()
    expect(page.get_by_role("button", name="MR", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("table.studies tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Today").click()
    expect(page.get_by_text("No study matches")).to_be_visible()
    page.get_by_role("button", name="Show all studies").click()
    expect(page.locator("table.studies tbody tr").nth(2)).to_be_visible()


def test_every_row_has_its_picture(page: Page) -> None:
    for picture in page.locator("table.studies tbody tr img").all():
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("(image) => image.naturalWidth") > 0


def test_files_are_uploaded_and_every_one_gets_its_answer(
    browser: Browser, site: OrthancServer, tmp_path: Path
) -> None:
    (tmp_path / "good.dcm").write_bytes(sample("CT_small.dcm", "Upload^Good"))
    (tmp_path / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM and then nothing that could be read")
    with administrators_page(browser, site, PHONE, meant="/sightline/api/uploads") as page:
        page.get_by_role("button", name="Upload").click()
        page.locator("input[type=file]").first.set_input_files([tmp_path / "good.dcm", tmp_path / "broken.dcm"])
        results = page.get_by_label("Results, file by file").get_by_role("listitem")
        expect(results.filter(has_text="good.dcm")).to_contain_text("stored")
        expect(results.filter(has_text="broken.dcm")).to_contain_text("refused")
        page.get_by_role("button", name="Close").click()
        expect(page.get_by_role("link", name="Good Upload")).to_be_visible()


def test_an_empty_archive_says_how_to_fill_it(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("empty")
    with OrthancServer(folder) as empty, administrators_page(browser, empty, DESKTOP) as page:
        expect(page.get_by_text("There are no studies yet")).to_be_visible()
        text = page.locator("main").inner_text()
        assert f"AE title SIGHTLINE, port {empty.dicom_port}" in text
        assert f"{empty.url}/dicom-web/studies" in text
