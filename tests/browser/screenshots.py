"""Takes the pictures of the README, of the demo studies: ``python -m tests.browser.screenshots``."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from demo import phantom
from demo.identity import STUDY_INSTANCE_UID
from tests.browser.chromium import DESKTOP, PHONE, Device, launch, watched_page
from tests.browser.people import administrators_page
from tests.browser.reading import Stage, ask_for_link, open_link
from tests.support.orthanc_server import REPOSITORY, OrthancServer

IMAGES = REPOSITORY / "docs" / "images"
LARGEST = 300_000


def main() -> None:
    """Fill an Orthanc with the demo studies and take all five."""
    with TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        subprocess.run([sys.executable, "-m", "demo", str(folder / "demo")], check=True, cwd=REPOSITORY)
        (folder / "server").mkdir()
        with OrthancServer(folder / "server") as server:
            fill(server, folder / "demo")
            browser = launch(playwright)
            for take in (study_list, desktop, planes, report, phone):
                take(browser, server)
            browser.close()


def fill(server: OrthancServer, folder: Path) -> None:
    """Upload every file."""
    with server.session() as admin:
        for path in sorted(folder.rglob("*.dcm")):
            answer = admin.post(f"{server.url}/instances", data=path.read_bytes())
            assert answer.status_code == 200, f"{path.name}: {answer.status_code} {answer.text}"


def study_list(browser: Browser, server: OrthancServer) -> None:
    """The studies of the demo, with their pictures."""
    with administrators_page(browser, server, Device("list", 1280, 800)) as page:
        page.locator("table.studies tbody tr").first.wait_for()
        page.wait_for_function(
            "() => [...document.querySelectorAll('table.studies img')].every((image) => image.naturalWidth > 0)"
        )
        save(page, "study-list")


def desktop(browser: Browser, server: OrthancServer) -> None:
    """A slice through the chest, read as an administrator."""
    path = f"/sightline/studies/{STUDY_INSTANCE_UID}?series={series()}&slice=118"
    with administrators_page(browser, server, DESKTOP, path) as page:
        Stage(page, page).shows(118)
        series_are_shown(page)
        stage = Stage(page, page)
        stage.shows(118, "exact")
        page.keyboard.press("Shift+F")
        page.locator(".findings-dock").wait_for()
        for key, start, end in (("Shift+D", (0.30, 0.60), (0.71, 0.60)), ("Shift+V", (0.46, 0.42), (0.55, 0.50))):
            page.keyboard.press(key)
            page.locator("svg.findings").wait_for()
            drag(page, stage, start, end)
        page.keyboard.press("w")
        page.get_by_text("Kept").first.wait_for()
        save(page, "viewer-desktop")


def drag(page: Page, stage: Stage, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw with the mouse; places are parts of the viewport's width and height."""
    left, top, width, height = stage.box()
    page.mouse.move(left + start[0] * width, top + start[1] * height)
    page.mouse.down()
    page.mouse.move(left + end[0] * width, top + end[1] * height, steps=4)
    page.mouse.up()


def planes(browser: Browser, server: OrthancServer) -> None:
    """The three planes, exact, with the PET laid over, and the whole in 3D."""
    path = f"/sightline/studies/{STUDY_INSTANCE_UID}?series={series()}&slice=118"
    with administrators_page(browser, server, Device("laptop", 1366, 768), path) as page:
        Stage(page, page).shows(118)
        series_are_shown(page)
        page.keyboard.press("x")
        page.keyboard.press("m")
        for name in ("Axial", "Coronal", "Sagittal"):
            Stage(page, page, name).shows(quality="exact")
        page.locator(".progress-line").wait_for(state="detached")
        choice = page.get_by_role("combobox", name="Laid over the planes")
        choice.select_option(label=next(text for text in choice.locator("option").all_inner_texts() if "PT" in text))
        page.get_by_role("slider", name="Uptake of the brightest colour").fill("5")
        page.get_by_role("slider", name="Opacity").fill("85")
        page.keyboard.press("@")
        body = Stage(page, page, "3D")
        body.shows(1)
        body.drag(-70, 30)
        page.wait_for_url(re.compile("rendering=bone,35,15"))
        expect(body.picture).to_have_attribute("data-view", re.compile("/rendering/(?!.*detail).*format=png"))
        for name in ("Axial", "Coronal", "Sagittal"):
            Stage(page, page, name).shows(quality="exact")
        save(page, "viewer-mpr")


def report(browser: Browser, server: OrthancServer) -> None:
    """A report beside the image, with what is measured in it."""
    path = f"/sightline/studies/{STUDY_INSTANCE_UID}?series={series()}&slice=118"
    with administrators_page(browser, server, Device("laptop", 1366, 768), path) as page:
        stage = Stage(page, page)
        stage.shows(118)
        series_are_shown(page)
        stage.shows(118, "exact")
        page.keyboard.press("&")
        text = page.locator("textarea[data-code='19005-8']")
        text.fill("No nodule. Heart of normal size.")
        page.locator(".report-state[data-state=kept]").wait_for()
        text.blur()
        save(page, "viewer-report")


def phone(browser: Browser, server: OrthancServer) -> None:
    """The same study, opened by a link on a phone."""
    with watched_page(browser, PHONE, server.url) as page:
        stage = open_link(page, ask_for_link(server, STUDY_INSTANCE_UID))
        stage.shows(quality="exact")
        save(page, "viewer-phone")


def series() -> str:
    """Return the UID of the phantom's CT."""
    return str(next(iter(phantom.chest_ct())).SeriesInstanceUID)


def series_are_shown(page: Page) -> None:
    """Wait until the series strip has all its pictures."""
    page.wait_for_function(
        "() => [...document.querySelectorAll('.strip img')].every((image) => image.naturalWidth > 0)"
    )


def save(page: Page, name: str) -> None:
    """Take the picture, with as many greys as the largest file allows; the few colours stay as they are."""
    page.mouse.move(0, 0)
    with Image.open(io.BytesIO(page.screenshot(animations="disabled"))) as taken:
        picture = taken.convert("RGB")
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    if buffer.tell() <= LARGEST:
        (IMAGES / f"{name}.png").write_bytes(buffer.getvalue())
        return
    pixels = np.asarray(picture, np.int16)
    for greys in (128, 64, 48, 32, 24):
        buffer = io.BytesIO()
        reduced(pixels, greys).save(buffer, "PNG", optimize=True)
        if buffer.tell() <= LARGEST:
            (IMAGES / f"{name}.png").write_bytes(buffer.getvalue())
            return
    raise ValueError(f"{name} is too large.")


def reduced(pixels: npt.NDArray[np.int16], greys: int) -> Image.Image:
    """Return a picture of a palette: so many greys, and the best of the other colours.

    Parameters
    ----------
    pixels : (rows, columns, 3) ndarray of int16
        Red, green, blue from 0 to 255.
    """
    is_colour = np.ptp(pixels, axis=-1) > 3
    colours = Image.fromarray(pixels[is_colour].astype(np.uint8)[np.newaxis]).quantize(255 - greys)
    indices = np.rint(pixels.mean(axis=-1) * (greys - 1) / 255).astype(np.uint8)
    indices[is_colour] = np.asarray(colours)[0] + greys
    picture = Image.fromarray(indices, "P")
    ramp = [round(index * 255 / (greys - 1)) for index in range(greys) for _ in range(3)]
    picture.putpalette([*ramp, *(colours.getpalette() or [])])
    return picture


if __name__ == "__main__":
    main()
