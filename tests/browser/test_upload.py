"""Uploads in a real browser: files and zip archives, a result for each file, and the way back."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from sightline.access.grant import administrator
from sightline.archive.protocol import Level, Query
from tests.browser.chromium import PHONE
from tests.browser.viewer_pages import page_of, violations
from tests.support.dicom_files import image_file
from tests.support.fake_archive import FakeArchive
from tests.support.viewer_server import serve

ADMIN = administrator("admin")


def file(number: int) -> bytes:
    pixels = np.full((16, 16), number, np.uint8)
    return image_file(pixels, SOPInstanceUID=f"1.2.3.{number}", PatientName="Zip^Zoe")


@pytest.fixture
def archive() -> FakeArchive:
    return FakeArchive([file(1)])


@pytest.fixture
def page(browser: Browser, archive: FakeArchive) -> Iterator[Page]:
    with serve(archive) as url, page_of(browser, PHONE) as page:
        page.goto(f"{url}/sightline/")
        page.get_by_role("button", name="Upload").click()
        page.get_by_text("Drop DICOM files, folders or zip archives here").wait_for()
        yield page


def stored(archive: FakeArchive) -> set[str]:
    rows = archive.search(ADMIN, Query(Level.INSTANCE)).rows
    return {row["SOPInstanceUID"].rpartition(".")[2] for row in rows}


def zipped() -> bytes:
    """Deflated and stored files in folders, one that was here before, one that is no DICOM file."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        for number in (1, 2, 3):
            made.writestr(f"disc/IM{number}", file(number), zipfile.ZIP_DEFLATED)
        made.writestr("disc/deep/IM4", file(4), zipfile.ZIP_STORED)
        made.writestr("disc/DICOMDIR", b"x" * 200)
        made.writestr("disc/readme.txt", b"No DICOM file at all, whatever else it is. " * 9)
    return target.getvalue()


def test_a_zip_archive_is_unpacked_and_what_was_new_can_be_taken_back(page: Page, archive: FakeArchive) -> None:
    picker = page.locator("input[type=file]").first
    picker.set_input_files([{"name": "disc.zip", "mimeType": "application/zip", "buffer": zipped()}])
    results = page.get_by_label("Results, file by file").get_by_role("listitem")
    expect(page.get_by_text("6 of 6 files")).to_be_visible()
    for name, result in (
        ("IM1", "here already"), ("IM2", "stored"), ("IM4", "stored"), ("DICOMDIR", "skipped"), ("readme", "refused"),
    ):  # fmt: skip
        expect(results.filter(has_text=name)).to_contain_text(result)
    assert stored(archive) == {"1", "2", "3", "4"}
    assert violations(page) == []
    page.get_by_role("button", name="Undo: remove the 3 files that are new").click()
    expect(page.get_by_text("3 files were removed again.")).to_be_visible()
    assert stored(archive) == {"1"}
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("link", name="Zoe Zip")).to_be_visible()


def test_a_folder_is_followed_to_its_end(page: Page, archive: FakeArchive, tmp_path: Path) -> None:
    for number in (5, 6):
        folder = tmp_path / "scan" / f"series {number}"
        folder.mkdir(parents=True)
        (folder / "image.dcm").write_bytes(file(number))
    page.locator("input[type=file]").nth(1).set_input_files(tmp_path / "scan")
    expect(page.get_by_text("2 files stored")).to_be_visible()
    assert stored(archive) == {"1", "5", "6"}


def test_files_dropped_on_the_page_are_uploaded(page: Page, archive: FakeArchive) -> None:
    page.get_by_role("button", name="Close").click()
    page.evaluate(
        """(bytes) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([new Uint8Array(bytes)], "seven.dcm"));
          document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true }));
        }""",
        list(file(7)),
    )
    expect(page.get_by_text("1 file stored")).to_be_visible()
    assert stored(archive) == {"1", "7"}
    expect(page.get_by_role("link", name="Open the study")).to_be_visible()
