"""Key images as people make and use them: stars, reasons, what others see, and images alone."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import pytest
from playwright.sync_api import Browser, Page, expect
from pydicom import Dataset, dcmread
from pydicom.uid import KeyObjectSelectionDocumentStorage

from sightline.access.grant import Grant, Permission, Verb
from sightline.objects.key_objects import make_key_object
from tests.browser.chromium import DESKTOP, DEVICES, PHONE, Device
from tests.browser.reading import Stage
from tests.browser.viewer_pages import OVERLAPS, STUDY, page_of, study_files, violations
from tests.support.fake_archive import FakeArchive
from tests.support.viewer_server import link_grant, serve, serve_readers

SERIES = f"{STUDY}.1"


def reader(name: str) -> Grant:
    return Grant(name, (Permission(frozenset({Verb.VIEW, Verb.ANNOTATE}), STUDY),), name=name.title())


class Readers:
    """Ada and Bob, who may annotate the study, and a link that may not."""

    def __init__(self, archive: FakeArchive, urls: list[str]) -> None:
        self.archive = archive
        self.ada, self.bob, self.link = (f"{url}/sightline/studies/{STUDY}" for url in urls)

    def documents(self) -> list[Dataset]:
        found = [dcmread(BytesIO(content)) for content in self.archive.files()]
        return [dataset for dataset in found if dataset.SOPClassUID == KeyObjectSelectionDocumentStorage]


@pytest.fixture
def readers() -> Iterator[Readers]:
    archive = FakeArchive(study_files())
    with serve_readers(archive, reader("ada"), reader("bob"), link_grant(STUDY)) as urls:
        yield Readers(archive, urls)


def opened(page: Page, address: str, number: int = 3) -> Stage:
    page.goto(f"{address}?series={SERIES}&slice={number}")
    stage = Stage(page, page)
    stage.shows(number)
    page.wait_for_load_state("networkidle")
    return stage


def star(page: Page, number: int) -> None:
    """Go to an image with the slider, and mark it."""
    page.locator("input.slices").fill(str(number))
    Stage(page, page).shows(number)
    page.keyboard.press("*")


def sign(page: Page) -> str:
    return page.locator(".key-sign").inner_text()


def test_a_star_is_there_again_after_a_reload(browser: Browser, readers: Readers) -> None:
    with page_of(browser) as page:
        opened(page, readers.ada)
        with page.expect_response(lambda answer: answer.url.endswith("/keys") and answer.request.method == "POST"):
            page.keyboard.press("*")
        expect(page.locator(".key-sign")).to_contain_text("Of interest")
        expect(page.locator(".series-tile").first.locator(".key-count")).to_contain_text("1")
        page.reload()
        expect(page.locator(".key-sign")).to_contain_text("Of interest")
        page.keyboard.press("ArrowDown")
        Stage(page, page).shows(4)
        expect(page.locator(".key-sign")).to_have_count(0)


def test_a_star_is_taken_back_and_made_again(browser: Browser, readers: Readers) -> None:
    with page_of(browser) as page:
        opened(page, readers.ada)
        button = page.get_by_role("button", name="Star", exact=True)
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        page.keyboard.press("u")
        expect(page.locator(".key-sign")).to_have_count(0)
        page.keyboard.press("y")
        expect(page.locator(".key-sign")).to_have_count(1)
        button.click()
        expect(page.locator(".key-sign")).to_have_count(0)


def test_the_panel_tells_gives_reasons_and_removes(browser: Browser, readers: Readers) -> None:
    with page_of(browser) as page:
        opened(page, readers.ada)
        for number in (5, 30):
            star(page, number)
        page.keyboard.press("Shift+K")
        panel = page.get_by_role("dialog", name="Key images")
        rows = panel.locator(".key-row")
        expect(rows).to_have_count(2)
        rows.nth(0).get_by_role("combobox").select_option(label="For surgery")
        rows.nth(0).get_by_role("button", name="Go to").click()
        Stage(page, page).shows(5)
        assert "For surgery" in sign(page)
        rows.nth(1).get_by_role("button", name="Remove").click()
        expect(rows).to_have_count(1)
        expect(panel.locator(".key-state")).to_contain_text("Kept")
        assert violations(page) == []


def test_leaving_stores_a_document_that_others_leaf_through(browser: Browser, readers: Readers) -> None:
    with page_of(browser) as page:
        opened(page, readers.ada)
        for number in (5, 30, 31):
            star(page, number)
        page.wait_for_timeout(600)
        page.goto("about:blank")
        page.wait_for_timeout(1500)
    (document,) = readers.documents()
    chosen = [item.ReferencedSOPSequence[0] for item in document.ContentSequence if item.ValueType == "IMAGE"]
    assert len(chosen) == 3
    with page_of(browser) as page:
        stage = opened(page, readers.bob, 5)
        assert "Ada" in sign(page)
        page.keyboard.press("*")
        page.keyboard.press("Shift+I")
        expect(page.locator(".key-band")).to_contain_text("1 image")
        page.keyboard.press("u")
        page.locator("input.slices").fill("31")
        stage.shows(31)
        assert "Ada" in sign(page)


def test_key_images_alone_and_back(browser: Browser, readers: Readers) -> None:
    with page_of(browser) as page:
        stage = opened(page, readers.ada)
        for number in (5, 30, 12):
            star(page, number)
        page.keyboard.press("Shift+I")
        band = page.locator(".key-band")
        expect(band).to_contain_text("3 images")
        expect(page.locator("input.slices")).to_have_attribute("max", "3")
        stage.shows(2)
        page.keyboard.press("End")
        stage.shows(3)
        address = page.locator(".picture").get_attribute("data-view")
        page.wait_for_timeout(500)
        page.reload()
        expect(band).to_contain_text("3 images")
        stage.shows(3)
        assert page.locator(".picture").get_attribute("data-view").split("?")[0] == address.split("?")[0]
        band.get_by_role("button", name="Show all images").click()
        stage.shows(30)
        expect(band).to_have_count(0)
        page.keyboard.press("u")
        expect(band).to_have_count(1)
        stage.shows(3)


def test_a_document_of_somebody_else_is_leafed_through(browser: Browser) -> None:
    files = study_files()
    headers = [dcmread(BytesIO(content)) for content in files]
    chosen = [index for index, one in enumerate(headers) if one.SeriesInstanceUID == SERIES][10:30:10]
    arguments = {
        "images": [{"file": {"buffer": index}, "series": SERIES, "frames": [1]} for index in chosen],
        "title": "113004", "author": "Elsewhere^Eve", "predecessor": None, "instance": f"{STUDY}.9.1",
        "series": f"{STUDY}.9", "series_number": 9, "instance_number": 1, "date": "20261127", "time": "101500",
        "timezone": "+0000", "version": "1",
    }  # fmt: skip
    document = bytes(make_key_object(arguments, files, ()).buffers[0])
    with serve(FakeArchive([*files, document]), reader("bob")) as url, page_of(browser) as page:
        stage = opened(page, f"{url}/sightline/studies/{STUDY}")
        page.keyboard.press("Shift+K")
        panel = page.get_by_role("dialog", name="Key images")
        expect(panel).to_contain_text("Elsewhere Eve")
        panel.get_by_role("button", name="Show only these: For Teaching").click()
        expect(page.locator(".key-band")).to_contain_text("For Teaching, Elsewhere Eve: 2 images")
        stage.shows(1)
        page.keyboard.press("End")
        stage.shows(2)
        address = page.locator(".picture").get_attribute("data-view") or ""
        assert headers[chosen[1]].SOPInstanceUID in address
        page.keyboard.press("*")
        page.get_by_role("button", name="Show all images").click()
        stage.shows(21)
        page.keyboard.press("Home")
        stage.shows(1)
        page.keyboard.press("*")
        page.keyboard.press("u")
        page.keyboard.press("Shift+K")
        panel.get_by_role("button", name="Show only these: For Teaching").click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        assert violations(page) == []


def test_going_to_an_image_that_is_left_out_shows_all_again(browser: Browser, readers: Readers) -> None:
    with page_of(browser) as page:
        stage = opened(page, readers.ada)
        for number in (5, 30):
            star(page, number)
        page.wait_for_timeout(600)
        page.keyboard.press("Shift+I")
        stage.shows(2)
        page.goto(readers.bob + f"?series={SERIES}&slice=7&only=own")
        expect(page.locator(".key-band")).to_contain_text("No key image is in this series")
        stage.shows(7)
        page.wait_for_load_state("networkidle")
        page.keyboard.press("*")
        expect(page.locator(".key-band")).to_contain_text("1 image")
        page.keyboard.press("Shift+K")
        page.get_by_role("dialog").get_by_role("button", name="Go to").nth(1).click()
        stage.shows(5)
        expect(page.locator(".key-band")).to_have_count(0)


def test_who_may_not_annotate_is_told_that_nothing_is_kept(browser: Browser, readers: Readers) -> None:
    with page_of(browser) as page:
        opened(page, readers.link)
        page.keyboard.press("*")
        expect(page.locator(".key-sign")).to_have_count(1)
        page.keyboard.press("Shift+K")
        expect(page.get_by_role("dialog").locator(".key-state")).to_contain_text("on this page only")
    assert readers.documents() == []


@pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.name)
def test_it_fits_every_screen(browser: Browser, readers: Readers, device: Device) -> None:
    with page_of(browser, device) as page:
        opened(page, readers.ada)
        for number in (3, 5):
            star(page, number)
        page.keyboard.press("Shift+I")
        expect(page.locator(".key-band")).to_have_count(1)
        assert page.evaluate(OVERLAPS) == []
        assert violations(page) == []
        page.keyboard.press("Shift+K")
        expect(page.locator(".key-row")).to_have_count(2)
        assert violations(page) == []
        if device is not DESKTOP:
            sizes = page.locator(".key-row button, .key-row select, .key-band button").evaluate_all(
                "(all) => all.map((one) => one.getBoundingClientRect()).map((box) => Math.min(box.width, box.height))"
            )
            assert min(sizes) >= 44 - 0.5, (PHONE, sizes)
