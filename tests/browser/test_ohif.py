"""OHIF, as its makers publish it, beside Sightline: it lists, opens, shows and stores through our DICOMweb alone."""

from __future__ import annotations

import os
import shutil
import time
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import requests
from playwright.sync_api import Browser, Playwright
from pydicom import dcmread
from pydicom.data import get_testdata_file

from tests.browser.ohif_page import Ohif, launch, ohif_page
from tests.browser.ohif_site import OhifSite, pages
from tests.browser.ohif_study import (
    AIR,
    BALL,
    MEASURED_MM,
    PDF_TITLE,
    SEGMENT,
    SERIES_DESCRIPTION,
    SLICES,
    STRUCTURE,
    STUDY_DESCRIPTION,
    BallStudy,
    ball_study,
)
from tests.support.corpus import corpus_files
from tests.support.findings import finding
from tests.support.orthanc_server import OrthancServer, free_port

if pages() is None:
    pytest.skip("!!! LEFT OUT: OHIF is not here; make test fetches it", allow_module_level=True)
if os.environ.get("SIGHTLINE_SUITE", "trixie") != "trixie":
    pytest.skip("slow without a graphics card, so on Debian 13 only", allow_module_level=True)
if shutil.which("nginx") is None or shutil.which("Orthanc") is None:
    pytest.skip("nginx or Orthanc is not installed here", allow_module_level=True)

SOURCES = pytest.mark.parametrize("source", ["", "/orthanc"], ids=["ours", "as-the-plugin-of-orthanc-configures-it"])


def shown(value: float) -> int:
    """Return the grey in which the window of the ball study (center 0, width 2000) shows a value."""
    return round((value + 1000) / 2000 * 255)


@dataclass(frozen=True)
class Place:
    """OHIF, the Orthanc behind it, and what is stored there."""

    browser: Browser
    url: str
    orthanc: OrthancServer
    ball: BallStudy

    def open(self, study: str, source: str = "") -> AbstractContextManager[Ohif]:
        """Open a study."""
        return ohif_page(self.browser, self.url, f"/viewer{source}?StudyInstanceUIDs={study}")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, playwright: Playwright) -> Iterator[Place]:
    """OHIF beside an Orthanc with a made study, and real ones where there is a corpus."""
    folder, port = pages(), free_port()
    assert folder is not None
    extra = {"Sightline": {"PublicUrl": f"http://127.0.0.1:{port}", "TrustedProxies": ["127.0.0.1"]}}
    ball = ball_study()
    topics = ("seg/ct-liver", "pet-ct-mr/sts-011", "ts/same-image-9", "us/doppler-8f", "doc/pdf")
    others = [Path(str(get_testdata_file("CT_small.dcm"))), *(corpus_files(*topics))]
    with (
        OrthancServer(tmp_path_factory.mktemp("orthanc"), extra) as orthanc,
        OhifSite(tmp_path_factory.mktemp("ohif"), port, orthanc, folder) as site,
    ):
        with orthanc.session() as admin:
            for content in (*ball.files, *(path.read_bytes() for path in others)):
                answer = admin.post(f"{orthanc.url}/instances", data=content)
                assert answer.status_code == 200, answer.text
        browser = launch(playwright)
        yield Place(browser, site.url, orthanc, ball)
        browser.close()


