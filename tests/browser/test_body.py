"""The body beside its planes: seen from the right side, turned by mouse, finger and keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import oracle
from tests.browser.chest import SLICES, Chest
from tests.browser.chromium import DESKTOP, DEVICES, PHONE, Device, watched_page
from tests.browser.reading import Stage, ask_for_link, open_link
from tests.browser.small_pet_ct import planes_address
from tests.browser.viewer_pages import AXE, OVERLAPS, page_of, violations
from tests.support.orthanc_server import OrthancServer

CENTER, WIDTH = 300, 1500


@pytest.fixture(scope="module")
def planes() -> Iterator[str]:
    with planes_address() as address:
        yield address


def show_body(page: Page) -> Stage:
    """Show it beside its planes."""
    page.get_by_role("button", name="3D", exact=True).click()
    body = Stage(page, page, "3D")
    body.shows(1)
    return body


@pytest.fixture
def shown(browser: Browser, planes: str) -> Iterator[tuple[Page, Stage]]:
    """A small chest with its body."""
    with page_of(browser) as page:
        page.goto(planes)
        yield page, show_body(page)


def choose(page: Page, what: str, option: str) -> None:
    page.get_by_role("combobox", name=what).select_option(option)


def numbers_of(view: str) -> list[float]:
    """Return origin, directions, spacing, rows and columns of the picture's plane."""
    return [float(number) for number in view.split("/")[-1].partition("?")[0].split(",")]


def greatest(ct: Chest, side: str) -> np.ndarray:
    """Return the greatest values through the chest, (rows, columns) as a reader sees that side."""
    volume = np.stack([ct.hounsfield(ct.stored(number)) for number in range(1, SLICES + 1)])
    from_front, from_side = volume.max(axis=1)[::-1], volume.max(axis=2)[::-1]
    sides = {
        "Front": from_front,
        "Back": from_front[:, ::-1],
        "Left": from_side,
        "Right": from_side[:, ::-1],
        "Head": volume.max(axis=0)[::-1],
        "Feet": volume.max(axis=0),
    }
    return sides[side]


def on_plane(values: np.ndarray, spacing: tuple[float, float], plane: list[float], fill: float) -> np.ndarray:
    """Take the nearest of `values`, whose middle is the picture's, for each pixel of a plane."""
    rows, columns = int(plane[11]), int(plane[12])
    places = [
        np.rint((np.arange(count) - (count - 1) / 2) * step / own + (size - 1) / 2).astype(int)
        for count, step, own, size in zip((rows, columns), plane[9:11], spacing, values.shape, strict=True)
    ]
    inside = [(place >= 0) & (place < size) for place, size in zip(places, values.shape, strict=True)]
    clipped = [np.clip(place, 0, size - 1) for place, size in zip(places, values.shape, strict=True)]
    taken = values[np.ix_(*clipped)]
    return np.asarray(np.where(np.logical_and.outer(*inside), taken, fill))


@pytest.fixture
def chest_page(browser: Browser, site: OrthancServer, ct: Chest) -> Iterator[Page]:
    """The planes of the chest CT."""
    with watched_page(browser, DESKTOP, site.url) as page:
        open_link(page, ask_for_link(site, ct.study))
        query = f"series={ct.series}&layout=planes&window={CENTER},{WIDTH}"
        page.goto(urlsplit(page.url)._replace(query=query).geturl())
        yield page


def test_a_projection_shows_each_side_as_it_lies(chest_page: Page, site: OrthancServer, ct: Chest) -> None:
    page, body = chest_page, show_body(chest_page)
    choose(page, "What it looks like", "MIP")
    for side, letter in {"Front": "A", "Back": "P", "Left": "L", "Right": "R", "Head": "H", "Feet": "F"}.items():
        choose(page, "Seen from", side)
        expect(body.picture).to_have_attribute("data-view", re.compile("/projection/"))
        expect(body.picture.locator(".cube text").last).to_have_text(letter)
        view = body.shows(1)
        assert f"window={CENTER},{WIDTH}" in view
        answer = page.request.get(f"{site.url}/{view}&format=png")
        picture = oracle.opened(answer.body()).astype(float)
        vertical = ct.pixel_spacing if side in ("Head", "Feet") else ct.slice_spacing
        expected = on_plane(greatest(ct, side), (vertical, ct.pixel_spacing), numbers_of(view), -5000)
        grey = oracle.windowed(np.round(expected), CENTER, WIDTH).astype(float)
        # Rays between voxels are mixed of their neighbours: alike, not the same; turned over, it is another picture.
        apart = np.abs(picture - grey).mean()
        flips = [float(np.abs(picture - turned).mean()) for turned in (grey[:, ::-1], grey[::-1])]
        assert apart < 4
        assert min(flips) > 2 * apart


