"""The whole circle on two web sites: set up by an administrator, ordered in the EHR, on the worklist, imaged, opened in
the chart, read, reported back, and opened once more from the report.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hl7apy.parser import parse_message
from playwright.sync_api import Browser, FrameLocator, Page, Playwright, expect
from pydicom import Dataset, dcmread, dcmwrite
from pypdf import PdfReader

from tests.browser.chest import Chest
from tests.browser.chromium import DESKTOP, PATIENCE_MS, launch
from tests.browser.reading import Stage
from tests.browser.setting_up import Office, Stopwatch
from tests.support.certificates import local_names, make_certificate
from tests.support.openemr.oauth import PASSWORD, USER
from tests.support.openemr.orders_out import order_message, write_order
from tests.support.openemr.results_in import ResultsImport
from tests.support.openemr.server import FakeOpenEmr
from tests.support.orthanc_server import AET, CLIENT_AET, OrthancServer, free_port
from tests.support.tls_proxy import tls_proxy

EMR, PACS = "emr.clinic.test", "pacs.imaging.test"
CODE = ("71250", "CT chest without contrast")
SLICES, MIDDLE = 5, 3
PATIENCE_SECONDS = 60
BROWSER = ("--test-third-party-cookie-phaseout", "--host-resolver-rules=MAP *.test 127.0.0.1")
IMPRESSION = "19005-8"
FURTHER = {"Sightline": {"Orders": {"Folder": {"PollSeconds": 0.2}}, "Results": {"LinkHours": 24}}}
"""What the set-up page does not print: a test cannot wait, and its reader of the report has no login."""
TEN_MINUTES = 600
Found = TypeVar("Found")


@dataclass(frozen=True)
class World:
    """An OpenEMR, a PACS, and a person's browser."""

    emr: FakeOpenEmr
    server: OrthancServer
    url: str
    orders: Path
    results: Path
    authority: str
    browser: Browser

    def page(self) -> Page:
        """Open a tab of a profile of its own."""
        context = self.browser.new_context(**DESKTOP.options(), ignore_https_errors=True)
        context.set_default_timeout(PATIENCE_MS)
        return context.new_page()


@pytest.fixture
def world(tmp_path: Path, playwright: Playwright, site: OrthancServer) -> Iterator[World]:
    """Both web sites over TLS, and nothing in either of them."""
    if shutil.which("nginx") is None:
        pytest.skip("nginx is not installed here")
    folders = [tmp_path / name for name in ("orders", "results", "orthanc")]
    for folder in folders:
        folder.mkdir()
    files = make_certificate(tmp_path, (EMR, PACS))
    port = free_port()
    url = f"https://{PACS}:{port}"
    behind = {"PublicUrl": url, "TrustedProxies": ["127.0.0.1"]}  # what a reverse proxy needs, and nothing of an EHR
    with local_names(), FakeOpenEmr(host=EMR, tls=(files.certificate, files.key)) as emr:
        emr.authority = files.authority
        browser = launch(playwright, *BROWSER)
        with (
            OrthancServer(folders[2], {"Sightline": behind}) as server,
            tls_proxy(tmp_path / "proxy", PACS, port, server.http_port, files),
        ):
            yield World(emr, server, url, folders[0], folders[1], files.authority, browser)
        browser.close()


def test_from_a_clean_start_to_the_report_in_the_chart(world: World, ct: Chest, tmp_path: Path) -> None:
    watch = Stopwatch()
    office = Office(world.page(), world.url, world.server, world.emr, world.authority, world.orders, world.results)
    office.connect(watch, FURTHER)

    anna = world.emr.records.add_patient("Anna", "Müller", "1970-01-02", pubpid="A-1042", sex="Female")
    other = world.emr.records.add_patient("Jan", "Meier", "1955-12-31")
    order = world.emr.records.add_order(anna, 12, CODE)
    write_order(world.orders, str(order.id), order_message(order, datetime.now(UTC)), pause=0.3)
    with world.server.session() as admin:
        row = {"code": CODE[0], "modality": "CT", "stationAet": CLIENT_AET}
        assert admin.put(f"{world.server.url}/sightline/api/orders/codes", json=row).status_code == 200
    (wanted,) = soon(lambda: worklist(world.server, tmp_path), "the order is on the worklist")
    assert (wanted.PatientID, str(wanted.PatientName)) == (anna.pubpid, "Müller^Anna")
    images(world.server, ct, wanted, tmp_path / "images")
    soon(lambda: is_completed(world.server, wanted.AccessionNumber), "the order is completed")
    study = str(wanted.StudyInstanceUID)
    with world.server.session() as admin:
        foreign = foreign_study(world.server, ct, other.pubpid)
    watch.lap("an order, and its images")

    page = world.page()
    page.goto(f"{world.emr.url}/interface/patient_file/summary/demographics.php?set_pid={anna.pid}")
    page.get_by_role("button", name="Sightline").click()
    app = page.frame_locator("iframe")
    log_in(app)
    expect(app.get_by_role("heading", level=1)).to_have_text("Anna Müller")
    app.locator(f"a[href*='{study}']").first.click()
    stage = Stage(page, app)
    stage.shows()
    watch.lap("open the chart, and an image")
    assert watch.total < TEN_MINUTES, watch.seconds
    measure(page, app, stage)
    report(page, app)

    message = soon(lambda: next(iter(world.results.glob("[!.]*")), None), "the result is there").read_text("utf-8")
    assert parse_message(message.replace("\n", "\r"), find_groups=False).msh.msh_9.to_er7() == "ORU^R01"
    imported = ResultsImport(world.emr.records)
    imported.process(world.results)
    assert imported.problems == {}
    (filed,) = imported.reports
    assert (filed.order, filed.patient, filed.code, filed.status) == (order, anna, CODE[0], "final")
    assert "No pulmonary nodule." in "".join(filed.texts)
    ((name, mime, content),) = filed.documents
    assert (name.rpartition(".")[2], mime) == ("pdf", "application/pdf")
    opens_that_study_only(world, link_in(content), study, foreign)


