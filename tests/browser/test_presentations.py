"""Presentations: what is on the screen is stored, and shown again by the server as it was."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from pydicom import Dataset, dcmread

from tests.browser.chromium import DEVICES, Device
from tests.browser.reading import Stage
from tests.browser.test_key_images import Readers, opened, reader
from tests.browser.viewer_pages import OVERLAPS, STUDY, page_of, study_files, violations
from tests.support.corpus import corpus_files
from tests.support.fake_archive import FakeArchive
from tests.support.viewer_server import link_grant, serve, serve_readers

SERIES = f"{STUDY}.1"


@pytest.fixture
def readers() -> Iterator[Readers]:
    archive = FakeArchive(study_files())
    with serve_readers(archive, reader("ada"), reader("bob"), link_grant(STUDY)) as urls:
        yield Readers(archive, urls)


def states(archive: FakeArchive) -> list[Dataset]:
    found = [dcmread(BytesIO(content)) for content in archive.files()]
    return [dataset for dataset in found if dataset.Modality == "PR"]


def save(page: Page, name: str) -> None:
    page.keyboard.press("%")
    panel = page.get_by_role("dialog", name="Presentations")
    panel.get_by_role("textbox", name="Name").fill(name)
    panel.get_by_role("button", name="Save presentation").click()
    expect(panel.get_by_text("Stored in the study.")).to_be_visible()


def show(page: Page, name: str) -> None:
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("%")
    page.get_by_role("button", name=f"Show presentation {name}").click()
    expect(page.locator(".presentation-sign")).to_contain_text(name)


def pixels(page: Page) -> np.ndarray:
    """Return what is on the canvas, in grey."""
    content = page.locator("section.stage .picture canvas").first.screenshot()
    return np.asarray(Image.open(BytesIO(content)).convert("L")).astype(int)


def settled(page: Page) -> None:
    expect(page.locator(".quality-exact")).to_be_visible()
    page.wait_for_timeout(300)


def test_what_was_stored_by_one_reader_is_seen_by_another(browser: Browser, readers: Readers) -> None:
    with page_of(browser) as page:
        opened(page, readers.ada, 20)
        page.keyboard.press("i")
        page.keyboard.press("]")
        page.keyboard.press("h")
        settled(page)
        before = pixels(page)
        save(page, "Ball, inverted")
    (state,) = states(readers.archive)
    assert (state.ContentCreatorName, state.PresentationLUTShape) == ("Ada", "INVERSE")
    assert (state.ImageRotation, state.ImageHorizontalFlip) == (270, "Y") or state.ImageRotation in (90, 270)
    with page_of(browser) as page:
        stage = opened(page, readers.bob, 20)
        show(page, "Ball, inverted")
        expect(page.locator(".key-band")).to_contain_text("Ball, inverted")
        settled(page)
        after = pixels(page)
        middle = (
            slice(before.shape[0] // 4, -before.shape[0] // 4),
            slice(before.shape[1] // 3, -before.shape[1] // 3),
        )
        height = min(before.shape[0], after.shape[0])
        assert height > 0
        # The band takes some of the height: what lies in the middle is compared by its share of black and white.
        assert abs((before[middle] > 128).mean() - (after[middle] > 128).mean()) < 0.05
        assert f"presentation={state.SeriesInstanceUID},{state.SOPInstanceUID}" in stage.picture.get_attribute(
            "data-view"
        )
        page.wait_for_timeout(400)
        page.reload()
        expect(page.locator(".presentation-sign")).to_contain_text("Ball, inverted")
        page.get_by_role("button", name="Leave presentation").click()
        expect(page.locator(".presentation-sign")).to_have_count(0)
        page.keyboard.press("u")
        expect(page.locator(".presentation-sign")).to_have_count(1)
        page.keyboard.press("i")
        expect(page.locator(".presentation-sign")).to_have_count(0)


def test_findings_are_part_of_it(browser: Browser, readers: Readers) -> None:
    with page_of(browser) as page:
        opened(page, readers.ada, 20)
        button = page.get_by_role("button", name="Length", exact=True)
        button.click()
        page.wait_for_timeout(1000)  # the tool's code comes
        box = page.locator(".picture").bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x - 100, y)
        page.mouse.down()
        page.mouse.move(x + 100, y, steps=5)
        page.mouse.up()
        words = page.locator("svg.findings").text_content() or ""
        settled(page)
        page.keyboard.press("Escape")
        save(page, "With a line")
        page.keyboard.press("Escape")
        show(page, "With a line")
        settled(page)
        expect(page.locator("svg.findings .finding")).to_have_count(0)
        page.mouse.move(x - 100, y)
        page.mouse.down()
        page.mouse.move(x + 100, y + 50, steps=5)
        page.mouse.up()
        expect(page.locator(".notice-line, .problem-card").first).to_contain_text("presentation")
    (state,) = states(readers.archive)
    (item,) = state.GraphicAnnotationSequence
    (line,) = item.GraphicObjectSequence
    (text,) = item.TextObjectSequence
    left, top, right, bottom = line.GraphicData
    assert top == pytest.approx(bottom, abs=0.2)
    # A pixel of the file is 1 mm wide.
    told = float(words.split()[0])
    assert right - left == pytest.approx(told, abs=0.06 * told)
    assert str(told) in text.UnformattedTextValue


def test_a_link_sees_presentations_but_stores_none(browser: Browser, readers: Readers) -> None:
    with page_of(browser) as page:
        opened(page, readers.ada, 20)
        save(page, "For all")
    with page_of(browser) as page:
        opened(page, readers.link, 20)
        page.keyboard.press("%")
        panel = page.get_by_role("dialog", name="Presentations")
        expect(panel.get_by_role("button", name="Save presentation")).to_have_count(0)
        panel.get_by_role("button", name="Show presentation For all").click()
        expect(page.locator(".presentation-sign")).to_contain_text("For all")


def test_what_cannot_be_part_of_it_is_said(browser: Browser, readers: Readers) -> None:
    with page_of(browser) as page:
        page.goto(f"{readers.ada}?series={STUDY}.2")
        Stage(page, page).shows(1)
        page.wait_for_load_state("networkidle")
        page.keyboard.press("%")
        expect(page.get_by_role("dialog")).to_contain_text("This image has colours")


@pytest.mark.skipif(not corpus_files("pr/luts"), reason="there is no corpus")
def test_a_presentation_of_somebody_else(browser: Browser) -> None:
    files = [path.read_bytes() for path in corpus_files("pr/luts")]
    study = str(dcmread(BytesIO(files[0])).StudyInstanceUID)
    with serve(FakeArchive(files)) as url, page_of(browser) as page:
        page.goto(f"{url}/sightline/studies/{study}")
        Stage(page, page).shows(1)
        page.wait_for_load_state("networkidle")
        page.keyboard.press("%")
        page.get_by_role("button", name="Show presentation").first.click()
        expect(page.locator(".presentation-sign")).to_have_count(1)
        settled(page)
        address = page.locator(".picture").get_attribute("data-view")
        answer = page.request.get(f"{url}/{address}")
        shown = np.asarray(Image.open(BytesIO(answer.body())))
        assert len(np.unique(shown)) > 100
        assert violations(page) == []


@pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.name)
def test_it_fits_every_screen(browser: Browser, readers: Readers, device: Device) -> None:
    with page_of(browser, device) as page:
        opened(page, readers.ada, 20)
        save(page, "One")
        assert violations(page) == []
        page.keyboard.press("Escape")
        show(page, "One")
        assert page.evaluate(OVERLAPS) == []
        assert violations(page) == []
