"""Orthanc's own pages: who is not logged in is led to our login, and a study opens in Sightline."""

from __future__ import annotations

import json

from playwright.sync_api import Browser, expect

from tests.support.orthanc_server import PASSWORD, OrthancServer


def test_explorer_leads_to_login_and_back(site: OrthancServer, browser: Browser, other_study: str) -> None:
    """A person opens Orthanc Explorer, logs in, comes back to it, and opens a study in Sightline."""
    with site.session() as admin:
        query = {"Level": "Study", "Query": {"StudyInstanceUID": other_study}}
        (identifier,) = json.loads(admin.post(f"{site.url}/tools/find", json=query).text)
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{site.url}/app/explorer.html")
        page.wait_for_url("**/sightline/login?next=**")
        page.fill("input[name=user]", "admin")
        page.fill("input[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{site.url}/app/explorer.html**")
        page.goto(f"{site.url}/app/explorer.html#study?uuid={identifier}")
        button = page.get_by_text("Open in Sightline")
        expect(button).to_be_visible(timeout=10_000)
        with context.expect_page() as opened:
            button.click()
        opened.value.wait_for_url(f"**/sightline/studies/{other_study}")
