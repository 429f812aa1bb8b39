"""People log in, come to where they wanted to go, and leave nothing behind."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from tests.browser.chest import Chest
from tests.browser.chromium import DESKTOP, PHONE, watched_page
from tests.browser.people import administrators_page, layout_flaws, log_in, nameless_controls
from tests.browser.reading import Stage, reading_url
from tests.support.orthanc_server import PASSWORD, OrthancServer


def test_the_root_leads_to_the_study_list(browser: Browser, site: OrthancServer) -> None:
    with watched_page(browser, DESKTOP, site.url) as page:
        log_in(page, site, "/")
        expect(page.locator("table.studies")).to_be_visible()
        # Orthanc drops a trailing slash, so that the page cannot know which of the two it is.
        for path in ("/sightline/", "/sightline"):
            page.goto(site.url + path)
            expect(page.locator("table.studies")).to_be_visible()
            link = page.locator("a.row-link").first.get_attribute("href")
            assert link is not None
            assert link.startswith(f"{site.url}/sightline/studies/")


def test_login_leads_back_to_the_study(browser: Browser, site: OrthancServer, ct: Chest) -> None:
    with watched_page(browser, PHONE, site.url) as page:
        wanted = f"/sightline/studies/{ct.study}?series={ct.series}&slice=20"
        log_in(page, site, wanted)
        Stage(page, page).shows(20)
        assert page.url.partition("?")[0] == reading_url(site, ct)


def test_a_wrong_password_is_told_so(browser: Browser, site: OrthancServer) -> None:
    context = browser.new_context(**DESKTOP.options())
    page = context.new_page()
    page.goto(f"{site.url}/sightline/")
    assert nameless_controls(page) == []
    assert layout_flaws(page, PHONE) == []
    page.get_by_label("User").fill("admin")
    page.get_by_label("Password").fill(PASSWORD[:-1])
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("do not match")
    assert PASSWORD[:-1] not in page.url
    assert context.cookies() == []
    context.close()


def test_logging_out_ends_it(browser: Browser, site: OrthancServer, ct: Chest) -> None:
    with administrators_page(browser, site) as page:
        page.get_by_role("button", name="Log out").click()
        page.wait_for_url("**/sightline/login")
        assert page.context.cookies() == []
        for path in ("/sightline/", f"/sightline/studies/{ct.study}"):
            page.goto(site.url + path)
            assert "/sightline/login?next=" in page.url
        page.go_back()
        assert "LIDC" not in page.content()


def test_no_other_site_logs_anybody_out_or_in(browser: Browser, site: OrthancServer) -> None:
    """The session's cookie belongs to this host alone, is out of reach of scripts, and not sent with others' posts."""
    with administrators_page(browser, site) as page:
        (cookie,) = page.context.cookies()
        assert cookie["name"].startswith("__Host-")
        assert (cookie["httpOnly"], cookie["secure"], cookie["path"]) == (True, True, "/")
        assert cookie["sameSite"] in ("Lax", "Strict")
        assert page.evaluate("() => document.cookie") == ""


def test_nothing_stays_on_the_device(browser: Browser, site: OrthancServer, ct: Chest) -> None:
    with administrators_page(browser, site, path=f"/sightline/studies/{ct.study}") as page:
        Stage(page, page).shows(quality="exact")
        assert kept(page) == {"local": 0, "session": 0, "databases": 0, "caches": 0, "workers": 0}


def kept(page: Page) -> dict[str, int]:
    """Return what the page keeps in the browser."""
    value: dict[str, int] = page.evaluate(
        """async () => ({
          local: Object.keys(localStorage).filter((name) => name !== "sightline.introduced").length,
          session: sessionStorage.length,
          databases: (await indexedDB.databases()).length,
          caches: (await caches.keys()).length,
          workers: (await navigator.serviceWorker.getRegistrations()).length,
        })"""
    )
    return value


def test_injected_markup_is_refused(browser: Browser, site: OrthancServer, ct: Chest) -> None:
    """Trusted Types are on: no text becomes markup or script, on any page."""
    context = browser.new_context(**DESKTOP.options())
    page = context.new_page()
    log_in(page, site)
    for path in ("/sightline/", f"/sightline/studies/{ct.study}", "/sightline/about", "/sightline/login"):
        answer = page.goto(site.url + path)
        assert answer is not None
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        refused = page.evaluate(
            "() => { try { document.body.innerHTML = '<p>no</p>'; return false; } catch { return true; } }"
        )
        assert refused, path
    context.close()
