"""The viewer in a real browser: what a reader sees and does, at the three sizes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.browser.chromium import DEVICES, PHONE, TABLET, Device
from tests.browser.viewer_pages import AXE, OVERLAPS, SHOWN, SLICES, STUDY, page_of, study_files, violations
from tests.support.fake_archive import FakeArchive
from tests.support.viewer_server import DIST, link_grant, serve

ON_ALL_DEVICES = pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.name)


@pytest.fixture(scope="module")
def pages(browser: Browser) -> Iterator[str]:
    """Where an administrator's pages are."""
    if not (DIST / "manifest.json").is_file():
        pytest.fail("The viewer has not been built: run 'make viewer'.")
    with serve(FakeArchive(study_files())) as url:
        yield url


@pytest.fixture(scope="module")
def study(pages: str) -> str:
    """Address of the study's page."""
    return f"{pages}/sightline/studies/{STUDY}"


def shown(page: Page, number: int = 0) -> dict[str, str]:
    """Return slice, view and quality of the picture on the screen."""
    data: dict[str, str] = page.locator(".picture").nth(number).evaluate("element => ({...element.dataset})")
    return data


def open_study(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector(SHOWN)


def wait_for_slice(page: Page, number: int) -> None:
    page.wait_for_selector(f"[data-slice='{number}']")


def wait_for_planes(page: Page) -> None:
    page.wait_for_selector(".planes")
    page.wait_for_function(
        "() => document.querySelectorAll(\".planes [data-slice]:not([data-slice=''])\").length === 3"
    )


def check(page: Page) -> None:
    """Nothing that axe finds, nothing over anything else."""
    assert page.evaluate(OVERLAPS) == []
    if AXE.exists():
        assert violations(page) == []


@ON_ALL_DEVICES
def test_the_list_and_its_states_are_accessible(browser: Browser, pages: str, device: Device) -> None:
    with page_of(browser, device) as page:
        page.goto(f"{pages}/sightline/")
        page.wait_for_selector(".studies tbody tr")
        check(page)
        page.keyboard.type("nobody")
        page.get_by_text("No study matches").wait_for()
        check(page)
        page.get_by_role("button", name="Upload").click()
        page.get_by_text("Drop DICOM files, folders or zip archives here").wait_for()
        check(page)


@ON_ALL_DEVICES
def test_the_study_and_its_panels_are_accessible(browser: Browser, study: str, device: Device) -> None:
    with page_of(browser, device) as page:
        open_study(page, study)
        check(page)
        for key in ("v", "?"):
            page.keyboard.press(key)
            page.wait_for_selector("dialog[open]")
            check(page)
            page.keyboard.press("Escape")
            page.wait_for_selector("dialog[open]", state="detached")
        page.keyboard.press("m")
        wait_for_planes(page)
        check(page)


@pytest.mark.parametrize(
    "path", ["/sightline/login", "/sightline/link/abc", "/sightline/about", "/sightline/smart/ended"]
)
@ON_ALL_DEVICES
def test_the_doors_are_accessible(browser: Browser, pages: str, device: Device, path: str) -> None:
    with page_of(browser, device) as page:
        page.goto(pages + path)
        page.wait_for_selector("h1")
        check(page)


@pytest.mark.parametrize("device", [TABLET, PHONE], ids=lambda device: device.name)
def test_fingers_find_every_control(browser: Browser, study: str, device: Device) -> None:
    with page_of(browser, device) as page:
        open_study(page, study)
        for button in page.locator(".toolbar button:visible").all():
            box = button.bounding_box()
            assert box
            assert min(box["width"], box["height"]) >= 44


def test_the_wheel_scrolls_and_the_number_belongs_to_the_picture(browser: Browser, study: str) -> None:
    with page_of(browser) as page:
        under_way: set[Any] = set()
        most = 0

        def begin(request: Any) -> None:
            nonlocal most
            if "/sightline/view/" in request.url and request.resource_type == "fetch":
                under_way.add(request)
                most = max(most, len(under_way))

        page.on("request", begin)
        page.on("requestfinished", lambda request: under_way.discard(request))
        page.on("requestfailed", lambda request: under_way.discard(request))
        open_study(page, study)
        assert shown(page)["slice"] == str(SLICES // 2 + 1)
        page.mouse.move(800, 400)
        for _ in range(15):
            page.mouse.wheel(0, 120)
            page.wait_for_timeout(10)
            number, text = page.evaluate(
                "() => [document.querySelector('.picture').dataset.slice,"
                " document.querySelector('.corner-top-right p').textContent]"
            )
            assert text == f"{number} / {SLICES}"
        wait_for_slice(page, SLICES // 2 + 16)
        # Two at a time; that one has ended is told a moment after the next has begun.
        assert 1 <= most <= 3


def test_keys_reach_every_slice_and_the_url_follows(browser: Browser, study: str) -> None:
    with page_of(browser) as page:
        open_study(page, study)
        page.keyboard.press("Home")
        wait_for_slice(page, 1)
        page.keyboard.press("PageDown")
        wait_for_slice(page, 11)
        page.keyboard.press("ArrowDown")
        wait_for_slice(page, 12)
        page.wait_for_url("**slice=12*")
        page.reload()
        wait_for_slice(page, 12)


def test_a_finger_scrolls_on_a_phone(browser: Browser, study: str) -> None:
    with page_of(browser, PHONE) as page:
        open_study(page, study)
        session = page.context.new_cdp_session(page)
        session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": 180, "y": 300}]})
        for y in range(310, 410, 10):
            session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": 180, "y": y}]})
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        page.wait_for_function(f"() => Number(document.querySelector('.picture').dataset.slice) > {SLICES // 2 + 4}")


def test_presets_and_drags_change_the_window_that_is_shown(browser: Browser, study: str) -> None:
    with page_of(browser) as page:
        open_study(page, study)
        page.keyboard.press("2")
        page.get_by_text("W 1500 · L −600").wait_for()
        assert "window=-600,1500" in shown(page)["view"]
        page.mouse.move(800, 400)
        page.mouse.down()
        page.mouse.move(860, 400, steps=5)
        page.mouse.up()
        page.wait_for_function("() => !document.querySelector('.corner-bottom-left').textContent.includes('W 1500')")
        page.keyboard.press("0")
        page.get_by_text("W 400 · L 40").wait_for()


def test_a_movement_is_followed_before_the_browser_hands_it_on_with_the_next_frame(
    browser: Browser, study: str
) -> None:
    with page_of(browser) as page:
        open_study(page, study)
        page.mouse.move(800, 400)
        page.mouse.down()
        page.locator(".picture").evaluate(
            """(picture) => picture.dispatchEvent(new PointerEvent("pointerrawupdate",
              { clientX: 880, clientY: 400, pointerId: 1, pointerType: "mouse", buttons: 1, bubbles: true }))"""
        )
        page.wait_for_selector("[data-view*='window=']")
        page.mouse.up()
        page.locator(".picture").evaluate(
            """(picture) => picture.dispatchEvent(new PointerEvent("pointerrawupdate",
              { clientX: 500, clientY: 400, pointerId: 1, pointerType: "mouse", bubbles: true }))"""
        )
        view = shown(page)["view"]
        page.wait_for_timeout(300)
        assert shown(page)["view"].partition("&")[0] == view.partition("&")[0]


def test_a_rested_picture_becomes_exact(browser: Browser, study: str) -> None:
    with page_of(browser) as page:
        open_study(page, study)
        page.wait_for_selector("[data-quality=exact]")
        assert page.get_by_text("Exact", exact=True).first.is_visible()
        page.keyboard.press("ArrowDown")
        wait_for_slice(page, SLICES // 2 + 2)


def test_the_crosshair_moves_the_other_planes(browser: Browser, study: str) -> None:
    with page_of(browser) as page:
        open_study(page, study)
        page.keyboard.press("m")
        wait_for_planes(page)
        coronal = page.locator(".planes .picture").nth(1)
        box = coronal.bounding_box()
        assert box
        before = [shown(page, plane)["slice"] for plane in range(3)]
        page.mouse.click(box["x"] + box["width"] / 2 + 30, box["y"] + box["height"] / 2 - 40)
        pictures = "document.querySelectorAll('.planes .picture')"
        page.wait_for_function(
            f"before => [0, 2].every((plane) => {pictures}[plane].dataset.slice !== before[plane])", arg=before
        )
        after = [int(shown(page, plane)["slice"]) for plane in range(3)]
        assert after[0] > int(before[0])  # a click above the middle is nearer to the head
        assert after[1] == int(before[1])
        assert after[2] > int(before[2])  # right on the picture is the patient's left


def test_the_volume_says_how_far_it_is(browser: Browser, study: str) -> None:
    def wait(route: Route) -> None:
        waiting.append(route)

    waiting: list[Route] = []
    with page_of(browser) as page:
        open_study(page, study)
        page.route("**/progress", lambda route: route.fulfill(json={"loaded": 143, "total": 275}))
        page.route("**/coronal/**", wait)
        page.keyboard.press("m")
        page.get_by_text("143 of 275").wait_for()
        check(page)
        for route in waiting:
            route.continue_()
        wait_for_planes(page)
        page.get_by_text("143 of 275").wait_for(state="detached")


def test_a_colour_series_has_neither_window_nor_planes(browser: Browser, study: str) -> None:
    with page_of(browser) as page:
        open_study(page, study)
        page.get_by_role("button", name="Series 2").click()
        page.wait_for_selector(f"[data-view*='{STUDY}.2/']")
        assert page.get_by_text("Colour", exact=True).is_visible()
        page.keyboard.press("m")
        page.get_by_text("No planes from this series").wait_for()
        check(page)
        page.get_by_role("button", name="Back to the slices").click()
        page.wait_for_selector(SHOWN)


def test_a_broken_series_says_so_and_the_others_work(browser: Browser, study: str) -> None:
    with page_of(browser) as page:
        open_study(page, study)
        tile = page.locator(".series-tile").nth(2)
        page.wait_for_function("() => document.querySelectorAll('.series-tile')[1].disabled === false")
        assert tile.is_disabled()
        assert "no size" in tile.inner_text()


def test_a_picture_that_fails_says_why_in_its_place(browser: Browser, study: str) -> None:
    def refuse(route: Route) -> None:
        body = json.dumps({"status": 503, "code": "unavailable", "message": "A worker is busy."})
        route.fulfill(status=503, content_type="application/json", body=body)

    with page_of(browser) as page:
        page.route("**format=exact**", refuse)  # else the picture would be made here
        open_study(page, study)
        page.route("**/sightline/view/**", refuse)
        page.keyboard.press("Home")
        page.get_by_text("A worker is busy.").wait_for()
        check(page)
        page.unroute("**/sightline/view/**")
        page.get_by_role("button", name="Try again").click()
        wait_for_slice(page, 1)


def test_a_link_shows_its_study_and_nothing_around_it(browser: Browser) -> None:
    with serve(FakeArchive(study_files()), link_grant(STUDY)) as site, page_of(browser, PHONE) as page:
        page.goto(f"{site}/sightline/link/abc#s3cret")
        page.wait_for_url(f"**/sightline/studies/{STUDY}*")
        page.wait_for_selector(SHOWN)
        assert "s3cret" not in page.url
        assert page.get_by_role("button", name="Studies").count() == 0
        page.get_by_text("Shared with you until").wait_for()
        assert page.get_by_text("You may look.").is_visible()
        check(page)


def test_the_secret_leaves_the_address_bar_and_an_ended_link_is_kind(browser: Browser, pages: str) -> None:
    with page_of(browser) as page:
        page.route("**/link/abc/session", lambda route: route.fulfill(status=410, body="{}"))
        page.goto(f"{pages}/sightline/link/abc#s3cret")
        page.get_by_text("This link has ended").wait_for()
        assert page.url == f"{pages}/sightline/link/abc"
        check(page)


def test_an_empty_archive_says_how_to_fill_it_and_an_upload_does(browser: Browser, tmp_path: Path) -> None:
    files = study_files()[:3]
    for number, content in enumerate(files):
        (tmp_path / f"image{number}.dcm").write_bytes(content)
    (tmp_path / "notes.txt").write_text("no image")
    with serve(FakeArchive()) as site, page_of(browser) as page:
        page.goto(f"{site}/sightline/")
        page.get_by_text("There are no studies yet").wait_for()
        assert page.get_by_text("AE title ORTHANC, port 4242").is_visible()
        check(page)
        page.get_by_role("button", name="Upload").first.click()
        page.locator("input[type=file]").first.set_input_files(sorted(tmp_path.iterdir()))
        page.get_by_text("3 files stored").wait_for()
        assert page.get_by_text("1 file refused").is_visible()
        check(page)
        page.get_by_role("button", name="Close").click()
        page.get_by_role("link", name="Maximiliane").wait_for()


def test_what_is_typed_is_not_in_the_url_and_comes_back(browser: Browser, pages: str) -> None:
    with page_of(browser) as page:
        page.goto(f"{pages}/sightline/")
        page.get_by_role("searchbox").wait_for()
        page.keyboard.type("winterstein")
        page.get_by_text("1 study found", exact=True).wait_for()
        page.get_by_role("button", name="CT", exact=True).click()
        page.wait_for_url("**?modality=CT")
        assert "winterstein" not in page.url
        page.get_by_role("link", name="Maximiliane").click()
        page.wait_for_selector(SHOWN)
        assert "winterstein" not in page.url.lower()
        page.go_back()
        page.wait_for_selector(".studies tbody tr")
        assert page.get_by_role("searchbox").input_value() == "winterstein"


def test_paper_says_that_this_is_no_medical_device(browser: Browser, study: str) -> None:
    """The sentence is on each print-out, and on no screen."""
    with page_of(browser) as page:
        page.goto(study)
        page.wait_for_selector(SHOWN)
        sentence = page.get_by_text("not a cleared medical device")
        assert not sentence.is_visible()
        page.emulate_media(media="print")
        assert sentence.is_visible()
