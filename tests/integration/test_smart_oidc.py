"""Launches by a certified OpenID provider that others have made: oidc-provider."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import pytest
import requests

from sightline.openemr.ehr.discovery import _discover
from sightline.openemr.smart.routes import ROUTES
from sightline.viewer.session_routes import SESSION_ROUTES
from tests.support.site import URL, Site, Tasks
from tests.support.smart_site import study, visit, write_build

pytestmark = [pytest.mark.integration, pytest.mark.without_orthanc]

SERVER = Path(__file__).parent / "oidc" / "server.mjs"
CLIENT, SECRET, BACK = "sightline", "a-secret-of-some-length", f"{URL}/sightline/smart/callback"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The provider on loopback."""
    folder = os.environ.get("SIGHTLINE_OIDC")
    if not folder:
        pytest.skip("oidc-provider has not been fetched.")
    argv = ["node", str(SERVER), folder, CLIENT, SECRET, BACK]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


@dataclass
class Walk:
    """A site, and a browser that walks from it to the provider and back."""

    site: Site
    fhir: str

    def begin(self, browser: Any) -> str:
        sent = visit(browser, f"/sightline/smart/launch?{urlencode({'iss': self.fhir, 'launch': 'xyz'})}")
        assert sent.status_code == 302, sent.text
        return str(sent.headers["Location"])

    def agree(self, address: str) -> str:
        """Log in and agree on the provider's own pages; returns the way back."""
        with requests.Session() as http:
            answer = http.get(address, allow_redirects=False, timeout=10)
            for _ in range(12):
                if answer.status_code in (302, 303):
                    where = urljoin(answer.url, answer.headers["Location"])
                    if where.startswith(BACK):
                        back = urlsplit(where)
                        return f"{back.path}?{back.query}"
                    answer = http.get(where, allow_redirects=False, timeout=10)
                else:
                    form = re.search(r'action="([^"]+)"', answer.text)
                    prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
                    assert form and prompt, answer.text
                    fields = {"prompt": prompt[1], "login": "ida", "password": "x"}
                    answer = http.post(urljoin(answer.url, form[1]), data=fields, allow_redirects=False, timeout=10)
        raise AssertionError("The provider never came back.")


@pytest.fixture
def walk(issuer: str, tmp_path: Path) -> Iterator[Walk]:
    fhir = f"{issuer}/fhir"
    settings = {
        "Name": "provider",
        "Issuer": fhir,
        "ClientId": CLIENT,
        "ClientSecret": SECRET,
        "PatientId": {"Source": "pubpid"},
    }
    write_build(tmp_path)
    _discover.cache_clear()
    files = [study("1.4.1", PatientID="P1", PatientName="MUELLER^ANNA", PatientBirthDate="19700102")]
    site = Site(tmp_path, (*SESSION_ROUTES, *ROUTES), files, Tasks(), Ehr={"Issuers": [settings]})
    site.clock.now = datetime.now(UTC)
    yield Walk(site, fhir)
    site.close()


def test_a_whole_launch(walk: Walk) -> None:
    browser = walk.site.browser()
    arrived = visit(browser, walk.agree(walk.begin(browser)))
    assert arrived.status_code == 303, arrived.text
    session = browser.get("/sightline/session", base_url=URL).get_json()
    assert (session["user"], session["studies"]) == ("Dr. Ida Stone", ["1.4.1"])


def test_a_code_is_taken_once(walk: Walk) -> None:
    browser = walk.site.browser()
    back = walk.agree(walk.begin(browser))
    assert visit(browser, back).status_code == 303
    code = back.partition("code=")[2].partition("&")[0]
    state = walk.begin(browser).partition("&state=")[2].partition("&")[0]
    assert visit(browser, f"/sightline/smart/callback?code={code}&state={state}").status_code == 403


def test_whoever_names_another_issuer_at_the_end(walk: Walk) -> None:
    """The provider says who it is in the answer (RFC 9207); somebody else's answer is refused."""
    browser = walk.site.browser()
    back = walk.agree(walk.begin(browser))
    assert "iss=" in back
    forged = re.sub(r"iss=[^&]+", "iss=https%3A%2F%2Fevil.example", back)
    assert visit(browser, forged).status_code == 403


def test_a_verifier_of_another_launch(walk: Walk) -> None:
    mine, theirs = walk.site.browser(), walk.site.browser()
    code = walk.agree(walk.begin(theirs)).partition("code=")[2].partition("&")[0]
    state = walk.begin(mine).partition("&state=")[2].partition("&")[0]
    assert visit(mine, f"/sightline/smart/callback?code={code}&state={state}").status_code == 403
