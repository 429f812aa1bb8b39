"""What is done with one study of the list: compare, label, send a link, delete."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from sightline.access.grant import Grant, Permission, Verb, administrator
from sightline.archive.protocol import Level, Query
from tests.browser.chromium import DEVICES, Device
from tests.browser.people import layout_flaws
from tests.browser.viewer_pages import page_of, violations
from tests.support.dicom_files import image_file
from tests.support.fake_archive import FakeArchive
from tests.support.viewer_server import serve

ADMIN = administrator("admin")
READER = Grant("reader", (Permission(frozenset({Verb.SEARCH, Verb.VIEW})),))


def files() -> Iterator[bytes]:
    """Three studies, the first two of one patient."""
    for number, name in ((1, "Berg^Bea"), (2, "Berg^Bea"), (3, "Talmann^Tom")):
        study = {"StudyInstanceUID": f"1.2.{number}", "SeriesInstanceUID": f"1.2.{number}.1"}
        patient = {"PatientName": name, "PatientID": name[:4], "PatientBirthDate": "19800101"}
        about = {"StudyDate": f"2026010{number}", "StudyDescription": f"Study {number}"}
        yield image_file(np.zeros((8, 8), np.uint8), **(study | patient | about))


@pytest.fixture
def archive() -> FakeArchive:
    return FakeArchive(files())


@pytest.fixture
def page(browser: Browser, archive: FakeArchive) -> Iterator[Page]:
    with serve(archive) as url, page_of(browser) as page:
        page.goto(f"{url}/sightline/")
        yield page


def row(page: Page, number: int) -> Locator:
    return page.get_by_role("row").filter(has_text=f"Study {number}")


def open_dialog(page: Page, number: int, name: str) -> Locator:
    row(page, number).get_by_role("button", name="More about").click()
    page.get_by_role("menuitem", name=name).click()
    return page.get_by_role("dialog")


def test_a_study_is_deleted_in_two_steps_and_its_row_goes(page: Page, archive: FakeArchive) -> None:
    dialog = open_dialog(page, 3, "Delete")
    expect(dialog).to_contain_text("Tom Talmann")
    expect(dialog).to_contain_text("1 series, 1 image")
    button = dialog.get_by_role("button", name="Delete for good")
    expect(button).to_be_disabled()
    page.keyboard.press("Escape")
    expect(row(page, 3)).to_be_visible()
    dialog = open_dialog(page, 3, "Delete")
    dialog.get_by_label("Yes, delete the study of Tom Talmann").check()
    button.click()
    expect(page.get_by_role("status")).to_have_text("The study of Tom Talmann was deleted.")
    expect(row(page, 3)).to_have_count(0)
    expect(row(page, 2)).to_be_visible()
    left = archive.search(ADMIN, Query(Level.STUDY)).rows
    assert {study["StudyInstanceUID"] for study in left} == {"1.2.1", "1.2.2"}


def test_a_label_is_put_on_found_by_and_taken_off(page: Page, archive: FakeArchive) -> None:
    dialog = open_dialog(page, 1, "Labels")
    dialog.get_by_label("New label").fill("not one")
    dialog.get_by_role("button", name="Add").click()
    assert archive.labels(ADMIN) == ()
    dialog.get_by_label("New label").fill("teaching")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("listitem")).to_have_text("teaching")
    page.keyboard.press("Escape")
    expect(row(page, 1)).to_contain_text("teaching")
    page.get_by_label("Label", exact=True).select_option("teaching")
    expect(page.get_by_role("status")).to_have_text("1 study found")
    assert page.url.endswith("?label=teaching")
    dialog = open_dialog(page, 1, "Labels")
    dialog.get_by_role("button", name="Take off the label teaching").click()
    expect(dialog).to_contain_text("There are no labels yet.")
    assert archive.labels(ADMIN) == ()


def test_a_link_is_made_copied_once_and_revoked(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    dialog = open_dialog(page, 3, "Send a link")
    dialog.get_by_label("For whom").fill("Dr Fern")
    dialog.get_by_label("It opens for").select_option("1 hour")
    dialog.get_by_label("How often").select_option("1 time")
    dialog.get_by_label("download").check()
    dialog.get_by_role("button", name="Make the link").click()
    url = dialog.get_by_label("Link", exact=True).input_value()
    assert "/sightline/link/" in url
    dialog.get_by_role("button", name="Copy").click()
    expect(dialog.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == url
    known = dialog.get_by_role("listitem").filter(has_text="Dr Fern")
    expect(known).to_contain_text("download, look")
    expect(known).to_contain_text("1 use left")
    known.get_by_role("button", name="Revoke").click()
    expect(known).to_contain_text("revoked")
    expect(dialog.get_by_role("button", name="Make the link")).to_be_visible()
    assert url.partition("#")[2] not in dialog.inner_text()


def test_a_study_opens_beside_another_one_of_the_same_patient(page: Page) -> None:
    row(page, 1).get_by_role("button", name="beside another one").click()
    others = page.get_by_role("dialog").get_by_role("link")
    expect(others).to_have_count(1)
    expect(others).to_contain_text("Study 2")
    href = others.get_attribute("href") or ""
    assert href.endswith("/sightline/studies/1.2.1?beside=1.2.2")


def test_who_may_only_look_is_offered_nothing_else(browser: Browser, archive: FakeArchive) -> None:
    with serve(archive, READER) as url, page_of(browser) as page:
        page.goto(f"{url}/sightline/")
        row(page, 1).get_by_role("button", name="More about").click()
        expect(page.get_by_role("menuitem")).to_have_count(1)
        expect(page.get_by_role("button", name="Upload")).to_have_count(0)


@pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.name)
def test_every_dialog_is_whole_and_accessible(browser: Browser, archive: FakeArchive, device: Device) -> None:
    with serve(archive) as url, page_of(browser, device) as page:
        page.goto(f"{url}/sightline/")
        row(page, 1).get_by_role("button", name="More about").click()
        assert violations(page) == []
        page.keyboard.press("Escape")
        for name in ("Open beside", "Labels", "Send a link", "Delete"):
            dialog = open_dialog(page, 1, name)
            expect(dialog).to_contain_text("Bea Berg")
            page.wait_for_load_state("networkidle")
            assert layout_flaws(page, device) == []
            assert violations(page) == []
            page.keyboard.press("Escape")
            expect(dialog).to_have_count(0)
