"""From an EHR's request for a link to the right grey levels on the screen."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import oracle
from tests.browser.chest import SIZE, SLICES, Chest
from tests.browser.chromium import DESKTOP, DEVICES, PHONE, Device, watched_page
from tests.browser.reading import LINKS, Link, Stage, ask_for_link, open_link, reading_url, window_of
from tests.support.orthanc_server import OrthancServer

KNOWN = 101
QUALITY = 85


def fetched(page: Page, site: OrthancServer, path: str) -> bytes:
    """Get a picture with the page's own session."""
    answer = page.request.get(f"{site.url}/{path}")
    assert answer.status == 200
    return answer.body()


def png_of(path: str) -> str:
    """Return the address of the exact picture of the same view."""
    if "format=png" in path:
        return path
    return f"{path}{'&' if '?' in path else '?'}format=png"


@pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.name)
def test_a_link_opens_the_study_and_leaves_no_secret(
    device: Device, browser: Browser, site: OrthancServer, ct: Chest
) -> None:
    link = ask_for_link(site, ct.study)
    with watched_page(browser, device, site.url) as page:
        stage = open_link(page, link)
        assert page.url.partition("?")[0] == reading_url(site, ct)
        assert link.secret not in page.url
        assert page.evaluate("history.length") <= 2
        middle = SLICES // 2 + 1
        exact = oracle.windowed(ct.hounsfield(ct.stored(middle)), *ct.window)
        assert np.unique(exact).size > 150
        stage.shows(middle, "exact")
        assert stage.differs_from(exact, device.pixel_ratio) <= 1
        page.go_back()
        assert link.secret not in page.url


class TestScrolling:
    """Every way to scroll arrives at the slice whose stored values are on the screen."""

    @pytest.fixture
    def page(self, browser: Browser, site: OrthancServer) -> object:
        with watched_page(browser, DESKTOP, site.url) as page:
            yield page

    def test_wheel_keys_and_slider(self, page: Page, site: OrthancServer, ct: Chest) -> None:
        stage = open_link(page, ask_for_link(site, ct.study))
        stage.shows(138)
        page.mouse.move(*stage.middle())
        for _ in range(3):
            page.mouse.wheel(0, 120)
        stage.shows(141)
        page.mouse.wheel(0, -120)
        stage.shows(140)
        page.keyboard.press("PageUp")
        page.keyboard.press("ArrowUp")
        stage.shows(129)
        page.keyboard.press("End")
        stage.shows(SLICES)
        page.keyboard.press("Home")
        stage.shows(1)
        stage.slider.fill(str(KNOWN))
        path = stage.shows(KNOWN, "exact")
        assert ct.slices[KNOWN - 1].sop_instance_uid in path
        top, left = stage.fit_one_to_one(SIZE)
        stage.shows(KNOWN, "exact")
        exact = oracle.windowed(ct.hounsfield(ct.stored(KNOWN)), *ct.window)
        pixels = stage.pixels()[top : top + SIZE, left : left + SIZE]
        assert oracle.largest(pixels, exact) <= 1
        expect(page.locator(".corner-top-right")).to_contain_text(f"{KNOWN} / {SLICES}")

    def test_a_finger(self, browser: Browser, site: OrthancServer, ct: Chest) -> None:
        with watched_page(browser, PHONE, site.url) as page:
            stage = open_link(page, ask_for_link(site, ct.study))
            stage.shows(138)
            stage.swipe(-80)
            page.wait_for_function("() => document.querySelector('.picture').dataset.slice < 138")
            stage.swipe(160)
            page.wait_for_function("() => document.querySelector('.picture').dataset.slice > 138")
            number = int(stage.slider.input_value())
            stage.shows(number, "exact")
            exact = oracle.windowed(ct.hounsfield(ct.stored(number)), *ct.window)
            assert stage.differs_from(exact, PHONE.pixel_ratio) <= 1


