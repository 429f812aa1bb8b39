"""The page of a patient whom an EHR has opened, in a real browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from pydicom.uid import EncapsulatedPDFStorage

from sightline.access.launch import EhrPatient, Launch, LaunchedStudy, Standing
from sightline.errors import UnauthenticatedError
from sightline.web.json_answer import answer_json
from sightline.web.request import Request, Response
from sightline.web.routing import Public, Route
from sightline.web.services import Services
from tests.browser.chromium import DESKTOP, DEVICES, PHONE, Device
from tests.browser.people import layout_flaws, nameless_controls
from tests.browser.viewer_pages import page_of, violations
from tests.support.dicom_files import image_file, slices_of
from tests.support.fake_archive import FakeArchive
from tests.support.launches import RememberedLaunches, launch, launch_grant
from tests.support.viewer_server import ADMINISTRATOR, running_services, served

ROOT = "1.2.826.0.9"
CT, MR, XRAY, US = (f"{ROOT}.{number}" for number in range(1, 5))
ADA = EhrPatient("9a-uuid", "PAT-7", "Lovelace", "Ada Augusta", "19551210", "F")
LAUNCH = launch(
    "launch-1",
    ADA,
    *(LaunchedStudy(uid, Standing.CONFIRMED) for uid in (CT, MR, XRAY)),
    LaunchedStudy(f"{ROOT}.8", Standing.HELD, "birth-date"),
)
NOBODY = launch("launch-2", replace(ADA, patient_id="PAT-8", family="Hopper", given="Grace"))


def files() -> list[bytes]:
    """A CT and its report, an older MR, a radiograph of last year, and an ultrasound that comes later."""
    common: dict[str, Any] = {
        "PatientID": "PAT-7", "PatientName": "Lovelace^Ada Augusta", "PatientBirthDate": "19551210", "PatientSex": "F",
    }  # fmt: skip
    z, y, x = np.mgrid[0:24, 0:64, 0:64]
    ball = np.where((z - 12) ** 2 * 6 + (y - 32) ** 2 + (x - 32) ** 2 < 500, 300, -900).astype(np.int16)
    places = [(-32.0, -32.0, 3.0 * k) for k in range(24)]
    window = {"WindowCenter": 40, "WindowWidth": 400, "RescaleSlope": 1, "RescaleIntercept": 0}
    stacks = [
        file
        for uid, date, modality, name, part in (
            (CT, "20260302", "CT", "CT thorax with contrast, follow-up after lobectomy", "CHEST"),
            (MR, "20260110", "MR", "MR head", "HEAD"),
        )
        for file in slices_of(
            ball, places, spacing=(1.0, 1.0), StudyInstanceUID=uid, SeriesInstanceUID=f"{uid}.1", StudyDate=date,
            StudyTime="091200", Modality=modality, StudyDescription=name, BodyPartExamined=part, SeriesNumber=1,
            AccessionNumber=f"A{uid[-1]}00", **common, **window,
        )
    ]  # fmt: skip
    xray = image_file(
        ball[12], StudyInstanceUID=XRAY, SeriesInstanceUID=f"{XRAY}.1", StudyDate="20240504", Modality="DX",
        StudyDescription="Chest PA", BodyPartExamined="CHEST", SeriesNumber=1, **common, **window,
    )  # fmt: skip
    letter = image_file(
        ball[0], StudyInstanceUID=CT, SeriesInstanceUID=f"{CT}.9", Modality="DOC", SeriesNumber=9, StudyDate="20260302",
        SOPClassUID=EncapsulatedPDFStorage, SeriesDescription="CT Chest Report", **common,
    )  # fmt: skip
    return [*stacks, xray, letter]


def ultrasound() -> bytes:
    return image_file(
        np.full((8, 8), 90, np.int16), StudyInstanceUID=US, SeriesInstanceUID=f"{US}.1", StudyDate="20260303",
        Modality="US", StudyDescription="Abdomen", PatientID="PAT-7", PatientName="Lovelace^Ada", SeriesNumber=1,
    )  # fmt: skip


@dataclass
class Ward:
    """What the EHR's side answers."""

    launches: RememberedLaunches = field(default_factory=lambda: RememberedLaunches(LAUNCH, NOBODY))
    archive: FakeArchive = field(default_factory=lambda: FakeArchive(files()))
    has_ended: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def look(self, request: Request, services: Services, launch_id: str) -> Response:
        """Find what has come under the patient's number."""
        if self.has_ended.is_set():
            raise UnauthenticatedError("This launch has ended.", "launch-ended")
        launched = self.launches.known[launch_id]
        if US in {file.study_instance_uid for file, _, _ in self.archive._stored.values()} and launched is not NOBODY:
            self.launches.renew(launch_id, (*LAUNCH.studies, LaunchedStudy(US, Standing.UNVERIFIED, "missing")))
        return answer_json({})

    def tab(self, request: Request, services: Services, launch_id: str) -> Response:
        """Give the way into a tab."""
        return answer_json({"url": f"{self.url}/sightline/patient/{launch_id}?year=2024"})

    def routes(self) -> tuple[Route, ...]:
        base = "/sightline/smart/launches/<launch_id>"
        return (
            Route("POST", f"{base}/look", self.look, Public.LAUNCH, "Look again"),
            Route("POST", f"{base}/tab", self.tab, Public.LAUNCH, "Go on in a tab"),
        )


