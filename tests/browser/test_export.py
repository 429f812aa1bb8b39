"""What was seen, as a file, on paper and in the archive."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page
from pydicom import dcmread

from tests.browser.viewer_pages import SHOWN, SLICES, STUDY, page_of, study_files, violations
from tests.support.fake_archive import FakeArchive
from tests.support.viewer_server import link_grant, serve


@pytest.fixture(scope="module")
def archive() -> FakeArchive:
    return FakeArchive(study_files())


@pytest.fixture(scope="module")
def study(archive: FakeArchive) -> Iterator[str]:
    with serve(archive) as url:
        yield f"{url}/sightline/studies/{STUDY}"


def opened(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector(SHOWN)
    page.wait_for_selector("[data-quality=exact]")
    page.keyboard.press("Shift+E")
    page.get_by_role("dialog", name="Export").wait_for()


def saved(page: Page, tmp_path: Path) -> tuple[str, Any]:
    """Save, and return the file's name and picture."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Save").click()
    target = tmp_path / download.value.suggested_filename
    download.value.save_as(target)
    return target.name, Image.open(BytesIO(target.read_bytes()))


def test_every_pixel_of_the_image_is_saved_as_the_server_renders_it(
    browser: Browser, study: str, tmp_path: Path
) -> None:
    with page_of(browser) as page:
        opened(page, study)
        assert violations(page) == []
        page.get_by_label("This image, every pixel of it").check()
        page.get_by_label("The image alone").check()
        name, picture = saved(page, tmp_path)
        # The middle slice of the ball, windowed 40 400: 300 HU is white, -900 HU black.
        z, y, x = np.mgrid[SLICES // 2 : SLICES // 2 + 1, 0:64, 0:48]
        ball = ((z - 20) ** 2 * 4 + (y - 32) ** 2 + (x - 24) ** 2 < 400)[0]
        assert picture.size == (48, 64)
        np.testing.assert_array_equal(np.asarray(picture.convert("L")), np.where(ball, 255, 0))
        assert name == "20260102-CT-1-21.png"


def test_the_patient_is_in_the_picture_only_if_wanted(browser: Browser, study: str, tmp_path: Path) -> None:
    with page_of(browser) as page:
        opened(page, study)
        corners = []
        for texts in ("Patient and annotations", "Annotations, without the patient"):
            page.get_by_label(texts).check()
            picture = np.asarray(saved(page, tmp_path)[1].convert("L"))
            rows, columns = picture.shape
            corners.append((picture[:60, : columns // 3].max(), picture[rows - 60 :, : columns // 3].max()))
        (patient, window), (nobody, same) = corners
        assert patient == window == same == 255
        assert nobody < 50


def test_a_film_holds_the_slices_that_were_chosen(browser: Browser, study: str, tmp_path: Path) -> None:
    with page_of(browser) as page:
        opened(page, study)
        page.get_by_label("Film of the series").check()
        page.get_by_label("First slice").fill("16")
        page.get_by_label("Last slice").fill("20")
        name, film = saved(page, tmp_path)
        assert name.endswith(".webp")
        assert (film.n_frames, film.size) == (5, (48, 64))


def test_a_capture_is_kept_in_the_study(browser: Browser, study: str, archive: FakeArchive) -> None:
    with page_of(browser) as page:
        opened(page, study)
        before = set(archive.files())
        page.get_by_role("button", name="Keep in the study").click()
        page.get_by_text("Kept in the study").wait_for()
    (stored,) = [dcmread(BytesIO(content)) for content in set(archive.files()) - before]
    assert (stored.StudyInstanceUID, stored.Modality, stored.BurnedInAnnotation) == (STUDY, "OT", "YES")
    assert stored.pixel_array.any()


def test_paper_shows_the_picture_and_whose_it_is(browser: Browser, study: str) -> None:
    with page_of(browser) as page:
        opened(page, study)
        page.evaluate("() => { window.print = () => undefined; }")
        page.get_by_label("This image, every pixel of it").check()
        page.get_by_role("button", name="Print or PDF").click()
        page.wait_for_function("() => document.querySelector('.print-sheet')")
        page.emulate_media(media="print")
        sheet = page.locator(".print-sheet")
        assert "Maximiliane" in sheet.inner_text()
        width = page.locator(".print-sheet img").evaluate("image => image.getBoundingClientRect().width")
        assert width == pytest.approx(48 * 96 / 25.4, abs=1)  # 48 columns of 1 mm; CSS has 96 pixels to the inch
        page.evaluate("window.dispatchEvent(new Event('afterprint'))")
        page.wait_for_selector(".print-sheet", state="detached")


def test_who_may_only_look_is_offered_no_export(browser: Browser) -> None:
    with serve(FakeArchive(study_files()), link_grant(STUDY)) as site, page_of(browser) as page:
        page.goto(f"{site}/sightline/studies/{STUDY}")
        page.wait_for_selector(SHOWN)
        page.keyboard.press("Shift+E")
        assert page.get_by_role("dialog").count() == 0
