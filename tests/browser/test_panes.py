"""Several viewports: dividing the desk, filling it, and finding it again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import DEVICES, PHONE, Device
from tests.browser.viewer_pages import OVERLAPS, SHOWN, STUDY, page_of, study_files, violations
from tests.support.fake_archive import FakeArchive
from tests.support.viewer_server import serve


@pytest.fixture(scope="module")
def study() -> Iterator[str]:
    """Address of the page of a study with two readable series."""
    with serve(FakeArchive(study_files())) as url:
        yield f"{url}/sightline/studies/{STUDY}"


def opened(page: Page, address: str) -> Page:
    page.goto(address)
    page.wait_for_selector(SHOWN)
    expect(page.locator(".series-tile").nth(1)).to_be_enabled()
    return page


def choose_layout(page: Page, name: str) -> None:
    page.keyboard.press("g")
    page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_selector("dialog[open]", state="detached")


def series_of(page: Page) -> list[str]:
    """Return the last part of the series' UID in each pane, or an empty text."""
    page.wait_for_timeout(50)
    views = page.locator(".pane").evaluate_all(
        "panes => panes.map((p) => p.querySelector('.picture')?.dataset.view ?? '')"
    )
    return [view.split("/")[3].rpartition(".")[2] if view else "" for view in views]


@pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.name)
def test_a_divided_desk_has_room_and_names(browser: Browser, study: str, device: Device) -> None:
    with page_of(browser, device) as page:
        opened(page, study)
        choose_layout(page, "1 × 2" if device is not PHONE else "2 × 1")
        page.wait_for_function("() => document.querySelectorAll(\"[data-slice]:not([data-slice=''])\").length === 2")
        assert series_of(page) == ["1", "2"]
        assert page.evaluate(OVERLAPS) == []
        assert violations(page) == []


def test_series_go_where_they_are_dropped_and_panes_change_places(browser: Browser, study: str) -> None:
    with page_of(browser) as page:
        opened(page, study)
        choose_layout(page, "2 × 2")
        expect(page.locator(".empty-pane")).to_have_count(2)
        page.locator(".series-tile").nth(0).drag_to(page.locator(".pane").nth(3))
        page.wait_for_function("() => document.querySelectorAll(\"[data-slice]:not([data-slice=''])\").length === 3")
        assert series_of(page) == ["1", "2", "", "1"]
        page.locator(".pane").nth(1).hover()
        page.locator(".pane").nth(1).locator(".grip").drag_to(page.locator(".pane").nth(2))
        assert series_of(page) == ["1", "", "2", "1"]
        page.keyboard.press("u")
        assert series_of(page) == ["1", "2", "", "1"]
        page.keyboard.press("Control+Shift+z")
        assert series_of(page) == ["1", "", "2", "1"]


def test_keys_and_tools_act_on_the_chosen_pane(browser: Browser, study: str) -> None:
    with page_of(browser) as page:
        opened(page, study)
        choose_layout(page, "1 × 2")
        page.locator(".series-tile").nth(0).drag_to(page.locator(".pane").nth(1))
        page.wait_for_function("() => document.querySelectorAll(\"[data-slice='21']\").length === 2")
        page.keyboard.press("Home")
        page.wait_for_selector(".pane:nth-child(2) [data-slice='1']")
        page.keyboard.press(",")
        page.keyboard.press("End")
        page.wait_for_selector(".pane:nth-child(1) [data-slice='40']")
        assert page.locator(".pane:nth-child(2) [data-slice='1']").count() == 1
        page.keyboard.press("e")
        expect(page.locator(".pane")).to_have_count(1)
        page.wait_for_selector("[data-slice='40']")


def test_reload_restores_the_desk(browser: Browser, study: str) -> None:
    with page_of(browser) as page:
        opened(page, study)
        choose_layout(page, "Large on the left, 2 small")
        page.keyboard.press("2")
        page.keyboard.press("]")
        page.keyboard.press("h")
        page.locator(".pane").nth(1).click()
        page.wait_for_url("**active=2*")
        page.reload()
        page.wait_for_function("() => document.querySelectorAll(\"[data-slice]:not([data-slice=''])\").length === 2")
        expect(page.locator(".pane")).to_have_count(3)
        assert series_of(page) == ["1", "2", ""]
        page.get_by_text("W 1500 · L −600").wait_for()
        # An axial slice has R, L, A, P at its edges; turned right they are P, A, R, L, and mirrored A, P, R, L.
        letters = page.locator(".pane").nth(0).locator(".edge").all_inner_texts()
        assert letters == ["A", "P", "R", "L"]
        assert "Maximiliane" not in page.url


def test_every_change_can_be_taken_back(browser: Browser, study: str) -> None:
    with page_of(browser) as page:
        opened(page, study)
        page.keyboard.press("2")
        page.keyboard.press("i")
        page.get_by_text("Inverted").wait_for()
        page.keyboard.press("u")
        page.get_by_text("Inverted").wait_for(state="detached")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Control+z")
        page.get_by_text("W 400 · L 40").wait_for()
        page.wait_for_selector("[data-slice='22']")  # leafing through is not taken back
        page.keyboard.press("y")
        page.get_by_text("W 1500 · L −600").wait_for()
