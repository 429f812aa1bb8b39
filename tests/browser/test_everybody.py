"""Keyboards alone, screen readers, fingers and small screens: every page, every size."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chest import SLICES, Chest
from tests.browser.chromium import DESKTOP, DEVICES, Device, asked_twice, watched_page
from tests.browser.people import administrators_page, layout_flaws, nameless_controls
from tests.browser.reading import Stage, ask_for_link, open_link
from tests.browser.viewer_pages import AXE, violations
from tests.support.orthanc_server import PASSWORD, OrthancServer

ON_ALL_DEVICES = pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.name)


def check(page: Page, device: Device) -> None:
    """Everything has a name and room, and axe has nothing to say."""
    assert AXE.is_file()
    flaws = [*nameless_controls(page), *layout_flaws(page, device), *violations(page)]
    assert flaws == [], "\n".join(flaws)


@ON_ALL_DEVICES
def test_list_and_reading(browser: Browser, site: OrthancServer, ct: Chest, device: Device) -> None:
    with administrators_page(browser, site, device) as page:
        expect(page.locator("table.studies tbody tr").first).to_be_visible()
        check(page, device)
        page.goto(f"{site.url}/sightline/studies/{ct.study}")
        stage = Stage(page, page)
        stage.shows(quality="exact")
        check(page, device)
        page.keyboard.press("v")
        expect(page.get_by_role("dialog")).to_be_visible()
        check(page, device)
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_be_visible()
        check(page, device)
        page.keyboard.press("Escape")
        page.keyboard.press("m")
        for name in ("Axial", "Coronal", "Sagittal"):
            Stage(page, page, name).shows()
        check(page, device)


@ON_ALL_DEVICES
def test_a_link_and_its_end(browser: Browser, site: OrthancServer, ct: Chest, device: Device) -> None:
    link = ask_for_link(site, ct.study)
    with watched_page(browser, device, site.url) as page:
        open_link(page, link).shows(quality="exact")
        expect(page.get_by_text("Shared with you until")).to_be_visible()
        check(page, device)
    context = browser.new_context(**device.options())
    page = context.new_page()
    with site.service() as service:
        assert service.delete(f"{site.url}/sightline/openemr/links/{link.id}").status_code == 204
    page.goto(link.url)
    expect(page.get_by_role("heading")).to_have_text("This link has ended")
    check(page, device)
    context.close()


def test_a_link_in_a_browser_that_keeps_no_session(browser: Browser, site: OrthancServer, ct: Chest) -> None:
    """As in a frame of another site without TLS: a reason, instead of a login that the reader has no account for."""
    with watched_page(browser, DESKTOP, site.url) as page:
        page.route("**/session", lambda route: route.fulfill(json={"studyInstanceUID": ct.study}))
        page.goto(ask_for_link(site, ct.study).url)
        expect(page.get_by_role("heading")).to_have_text("Your browser did not keep the session")


@ON_ALL_DEVICES
def test_login_and_about(browser: Browser, site: OrthancServer, device: Device) -> None:
    with watched_page(browser, device, site.url) as page:
        for path in ("/sightline/login", "/sightline/about"):
            page.goto(site.url + path)
            check(page, device)


def focused(page: Page) -> str:
    """Return the accessible name of what has the focus; it has to be seen that it has it."""
    ring = page.evaluate(
        """() => {
          const element = document.activeElement;
          const styles = [getComputedStyle(element), getComputedStyle(element, "::after")];
          return styles.some((style) => style.outlineStyle !== "none" || style.boxShadow !== "none");
        }"""
    )
    nodes = asked_twice(page, lambda ask: ask("Accessibility.getFullAXTree"))["nodes"]
    for node in reversed(nodes):
        values = {one["name"]: one["value"].get("value") for one in node.get("properties", [])}
        if values.get("focused") and node["role"]["value"] != "RootWebArea":
            assert ring, node["name"]["value"]
            return str(node["name"]["value"])
    return ""


def tab_to(page: Page, name: str, most: int = 40) -> None:
    """Press Tab until that has the focus."""
    walked = []
    for _ in range(most):
        page.keyboard.press("Tab")
        walked.append(focused(page))
        if walked[-1].startswith(name):
            return
    raise AssertionError(f"{name} is not among {walked}")


def test_a_keyboard_is_enough(browser: Browser, site: OrthancServer, ct: Chest, other_study: str) -> None:
    """Log in, find the study, read it, look through the planes, go back and log out, without a pointer."""
    with watched_page(browser, DESKTOP, site.url) as page:
        page.goto(f"{site.url}/sightline/")
        # The page asks for the focus once it is painted, which on a busy machine is after it has loaded.
        expect(page.locator("#user")).to_be_focused()
        page.keyboard.type("admin")
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/login" not in url)
        expect(page.locator("table.studies tbody tr").first).to_be_visible()
        tab_to(page, "CT")
        with page.expect_response(lambda answer: "/sightline/api/studies?" in answer.url):
            page.keyboard.press("Space")
        expect(page.get_by_role("button", name="CT", exact=True)).to_have_attribute("aria-pressed", "true")
        link = page.locator(f"a[href$='{ct.study}']")
        expect(link).to_be_visible()
        # The table is one stop of Tab: arrows go through its rows, wherever the last visit left them.
        rows = [row.get_attribute("href") or "" for row in page.locator("a.row-link").all()]
        tab_to(page, page.locator("a.row-link[tabindex='0']").inner_text())
        page.keyboard.press("Home")
        for _ in range(next(number for number, address in enumerate(rows) if address.endswith(ct.study))):
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        stage = Stage(page, page)
        stage.shows(SLICES // 2 + 1)
        tab_to(page, "Slice")
        page.keyboard.press("ArrowRight")
        stage.shows(SLICES // 2 + 2)
        page.keyboard.press("m")
        for plane in ("Axial", "Coronal", "Sagittal"):
            Stage(page, page, plane).shows()
        page.keyboard.press("m")
        stage.shows(SLICES // 2 + 2)
        page.keyboard.press("l")
        page.wait_for_url("**/sightline/*")
        expect(page.locator("table.studies tbody tr").first).to_be_visible()
        tab_to(page, "Log out")
        page.keyboard.press("Enter")
        page.wait_for_url("**/sightline/login")