def corpus_study(topic: str) -> str:
    """Return the UID of a study of the corpus."""
    found = corpus_files(topic)
    if not found:
        pytest.skip(f"there is no corpus with {topic}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some real files have flaws
        return str(dcmread(found[0], stop_before_pixels=True).StudyInstanceUID)


def test_the_list_shows_descriptions_and_finds_a_patient(place: Place) -> None:
    with ohif_page(place.browser, place.url, "/") as ohif:
        row = ohif.page.get_by_role("row").filter(has_text=STUDY_DESCRIPTION)
        row.wait_for()
        text = row.inner_text()
        assert "Ball, Beatrice" in text and "02-Jan-2026" in text and "B1" in text
        assert text.split()[-1] == str(len(place.ball.files))
        other = ohif.page.get_by_text("CompressedSamples", exact=False).first
        other.wait_for()
        ohif.page.locator("input").first.fill("beatrice")
        other.wait_for(state="detached")
        assert row.count() == 1
        asked = r"/studies\?.*PatientName=\*beatrice\*.*fuzzymatching=true"
        ohif.until(lambda: bool(ohif.traffic.of(asked)), "a search on the server")
        assert row.count() == 1


@pytest.mark.parametrize(
    ("source", "images"),
    [("", r"/frames/1$"), ("/orthanc", r"/frames/1$"), ("/wado-uri", r"/wado\?.*requestType=WADO")],
)
def test_a_stack_is_shown_as_stored(place: Place, source: str, images: str) -> None:
    with place.open(place.ball.study, source) as ohif:
        ohif.until(lambda: abs(ohif.grey(0.5, 0.5) - shown(AIR)) <= 3, "the first slice, where there is air")
        ohif.page.get_by_text(SERIES_DESCRIPTION).first.wait_for()
        ohif.scroll(SLICES // 2)
        ohif.until(lambda: abs(ohif.grey(0.5, 0.5) - shown(BALL)) <= 3, "the ball in the middle")
        # A bar lies in the upper left corner of the image, which fills the height of the viewport, and in no other.
        picture = ohif.picture()
        height, width = picture.shape[:2]
        left = (width - height) // 2
        bright = [
            (abs(picture[round(y * height), left + round(x * height), 0] - shown(200)) <= 3)
            for x, y in ((0.19, 0.09), (0.81, 0.09), (0.19, 0.91), (0.81, 0.91))
        ]
        assert bright == [True, False, False, False]
        frames = ohif.traffic.of(images)
        assert {answer.status for answer in frames} == {200}
        assert len({answer.url for answer in frames}) == SLICES


def test_planes_through_a_volume(place: Place) -> None:
    with place.open(place.ball.study) as ohif:
        ohif.page.get_by_text(SERIES_DESCRIPTION).first.wait_for()
        ohif.page.locator("[data-cy=Layout]").click()
        ohif.page.get_by_text("MPR", exact=True).click()
        ohif.until(lambda: ohif.panes().count() == 3, "three planes")
        for pane in range(3):
            ohif.until(lambda pane=pane: abs(ohif.grey(0.5, 0.5, pane) - shown(BALL)) <= 3, f"the ball in plane {pane}")  # type: ignore[misc]
            picture = ohif.picture(pane)[..., 0]
            across = int((np.abs(picture[picture.shape[0] // 2] - shown(BALL)) <= 12).sum())
            down = int((np.abs(picture[:, picture.shape[1] // 2] - shown(BALL)) <= 12).sum())
            assert abs(across - down) <= 0.12 * max(across, down), "a ball is as wide as it is high"
        assert len({answer.url for answer in ohif.traffic.of("/frames/1$")}) == SLICES


def test_a_segmentation(place: Place) -> None:
    with place.open(place.ball.study) as ohif:
        ohif.page.locator("[data-cy=panelSegmentation-btn]").click()
        ohif.until(lambda: abs(ohif.grey(0.5, 0.5) - shown(AIR)) <= 3, "the first slice")
        before = ohif.coloured()
        ohif.load("Segmentation of the ball")
        ohif.page.get_by_text(SEGMENT).first.wait_for()
        ohif.scroll(6)
        ohif.until(lambda: ohif.coloured() > before + 2000, "the segment in colour")


def test_structures(place: Place) -> None:
    with place.open(place.ball.study) as ohif:
        ohif.page.locator("[data-cy=panelSegmentation-btn]").click()
        ohif.load("Structures of the ball")
        ohif.page.get_by_text(STRUCTURE).first.wait_for()

        def outline() -> bool:
            picture = ohif.picture()[40:-40, 40:-40]
            green = (picture[..., 1] > picture[..., 0] + 40) & (picture[..., 1] > picture[..., 2] + 40)
            rows, columns = np.nonzero(green)
            return len(rows) > 100 and abs(float(np.ptp(rows)) - float(np.ptp(columns))) <= 6

        ohif.until(outline, "a green circle")


def test_measurements_open_and_are_stored_again(place: Place) -> None:
    with place.open(place.ball.study) as ohif:
        ohif.page.locator("[data-cy=trackedMeasurements-btn]").click()
        ohif.load("Measurements of the ball")
        ohif.page.locator("[data-cy=measurement-table-row-0]").wait_for()
        assert f"{MEASURED_MM:.1f} mm" in ohif.page.locator("[data-cy=trackedMeasurements-panel]").inner_text()
        ohif.page.get_by_text("Create SR").click()
        ohif.page.get_by_role("button", name="Save").click()
        ohif.until(lambda: bool(ohif.traffic.of("/studies", "POST")), "an upload")
        (stored,) = ohif.traffic.of("/studies", "POST")
        assert stored.status == 200
    reports = _metadata(place, "SR")
    assert len(reports) == 2
    assert "OHIF" in str(reports) or "dcmjs" in str(reports)


def _metadata(place: Place, modality: str) -> list[dict[str, object]]:
    url = f"{place.orthanc.url}/dicom-web/studies/{place.ball.study}"
    with place.orthanc.session() as admin:
        answer: requests.Response = admin.get(f"{url}/metadata")
    assert answer.status_code == 200
    return [item for item in answer.json() if item["00080060"]["Value"] == [modality]]


@SOURCES
def test_a_document(place: Place, source: str) -> None:
    with place.open(place.ball.study, source) as ohif:
        ohif.page.get_by_text(SERIES_DESCRIPTION).first.wait_for()
        # OHIF trips over images that arrive once their viewport has gone, so they are to be there before it goes.
        ohif.until(lambda: len(ohif.traffic.of(r"/frames/")) >= SLICES, "all images of the first series")
        ohif.open(PDF_TITLE)
        ohif.until(lambda: bool(ohif.traffic.of(r"/rendered$|/bulk(data)?/")), "the document being asked for")
        (answer,) = ohif.traffic.of(r"/rendered$|/bulk(data)?/")
        assert answer.status == 200
        assert ("application/pdf" if source == "" else "application/") in answer.headers["content-type"]
        # Chromium's own reader shows a white page with black text on a dark table.
        ohif.until(lambda: bool((ohif.picture() > 250).mean() > 0.2 and (ohif.picture() < 30).sum() > 500), "a page")


def test_a_real_segmentation(place: Place) -> None:
    with place.open(corpus_study("seg/ct-liver")) as ohif:
        ohif.page.locator("[data-cy=panelSegmentation-btn]").click()
        ohif.load("Liver Segmentation")
        ohif.page.get_by_text("Liver", exact=True).first.wait_for()
        ohif.until(lambda: ohif.coloured() > 20_000, "the liver in colour")


def test_the_same_image_in_every_transfer_syntax(place: Place) -> None:
    with place.open(corpus_study("ts/same-image-9")) as ohif:
        ohif.until(lambda: bool(ohif.picture()[..., 0].std() > 20), "an image")
        first, count = ohif.picture(), len(corpus_files("ts/same-image-9"))

        def same() -> bool:
            return bool(np.abs(ohif.picture() - first)[60:-60, 60:-60].mean() < 1)

        for number in range(2, count + 1):
            ohif.scroll(1)
            ohif.page.get_by_text(f"({number}/{count})").wait_for()
            ohif.until(same, f"image {number}")
        assert len({answer.url for answer in ohif.traffic.of("/frames/1$")}) == count


def test_a_cine_in_colour(place: Place) -> None:
    with place.open(corpus_study("us/doppler-8f")) as ohif:
        ohif.until(lambda: ohif.coloured() > 20_000, "flow in colour")
        ohif.until(lambda: len({answer.url for answer in ohif.traffic.of(r"/frames/\d$")}) >= 8, "eight frames")


def test_what_our_viewer_stored_is_drawn(place: Place) -> None:
    """The report of a line, an ellipse, both axes and an angle, as our server writes it when a reader leaves."""
    study, image = place.ball.study, dcmread(BytesIO(place.ball.ct[SLICES // 2]), stop_before_pixels=True)
    series, instance = str(image.SeriesInstanceUID), str(image.SOPInstanceUID)
    drawn = [
        finding(study, series, instance, "length", "line", points=[[12, 20], [52, 20]]),
        finding(study, series, instance, "ellipse", "region", points=[[16, 36], [48, 36], [32, 26], [32, 46]]),
        finding(study, series, instance, "bidirectional", "axes", points=[[10, 52], [54, 52], [30, 48], [30, 58]]),
        finding(study, series, instance, "angle", "corner", points=[[8, 8], [8, 16], [20, 16]]),
    ]
    path = f"{place.orthanc.url}/sightline/api/studies/{study}/findings"
    with place.orthanc.session() as admin:
        changes = [{"finding": each, "base": 0} for each in drawn]
        assert admin.post(path, json={"changes": changes}, timeout=60).status_code == 200
        assert admin.post(f"{path}/save", json={}, timeout=60).json()["saved"]
    with place.open(study) as ohif:
        ohif.until(lambda: ohif.panes().count() > 0 and bool(ohif.picture().std() > 5), "a first image")
        told = ("40.00 mm", "Area: 502.65 mm2", "Mean: 600.00 [hnsf'U]", "44.00 mm", "10.00 mm", "Angle: 90.00 deg")

        def has_numbers() -> bool:
            text = ohif.panes().first.inner_text()
            return all(number in text for number in told) and ohif.coloured() > 500

        def drawn_with_numbers() -> bool:
            # A double click that comes too soon is lost, and one that comes while OHIF still draws makes it begin anew.
            ohif.open("Measurements")
            deadline = time.monotonic() + 12
            while not has_numbers() and time.monotonic() < deadline:
                ohif.page.wait_for_timeout(500)
            return has_numbers()

        ohif.until(drawn_with_numbers, "our findings with their numbers")


def test_key_images_and_presentations_of_our_viewer_disturb_nothing(place: Place) -> None:
    """OHIF draws neither; it has to read both, and to show the images beside them as before."""
    study, image = place.ball.study, dcmread(BytesIO(place.ball.ct[SLICES // 2]), stop_before_pixels=True)
    series, instance = str(image.SeriesInstanceUID), str(image.SOPInstanceUID)
    key = {"series": series, "instance": instance, "frame": 1, "title": "113000"}
    wish = {
        "shown": {"series": series, "instance": instance, "frame": 1}, "whole": True, "name": "As it was read",
        "window": {"center": 40, "width": 400}, "invert": False, "turn": {"quarters": 0, "mirrored": False},
        "area": {"left": 0, "top": 0, "right": 64, "bottom": 64}, "magnification": None, "overlays": True,
        "shutter": True, "graphics": [],
    }  # fmt: skip
    path = f"{place.orthanc.url}/sightline/api/studies/{study}"
    with place.orthanc.session() as admin:
        kept = admin.post(f"{path}/keys", json={"changes": [{"key": key}], "leaving": True}, timeout=60).json()
        stored = admin.post(f"{path}/presentations", json=wish, timeout=60).json()
    written = [(document["series"], document["instance"]) for document in kept["documents"]]
    written.append((stored["series"], stored["instance"]))
    assert len(written) == 2
    with place.open(study) as ohif:
        ohif.until(lambda: abs(ohif.grey(0.5, 0.5) - shown(AIR)) <= 3, "the first slice, where there is air")
        for one, _ in written:
            ohif.until(lambda one=one: bool(ohif.traffic.of(rf"/series/{one}/metadata")), "our document, read")  # type: ignore[misc]
        for description in ("Key images", "Presentations"):
            ohif.page.get_by_text(description, exact=True).first.wait_for()
        ohif.scroll(SLICES // 2)
        ohif.until(lambda: abs(ohif.grey(0.5, 0.5) - shown(BALL)) <= 3, "the ball in the middle")
