"""Downloads in a real browser: nothing that may name the patient leaves silently."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from pydicom import dcmread

from tests.browser.chromium import DESKTOP, PHONE, Device
from tests.browser.people import layout_flaws
from tests.browser.viewer_pages import page_of, violations
from tests.support.dicom_files import image_file
from tests.support.fake_archive import FakeArchive
from tests.support.viewer_server import serve

STUDY = "1.2.8"
NAME = "Wolf^Vera"
BRIGHT = 200


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A study with an ultrasound that has a bright line at the top, and a CT that does not say."""
    pixels = np.full((100, 120), 20, np.uint8)
    pixels[:10] = BRIGHT
    common = {"StudyInstanceUID": STUDY, "PatientName": NAME, "PatientID": "W1"}
    archive = FakeArchive(
        [
            image_file(pixels, SeriesInstanceUID=f"{STUDY}.1", SeriesNumber=1, Modality="US", **common),
            image_file(pixels, SeriesInstanceUID=f"{STUDY}.2", SeriesNumber=2, Modality="CT", **common),
        ]
    )
    with serve(archive) as url:
        yield f"{url}/sightline/"


def open_download(page: Page, address: str) -> Locator:
    page.goto(address)
    page.get_by_role("button", name="More about the study of Vera Wolf").click()
    page.get_by_role("menuitem", name="Download").click()
    return page.get_by_role("dialog", name="Download")


def downloaded(page: Page, link: Locator) -> dict[str, bytes]:
    with page.expect_download() as download:
        link.click()
    with zipfile.ZipFile(download.value.path()) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_study_is_downloaded_as_it_is_stored_with_and_without_a_directory(browser: Browser, address: str) -> None:
    with page_of(browser) as page:
        dialog = open_download(page, address)
        expect(dialog).to_contain_text("2 files, ")
        plain = downloaded(page, dialog.get_by_role("link", name="ZIP archive", exact=True))
        assert len(plain) == 2
        assert all(NAME.encode() in content for content in plain.values())
        media = downloaded(page, dialog.get_by_role("link", name="ZIP archive with DICOMDIR"))
        assert len(media) == 3
        assert "DICOMDIR" in media


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=lambda device: device.name)
def test_what_may_name_the_patient_is_decided_about_and_blacked_out(
    browser: Browser, address: str, device: Device
) -> None:
    with page_of(browser, device) as page:
        dialog = open_download(page, address)
        dialog.get_by_label("Anonymised", exact=True).check()
        button = dialog.get_by_role("button", name="Anonymised ZIP archive")
        expect(button).to_be_disabled()
        expect(dialog).to_contain_text("2 series still need a decision.")
        dialog.get_by_label("One series does not say").check()
        expect(dialog).to_contain_text("One series still needs a decision.")
        dialog.get_by_label("Black parts out").check()
        expect(button).to_be_disabled()
        picture = dialog.get_by_role("img", name="One picture of the series")
        expect(picture).to_have_js_property("complete", True)
        picture.scroll_into_view_if_needed()
        box = picture.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 1, box["y"] + 0.02 * box["height"])
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] - 1, box["y"] + 0.1 * box["height"])
        page.mouse.up()
        dialog.get_by_label("Band at the top").fill("50")
        expect(dialog.locator(".blanked")).to_have_count(2)
        dialog.get_by_label("nothing that is not black names the patient").check()
        dialog.get_by_text("1 · US").last.click()
        expect(dialog.get_by_role("row").filter(has_text="Patient's Name")).to_contain_text("emptied")
        assert violations(page) == []
        assert layout_flaws(page, device) == []
        files = downloaded(page, dialog.get_by_role("link", name="Anonymised ZIP archive"))
        assert all(NAME.encode() not in content for content in files.values())
        read = [dcmread(io.BytesIO(content)) for content in files.values()]
        (ultrasound,) = (dataset for dataset in read if dataset.Modality == "US")
        assert len(read) == 2
        assert ultrasound.pixel_array[:10, 2:117].max() < BRIGHT
        assert (ultrasound.pixel_array[12:] == 20).all()
        assert ultrasound.BurnedInAnnotation == "NO"
        assert len({dataset.StudyInstanceUID for dataset in read} | {STUDY}) == 2
