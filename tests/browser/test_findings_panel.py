"""The list of findings: what is drawn is kept, comes back, and is never lost between two readers."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest
import requests
from playwright.sync_api import Browser, Locator, Page, expect
from pydicom import Dataset

from sightline.access.grant import Verb
from tests.browser.chromium import DESKTOP, PHONE, TABLET, Device
from tests.browser.findings_desk import COLUMNS, PRIOR, ROWS, STUDY, Desk, annotator, desk, kept, person, send
from tests.browser.people import layout_flaws
from tests.browser.reading import Stage
from tests.browser.viewer_pages import page_of, violations
from tests.support.orthanc_server import free_port


@pytest.fixture
def table() -> Iterator[Desk]:
    """A desk that nobody has sat at."""
    with desk() as found:
        yield found


def opened(page: Page, url: str, number: int = 6) -> Stage:
    """Read a slice of the lung series, counted from 1, with everything loaded that comes after the first picture."""
    page.goto(f"{url}/sightline/studies/{STUDY}?series={STUDY}.1&slice={number}")
    stage = Stage(page, page)
    stage.shows(number)
    page.wait_for_function("() => document.querySelector('.strip .prior, .strip')?.textContent.includes('Prior')")
    return stage


def at(stage: Stage, column: float, row: float) -> tuple[float, float]:
    """Where that point of the fitted image lies on the page; (0, 0) is the outer corner of its first pixel."""
    left, top, _, _ = stage.box()
    width, height = stage.picture.evaluate("(picture) => [picture.clientWidth, picture.clientHeight]")
    scale = min(width / COLUMNS, height / ROWS)
    return left + (width - COLUMNS * scale) / 2 + column * scale, top + (height - ROWS * scale) / 2 + row * scale


def draw(page: Page, stage: Stage, row: float, start: float = 20, end: float = 60) -> None:
    """Draw a length along a row with the mouse."""
    page.keyboard.press("Shift+D")
    # The code that draws comes when a tool is first taken.
    expect(page.locator("svg.findings")).to_be_attached()
    page.mouse.move(*at(stage, start, row))
    page.mouse.down()
    page.mouse.move(*at(stage, (start + end) / 2, row), steps=3)
    page.mouse.move(*at(stage, end, row), steps=3)
    page.mouse.up()


def rows(page: Page) -> Locator:
    """The findings of the list."""
    return page.locator(".finding-row")


def show(page: Page) -> Locator:
    """Open the list."""
    if page.locator(".findings-dock").count() == 0:
        page.keyboard.press("Shift+F")
    expect(page.locator(".findings-dock")).to_be_visible()
    return page.locator(".findings-dock")


def names(page: Page) -> list[str]:
    return page.locator(".finding-name").all_inner_texts()


def test_what_is_drawn_is_kept_at_once_and_there_again_for_everybody(browser: Browser, table: Desk) -> None:
    ada, bob = table.sit(annotator("Ada")), table.sit(annotator("Bob"))
    with page_of(browser) as page:
        stage = opened(page, ada)
        draw(page, stage, 30)
        # There is room: the list shows itself. The first of the reader's own names is the tool's.
        expect(rows(page)).to_have_count(1)
        expect(page.locator(".findings-state")).to_contain_text("Kept")
        draw(page, stage, 50)
        expect(rows(page)).to_have_count(2)
        page.wait_for_function("() => document.querySelector('.findings-state').textContent.includes('Kept')")
        page.reload()
        stage.shows()
        show(page)
        expect(rows(page)).to_have_count(2)
        expect(page.locator(".finding-about")).to_have_text(["", ""])
    found = kept(bob)
    assert [each["tool"] for each in found] == ["length", "length"]
    assert {each["instance"] for each in found} == {table.instance(5)}
    with page_of(browser) as page:
        opened(page, bob, 2)
        show(page)
        expect(rows(page)).to_have_count(2)
        expect(page.locator(".finding-about").first).to_contain_text("Ada,")
        rows(page).first.click()
        Stage(page, page).shows(6)
        assert violations(page) == []


def test_two_who_change_the_same_are_told_of_each_other_and_lose_nothing(browser: Browser, table: Desk) -> None:
    ada, bob = table.sit(annotator("Ada")), table.sit(annotator("Bob"))
    nodule = table.line("Nodule")
    revision = send(ada, nodule)["revision"]
    with page_of(browser) as page:
        opened(page, ada)
        show(page)
        expect(rows(page)).to_have_count(1)
        send(bob, nodule | {"label": "Granuloma"}, base=revision)
        rename(page, "Nodule", "Metastasis")
        card = page.locator(".finding-conflict")
        expect(card).to_contain_text("Bob changed it at")
        expect(rows(page)).to_have_count(2)
        assert sorted(names(page)) == ["Granuloma", "Metastasis (my version)"]
        assert violations(page) == []
        page.wait_for_function("() => document.querySelector('.findings-state').textContent.includes('Kept')")
        assert sorted(each["label"] for each in kept(bob)) == ["Granuloma", "Metastasis (my version)"]
        card.get_by_role("button", name="Keep mine").click()
        expect(card).to_have_count(0)
        expect(rows(page)).to_have_count(1)
        assert names(page) == ["Metastasis"]
        page.wait_for_function("() => document.querySelector('.findings-state').textContent.includes('Kept')")
        found = kept(bob)
        assert [(each["label"], each["id"]) for each in found] == [("Metastasis", nodule["id"])]
        page.keyboard.press("u")
        expect(rows(page)).to_have_count(2)


def rename(page: Page, before: str, after: str) -> None:
    """Write another name in the place of the row, with the keyboard."""
    rows(page).filter(has_text=before).click()
    page.keyboard.press("F2")
    field = page.get_by_role("textbox", name="Name of the finding")
    expect(field).to_be_focused()
    field.fill(after)
    page.keyboard.press("Enter")


def test_who_may_only_look_keeps_marks_on_the_page_and_is_told_so(browser: Browser, table: Desk) -> None:
    eve = table.sit(person("Eve", Verb.SEARCH, Verb.VIEW))
    sent: list[str] = []
    with page_of(browser) as page:
        page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
        stage = opened(page, eve)
        draw(page, stage, 30)
        expect(page.locator(".desk .note").first).to_contain_text("You may look, not annotate")
        expect(rows(page)).to_have_count(1)
        expect(page.locator(".findings-state")).to_contain_text("You may look, not annotate")
        assert page.get_by_text("Save as a file").count() == 0
        page.wait_for_timeout(800)
    assert [url for url in sent if url.endswith("/findings")] == []
    assert kept(eve) == []


def test_a_server_that_is_away_while_one_draws_costs_nothing(browser: Browser, table: Desk) -> None:
    port = free_port()
    with page_of(browser) as page:
        with table.serve(annotator("Ada"), port) as url:
            stage = opened(page, url)
            draw(page, stage, 30)
            expect(rows(page)).to_have_count(1)
            page.wait_for_function("() => document.querySelector('.findings-state').textContent.includes('Kept')")
            page.mouse.move(*at(stage, 20, 50))
            page.mouse.down()
            page.mouse.move(*at(stage, 40, 50), steps=3)
        page.mouse.move(*at(stage, 60, 50), steps=3)
        page.mouse.up()
        draw(page, stage, 70)
        expect(rows(page)).to_have_count(3)
        expect(page.locator(".findings-state")).to_contain_text("Not kept: connection lost, retrying")
        with table.serve(annotator("Ada"), port) as url:
            expect(page.locator(".findings-state")).to_contain_text("Kept")
            assert len(kept(url)) == 3
            page.reload()
            stage.shows()
            show(page)
            expect(rows(page)).to_have_count(3)


def test_a_page_that_is_closed_at_once_has_sent_everything(browser: Browser, table: Desk) -> None:
    ada = table.sit(annotator("Ada"))
    with page_of(browser) as page:
        stage = opened(page, ada)
        draw(page, stage, 30)
        page.goto("about:blank")
    for _ in range(50):
        if kept(ada):
            break
    assert len(kept(ada)) == 1


def test_the_list_is_worked_by_keys_alone(browser: Browser, table: Desk) -> None:
    ada = table.sit(annotator("Ada"))
    send(ada, *(table.line(name, number) for name, number in (("C", 2), ("A", 4), ("B", 8))))
    with page_of(browser) as page:
        stage = opened(page, ada)
        page.keyboard.press("Shift+F")
        listed = page.get_by_role("listbox")
        expect(rows(page)).to_have_count(3)
        listed.focus()
        assert names(page) == ["C", "A", "B"]
        page.keyboard.press("End")
        page.keyboard.press("Enter")
        stage.shows(9)
        expect(listed.get_by_role("option", name="B")).to_have_attribute("aria-selected", "true")
        page.keyboard.press("Shift+ArrowUp")
        expect(page.locator("[role=option][aria-selected=true]")).to_have_count(2)
        page.keyboard.press("Delete")
        expect(rows(page)).to_have_count(1)
        page.keyboard.press("Control+z")
        expect(rows(page)).to_have_count(3)
        page.get_by_role("button", name="Hide all").click()
        expect(page.locator(".finding-row.is-hidden")).to_have_count(3)
        page.get_by_role("button", name="Show all").click()
        expect(page.locator(".finding-row.is-hidden")).to_have_count(0)
        page.get_by_role("combobox", name="Sort by").select_option("name")
        assert names(page) == ["A", "B", "C"]
        page.reload()
        stage.shows()
        show(page)
        expect(rows(page)).to_have_count(3)
        assert names(page) == ["A", "B", "C"]
        rows(page).first.click()
        page.get_by_role("button", name="Pink").click()
        expect(page.locator(".finding-row .finding-colour-2")).to_have_count(1)
        page.wait_for_function("() => document.querySelector('.findings-state').textContent.includes('Kept')")
        assert {each["label"]: each["colour"] for each in kept(ada)} == {"A": 2, "B": 0, "C": 0}


def test_findings_are_saved_for_spreadsheets_and_programs(browser: Browser, table: Desk, tmp_path: Path) -> None:
    ada = table.sit(annotator("Ada"))
    send(ada, table.line("=1+1", 5, 40), table.line("Node, left", 7, 16))
    with page_of(browser) as page:
        opened(page, ada)
        show(page)
        page.get_by_text("Save as a file").click()
        with page.expect_download() as download:
            page.get_by_role("button", name="CSV").click()
        assert re.fullmatch(r"findings-\d{4}-\d\d-\d\d\.csv", download.value.suggested_filename)
        content = Path(download.value.path()).read_bytes()
        page.get_by_label("With the patient’s id").check()
        with page.expect_download() as download:
            page.get_by_role("button", name="JSON").click()
        told = json.loads(Path(download.value.path()).read_bytes())
    assert content.startswith(b"\xef\xbb\xbf")
    assert b"P-6161" not in content
    assert b"Doe" not in content
    found = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert [(row["finding"], row["value"], row["unit"], row["origin"]) for row in found] == [
        ("'=1+1", "30", "mm", "pixel spacing"),  # 40 pixels of 0.75 mm
        ("Node, left", "12", "mm", "pixel spacing"),
    ]
    assert [row["author"] for row in found] == ["Ada", "Ada"]
    assert told["studies"] == [{"uid": STUDY, "date": "20261120", "patientId": "P-6161"}]
    assert [each["label"] for each in told["findings"]] == ["=1+1", "Node, left"]


def test_a_finding_is_followed_from_the_prior_study_with_the_sum_of_diameters(browser: Browser, table: Desk) -> None:
    ada = table.sit(annotator("Ada"))
    send(ada, table.line("Liver", 5, 28))  # 21 mm
    old = table.line("Liver before", 4, 40, series=f"{PRIOR}.1")  # 30 mm
    send(ada, old, study=PRIOR)
    with page_of(browser) as page:
        opened(page, ada)
        show(page)
        page.get_by_text("Compare with a prior study").click()
        page.get_by_role("combobox", name="Study", exact=True).select_option(PRIOR)
        page.get_by_role("button", name="Same finding").click()
        table_rows = page.get_by_role("table", name="Findings in both studies").locator("tbody tr")
        expect(table_rows).to_have_count(1)
        expect(table_rows.locator("td").nth(2)).to_have_text("−9 mm (−30 %)")
        page.get_by_role("checkbox", name="Target: Liver").check()
        total = page.get_by_role("table", name="Findings in both studies").locator("tfoot td")
        expect(total).to_have_text(["30 mm", "21 mm", "−9 mm (−30 %)"])
        page.get_by_role("checkbox", name="Lymph node").check()
        expect(total).to_contain_text("No sum")
        assert violations(page) == []
        page.wait_for_function("() => document.querySelector('.findings-state').textContent.includes('Kept')")
    assert [each["tracking"] for each in kept(ada)] == [old["tracking"]]


def test_stored_reports_are_listed_shown_and_gone_on_from(browser: Browser, table: Desk) -> None:
    ada = table.sit(annotator("Ada"))
    send(ada, table.line("Old nodule"))
    with page_of(browser) as page:
        opened(page, ada)
        show(page)
        expect(rows(page)).to_have_count(1)
        rename(page, "Old nodule", "Nodule")
        page.goto("about:blank")  # who leaves has the report stored
        opened(page, ada)
        show(page)
        expect(page.locator(".findings-state")).to_contain_text("Stored as report version 1 at")
        page.get_by_text("Reports in the study").click()
        report = page.locator(".finding-report")
        expect(report).to_have_count(1)
        expect(report).to_contain_text("Ada")
        expect(report).to_contain_text("Nodule")
        report.get_by_role("button", name="Edit as a new version").click()
        expect(report.get_by_role("status")).to_contain_text("among yours already")
        rows(page).first.click()
        page.keyboard.press("Delete")
        expect(rows(page)).to_have_count(0)
        report.get_by_role("button", name="Edit as a new version").click()
        expect(report.get_by_role("status")).to_contain_text("yours to change now")
        expect(rows(page)).to_have_count(1)
        assert violations(page) == []


def test_a_report_of_another_program_is_shown_and_becomes_the_predecessor_of_ours(browser: Browser) -> None:
    with desk(with_report=True) as table, page_of(browser) as page:
        ada = table.sit(annotator("Ada"))
        stage = opened(page, ada, 2)
        show(page)
        page.get_by_text("Reports in the study").click()
        report = page.locator(".finding-report")
        expect(report).to_contain_text("20 mm")  # as it says, whatever we would measure
        report.get_by_role("button", name="Show on the images").click()
        report.locator(".menu button").click()
        stage.shows(7)
        expect(page.locator(".picture svg.findings")).to_be_visible()
        assert violations(page) == []
        assert kept(ada) == []
        report.get_by_role("button", name="Edit as a new version").click()
        expect(rows(page)).to_have_count(1)
        expect(page.locator(".finding-value")).to_contain_text("15.0 ±")  # 20 pixels of 0.75 mm
        page.wait_for_function("() => document.querySelector('.findings-state').textContent.includes('Kept')")
        page.goto("about:blank")
        stored = report_of_ours(table, ada)
        predecessors = stored.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence
        assert [str(item.ReferencedSOPInstanceUID) for item in predecessors] == [table.report]
        assert kept(ada)[0]["tracking"] == table.tracking


def report_of_ours(table: Desk, url: str) -> Dataset:
    """Wait for the report that is stored of what was changed, and read it."""
    until = monotonic() + 20
    while monotonic() < until:
        listed = requests.get(f"{url}/sightline/api/studies/{STUDY}/findings/reports", timeout=20).json()["reports"]
        ours = [each for each in listed if each["ours"]]
        if ours:
            return table.read(ours[0]["series"], ours[0]["instance"])
        sleep(0.2)
    raise AssertionError("No report was stored.")


@pytest.mark.parametrize("device", [DESKTOP, TABLET, PHONE], ids=lambda device: device.name)
def test_the_list_fits_every_screen(browser: Browser, table: Desk, device: Device) -> None:
    ada = table.sit(annotator("Ada"))
    with page_of(browser, device) as page:
        opened(page, ada)
        show(page)
        expect(page.locator(".findings-empty")).to_contain_text("No findings yet")
        assert violations(page) == []
        send(ada, *(table.line(f"Finding {number}", number) for number in range(4)))
        page.reload()
        Stage(page, page).shows()
        show(page)
        expect(rows(page)).to_have_count(4)
        rows(page).nth(1).click()
        expect(page.locator(".finding-actions")).to_be_visible()
        assert violations(page) == []
        flaws = [flaw for flaw in layout_flaws(page, device) if "finding" in flaw]
        assert flaws == []