class TestWindow:
    """The window on the screen is the one that was asked for, applied as the standard says."""

    def test_preset_and_drag(self, browser: Browser, site: OrthancServer, ct: Chest) -> None:
        values = ct.hounsfield(ct.stored(KNOWN))
        with watched_page(browser, DESKTOP, site.url) as page:
            stage = open_link(page, ask_for_link(site, ct.study))
            stage.slider.fill(str(KNOWN))
            stage.slider.blur()
            page.keyboard.press("1")
            path = stage.shows(KNOWN, "exact", "40,400")
            expect(page.locator(".corner-bottom-left")).to_contain_text("W 400")
            exact = oracle.windowed(values, 40, 400)
            assert np.array_equal(oracle.opened(fetched(page, site, png_of(path))), exact)
            stage.drag(120, 60)
            page.wait_for_function("() => !document.querySelector('.picture').dataset.view.includes('window=40,400')")
            path = stage.shows(KNOWN, "exact")
            center, width = window_of(path)
            assert width == pytest.approx(400 * np.exp(120 / 240), abs=1)
            assert center == pytest.approx(40 + 60 * 400 / 300, abs=1)
            expect(page.locator(".corner-bottom-left")).to_contain_text(f"W {width:.0f}")
            top, left = stage.fit_one_to_one(SIZE)
            stage.shows(KNOWN, "exact")
            pixels = stage.pixels()[top : top + SIZE, left : left + SIZE]
            assert oracle.largest(pixels, oracle.windowed(values, center, width)) <= 1

    def test_what_jpeg_loses_is_what_jpeg_has_to(self, browser: Browser, site: OrthancServer, ct: Chest) -> None:
        """The quick picture is marked lossy, loses no more than another encoder does, and is drawn as it is."""
        with watched_page(browser, DESKTOP, site.url) as page:
            # Neither the exact frame nor the exact picture, which follow when the reader rests, ever comes.
            page.route(re.compile("format=(png|exact)"), lambda _route: None)
            stage = open_link(page, ask_for_link(site, ct.study))
            middle = SLICES // 2 + 1
            path = stage.shows(middle, "lossy")
            lossy = oracle.opened(fetched(page, site, path))
            exact = oracle.windowed(ct.hounsfield(ct.stored(middle)), *ct.window)
            assert 0 < oracle.rms(lossy, exact) <= 1.1 * oracle.jpeg_loss(exact, QUALITY)
            assert stage.differs_from(lossy, 1) <= 1
            expect(page.locator(".quality")).to_have_text("Lossy")


