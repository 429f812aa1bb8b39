"""A PET laid over the planes of a CT: chosen, coloured, turned up and down, told on the picture, in the address."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import DESKTOP, DEVICES, Device
from tests.browser.small_pet_ct import open_planes, planes_address
from tests.browser.viewer_pages import AXE, OVERLAPS, page_of, violations


@pytest.fixture(scope="module")
def planes() -> Iterator[str]:
    with planes_address() as address:
        yield address


def lay_over(page: Page) -> None:
    """Choose the PET."""
    choice = page.get_by_role("combobox", name="Laid over the planes")
    choice.select_option(label=next(text for text in choice.locator("option").all_inner_texts() if "PT" in text))
    expect(page.locator(".planes .picture[data-view*='fusion=']")).to_have_count(3)


def corner(page: Page, plane: str) -> str:
    return page.get_by_role("region", name=plane).locator(".corner-top-right").inner_text()


def picture(page: Page, plane: str) -> np.ndarray:
    """Return the pixels of a plane as the server has them, exact."""
    view = page.get_by_role("region", name=plane).locator(".picture").get_attribute("data-view") or ""
    answer = page.request.get(f"{page.url.partition('/sightline/')[0]}/{view}&format=png")
    assert answer.status == 200, view
    return np.asarray(Image.open(io.BytesIO(answer.body()))).astype(int)


def test_a_pet_is_laid_over_and_taken_away_again(browser: Browser, planes: str) -> None:
    with page_of(browser) as page:
        open_planes(page, planes)
        lay_over(page)
        for plane in ("Axial", "Coronal", "Sagittal"):
            assert "+ PT, SUV 0–10" in corner(page, plane)
        page.get_by_role("slider", name="Uptake of the brightest colour").fill("4")
        expect(page.locator(".planes")).to_contain_text("SUV 0–4")
        page.get_by_role("slider", name="Opacity").fill("90")
        page.get_by_role("combobox", name="Colours").select_option("Rainbow")
        page.wait_for_url(re.compile(r"fusion=[0-9.]+,rainbow,0\.9,4"))
        expect(page.locator(".planes .picture[data-view*=',rainbow,0.9&fusionwindow=']")).to_have_count(3)
        page.reload()
        expect(page.locator(".planes")).to_contain_text("SUV 0–4")
        page.get_by_role("combobox", name="Laid over the planes").select_option("No fusion")
        expect(page.locator(".planes")).not_to_contain_text("+ PT")
        page.keyboard.press("u")
        expect(page.locator(".planes")).to_contain_text("+ PT, SUV 0–4")


def test_what_takes_nothing_up_stays_grey(browser: Browser, planes: str) -> None:
    with page_of(browser) as page:
        open_planes(page, planes)
        lay_over(page)
        page.get_by_role("slider", name="Uptake of the brightest colour").fill("2")
        axial = page.get_by_role("region", name="Axial").locator(".corner-top-right")
        expect(axial).to_contain_text("SUV 0–2")
        colour = np.ptp(picture(page, "Axial"), axis=2)
        assert colour.max() > 40
        assert (colour == 0).mean() > 0.3


def test_why_something_cannot_be_laid_over(browser: Browser, planes: str) -> None:
    with page_of(browser) as page:
        open_planes(page, planes)
        page.route(
            "**/planes?fusion=*",
            lambda route: route.fulfill(
                status=422, json={"message": "Nothing says how they lie.", "code": "no-fusion"}
            ),
        )
        choice = page.get_by_role("combobox", name="Laid over the planes")
        choice.select_option(index=1)
        expect(page.get_by_text("Nothing says how they lie.")).to_be_visible()
        expect(choice).to_have_value("")


def test_a_lost_connection_takes_nothing_away(browser: Browser, planes: str) -> None:
    with page_of(browser) as page:
        open_planes(page, planes)
        page.route("**/planes?fusion=*", lambda route: route.abort())
        lay_over(page)
        expect(page.get_by_role("combobox", name="Laid over the planes")).not_to_have_value("")
        assert "+ PT, SUV 0–10" in corner(page, "Axial")


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed")
@pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.name)
def test_everybody_can_use_it(device: Device, browser: Browser, planes: str) -> None:
    with page_of(browser, device) as page:
        open_planes(page, planes)
        lay_over(page)
        if device is DESKTOP:
            page.get_by_role("button", name="MIP", exact=True).click()
            expect(page.locator(".planes .picture[data-view*='slab=10']")).to_have_count(3)
        assert violations(page) == []
        assert page.evaluate(OVERLAPS) == []
