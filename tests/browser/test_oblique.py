"""Planes that are turned out of the patient's axes, by hand and by keys, and back again."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import DEVICES, Device
from tests.browser.reading import Stage
from tests.browser.small_pet_ct import open_planes, planes_address
from tests.browser.viewer_pages import AXE, OVERLAPS, page_of, violations


@pytest.fixture(scope="module")
def planes() -> Iterator[str]:
    with planes_address() as address:
        yield address


def exact(page: Page, plane: str) -> np.ndarray:
    """Return a plane's pixels, whole and without loss."""
    view = page.get_by_role("region", name=plane).locator(".picture").get_attribute("data-view") or ""
    view = re.sub(r"[?&]size=[0-9]+", "", view)
    site = page.url.partition("/sightline/")[0]
    answer = page.request.get(f"{site}/{view}{'&' if '?' in view else '?'}format=png")
    assert answer.status == 200, view
    return np.asarray(Image.open(io.BytesIO(answer.body()))).astype(float)


def test_a_right_angle_makes_coronal_planes_sagittal_ones(browser: Browser, planes: str) -> None:
    with page_of(browser) as page:
        open_planes(page, planes)
        sagittal = exact(page, "Sagittal")
        coronal = page.get_by_role("region", name="Coronal")
        for _ in range(18):
            page.keyboard.press("Control+Shift+ArrowRight")
        expect(coronal.locator(".edge-left")).to_have_text("A")
        expect(coronal.locator(".edge-right")).to_have_text("P")
        expect(coronal.locator(".corner-top-right")).to_contain_text("Coronal, oblique")
        # The last of the eighteen pictures: columns run to the back, rows to the feet.
        expect(coronal.locator(".picture")).to_have_attribute("data-view", re.compile("/cut/[^/]*,0,1,0,0,0,-1,"))
        turned = exact(page, "Coronal")
        # As many pixels as the finer spacing wants: rows between the slices, columns as before.
        places = np.linspace(0, len(sagittal) - 1, len(turned))
        between = np.stack([np.interp(places, np.arange(len(sagittal)), column) for column in sagittal.T], axis=1)
        assert turned.shape == between.shape
        apart, flipped = (np.abs(turned - one).mean() for one in (between, between[:, ::-1]))
        # A window of what lies between is not what lies between windows: alike, not the same.
        assert 3 * apart < flipped
        page.get_by_role("button", name="Straighten").click()
        expect(coronal.locator(".edge-left")).to_have_text("R")
        expect(coronal.locator(".corner-top-right")).not_to_contain_text("oblique")


def test_a_line_is_turned_by_its_end(browser: Browser, planes: str) -> None:
    with page_of(browser) as page:
        open_planes(page, planes)
        axial = Stage(page, page, "Axial")
        handle = axial.picture.locator(".crosshair circle").first.evaluate(
            "(circle) => { const box = circle.getBoundingClientRect(); return [box.x + 5, box.y + 5]; }"
        )
        middle = axial.middle()
        angle = np.arctan2(handle[1] - middle[1], handle[0] - middle[0]) + np.radians(20)
        reach = np.hypot(handle[0] - middle[0], handle[1] - middle[1])
        page.mouse.move(*handle)
        page.mouse.down()
        page.mouse.move(middle[0] + reach * np.cos(angle), middle[1] + reach * np.sin(angle), steps=6)
        page.mouse.up()
        expect(page.get_by_role("region", name="Sagittal").locator(".corner-top-right")).to_contain_text("oblique")
        page.wait_for_url(re.compile(r"turned=0\.98[3-6]"))
        # Within the plane that was turned in, nothing moved.
        expect(axial.picture).to_have_attribute("data-view", re.compile("/axial/"))
        page.reload()
        expect(page.get_by_role("region", name="Sagittal").locator(".corner-top-right")).to_contain_text("oblique")
        page.keyboard.press("Control+Shift+ArrowUp")
        page.wait_for_url(lambda url: "turned" not in url)
        page.keyboard.press("u")
        page.wait_for_url(re.compile("turned="))


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed")
@pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.name)
def test_everybody_can_use_it(device: Device, browser: Browser, planes: str) -> None:
    with page_of(browser, device) as page:
        page.goto(f"{planes}&turned=0.9,0.1,-0.2,0.37&slab=10,max")
        expect(page.locator(".planes .picture[data-view*='/cut/']")).to_have_count(3)
        assert violations(page) == []
        assert page.evaluate(OVERLAPS) == []