def soon(found: Callable[[], Found], what: str) -> Found:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (value := found()):
        assert time.monotonic() < deadline, f"never so: {what}"
        time.sleep(0.3)
    return value


def worklist(server: OrthancServer, tmp_path: Path) -> list[Dataset]:
    """Ask for today's worklist as the scanner does."""
    folder = tmp_path / f"answers-{time.monotonic_ns()}"
    folder.mkdir()
    keys = ["PatientName", "PatientID", "PatientBirthDate", "AccessionNumber", "StudyInstanceUID",
            "(0040,0100)[0].Modality=CT", f"(0040,0100)[0].ScheduledStationAETitle={CLIENT_AET}"]  # fmt: skip
    asked = [argument for key in keys for argument in ("-k", key)]
    command = ["findscu", "-W", "-X", "-od", str(folder), "-aet", CLIENT_AET, "-aec", AET, *asked, "127.0.0.1"]
    subprocess.run([*command, str(server.dicom_port)], check=True, capture_output=True, timeout=60)
    return [dcmread(path, force=True) for path in sorted(folder.iterdir())]


def images(server: OrthancServer, ct: Chest, wanted: Dataset, folder: Path) -> None:
    """Send some slices as the scanner does which has taken its patient from the worklist."""
    folder.mkdir()
    for number, one in enumerate(ct.slices[130 : 130 + SLICES]):
        dataset = dcmread(one.path)
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = wanted.StudyInstanceUID, f"{wanted.StudyInstanceUID}.1"
        for keyword in ("SpecificCharacterSet", "PatientName", "PatientID", "PatientBirthDate", "AccessionNumber"):
            setattr(dataset, keyword, wanted.get(keyword))
        dcmwrite(folder / f"{number}.dcm", dataset)
    names = ["storescu", "--aetitle", CLIENT_AET, "--call", AET, "--scan-directories", "--propose-jls-lossless"]
    if dataset.file_meta.TransferSyntaxUID != "1.2.840.10008.1.2.4.80":
        names.remove("--propose-jls-lossless")
    command = [*names, "127.0.0.1", str(server.dicom_port), str(folder)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)


def foreign_study(server: OrthancServer, ct: Chest, number: str) -> str:
    """Store a slice of somebody else."""
    dataset = dcmread(ct.slices[0].path)
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.PatientID = (
        "1.2.826.0.9.9",
        "1.2.826.0.9.9.1",
        number,
    )
    target = BytesIO()
    dcmwrite(target, dataset)
    with server.session() as admin:
        assert admin.post(f"{server.url}/instances", data=target.getvalue()).status_code == 200
    return str(dataset.StudyInstanceUID)


def is_completed(server: OrthancServer, accession: str) -> bool:
    with server.session() as admin:
        answer = admin.post(f"{server.url}/sightline/api/orders", json={"state": "completed"})
    return accession in answer.text


def log_in(app: FrameLocator) -> None:
    """Log in and agree at the EHR, in the frame."""
    app.locator("[name=username]").fill(USER)
    app.locator("[name=password]").fill(PASSWORD)
    app.locator("[name=proceed]").click()


def measure(page: Page, app: FrameLocator, stage: Stage) -> None:
    """Draw a line over the chest."""
    stage.picture.click()
    page.keyboard.press("Shift+D")
    expect(app.locator("svg.findings")).to_be_attached()
    box = stage.picture.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x - 60, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 20, steps=4)
    page.mouse.up()


def report(page: Page, app: FrameLocator) -> None:
    """Write a report with the finding in it, and sign it."""
    page.keyboard.press("Escape")
    page.keyboard.press("&")
    dock = app.locator(".report-dock")
    expect(dock).to_be_visible()
    expect(dock.locator("textarea[data-code='59776-5']")).to_have_value(re.compile("Length"))
    dock.locator(f"textarea[data-code='{IMPRESSION}']").fill("No pulmonary nodule.")
    expect(app.locator(".report-state")).to_have_attribute("data-state", "kept")
    page.keyboard.press("Control+Enter")
    app.get_by_role("button", name=re.compile("^Sign as ")).click()
    expect(dock.locator(".report-signed")).to_contain_text("Signed by")


def link_in(pdf: bytes) -> str:
    """Return the one address that the report links to."""
    notes: list[Any] = [note.get_object() for page in PdfReader(BytesIO(pdf)).pages for note in page.get("/Annots", ())]
    found = {str(note["/A"]["/URI"]) for note in notes if note.get("/Subtype") == "/Link"}
    assert len(found) == 1, found
    return found.pop()


def opens_that_study_only(world: World, link: str, study: str, foreign: str) -> None:
    """Open the link as whoever reads the chart, with no session anywhere."""
    page = world.page()
    page.goto(link)
    try:
        page.wait_for_url(f"**/sightline/studies/{study}*")
    except Exception as error:
        error.add_note(f"{link} -> {page.url}: {page.locator('body').inner_text()[:500]}")
        raise
    Stage(page, page).shows()
    assert "#" not in page.url
    answer = page.request.get(f"{world.url}/sightline/api/studies/{foreign}")
    assert answer.status in (401, 403)
    assert page.request.get(f"{world.url}/sightline/api/studies").status in (401, 403)
