"""An EHR's page opens Sightline in a frame: two web sites over TLS, in a browser that blocks third-party cookies."""

from __future__ import annotations

import shutil
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, Page, Playwright, Request, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.browser.chromium import DESKTOP, PATIENCE_MS, launch
from tests.support.certificates import local_names, make_certificate
from tests.support.openemr.oauth import PASSWORD, USER
from tests.support.openemr.server import FakeOpenEmr
from tests.support.orthanc_server import free_port
from tests.support.smart_site import SmartSite, study
from tests.support.viewer_server import DIST

EMR, PACS = "emr.clinic.test", "pacs.imaging.test"
FILES = (
    study("1.2.1", PatientID="P1", PatientName="MUELLER^ANNA", PatientBirthDate="19700102"),
    study("1.2.2", PatientID="P1", PatientName="MEIER^JAN", PatientBirthDate="19551231"),
)
BLOCKED = ("--test-third-party-cookie-phaseout", "--host-resolver-rules=MAP *.test 127.0.0.1")


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class World:
    """Both web sites, and a browser that knows neither."""

    here: SmartSite
    url: str
    context: BrowserContext

    @property
    def chart(self) -> str:
        return f"{self.here.emr.url}/interface/patient_file/summary/demographics.php?set_pid={self.here.anna.pid}"


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    chromium = launch(playwright, *BLOCKED)
    yield chromium
    chromium.close()


@pytest.fixture
def world(tmp_path: Path, browser: Browser) -> Iterator[World]:
    if not (DIST / "manifest.json").is_file():
        pytest.fail("The viewer has not been built: run 'make viewer'.")
    folder = tmp_path / "site"
    shutil.copytree(DIST, folder)
    files = make_certificate(tmp_path, (EMR, PACS))
    pair, url = (files.certificate, files.key), f"https://{PACS}:{(port := free_port())}"
    with local_names(), FakeOpenEmr(host=EMR, tls=pair) as emr:
        here = SmartSite(
            folder,
            emr,
            FILES,
            url=url,
            frame_ancestors=[emr.url],
            CertificateAuthority=files.authority,
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair)
        server = make_server("127.0.0.1", port, here.site, threaded=True, request_handler=_Quiet, ssl_context=context)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        tab = browser.new_context(**DESKTOP.options(), ignore_https_errors=True)
        tab.set_default_timeout(PATIENCE_MS)
        try:
            with closing(here):
                yield World(here, url, tab)
                tab.close()
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def log_in(frame: Frame) -> None:
    frame.fill("[name=username]", USER)
    frame.fill("[name=password]", PASSWORD)
    frame.click("[name=proceed]")


def app(page: Page) -> Frame:
    """Return the frame that the app is in."""
    frame = page.wait_for_selector("iframe").content_frame()  # type: ignore[union-attr]
    assert frame is not None
    return frame


def session(frame: Frame | Page) -> dict[str, object]:
    """Return who the pages of a frame or tab are to Sightline."""
    answer: dict[str, object] = frame.evaluate("fetch('/sightline/session').then((answer) => answer.json())")
    return answer


def redirects(request: Request) -> list[str]:
    """Return the paths that a page was come to by, oldest first."""
    paths = []
    found: Request | None = request
    while found is not None:
        paths.append(found.url.partition(".test:")[2].partition("/")[2].partition("?")[0])
        found = found.redirected_from
    return paths[::-1]


def test_in_a_frame_of_the_chart_and_in_a_tab_of_its_own(world: World) -> None:
    page = world.context.new_page()
    page.goto(world.chart)
    page.get_by_role("button", name="Sightline").click()
    frame = app(page)
    frame.wait_for_url("**/oauth2/default/authorize**")  # nobody has agreed yet: the login page, in the frame
    with page.expect_request("**/sightline/patient/*") as arrived:
        log_in(frame)
    frame.wait_for_url("**/sightline/patient/*")
    assert redirects(arrived.value)[1:] == ["sightline/smart/callback", arrived.value.url.partition(f"{world.url}/")[2]]
    assert session(frame)["studies"] == ["1.2.1"]
    launch_id = frame.url.rpartition("/")[2]
    expect(frame.get_by_role("heading", level=1)).to_have_text("Anna Müller")
    expect(frame.locator(".moment")).to_have_count(1)
    expect(frame.get_by_role("region", name="1 study is held back")).to_contain_text("The birth date is another one.")
    assert "MEIER" not in frame.content()

    # The session lies in a jar that only frames in that chart have.
    tab = world.context.new_page()
    tab.goto(f"{world.url}/sightline/patient/{launch_id}")
    assert tab.url == f"{world.url}/sightline/smart/ended"
    expect(tab.get_by_role("alert")).to_contain_text("Open the images again")
    assert session(tab)["user"] is None

    with (
        page.expect_popup() as popup,
        page.expect_response(lambda answer: answer.url.endswith(f"/launches/{launch_id}/tab")) as given,
    ):
        frame.get_by_role("button", name="Open in a new tab").click()
    address, tab = given.value.json()["url"], popup.value
    tab.wait_for_url(f"{world.url}/sightline/patient/{launch_id}")
    expect(tab.locator(".moment")).to_have_count(1)
    assert session(tab)["studies"] == ["1.2.1"]
    tab.go_back()
    assert "#" not in tab.url  # the secret has left the address, and the history
    other = world.context.new_page()
    other.goto(address)
    expect(other.get_by_role("heading")).to_have_text("This address opens once")


def test_no_more_than_three_redirects_where_consent_is_skipped(world: World) -> None:
    """OpenEMR's page that submits itself, in the frame, brings its core session; then nobody is asked anything."""
    world.here.emr.oauth.skips_flow = world.here.client.skips_flow = True
    page = world.context.new_page()
    seen: list[str] = []
    page.on("response", lambda answer: seen.append(f"{answer.status} {answer.url.partition('.test:')[2]}"))
    page.goto(world.chart)
    page.get_by_role("button", name="Sightline").click()
    frame = app(page)
    frame.wait_for_url("**/sightline/patient/*")
    assert session(frame)["studies"] == ["1.2.1"]
    from_launch = seen[next(index for index, line in enumerate(seen) if "/sightline/smart/launch?" in line) :]
    assert sum(line.startswith("30") for line in from_launch) == 3, from_launch


def test_a_launch_in_a_tab(world: World) -> None:
    """What people do where the frame will not work: the EHR's button opened in a new tab."""
    page = world.context.new_page()
    page.goto(world.chart)
    link = page.get_by_role("button", name="Sightline").get_attribute("data-url")
    tab = world.context.new_page()
    tab.goto(str(link))
    log_in(tab.main_frame)
    tab.wait_for_url("**/sightline/patient/*")
    assert session(tab)["studies"] == ["1.2.1"]
