"""What is around the image: commands by name, keys, settings, first steps, trouble with the line, and every screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.browser.chromium import DESKTOP, DEVICES, PHONE, Device
from tests.browser.people import layout_flaws
from tests.browser.viewer_pages import OVERLAPS, SHOWN, STUDY, page_of, study_files, violations
from tests.support.dicom_files import image_file
from tests.support.fake_archive import FakeArchive
from tests.support.viewer_server import link_grant, serve

NOISE = "1.2.826.0.7.2"
VIEWS = "**/sightline/view/**"


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """Where the pages are."""
    noise = np.random.default_rng(7).integers(0, 256, (37, 51)).astype(np.uint8)
    picture = image_file(
        noise, StudyInstanceUID=NOISE, SeriesInstanceUID=f"{NOISE}.1", WindowCenter=128, WindowWidth=256
    )
    with serve(FakeArchive([*study_files(), picture])) as url:
        yield url


@pytest.fixture(scope="module")
def study(site: str) -> str:
    """Address of a study with a CT, a photograph and a broken series."""
    return f"{site}/sightline/studies/{STUDY}"


def opened(page: Page, address: str) -> Page:
    page.goto(address)
    page.wait_for_selector(SHOWN)
    expect(page.locator(".series-tile").first).to_be_enabled()
    return page


def opened_alone(page: Page, address: str) -> Page:
    """Open a study of which nothing comes before it is asked for: then every new slice needs the server."""
    page.add_init_script("localStorage.setItem('sightline.prefetch', '\"never\"')")
    return opened(page, address)


def at_rest(page: Page) -> None:
    """Wait until the exact picture is there, so that nothing more is asked for."""
    expect(page.locator(SHOWN)).to_have_attribute("data-quality", "exact")


def setting(page: Page, name: str, value: str) -> None:
    """Set something of the settings, which may be open already."""
    if page.get_by_role("dialog").count() == 0:
        page.keyboard.press("o")
    page.get_by_role("combobox", name=name).select_option(value)


def check(page: Page) -> None:
    """Nothing that axe finds, nothing over anything else."""
    assert page.evaluate(OVERLAPS) == []
    assert violations(page) == []


@pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.name)
def test_every_panel_is_accessible_and_fits(browser: Browser, study: str, device: Device) -> None:
    with page_of(browser, device) as page:
        opened(page, study)
        for key in ("Control+k", "o", "?", "g"):
            page.keyboard.press(key)
            expect(page.get_by_role("dialog")).to_be_visible()
            assert [*layout_flaws(page, device), *violations(page)] == [], key
            page.keyboard.press("Escape")
            expect(page.get_by_role("dialog")).to_have_count(0)
        page.get_by_role("button", name="More").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        assert [*layout_flaws(page, device), *violations(page)] == []


def test_a_few_letters_find_commands_series_layouts_and_windows(browser: Browser, study: str) -> None:
    with page_of(browser) as page:
        opened(page, study)
        field = page.get_by_role("combobox")
        for typed, seen in (("lung", "W 1500 · L −600"), ("inv", "Inverted")):
            page.keyboard.press("Control+k")
            field.fill(typed)
            page.keyboard.press("Enter")
            page.get_by_text(seen).wait_for()
        page.keyboard.press("Control+k")
        field.fill("2 x 1")
        page.keyboard.press("Enter")
        expect(page.locator(".pane")).to_have_count(2)
        page.keyboard.press("Control+k")
        field.fill("open series 2")
        page.keyboard.press("Enter")
        page.wait_for_selector(f".pane:nth-child(1) [data-view*='{STUDY}.2/']")


def test_the_palette_says_why_a_command_cannot_be_had(browser: Browser, study: str) -> None:
    with page_of(browser, PHONE) as page:
        opened(page, study)
        page.get_by_role("button", name="More").tap()
        page.get_by_role("button", name="Commands").tap()
        page.get_by_role("combobox").fill("crossh")
        option = page.get_by_role("option", name="Crosshair")
        expect(option).to_contain_text("Only in the three planes")
        option.tap(force=True)
        expect(page.get_by_role("dialog")).to_be_visible()
        page.get_by_role("combobox").fill("planes")
        page.get_by_role("option", name="Planes").first.tap()
        page.wait_for_selector(".planes")


def test_keys_can_be_changed_and_are_remembered(browser: Browser, study: str) -> None:
    with page_of(browser) as page:
        opened(page, study)
        page.keyboard.press("o")
        page.get_by_text("Change keys").click()
        change = page.get_by_role("button", name="Change the key of Invert")
        change.click()
        page.keyboard.press("h")
        page.get_by_text("H belongs to “Mirror”.").wait_for()
        page.get_by_role("button", name="Take it over").click()
        page.keyboard.press("Escape")
        page.keyboard.press("i")
        page.keyboard.press("h")
        page.get_by_text("Inverted").wait_for()
        opened(page, study)
        page.keyboard.press("h")
        page.get_by_text("Inverted").wait_for()
        page.keyboard.press("?")
        row = page.get_by_role("row", name="Invert")
        expect(row.locator("kbd")).to_have_text(["H"])


def test_single_keys_can_be_switched_off_and_everything_reset(browser: Browser, study: str) -> None:
    with page_of(browser) as page:
        opened(page, study)
        page.keyboard.press("o")
        page.get_by_label("Single-key shortcuts").uncheck()
        page.keyboard.press("Escape")
        page.keyboard.press("i")
        page.keyboard.press("End")
        page.wait_for_selector("[data-slice='40']")
        assert page.get_by_text("Inverted").count() == 0
        page.keyboard.press("Control+,")
        page.get_by_role("button", name="Reset all settings").click()
        expect(page.get_by_label("Single-key shortcuts")).to_be_checked()
        page.keyboard.press("Escape")
        page.keyboard.press("i")
        page.get_by_text("Inverted").wait_for()


@pytest.mark.parametrize("theme", ["light", "contrast"])
def test_themes_leave_images_on_black(browser: Browser, study: str, theme: str) -> None:
    with page_of(browser) as page:
        opened(page, study)
        setting(page, "Theme", theme)
        check(page)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        check(page)
        assert page.locator(".desk").evaluate("(desk) => getComputedStyle(desk).backgroundColor") == "rgb(0, 0, 0)"
        page.goto(study.partition("/studies/")[0] + "/")
        page.wait_for_selector(".studies tbody tr")
        assert page.evaluate("() => document.documentElement.dataset.theme") == theme
        assert violations(page) == []


def newcomer(browser: Browser, device: Device) -> BrowserContext:
    """A context in which nobody has been here."""
    return browser.new_context(**device.options())


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=lambda device: device.name)
def test_newcomers_are_shown_three_steps_once(browser: Browser, study: str, device: Device) -> None:
    with newcomer(browser, device) as context:
        page = opened(context.new_page(), study)
        steps = page.get_by_role("region", name="First steps")
        expect(steps).to_contain_text("1 of 3")
        box = steps.bounding_box()
        picture = page.locator(".picture").bounding_box()
        assert box
        assert picture
        assert box["y"] > picture["y"] + picture["height"] * 0.6
        check(page)
        page.keyboard.press("End")  # what it says is done
        expect(steps).to_contain_text("2 of 3")
        page.get_by_role("button", name="Skip").click()
        expect(steps).to_have_count(0)
        opened(page, study)
        page.wait_for_timeout(2000)
        expect(steps).to_have_count(0)
        page.keyboard.press("?")
        page.get_by_role("button", name="Show the first steps again").click()
        expect(steps).to_be_visible()


def test_who_begins_at_once_is_left_alone(browser: Browser, study: str) -> None:
    with newcomer(browser, DESKTOP) as context:
        page = opened(context.new_page(), study)
        page.keyboard.press("End")
        page.wait_for_timeout(2000)
        assert page.get_by_role("region", name="First steps").count() == 0


def test_a_lost_connection_is_said_and_comes_back_by_itself(browser: Browser, study: str) -> None:
    with page_of(browser) as page:
        opened_alone(page, study)
        page.context.set_offline(True)
        page.get_by_text("No connection: what is on the screen stays").wait_for()
        page.keyboard.press("End")
        check(page)
        page.wait_for_timeout(300)
        assert page.locator(SHOWN).get_attribute("data-slice") == "21"
        assert page.get_by_role("alert").count() == 0
        page.context.set_offline(False)
        page.wait_for_selector("[data-slice='40']")
        page.get_by_text("No connection").wait_for(state="detached")


def test_a_server_that_restarts_is_asked_until_it_answers(browser: Browser, study: str) -> None:
    with page_of(browser) as page:
        opened_alone(page, study)
        page.route("**/sightline/session", lambda route: route.abort())
        page.route(VIEWS, lambda route: route.abort())
        page.keyboard.press("End")
        page.get_by_text("No connection").wait_for()
        page.unroute(VIEWS)
        page.unroute("**/sightline/session")
        page.wait_for_selector("[data-slice='40']")


def test_a_busy_server_is_asked_again_quietly(browser: Browser, study: str) -> None:
    answers = iter([503, 409])

    def busy(route: Route) -> None:
        status = next(answers, None)
        if status is None or "Sightline-Prefetch".lower() in route.request.headers:
            route.continue_()
        else:
            route.fulfill(status=status, json={"status": status, "code": "busy", "message": "A moment."})

    with page_of(browser) as page:
        opened_alone(page, study)
        page.route(VIEWS, busy)
        page.keyboard.press("End")
        page.wait_for_selector("[data-slice='40']")
        assert next(answers, None) is None
        assert page.get_by_role("alert").count() == 0


def refuse(route: Route) -> None:
    route.fulfill(status=401, json={"status": 401, "code": "unauthenticated", "message": "Log in."})


def test_one_logs_in_again_without_losing_the_view(browser: Browser, study: str) -> None:
    with page_of(browser) as page:
        opened_alone(page, study)
        page.keyboard.press("2")
        page.get_by_text("W 1500 · L −600").wait_for()
        at_rest(page)
        # Both from the start on: where all routes are taken away and one set anew, Chromium may lose a request between.
        has_ended, user = True, ""
        page.route(VIEWS, lambda route: refuse(route) if has_ended else route.continue_())
        page.route("**/sightline/login", lambda route: route.fulfill(json={"user": user}))
        page.keyboard.press("End")
        dialog = page.get_by_role("dialog", name="Your session has ended")
        expect(dialog).to_be_visible()
        check(page)
        dialog.get_by_label("Password").fill("secret")
        has_ended, user = False, dialog.get_by_label("User").input_value()
        page.keyboard.press("Enter")
        page.wait_for_selector("[data-slice='40']")
        assert "window=-600,1500" in (page.locator(SHOWN).get_attribute("data-view") or "")


def test_an_ended_link_says_so_kindly_and_the_picture_stays(browser: Browser) -> None:
    with serve(FakeArchive(study_files()), link_grant(STUDY)) as site, page_of(browser, PHONE) as page:
        at_rest(opened_alone(page, f"{site}/sightline/studies/{STUDY}"))
        page.route(VIEWS, refuse)
        page.keyboard.press("End")
        expect(page.get_by_role("dialog")).to_contain_text("ask the person or practice that sent it to you")
        check(page)
        page.keyboard.press("Escape")
        page.get_by_text("This link has ended").wait_for()
        assert page.locator(SHOWN).get_attribute("data-slice") == "21"


def test_screen_readers_hear_where_one_rests_and_what_was_undone(browser: Browser, study: str) -> None:
    with page_of(browser) as page:
        opened(page, study)
        told = page.locator("p.sr-only[role=status]")
        expect(told).to_have_text("")
        for _ in range(5):
            page.keyboard.press("ArrowDown")
        expect(told).to_have_text("Slice 26 of 40")
        page.keyboard.press("i")
        page.keyboard.press("u")
        expect(told).to_have_text("Undone: Invert")
        page.keyboard.press("ArrowRight")
        expect(told).to_contain_text("Series 2")


def test_the_focus_comes_back_after_panels(browser: Browser, study: str) -> None:
    with page_of(browser) as page:
        opened(page, study)
        more = page.get_by_role("button", name="More")
        more.focus()
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Settings").click()
        expect(page.get_by_role("dialog", name="Settings")).to_be_visible()
        page.keyboard.press("Escape")
        expect(more).to_be_focused()


_PIXELS = """async ([columns, rows]) => {
  const picture = document.querySelector(".picture");
  const answer = await fetch(new URL(document.documentElement.dataset.root + picture.dataset.view, document.baseURI));
  const bitmap = await createImageBitmap(await answer.blob());
  const own = new OffscreenCanvas(columns, rows).getContext("2d");
  own.drawImage(bitmap, 0, 0);
  const canvas = picture.querySelector("canvas");
  const box = canvas.getBoundingClientRect();
  const left = Math.round((canvas.width - columns) / 2), top = Math.round((canvas.height - rows) / 2);
  const meant = own.getImageData(0, 0, columns, rows).data;
  const [wide, high] = [columns + 2, rows + 2];
  const seen = canvas.getContext("2d").getImageData(left - 1, top - 1, wide, high).data;
  // The middle of an odd number of pixels is on one side or the other.
  const differing = [0, 1, 2].flatMap((x) => [0, 1, 2].map((y) => {
    let count = 0;
    for (let at = 0; at < meant.length; at += 4) {
      const [row, column] = [Math.floor(at / 4 / columns), (at / 4) % columns];
      if (meant[at] !== seen[4 * ((row + y) * wide + column + x)]) count += 1;
    }
    return count;
  }));
  return {
    size: [bitmap.width, bitmap.height],
    differing: Math.min(...differing),
    different: new Set(meant).size,
    stretch: Math.max(Math.abs(box.width * devicePixelRatio - canvas.width),
      Math.abs(box.height * devicePixelRatio - canvas.height)),
  };
}"""


@pytest.mark.parametrize("ratio", [1, 1.5, 2, 3])
def test_one_pixel_of_the_image_is_one_of_the_screen(browser: Browser, site: str, ratio: float) -> None:
    with page_of(browser, replace(DESKTOP, width=1601, height=901, pixel_ratio=ratio)) as page:
        page.goto(f"{site}/sightline/studies/{NOISE}")
        page.wait_for_selector("[data-quality=exact]")
        page.keyboard.press("a")
        page.wait_for_timeout(100)
        page.wait_for_selector("[data-quality=exact]")
        found = page.evaluate(_PIXELS, [51, 37])
        assert found["size"] == [51, 37]
        assert found["different"] > 200
        assert found["differing"] == 0
        assert found["stretch"] < 0.01


def test_a_phone_gives_its_width_to_the_image_and_tools_to_the_thumb(browser: Browser, study: str) -> None:
    with page_of(browser, PHONE) as page:
        opened(page, study)
        picture = page.locator(".picture").bounding_box()
        tools = page.get_by_role("toolbar").bounding_box()
        assert picture
        assert tools
        assert picture["width"] >= 0.9 * PHONE.width
        assert tools["y"] > 0.8 * PHONE.height
        touch = page.context.new_cdp_session(page)
        y = picture["y"] + picture["height"] / 2
        touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": 300, "y": y}]})
        for x in (240, 180, 120):  # few: a swipe is quick, however busy the machine
            touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y}]})
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        page.wait_for_selector(f"[data-view*='{STUDY}.2/']")


_CUT_OFF = """(names) => names.filter((name) => name.offsetWidth > 0 && name.scrollWidth > name.clientWidth)
  .map((name) => name.innerText)"""


@pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.name)
def test_the_largest_texts_leave_names_whole_and_lie_over_nothing(browser: Browser, study: str, device: Device) -> None:
    with page_of(browser, device) as page:
        opened(page, study)
        setting(page, "Text size", "largest")
        page.keyboard.press("Escape")
        page.keyboard.press("Shift+F")
        expect(page.locator(".findings-dock")).to_be_visible()
        assert page.locator(".toolbar .tool-name").evaluate_all(_CUT_OFF) == []
        assert page.evaluate(OVERLAPS) == []


_LYING_OVER = """(options) => options.filter((option) => {
  const [name, refusal] = ["name", "refusal"].map((part) => option.querySelector(`.palette-${part}`));
  return refusal && name.scrollWidth > name.clientWidth;
}).map((option) => option.innerText)"""


@pytest.mark.parametrize("width", [PHONE.width, 320])
def test_why_a_command_is_not_offered_leaves_its_name_legible(browser: Browser, study: str, width: int) -> None:
    with page_of(browser, replace(PHONE, width=width)) as page:
        opened(page, study)
        page.keyboard.press("Control+k")
        expect(page.locator(".palette-refusal").first).to_be_visible()
        assert page.locator(".palette-option").evaluate_all(_LYING_OVER) == []


@pytest.mark.parametrize("height", [900, 640])
def test_all_tools_can_be_reached_however_low_the_window_is(browser: Browser, study: str, height: int) -> None:
    low = Device("low", 1366, height)
    with page_of(browser, low) as page:
        opened(page, study)
        expect(page.locator(".bar-more")).to_be_in_viewport(ratio=1)
        assert layout_flaws(page, low) == []
        page.get_by_role("button", name="Export").scroll_into_view_if_needed()
        expect(page.get_by_role("button", name="Export")).to_be_in_viewport(ratio=0.8)


@pytest.mark.parametrize("size", [(320, 640), (320, 256)], ids=["upright", "zoomed"])
def test_everything_fits_at_four_hundred_percent(browser: Browser, study: str, size: tuple[int, int]) -> None:
    """WCAG 1.4.10: 1280 x 1024 at 400 % is 320 x 256."""
    with page_of(browser, Device("zoomed", *size)) as page:
        opened(page, study)
        check(page)
        for key in ("Control+k", "o"):
            page.keyboard.press(key)
            expect(page.get_by_role("dialog")).to_be_visible()
            check(page)
            page.keyboard.press("Escape")
            expect(page.get_by_role("dialog")).to_have_count(0)


def with_documents(page: Page) -> None:
    """Have the study hold a report, a PDF, a video and something else beside its pictures."""
    kinds = {"report": "Chest report", "pdf": "Consent", "video": "Swallowing", "other": "Raw data"}
    documents = [
        {"instance": f"{STUDY}.9.{number}", "kind": kind, "title": title, "date": "20260102", "status": ""}
        for number, (kind, title) in enumerate(kinds.items())
    ]

    def add(route: Route) -> None:
        answer = route.fetch().json()
        empty = {**answer["series"][-1], "uid": f"{STUDY}.9", "modality": "SR", "description": "", "error": None}
        answer["series"].append({**empty, "pictures": False, "documents": documents})
        route.fulfill(json=answer)

    html = "<!doctype html><html lang=en><title>R</title><h1>Chest report</h1><ul><li>No effusion</li></ul>"
    page.route(f"**/api/studies/{STUDY}", add)
    page.route("**/instances/*/document", lambda route: route.fulfill(body=html, content_type="text/html"))


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=lambda device: device.name)
def test_reports_are_read_beside_pictures(browser: Browser, study: str, device: Device) -> None:
    with page_of(browser, device) as page:
        with_documents(page)
        opened(page, study)
        if device is PHONE:
            page.get_by_role("button", name="Series").tap()
        tile = page.locator(".document-tile:visible", has_text="Chest report")
        tile.click()
        frame = page.frame_locator("iframe[title='Chest report']")
        expect(frame.get_by_role("heading")).to_have_text("Chest report")
        body = frame.locator("html")
        expect(body).not_to_have_css("background-color", "rgba(0, 0, 0, 0)")  # it has the look of the page
        assert page.get_by_text("Maximiliane").first.is_visible()
        assert violations(page) == []
        page.wait_for_url(f"**series={STUDY}.9.0*")
        page.reload()
        expect(frame.get_by_role("heading")).to_have_text("Chest report")
        page.keyboard.press("g")
        page.get_by_role("button", name="2 × 1", exact=True).click()
        page.wait_for_selector(SHOWN)
        assert frame.get_by_role("heading").is_visible()


def test_what_cannot_be_shown_says_what_it_is(browser: Browser, study: str) -> None:
    with page_of(browser) as page:
        with_documents(page)
        page.route("**/instances/*/video", lambda route: route.fulfill(status=200, body=b"", content_type="video/mp4"))
        opened(page, study)
        page.get_by_role("button", name="Raw data").click()
        page.get_by_text("cannot be shown here").wait_for()
        page.get_by_role("button", name="Swallowing").click()
        page.get_by_text("cannot play the video").wait_for()
        expect(page.get_by_role("link", name="Download")).to_have_attribute(
            "href", re.compile(r"/instances/[0-9.]+/video$")
        )
        check(page)