def ward_of(launched: Launch, is_administrator: bool = False) -> Iterator[Ward]:
    ward = Ward()
    with running_services(ward.archive) as services:
        known = replace(services, launches=cast(Any, ward.launches))
        grant = ADMINISTRATOR if is_administrator else launch_grant(launched)
        with served(known, grant, further=ward.routes()) as url:
            ward.url = url
            yield ward


@pytest.fixture(scope="module")
def ward() -> Iterator[Ward]:
    """Ada's launch; nothing changes in it."""
    yield from ward_of(LAUNCH)


@pytest.fixture
def busy_ward() -> Iterator[Ward]:
    """Ada's launch, for a test in which something happens."""
    yield from ward_of(LAUNCH)


def open_timeline(page: Page, ward: Ward, query: str = "") -> None:
    page.goto(f"{ward.url}/sightline/patient/launch-1{query}")
    expect(page.get_by_role("status").first).to_contain_text("studies")


def cards(page: Page) -> Any:
    return page.locator(".moment h3")


@pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.name)
def test_everybody_can_use_it(browser: Browser, ward: Ward, device: Device) -> None:
    with page_of(browser, device) as page:
        open_timeline(page, ward)
        expect(page.get_by_role("heading", level=1)).to_have_text("Ada Augusta Lovelace")
        expect(cards(page)).to_have_text(["CT thorax with contrast, follow-up after lobectomy", "MR head", "Chest PA"])
        for picture in page.locator(".moment img").all():
            picture.scroll_into_view_if_needed()
            expect(picture).to_have_js_property("complete", True)
            assert picture.evaluate("(image) => image.naturalWidth") > 0
        page.evaluate("scrollTo(0, 0)")
        flaws = [*nameless_controls(page), *layout_flaws(page, device), *violations(page)]
        assert flaws == [], "\n".join(flaws)
        page.get_by_label("Compare").first.check()
        expect(page.get_by_text("One study is chosen.")).to_be_in_viewport()
        assert violations(page) == []


def test_one_click_opens_the_images_and_leads_back(browser: Browser, ward: Ward) -> None:
    with page_of(browser) as page:
        open_timeline(page, ward)
        page.get_by_role("link", name="MR head").click()
        expect(page.locator(".corner-top-left").first).to_contain_text("Lovelace")
        assert MR in page.url
        expect(page.get_by_role("button", name="Studies", exact=True)).to_have_count(0)
        expect(page.get_by_text("Shared with you until")).to_have_count(0)
        # What else the launch has opened is there to compare with.
        expect(page.locator(".strip").get_by_role("button", name="CT thorax")).to_be_visible()
        page.get_by_role("button", name="Patient").click()
        expect(cards(page)).to_have_count(3)


