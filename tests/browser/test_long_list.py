"""The study list with ten thousand studies in a real browser: bounded, and quick to get about in."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from sightline.access.grant import administrator
from sightline.archive.protocol import Level, Row
from tests.browser.chromium import DEVICES, PHONE, Device
from tests.browser.viewer_pages import page_of, violations
from tests.support.dicom_files import image_file
from tests.support.fake_archive import FakeArchive
from tests.support.viewer_server import serve

COUNT = 10_000
LARGEST_DOM = 2_500
"""Nodes of the whole page: some forty rows and what is around them."""


class ListedArchive(FakeArchive):
    """An archive that knows rows of many studies, and files of none of them."""

    def __init__(self, rows: Sequence[Row]) -> None:
        super().__init__()
        self.listed = rows

    def _rows(self, level: Level, attributes: Iterable[str]) -> list[Row]:
        if level is Level.STUDY:
            return [*super()._rows(level, attributes), *self.listed]
        return super()._rows(level, attributes)


def listed_rows() -> list[Row]:
    chance = random.Random(1)
    return [
        {
            "StudyInstanceUID": f"1.2.3.{n}", "PatientName": f"Patient{chance.randrange(COUNT):05d}^Given",
            "PatientID": f"ID{n}", "StudyDate": f"20{25 - n // 400:02d}{1 + n % 12:02d}{1 + n % 28:02d}",
            "StudyTime": "101500", "StudyDescription": f"Study number {n}",
            "ModalitiesInStudy": "SEG\\CT\\ANN" if n % 2 else "SR",
            "NumberOfStudyRelatedSeries": "1", "NumberOfStudyRelatedInstances": "12",
        }
        for n in range(COUNT)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def archive() -> ListedArchive:
    return ListedArchive(listed_rows())


@pytest.fixture(scope="module")
def address(archive: ListedArchive) -> Iterator[str]:
    with serve(archive) as url:
        yield f"{url}/sightline/"


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with page_of(browser) as page:
        page.goto(address)
        expect(page.get_by_role("status")).to_have_text("10000 studies")
        yield page


@pytest.mark.parametrize("device", [*DEVICES, Device("laptop", 1280, 720)], ids=lambda device: device.name)
def test_no_modality_is_cut_off(browser: Browser, address: str, device: Device) -> None:
    with page_of(browser, device) as page:
        page.goto(address)
        tags = page.locator(".cell-modality .tags", has_text="SEG").first
        expect(tags).to_be_visible()
        assert tags.evaluate("(tags) => tags.scrollWidth <= tags.clientWidth")
        assert tags.inner_text().split() == ["SEG", "CT", "ANN"]


def nodes(page: Page) -> int:
    return int(page.evaluate("document.querySelectorAll('*').length"))


def test_the_whole_list_can_be_scrolled_and_the_page_stays_small(page: Page) -> None:
    table = page.get_by_role("table")
    expect(table).to_have_attribute("aria-rowcount", str(COUNT + 1))
    height = page.evaluate("document.documentElement.scrollHeight")
    assert height > COUNT * 60
    heap = page.evaluate("performance.memory.usedJSHeapSize")
    for step in range(40):
        page.evaluate("top => scrollTo(0, top)", height * step / 40)
        page.wait_for_timeout(20)
        assert nodes(page) < LARGEST_DOM
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    last = page.locator(f"tr[aria-rowindex='{COUNT + 1}']")
    expect(last.get_by_role("link")).to_be_visible()
    assert abs(page.evaluate("document.documentElement.scrollHeight") - height) < 0.01 * height
    assert page.evaluate("performance.memory.usedJSHeapSize") - heap < 30e6


def test_keys_go_from_the_first_study_to_the_last_and_open_it(page: Page) -> None:
    page.keyboard.type("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    expect(page.get_by_role("searchbox")).to_have_value("")
    page.keyboard.press("ArrowDown")

    def at(number: int) -> None:
        link = page.locator(f"tr[aria-rowindex='{number + 1}'] .row-link")
        expect(link).to_be_focused()
        expect(link).to_be_in_viewport(ratio=1)

    at(1)
    page.keyboard.press("ArrowDown")
    at(2)
    page.keyboard.press("End")
    at(COUNT)
    page.keyboard.press("ArrowUp")
    at(COUNT - 1)
    page.keyboard.press("Home")
    at(1)
    page.keyboard.press("PageDown")
    page.wait_for_function("() => document.activeElement.closest('tr')?.ariaRowIndex > 2")
    number = page.evaluate("Number(document.activeElement.closest('tr').ariaRowIndex) - 1")
    assert 4 < number < 20
    at(number)
    page.keyboard.press("PageUp")
    at(1)
    expect(page.locator(".row-link[tabindex='0']")).to_have_count(1)
    with page.expect_navigation(url=re.compile(r"/sightline/studies/1\.2\.3\.")):
        page.keyboard.press("Enter")


def test_enter_opens_the_row_that_the_last_arrow_led_to(page: Page) -> None:
    """However fast the keys follow each other: the row before is another patient's."""
    wanted = page.locator("tr[aria-rowindex='4'] .row-link").get_attribute("href")
    assert wanted is not None
    page.locator("tr[aria-rowindex='2'] .row-link").focus()
    with page.expect_navigation(url=re.compile(re.escape(wanted))):
        page.evaluate("""() => {
          const options = { key: "ArrowDown", bubbles: true, cancelable: true };
          for (const _ of [1, 2]) document.activeElement.dispatchEvent(new KeyboardEvent("keydown", options));
          document.activeElement.click();
        }""")


