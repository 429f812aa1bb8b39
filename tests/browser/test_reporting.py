"""The reporting panel: what is written is kept, what is signed stands, and two texts never swallow each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Locator, Page, expect
from pydicom import dcmread
from pydicom.uid import BasicTextSRStorage, EncapsulatedPDFStorage

from sightline.access.grant import Grant, Verb
from tests.browser.chromium import DESKTOP, PHONE, TABLET, Device
from tests.browser.findings_desk import PRIOR, STUDY, Desk, desk, person, send
from tests.browser.people import layout_flaws
from tests.browser.reading import Stage
from tests.browser.viewer_pages import page_of, violations
from tests.support.reports import FINDINGS, IMPRESSION, draft


@pytest.fixture
def table() -> Iterator[Desk]:
    """A desk that nobody has sat at."""
    with desk() as found:
        yield found


def reporter(name: str) -> Grant:
    """Somebody who reads and reports."""
    return person(name, Verb.SEARCH, Verb.VIEW, Verb.DOWNLOAD, Verb.ANNOTATE, Verb.REPORT)


def opened(page: Page, url: str, number: int = 6) -> Locator:
    """Read a slice of the lung series with the report beside it."""
    page.goto(f"{url}/sightline/studies/{STUDY}?series={STUDY}.1&slice={number}")
    Stage(page, page).shows(number)
    return show(page)


def show(page: Page) -> Locator:
    page.keyboard.press("&")
    dock = page.locator(".report-dock")
    expect(dock).to_be_visible()
    expect(dock.locator(".report-loading")).to_have_count(0)
    return dock


def field(page: Page, code: str) -> Locator:
    return page.locator(f"textarea[data-code='{code}']")


def containing(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text))


def is_kept(page: Page) -> None:
    expect(page.locator(".report-state")).to_have_attribute("data-state", "kept")


def sign(page: Page, name: str) -> None:
    page.keyboard.press("Control+Enter")
    page.get_by_role("button", name=f"Sign as {name}").click()


def put(url: str, body: Any, study: str = STUDY) -> int:
    """Keep a draft as another program does, or another window."""
    path = f"{url}/sightline/api/studies/{study}/report/draft"
    base = (requests.get(path.removesuffix("/draft"), timeout=10).json()["draft"] or {"revision": 0})["revision"]
    answer = requests.put(path, json={"base": base, "draft": body}, timeout=10)
    assert answer.status_code == 200, answer.text
    return int(answer.json()["revision"])


def signed(url: str, body: Any, study: str = STUDY) -> None:
    revision = put(url, body, study)
    path = f"{url}/sightline/api/studies/{study}/report/sign"
    assert requests.post(path, json={"revision": revision}, timeout=10).status_code == 201


def stored(table: Desk, sop_class: str) -> list[Any]:
    found = [dcmread(BytesIO(content)) for content in table.archive.files()]
    return [dataset for dataset in found if dataset.SOPClassUID == sop_class]


def test_a_report_is_written_kept_signed_and_stored(browser: Browser, table: Desk) -> None:
    ada = table.sit(reporter("Ada"))
    send(ada, table.line("Nodule", length=20))
    with page_of(browser) as page:
        dock = opened(page, ada)
        expect(dock.get_by_label("Template")).to_have_value("ct_chest")
        expect(field(page, FINDINGS)).to_be_focused()
        # The template brings the findings along, with unit and origin.
        expect(field(page, FINDINGS)).to_have_value(containing("Nodule: Length 15.0 ± "))
        field(page, IMPRESSION).fill("Stable nodule.")
        is_kept(page)
        dock.get_by_role("button", name="Add this image").click()
        expect(dock.locator(".report-frames li")).to_have_count(1)
        is_kept(page)
        assert violations(page) == []
        page.reload()
        Stage(page, page).shows()
        show(page)
        expect(field(page, IMPRESSION)).to_have_value("Stable nodule.")
        expect(dock.locator(".report-frames li")).to_have_count(1)
        field(page, IMPRESSION).focus()
        page.keyboard.press("Control+Enter")
        sheet = page.get_by_role("dialog", name="Sign the report")
        expect(sheet).to_contain_text("Jane Doe, P-6161")
        expect(sheet).to_contain_text("cannot be changed any more")
        assert violations(page) == []
        page.get_by_role("button", name="Sign as Ada").click()
        expect(dock.locator(".report-signed")).to_contain_text("Signed by Ada")
        expect(dock.locator(".report-stored.is-good")).to_be_visible()
        expect(dock.locator("textarea")).to_have_count(0)
        assert violations(page) == []
    (text,) = stored(table, BasicTextSRStorage)
    (pdf,) = stored(table, EncapsulatedPDFStorage)
    assert (str(text.PatientName), text.VerificationFlag) == ("Doe^Jane", "VERIFIED")
    assert b"%PDF" in pdf.EncapsulatedDocument


def test_an_addendum_follows_and_versions_stay(browser: Browser, table: Desk) -> None:
    ada, bob = table.sit(reporter("Ada")), table.sit(reporter("Bob"))
    signed(ada, draft("First reading."))
    with page_of(browser) as page:
        dock = opened(page, bob)
        expect(dock).to_contain_text("First reading.")
        dock.get_by_role("button", name="Write an addendum").click()
        expect(dock.locator("textarea").first).to_be_focused()
        page.keyboard.type("Rib fracture.")
        is_kept(page)
        sign(page, "Bob")
        expect(dock.locator(".report-signatures")).to_contain_text("Addendum 1 signed by Bob")
        dock.get_by_label("Version").select_option("1")
        expect(dock.locator(".report-signed")).not_to_contain_text("Rib fracture.")
        expect(dock.locator(".report-signed")).to_contain_text("First reading.")
        link = dock.get_by_role("link", name="Open PDF").evaluate("(link) => link.href")
        answer = page.request.get(link)
        assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")


def test_two_readers_see_each_other_and_neither_text_is_lost(browser: Browser, table: Desk) -> None:
    ada, bob = table.sit(reporter("Ada")), table.sit(reporter("Bob"))
    put(bob, draft("Bob sees a nodule.", "Bob's impression."))
    with page_of(browser) as page:
        dock = opened(page, ada)
        other = dock.locator("details", has_text="Bob is writing a report")
        field(page, IMPRESSION).fill("Ada's impression.")
        is_kept(page)
        other.locator("summary").click()
        expect(other).to_contain_text("Bob sees a nodule.")
        other.get_by_role("button", name="Take into my draft").click()
        expect(field(page, IMPRESSION)).to_have_value("Ada's impression.\nBob's impression.")
        dock.get_by_role("button", name="Have it back").click()
        expect(field(page, IMPRESSION)).to_have_value("Ada's impression.")
        is_kept(page)
        # Bob is faster: Ada is told, and what she wrote becomes an addendum.
        revision = put(bob, draft("Bob sees a nodule.", "Bob's impression."))
        requests.post(
            f"{bob}/sightline/api/studies/{STUDY}/report/sign", json={"revision": revision}, timeout=10
        ).raise_for_status()
        field(page, IMPRESSION).focus()
        sign(page, "Ada")
        expect(page.get_by_role("alert").filter(has_text="was signed meanwhile")).to_be_visible()
        page.get_by_role("button", name="Back").click()
        dock.get_by_role("button", name="Make it an addendum").click()
        expect(dock.locator("textarea")).to_have_value(containing("Ada's impression."))
        is_kept(page)
        dock.locator("textarea").focus()
        sign(page, "Ada")
        expect(dock.locator(".report-signatures")).to_contain_text("Addendum 1 signed by Ada")


def test_two_windows_of_one_reader_choose(browser: Browser, table: Desk) -> None:
    ada = table.sit(reporter("Ada"))
    with page_of(browser) as page:
        dock = opened(page, ada)
        field(page, IMPRESSION).fill("one")
        is_kept(page)
        put(ada, draft(impression="from the other window"))
        field(page, IMPRESSION).fill("two")
        card = dock.get_by_role("alert").filter(has_text="another text in another window")
        expect(card).to_be_visible()
        card.get_by_role("button", name="The other text").click()
        expect(field(page, IMPRESSION)).to_have_value("from the other window")
        dock.get_by_role("button", name="Have it back").click()
        expect(field(page, IMPRESSION)).to_have_value("two")
        is_kept(page)


def test_templates_change_without_a_loss_and_undo_works_as_in_any_field(browser: Browser, table: Desk) -> None:
    ada = table.sit(reporter("Ada"))
    send(ada, table.line("Nodule"))
    with page_of(browser) as page:
        dock = opened(page, ada)
        field(page, IMPRESSION).fill("My impression.")
        dock.get_by_label("Template").select_option("ct_head")
        expect(dock.get_by_label("Title")).to_have_value("CT Head Report")
        expect(field(page, IMPRESSION)).to_have_value("My impression.")
        field(page, IMPRESSION).focus()
        dock.get_by_role("button", name="Insert findings").click()
        page.get_by_role("dialog").get_by_role("button", name="Nodule").click()
        expect(field(page, IMPRESSION)).to_have_value(containing("My impression.\nNodule: Length"))
        expect(field(page, IMPRESSION)).to_be_focused()
        page.keyboard.press("Control+z")
        expect(field(page, IMPRESSION)).to_have_value("My impression.")
        dock.get_by_role("button", name="Discard draft").click()
        expect(field(page, IMPRESSION)).to_have_value("")
        dock.get_by_role("button", name="Have it back").click()
        expect(field(page, IMPRESSION)).to_have_value("My impression.")
        page.keyboard.press("Escape")
        field(page, IMPRESSION).press("Escape")
        expect(dock).to_have_count(0)


def test_earlier_reports_are_read_beside(browser: Browser, table: Desk) -> None:
    ada = table.sit(reporter("Ada"))
    signed(ada, draft("Half a year ago: 4 mm."), PRIOR)
    with page_of(browser) as page:
        dock = opened(page, ada)
        dock.locator(".report-priors > summary").click()
        expect(dock.locator(".report-priors > summary")).to_contain_text("1 earlier report")
        dock.locator(".report-priors .report-card > summary").click()
        expect(dock.locator(".report-priors")).to_contain_text("Half a year ago: 4 mm.")
        expect(field(page, FINDINGS)).to_be_visible()


def test_who_may_not_report_reads_and_is_told_why(browser: Browser, table: Desk) -> None:
    ada, eve = table.sit(reporter("Ada")), table.sit(person("Eve", Verb.SEARCH, Verb.VIEW))
    with page_of(browser) as page:
        dock = opened(page, eve)
        expect(dock).to_contain_text("not write any")
        expect(dock).to_contain_text("Nobody has signed a report")
        signed(ada, draft("Clear."))
        page.reload()
        Stage(page, page).shows()
        show(page)
        expect(dock).to_contain_text("Clear.")
        expect(dock.locator("textarea")).to_have_count(0)
        expect(dock.get_by_role("button", name="Write an addendum")).to_have_count(0)
        assert violations(page) == []


@pytest.mark.parametrize("device", [DESKTOP, TABLET, PHONE], ids=lambda device: device.name)
def test_it_fits_every_screen(browser: Browser, table: Desk, device: Device) -> None:
    ada = table.sit(reporter("Ada"))
    put(table.sit(reporter("Bob")), draft("His."))
    with page_of(browser, device) as page:
        dock = opened(page, ada)
        field(page, IMPRESSION).fill("Some text that is longer than a line on a phone, to be wrapped and seen in full.")
        dock.get_by_role("button", name="Add this image").click()
        is_kept(page)
        assert layout_flaws(page, device) == []
        assert violations(page) == []
        dock.get_by_role("button", name="Sign…").click()
        assert layout_flaws(page, device) == []
        page.get_by_role("button", name="Sign as Ada").click()
        expect(dock.locator(".report-signed")).to_contain_text("Signed by Ada")
        assert layout_flaws(page, device) == []
        assert violations(page) == []
