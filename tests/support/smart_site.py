"""A site whose users come from a fake OpenEMR, with somebody who walks the whole way of a launch by hand."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import numpy as np
import requests
from werkzeug.test import Client, TestResponse

from sightline.openemr.ehr.discovery import _discover
from sightline.openemr.smart.registration import registration
from sightline.openemr.smart.routes import ROUTES
from sightline.viewer.routes import ROUTES as VIEWER_ROUTES
from sightline.viewer.session_routes import SESSION_ROUTES
from tests.support.dicom_files import image_file
from tests.support.openemr.clients import Client as EmrClient
from tests.support.openemr.oauth import PASSWORD, USER
from tests.support.openemr.records import Patient
from tests.support.openemr.server import FakeOpenEmr
from tests.support.site import URL, Site, Tasks

MESSAGES = Path(__file__).parents[2] / "viewer-assets" / "messages" / "en.json"
PIXELS = np.zeros((2, 2), np.uint16)
RULE = {"Source": "pubpid"}


def write_build(folder: Path) -> None:
    """Write what pages need of a built viewer."""
    entries = {"link": {"script": "link.js", "preloads": []}, "list": {"script": "link.js", "preloads": []}}
    manifest = {"style": "app.css", "entries": entries, "files": {}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "link.js.gz").write_bytes(gzip.compress(b""))
    (folder / "messages.en.json").write_text(MESSAGES.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "icons.svg").write_text('<svg class="sprite"></svg>')


def study(uid: str, **attributes: str) -> bytes:
    """Return the one file of a study."""
    return image_file(PIXELS, **{"StudyInstanceUID": uid, "SeriesInstanceUID": f"{uid}.1"} | attributes)


class SmartSite:
    """A site that is registered at a fake OpenEMR with one patient, Anna Müller, whose number is ``P1``."""

    def __init__(
        self,
        folder: Path,
        emr: FakeOpenEmr,
        files: Iterable[bytes] = (),
        is_standalone: bool = False,
        rule: dict[str, str] | None = None,
        url: str = URL,
        frame_ancestors: Sequence[str] = (),
        **options: Any,
    ) -> None:
        self.emr = emr
        self.anna: Patient = emr.records.add_patient("Anna", "Müller", "1970-01-02", pubpid="P1", sex="Female")
        needs_pid = rule is not None and rule["Source"] == "pid"
        body = registration(
            url, is_standalone=is_standalone, needs_pid=needs_pid, is_v2="permission-v2" in emr.capabilities
        )
        answer = requests.post(
            f"{emr.url}/oauth2/default/registration",
            json=body,
            timeout=5,
            verify=options.get("CertificateAuthority", True),
        )
        assert answer.status_code == 200, answer.text
        self.client: EmrClient = emr.clients[answer.json()["client_id"]]
        self.client.is_enabled = True
        issuer = {
            "Name": "clinic",
            "Issuer": emr.fhir,
            "ClientId": self.client.client_id,
            "ClientSecret": self.client.secret,
            "PatientId": rule or RULE,
        } | options
        if not (folder / "manifest.json").exists():
            write_build(folder)
        routes = (*SESSION_ROUTES, *VIEWER_ROUTES, *ROUTES)
        self.site = Site(
            folder, routes, files, Tasks(), url, Ehr={"Issuers": [issuer]}, FrameAncestors=list(frame_ancestors)
        )
        emr.tokens.clock = lambda: self.site.clock().timestamp()
        _discover.cache_clear()

    def close(self) -> None:
        self.site.close()

    def launch_query(self, patient: Patient | None = None) -> dict[str, str]:
        """Return what OpenEMR sends with a launch."""
        token = f"opaque+/{len(self.emr.oauth.launches)}=="
        self.emr.oauth.launches[token] = (patient or self.anna).uuid
        return {"launch": token, "iss": self.emr.fhir, "aud": self.emr.fhir}

    def begin(self, browser: Client, query: dict[str, str] | None = None) -> TestResponse:
        """Follow the button in the chart; answers with where the browser is sent."""
        return visit(browser, f"/sightline/smart/launch?{urlencode(query or self.launch_query())}")

    def agree(self, sent: TestResponse, **fields: str) -> str:
        """Log in and agree at the EHR; returns the way back that it sends the browser."""
        assert sent.status_code == 302, (sent.status_code, sent.text)
        return self.back_from(sent.headers["Location"], **fields)

    def back_from(self, address: str, **fields: str) -> str:
        """Do the same, at a given authorization address."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        form = asked | {"username": USER, "password": PASSWORD} | fields
        answer = requests.post(address.partition("?")[0], data=form, allow_redirects=False, timeout=5)
        assert answer.status_code == 302, answer.text
        back = urlsplit(answer.headers["Location"])
        assert f"{back.scheme}://{back.netloc}{back.path}" == f"{URL}/sightline/smart/callback"
        return f"{back.path}?{back.query}"

    def arrive(self, browser: Client, **fields: str) -> TestResponse:
        """Walk the whole way of a launch from the chart; answers with what the browser gets when it comes back."""
        return visit(browser, self.agree(self.begin(browser), **fields))

    def launched(self, browser: Client) -> str:
        """Be launched, and return the id of the launch."""
        answer = self.arrive(browser)
        assert answer.status_code == 303, answer.text
        assert answer.headers["Location"].startswith("../patient/")
        return answer.headers["Location"].rpartition("/")[2]

    def refusals(self) -> list[str]:
        """Return what the audit log says of launches that were refused, oldest first."""
        rows = [row["event"] for row in reversed(self.site.access.audit.page(1000))]
        return [
            str(row.get("outcomeDesc", ""))
            for row in rows
            if row["subtype"][1]["code"] == "launch" and row["outcome"] == "4"
        ]


def visit(browser: Client, path: str, **headers: str) -> TestResponse:
    """Open a page as a browser does."""
    return browser.get(path, base_url=URL, headers={"Accept": "text/html"} | headers)


def asked_for(sent: TestResponse) -> dict[str, str]:
    """Return the parameters of the authorization request."""
    return {name: values[0] for name, values in parse_qs(urlsplit(sent.headers["Location"]).query).items()}
