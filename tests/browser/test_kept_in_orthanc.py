"""Inside a real Orthanc: what is measured on a real CT becomes a report there, and is seen on the next device."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from time import monotonic, sleep
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from pydicom import Dataset, dcmread, dcmwrite

from tests.browser.chest import SIZE, Chest
from tests.browser.chromium import PHONE
from tests.browser.people import administrators_page
from tests.browser.reading import Stage
from tests.support.orthanc_server import OrthancServer

STUDY = "1.2.826.0.7.77"
SLICES, MIDDLE = 5, 3
ENDS = ((140, 200), (360, 310))
"""Of a line over the chest: column and row."""
PATIENCE_SECONDS = 60


@pytest.fixture
def place(site: OrthancServer, ct: Chest) -> Iterator[str]:
    """Path of the page of a few slices of the chest as a study of their own, since what is drawn on it stays."""
    with site.session() as admin:
        for one in ct.slices[130 : 130 + SLICES]:
            dataset = dcmread(one.path)
            dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.PatientID = STUDY, f"{STUDY}.1", "KEPT"
            target = BytesIO()
            dcmwrite(target, dataset)
            assert admin.post(f"{site.url}/instances", data=target.getvalue()).status_code == 200
        yield f"/sightline/studies/{STUDY}?slice={MIDDLE}"
        assert admin.delete(f"{site.url}/dicom-web/studies/{STUDY}").ok


def at(stage: Stage, column: float, row: float) -> tuple[float, float]:
    """Where that point of the fitted image is on the page."""
    left, top, _, _ = stage.box()
    width, height = stage.picture.evaluate("(picture) => [picture.clientWidth, picture.clientHeight]")
    scale = min(width, height) / SIZE
    return left + (width - SIZE * scale) / 2 + column * scale, top + (height - SIZE * scale) / 2 + row * scale


def findings(page: Page) -> list[str]:
    """The rows of the list of findings."""
    if page.locator(".findings-dock").count() == 0:
        page.keyboard.press("Shift+F")
    expect(page.locator(".finding-row")).to_have_count(1)
    return page.locator(".finding-row").all_inner_texts()


def reported(site: OrthancServer) -> Dataset:
    """The report of the study, as any DICOMweb client gets it."""
    with site.session() as admin:
        deadline = monotonic() + PATIENCE_SECONDS
        while True:
            told: dict[str, Any] = admin.get(f"{site.url}/sightline/api/studies/{STUDY}/findings").json()
            if told["saved"] is not None:
                break
            assert monotonic() < deadline, told
            sleep(0.5)
        instance = told["saved"]["instance"]
        root = f"{site.url}/dicom-web/studies/{STUDY}"
        (row,) = admin.get(f"{root}/instances", params={"SOPInstanceUID": instance}).json()
        series = row["0020000E"]["Value"][0]
        accept = {"Accept": "multipart/related; type=application/dicom"}
        answer = admin.get(f"{root}/series/{series}/instances/{instance}", headers=accept)
        return dcmread(BytesIO(answer.content[answer.content.index(b"\r\n\r\n") + 4 :]))


def test_a_length_is_reported_and_there_on_another_device(
    browser: Browser, site: OrthancServer, ct: Chest, place: str
) -> None:
    (first, second) = ENDS
    length = float(np.hypot(second[0] - first[0], second[1] - first[1])) * ct.pixel_spacing
    with administrators_page(browser, site, path=place) as page:
        stage = Stage(page, page)
        stage.shows(MIDDLE)
        page.keyboard.press("Shift+D")
        # The code that draws comes when a tool is first taken.
        expect(page.locator("svg.findings")).to_be_attached()
        page.mouse.move(*at(stage, *first))
        page.mouse.down()
        page.mouse.move(*at(stage, *second), steps=4)
        page.mouse.up()
        (told,) = findings(page)
        # The mouse knows whole pixels of the screen only.
        shown = float(told.split(" ± ")[0].split()[-1])
        assert shown == pytest.approx(length, abs=1.0)
        expect(page.locator(".findings-state")).to_contain_text("Kept")
    dataset = reported(site)
    assert (dataset.Modality, dataset.PatientID) == ("SR", "KEPT")
    (group,) = dataset.ContentSequence[-1].ContentSequence
    number = next(item for item in group.ContentSequence if item.ValueType == "NUM").MeasuredValueSequence[0]
    assert float(number.FloatingPointValue) == pytest.approx(shown, abs=0.06)
    assert number.MeasurementUnitsCodeSequence[0].CodeValue == "mm"
    with administrators_page(browser, site, PHONE, place) as page:
        Stage(page, page).shows(MIDDLE)
        (again,) = findings(page)
        assert f"{shown:g}" in again