def test_the_order_is_of_the_whole_list_and_in_the_url(page: Page, archive: ListedArchive) -> None:
    by_name = sorted(archive.listed, key=lambda row: row["PatientName"])
    page.get_by_role("button", name="Patient", exact=True).click()
    first = page.locator("tr[aria-rowindex='2']")
    expect(first.locator(".row-link")).to_have_attribute("title", by_name[0]["PatientName"])
    expect(page.get_by_role("columnheader", name="Patient")).to_have_attribute("aria-sort", "ascending")
    page.get_by_role("button", name="Patient", exact=True).click()
    expect(first.locator(".row-link")).to_have_attribute("title", by_name[-1]["PatientName"])
    assert page.url.endswith("?sort=-name")
    page.reload()
    expect(first.locator(".row-link")).to_have_attribute("title", by_name[-1]["PatientName"])
    page.go_back()
    expect(first.locator(".row-link")).to_have_attribute("title", by_name[0]["PatientName"])


def test_what_was_typed_and_how_far_one_scrolled_come_back(page: Page) -> None:
    found = f"{sum('ID99' in f'ID{n}' for n in range(COUNT))} studies found"
    page.keyboard.type("ID99")
    expect(page.get_by_role("status")).to_have_text(found)
    assert "99" not in page.url
    page.reload()
    expect(page.get_by_role("searchbox")).to_have_value("ID99")
    expect(page.get_by_role("status")).to_have_text(found)
    page.get_by_role("button", name="Clear search").click()
    expect(page.get_by_role("status")).to_have_text("10000 studies")
    page.evaluate("scrollTo(0, 300000)")
    page.wait_for_timeout(100)
    page.goto(page.url.rpartition("/")[0] + "/about")
    page.go_back()
    page.wait_for_function("() => Math.abs(scrollY - 300000) < 100")
    expect(page.locator("tbody tr:not(.spacer) a[href]").first).to_be_attached()


def test_what_has_come_is_offered_and_put_in_on_demand(browser: Browser) -> None:
    archive = ListedArchive(listed_rows()[:100])
    with serve(archive) as url, page_of(browser) as page:
        page.clock.install()
        page.goto(f"{url}/sightline/")
        expect(page.get_by_role("status")).to_have_text("100 studies")
        for n in range(3):
            study = {"StudyInstanceUID": f"1.2.4.{n}", "SeriesInstanceUID": f"1.2.4.{n}.1", "StudyDate": "20991231"}
            archive.store(administrator("ada"), image_file(np.zeros((4, 4), np.uint8), **study))
        page.clock.run_for(25_000)
        news = page.get_by_role("button", name="3 new studies: show them")
        expect(news).to_be_visible()
        expect(page.get_by_role("status")).to_have_text("100 studies")
        assert violations(page) == []
        news.click()
        expect(page.get_by_role("status")).to_have_text("103 studies")
        expect(page.locator("tr.is-fresh")).to_have_count(3)
        expect(news).to_have_count(0)


def test_on_a_phone_every_card_is_one_row_of_the_same_height(browser: Browser, address: str) -> None:
    with page_of(browser, PHONE) as page:
        page.goto(address)
        page.wait_for_selector("tr[aria-rowindex='2'] a")
        page.evaluate("scrollTo(0, 500000)")
        page.wait_for_function("() => document.querySelectorAll('tr.is-coming').length === 0")
        heights = page.evaluate(
            "[...document.querySelectorAll('tr[aria-rowindex]')].slice(1).map((row) => Math.round(row.offsetHeight))"
        )
        assert len(set(heights[1:])) == 1
        assert nodes(page) < LARGEST_DOM
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