def test_a_drag_turns_it_and_undo_turns_it_back(shown: tuple[Page, Stage]) -> None:
    page, body = shown
    turned = page.get_by_role("region", name="3D")
    expect(turned.locator(".edge-left")).to_have_text("R")
    body.drag(-180, 0)
    page.wait_for_url(re.compile("rendering=bone,90,0"))
    expect(turned.locator(".edge-left")).to_have_text("A")
    expect(page.get_by_role("combobox", name="Seen from")).to_have_value("L")
    body.drag(0, 60)
    page.wait_for_url(re.compile("rendering=bone,90,30"))
    expect(turned.locator(".edge-top")).to_have_text("HR")
    for _ in range(2):
        page.keyboard.press("u")
    expect(turned.locator(".edge-left")).to_have_text("R")
    # At rest, every ray is cast through the whole volume.
    expect(body.picture).to_have_attribute("data-view", re.compile("/rendering/(?!.*detail)"))
    page.reload()
    expect(page.get_by_role("combobox", name="What it looks like")).to_have_value("bone")
    page.keyboard.press("@")
    expect(turned).to_have_count(0)


def test_without_a_pointer(shown: tuple[Page, Stage]) -> None:
    page, _ = shown
    page.get_by_role("combobox", name="Seen from").focus()
    page.keyboard.press("Tab")
    turn = page.get_by_role("slider", name="Turn")
    expect(turn).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(turn).to_have_attribute("aria-valuetext", "5°")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile("rendering=bone,5,5"))


def test_while_it_moves_pictures_are_small_and_say_so(shown: tuple[Page, Stage]) -> None:
    page, body = shown
    x, y = body.middle()
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y)
    expect(body.picture).to_have_attribute("data-view", re.compile(r",256,256\?detail=interactive"))
    expect(page.get_by_role("region", name="3D").locator(".quality")).to_contain_text("Preview")
    page.mouse.up()
    expect(page.get_by_role("region", name="3D").locator(".quality")).to_contain_text("Lossy")


def test_a_finger_turns_it(browser: Browser, planes: str) -> None:
    with page_of(browser, PHONE) as page:
        page.goto(planes)
        show_body(page).swipe(80)
        page.wait_for_url(re.compile("rendering=bone,0,40"))


def test_on_a_phone_on_its_side_all_lie_in_one_row(browser: Browser, planes: str) -> None:
    side = Device("phone on its side", PHONE.height, PHONE.width, touch=True, pixel_ratio=PHONE.pixel_ratio)
    pictures = "pictures => pictures.map((one) => Math.round(one.getBoundingClientRect().top))"
    with page_of(browser, side) as page:
        page.goto(planes)
        visible = page.locator(".planes .picture:visible")
        expect(visible).to_have_count(3)
        assert len(set(visible.evaluate_all(pictures))) == 1
        show_body(page)
        expect(visible).to_have_count(2)
        assert len(set(visible.evaluate_all(pictures))) == 1
        assert page.evaluate(OVERLAPS) == []


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed")
@pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.name)
def test_everybody_can_use_it(device: Device, browser: Browser, planes: str) -> None:
    with page_of(browser, device) as page:
        page.goto(planes)
        show_body(page)
        assert violations(page) == []
        assert page.evaluate(OVERLAPS) == []
        expect(page.locator(".planes .picture:visible")).to_have_count(2 if device is PHONE else 4)
        expect(page.locator(".progress-line")).to_have_count(0)