def test_keys_alone_open_two_studies_side_by_side(browser: Browser, ward: Ward) -> None:
    with page_of(browser) as page:
        open_timeline(page, ward)
        cards(page).first.get_by_role("link").focus()
        page.keyboard.press("ArrowDown")
        expect(page.get_by_role("link", name="MR head")).to_be_focused()
        page.keyboard.press("End")
        expect(page.get_by_role("link", name="Chest PA")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        page.get_by_role("link", name="Chest PA").focus()
        page.keyboard.press("Home")
        page.keyboard.press("Tab")  # the report
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        page.get_by_role("link", name="Read side by side").press("Enter")
        page.wait_for_url(f"**/studies/{CT}?**beside={XRAY}**")
        expect(page.locator(".strip-study")).to_have_count(2)


def test_a_report_opens_with_its_study(browser: Browser, ward: Ward) -> None:
    with page_of(browser) as page:
        open_timeline(page, ward)
        link = page.get_by_role("link", name="CT Chest Report")
        assert (link.get_attribute("href") or "").startswith(f"{ward.url}/sightline/studies/{CT}?series=")


def test_kind_and_year_narrow_and_survive_a_reload(browser: Browser, ward: Ward) -> None:
    with page_of(browser) as page:
        open_timeline(page, ward)
        page.get_by_role("button", name="2026").click()
        expect(cards(page)).to_have_count(2)
        page.get_by_role("button", name="MR").click()
        expect(cards(page)).to_have_text(["MR head"])
        assert page.url.endswith("?modality=MR&year=2026")
        page.reload()
        expect(cards(page)).to_have_text(["MR head"])
        page.get_by_role("button", name="2024").click()
        page.get_by_role("button", name="Show all studies").click()
        expect(cards(page)).to_have_count(3)


def test_what_is_held_back_is_told_and_not_shown(browser: Browser, ward: Ward) -> None:
    with page_of(browser) as page:
        open_timeline(page, ward)
        held = page.get_by_role("region", name="1 study is held back")
        expect(held).to_contain_text("The birth date is another one.")
        assert f"{ROOT}.8" not in page.content()


def test_what_came_meanwhile_is_there_after_another_look(browser: Browser, busy_ward: Ward) -> None:
    with page_of(browser, PHONE) as page:
        open_timeline(page, busy_ward)
        busy_ward.archive._put(ultrasound())
        page.get_by_role("button", name="Look again").click()
        expect(cards(page).first).to_have_text("Abdomen")
        expect(page.locator(".moment").first).to_contain_text("Unverified.")


def test_nobodys_images_say_what_to_do(browser: Browser) -> None:
    for ward in ward_of(NOBODY):
        with page_of(browser) as page:
            page.goto(f"{ward.url}/sightline/patient/launch-2")
            expect(page.get_by_role("heading", name="No images for this patient here yet")).to_be_visible()
            expect(page.get_by_text("PAT-8").first).to_be_visible()
            assert violations(page) == []


def test_the_end_of_the_session_leaves_nothing_of_the_patient(browser: Browser, busy_ward: Ward) -> None:
    with page_of(browser) as page:
        open_timeline(page, busy_ward)
        busy_ward.has_ended.set()
        page.get_by_role("button", name="Look again").click()
        expect(page.get_by_role("heading", name="This visit has ended")).to_be_visible()
        assert "Lovelace" not in page.locator("#app").inner_text()
        assert violations(page) == []


def test_in_a_frame_it_goes_on_in_a_tab(browser: Browser, ward: Ward) -> None:
    with page_of(browser) as page:
        page.goto(f"{ward.url}/sightline/about")
        page.evaluate(
            "(url) => { const frame = document.createElement('iframe'); frame.src = url;"
            "frame.width = 1200; frame.height = 700; document.body.prepend(frame); }",
            f"{ward.url}/sightline/patient/launch-1",
        )
        frame = page.frame_locator("iframe")
        with page.expect_popup() as popup:
            frame.get_by_role("button", name="Open in a new tab").click()
        expect(cards(popup.value)).to_have_text(["Chest PA"])
        assert popup.value.evaluate("window.opener") is None


def test_the_page_alone_offers_no_tab(browser: Browser, ward: Ward) -> None:
    with page_of(browser, DESKTOP) as page:
        open_timeline(page, ward)
        expect(page.get_by_role("button", name="Open in a new tab")).to_have_count(0)


def test_an_administrator_goes_back_to_all_studies(browser: Browser) -> None:
    for ward in ward_of(LAUNCH, is_administrator=True):
        with page_of(browser) as page:
            open_timeline(page, ward)
            page.get_by_role("link", name="Studies").click()
            expect(page.locator("table.studies tbody tr").first).to_be_visible()
            page.get_by_role("button", name="Site").click()
            expect(page.get_by_role("menuitem")).to_have_text(
                ["Orders", "Reports sent", "Chart documents", "Who can see images", "Connect an EHR"]
            )
            assert violations(page) == []
            page.keyboard.press("ArrowUp")
            expect(page.get_by_role("menuitem", name="Connect an EHR")).to_be_focused()
            page.keyboard.press("Escape")
            expect(page.get_by_role("menuitem")).to_have_count(0)
            expect(page.get_by_role("button", name="Site")).to_be_focused()