class TestPlanes:
    """The three planes show stored voxels where the volume's axes are the patient's."""

    def test_a_sagittal_column_is_the_stored_voxels(self, browser: Browser, site: OrthancServer, ct: Chest) -> None:
        column = 200
        with watched_page(browser, DESKTOP, site.url) as page:
            open_link(page, ask_for_link(site, ct.study))
            page.keyboard.press("1")
            page.keyboard.press("m")
            sagittal = Stage(page, page, "Sagittal")
            sagittal.shows()
            for name, count in (("Axial", SLICES), ("Coronal", SIZE), ("Sagittal", SIZE)):
                stage = Stage(page, page, name)
                stage.shows(quality="lossy", window="40,400")
                assert stage.slider.get_attribute("max") == str(count)
            page.keyboard.press("x")
            # Plane 0 is the rightmost one (lowest x of LPS), and so is column 0 of every slice.
            sagittal.slider.fill(str(column + 1))
            path = sagittal.shows(column + 1, "exact", "40,400")
            # Rows run from the head down, columns from the front to the back: slices reversed, rows as stored.
            exact = oracle.windowed(ct.hounsfield(ct.sagittal(column)), 40, 400)
            picture = oracle.opened(fetched(page, site, path))
            assert picture.shape == (SLICES, SIZE)
            assert np.array_equal(picture[:, 256], exact[:, 256])
            assert np.array_equal(picture, exact)
            assert sagittal.differs_from(exact, 1, (ct.slice_spacing, ct.pixel_spacing)) <= 1

    def test_the_crosshair_moves_the_other_planes(self, browser: Browser, site: OrthancServer, ct: Chest) -> None:
        with watched_page(browser, DESKTOP, site.url) as page:
            stack = open_link(page, ask_for_link(site, ct.study))
            stack.slider.fill(str(KNOWN))
            stack.shows(KNOWN)
            page.keyboard.press("m")
            axial, coronal, sagittal = (Stage(page, page, name) for name in ("Axial", "Coronal", "Sagittal"))
            axial.shows(KNOWN)
            for stage in (coronal, sagittal):
                stage.shows(SIZE // 2 + 1)
            left, top, width, height = axial.box()
            scale = min(width, height) / SIZE
            x = left + width / 2 + (100.5 - SIZE / 2) * scale
            y = top + height / 2 + (350.5 - SIZE / 2) * scale
            page.mouse.click(x, y)
            sagittal.shows(101)
            coronal.shows(351)

    def test_a_slab_is_the_greatest_of_what_lies_across(self, browser: Browser, site: OrthancServer, ct: Chest) -> None:
        column, thickness = 200, 10.0
        steps = np.ceil(thickness / min(ct.pixel_spacing, ct.slice_spacing))
        across = column + np.linspace(-thickness / 2, thickness / 2, int(steps) + 1) / ct.pixel_spacing
        samples = []
        for place in across:
            first, part = int(place), place % 1
            near, far = (ct.hounsfield(ct.sagittal(one)) for one in (first, first + 1))
            samples.append(near + part * (far - near))
        with watched_page(browser, DESKTOP, site.url) as page:
            open_link(page, ask_for_link(site, ct.study))
            page.keyboard.press("1")
            page.keyboard.press("m")
            page.keyboard.press("x")
            sagittal = Stage(page, page, "Sagittal")
            sagittal.slider.fill(str(column + 1))
            for name, reduce in (("MIP", np.max), ("MinIP", np.min), ("Mean", np.mean)):
                page.get_by_role("button", name=name, exact=True).click()
                corner = page.get_by_role("region", name="Sagittal").locator(".corner-top-right")
                expect(corner).to_contain_text(f"{name} 10 mm")
                picture = oracle.opened(fetched(page, site, sagittal.shows(column + 1, "exact", "40,400")))
                expected = oracle.windowed(np.round(reduce(samples, axis=0), 3), 40, 400)
                assert picture.shape == expected.shape
                # Both are rounded: a value between two greys may become either.
                assert oracle.largest(picture, expected) <= 1
                assert np.mean(picture != expected) < 0.002

    def test_slabs_by_keys_undone_and_kept(self, browser: Browser, site: OrthancServer, ct: Chest) -> None:
        with watched_page(browser, DESKTOP, site.url) as page:
            open_link(page, ask_for_link(site, ct.study))
            page.keyboard.press("m")
            corner = page.get_by_role("region", name="Coronal").locator(".corner-top-right")
            expect(corner).to_contain_text("mm")
            thickness = page.get_by_role("slider", name="Thickness")
            expect(thickness).to_have_attribute("aria-valuetext", "Thin")
            for key, said in (
                ("Shift+ArrowUp", "MIP 1 mm"),
                ("Shift+ArrowUp", "MIP 2 mm"),
                ("$", "MinIP 2 mm"),
                ("Shift+ArrowDown", "MinIP 1 mm"),
            ):
                page.keyboard.press(key)
                expect(corner).to_contain_text(said)
            page.wait_for_url("**&slab=1,min")
            page.reload()
            expect(corner).to_contain_text("MinIP 1 mm")
            thickness.focus()
            page.keyboard.press("End")
            expect(corner).to_contain_text("MinIP 100 mm")
            page.keyboard.press("u")
            expect(corner).to_contain_text("MinIP 1 mm")
            page.keyboard.press("Shift+ArrowDown")
            expect(corner).not_to_contain_text("MinIP")
            page.wait_for_url(lambda url: "slab" not in url)


class TestRefusal:
    """The session of a link opens its study and nothing else."""

    @staticmethod
    def beyond(other: str) -> tuple[str, ...]:
        return (
            "/sightline/",
            f"/sightline/studies/{other}",
            f"/sightline/api/studies/{other}",
            f"/sightline/api/studies/{other}/thumbnail",
            "/sightline/api/studies",
            "/dicom-web/studies",
            "/dicom-web/studies?StudyInstanceUID=*",
            "/dicom-web/series",
            "/dicom-web/instances",
            f"/dicom-web/studies/{other}/series",
            f"/dicom-web/studies/{other}/metadata",
            "/system",
            "/studies",
            "/instances",
            "/changes",
            "/tools/find",
            "/ui/app/",
            "/app/explorer.html",
            "/app/explorer.js",
            LINKS,
            "/sightline/api/audit",
        )

    def test_beyond_the_study(self, browser: Browser, site: OrthancServer, ct: Chest, other_study: str) -> None:
        link = ask_for_link(site, ct.study)
        with watched_page(browser, DESKTOP, site.url) as page:
            open_link(page, link)
            assert page.request.get(f"{site.url}/dicom-web/studies/{ct.study}/series").status == 200
            for path in self.beyond(other_study):
                status = page.request.get(site.url + path, max_redirects=0).status
                assert status in (401, 403), f"{path} answered {status}"

    def test_a_person_is_told_so(self, browser: Browser, site: OrthancServer, ct: Chest, other_study: str) -> None:
        context = browser.new_context(**DESKTOP.options())
        page = context.new_page()
        open_link(page, ask_for_link(site, ct.study))
        answer = page.goto(f"{site.url}/sightline/studies/{other_study}")
        assert answer is not None
        assert answer.status == 403
        assert other_study not in page.content()
        context.close()

    def test_revoked_while_open(self, site: OrthancServer, browser: Browser, ct: Chest) -> None:
        """With the next picture it is over; a reload says kindly why, without a word on the patient."""
        link = ask_for_link(site, ct.study)
        context = browser.new_context(**DESKTOP.options())
        page = context.new_page()
        page.route("**format=exact**", lambda route: route.abort())  # else its slices would be on the device
        stage = open_link(page, link)
        stage.shows(138, "exact")
        with site.service() as service:
            assert service.delete(f"{site.url}{LINKS}/{link.id}").status_code == 204
        assert page.request.get(f"{site.url}/{stage.shows()}", max_redirects=0).status == 401
        page.keyboard.press("Home")
        expect(page.get_by_role("dialog")).to_contain_text("This link has ended")
        page.goto("about:blank")
        ended(page, link, ct)
        context.close()


def ended(page: Page, link: Link, ct: Chest) -> None:
    """The landing page says that the link has ended, and nothing of the patient."""
    page.goto(link.url)
    expect(page.get_by_role("heading")).to_have_text("This link has ended")
    assert link.secret not in page.url
    content = page.content()
    assert ct.study not in content
    assert "LIDC" not in content
    assert "Chest" not in content
