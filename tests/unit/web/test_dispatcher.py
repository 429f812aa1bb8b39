"""Every route of the application: closed to strangers, one shape of error, protective headers on every answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from werkzeug.test import TestResponse

from sightline.access.grant import Verb
from sightline.application import ROUTES
from sightline.errors import ForbiddenError
from sightline.web.fhir import is_fhir
from sightline.web.request import Request, Response
from sightline.web.routing import Public, Route
from sightline.web.services import Services
from tests.support.dicom_files import image_file
from tests.support.site import Site, from_page

PROTECTED = [route for route in ROUTES if isinstance(route.permission, Verb)]
KEYS = {"/sightline/openemr/jwks"}
"""Public keys, for EHRs that prove our signatures."""
OPEN = [route for route in ROUTES if isinstance(route.permission, Public)]
_EXAMPLES = {"uid": "1.2.3", "int": "1", "path": "app.js"}


def name(route: Route) -> str:
    """Return a route as test id."""
    return f"{route.method} {route.path}"


def address(route: Route) -> str:
    """Return an address that matches a route's path."""

    def example(match: re.Match[str]) -> str:
        first_of_any = match[2].partition(",")[0] if match[2] else "a"
        return _EXAMPLES.get(match[1], first_of_any)

    return re.sub(r"<(?:(\w+)(?:\(([^)]*)\))?:)?\w+>", example, route.path)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Return the whole application over an empty archive in memory."""
    opened = Site(tmp_path, ROUTES, FrameAncestors=["https://emr.example"])
    yield opened
    opened.close()


def assert_error_shape(answer: TestResponse) -> None:
    """One shape for all: status, code for programs, sentence for people; where FHIR is, the shape that FHIR has."""
    assert answer.json is not None
    if is_fhir(answer.request.path):
        assert answer.content_type.startswith("application/fhir+json")
        assert answer.json["resourceType"] == "OperationOutcome"
        (issue,) = answer.json["issue"]
        assert re.fullmatch(r"[a-z][a-z-]+", issue["details"]["text"])
        assert issue["diagnostics"].strip()
        return
    assert set(answer.json) >= {"status", "code", "message"}
    assert answer.json["status"] == answer.status_code
    assert re.fullmatch(r"[a-z][a-z-]+", answer.json["code"])
    assert answer.json["message"].strip()


def test_routes_are_closed_by_default() -> None:
    """Only health, login, link landing, program text and public keys are open; what a launch opened, handlers check."""
    known = {"/sightline/patient/<launch>", "/sightline/api/patients/<launch>", *KEYS}
    assert {route.path.split("/")[2].split("<")[0] for route in OPEN if route.path not in known} <= {
        "health", "login", "logout", "session", "link", "about", "assets", "smart", "fhir",
    }  # fmt: skip
    assert [route.path for route in OPEN if is_fhir(route.path)] == ["/sightline/fhir/metadata"]


def test_a_route_needs_a_permission() -> None:
    """A row of the table without one cannot be made."""
    with pytest.raises(TypeError, match="names no permission"):
        Route("GET", "/x", lambda: Response(), None, "x")  # type: ignore[arg-type]


@pytest.mark.parametrize("route", PROTECTED, ids=name)
def test_nobody_is_refused(site: Site, route: Route) -> None:
    """401 in the one shape; a program is told how to log in."""
    answer = site.browser().open(address(route), method=route.method, **from_page())
    assert answer.status_code == 401
    assert_error_shape(answer)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer" if is_fhir(route.path) else "Basic")


@pytest.mark.parametrize("route", [route for route in PROTECTED if route.permission is not Verb.SHARE], ids=name)
def test_link_service_is_refused(site: Site, route: Route) -> None:
    """The link service may make links and nothing else; the refusal is written down."""
    answer = site.program(route.method, address(route), user="link-service")
    assert answer.status_code == 403
    assert_error_shape(answer)
    assert site.events()[-1] == ("denial", "4")


@pytest.mark.parametrize("route", [route for route in PROTECTED if route.method not in ("GET", "OPTIONS")], ids=name)
def test_other_sites_cannot_change_anything(site: Site, route: Route) -> None:
    """A state change that another site's page sends is refused, whoever is logged in."""
    answer = site.program(route.method, address(route), headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert "cross-origin" in answer.text


@pytest.mark.parametrize("route", ROUTES, ids=name)
def test_every_answer_is_protected(site: Site, route: Route) -> None:
    """Policy, type sniffing, referrer and caching are set on each answer, also on errors."""
    answer = site.program(route.method, address(route))
    policy = answer.headers["Content-Security-Policy"]
    assert "'unsafe-inline'" not in policy
    assert "default-src 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "frame-ancestors 'self' https://emr.example" in policy
    assert "X-Frame-Options" not in answer.headers
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    if isinstance(route.permission, Verb):
        assert answer.headers["Cache-Control"].startswith("private, no-")


@pytest.mark.parametrize("route", [route for route in ROUTES if route.method in ("POST", "PUT")], ids=name)
def test_bodies_are_bounded(site: Site, route: Route) -> None:
    """A declared length beyond the bound is refused before anything is read."""
    bound = 1 << 30 if route.max_body < 0 else route.max_body
    answer = site.program(
        route.method, address(route), **from_page(), environ_overrides={"CONTENT_LENGTH": str(bound + 1)}
    )
    assert answer.status_code == 413, answer.text
    assert_error_shape(answer)


@pytest.mark.parametrize(("query", "kept"), [("", ""), ("?series=1.2&slice=7", "%253Fseries%253D1.2%2526slice%253D7")])
def test_person_is_led_to_login(site: Site, query: str, kept: str) -> None:
    """A page asked for in a browser leads to the login and back, to where on it the person was."""
    answer = site.browser().get(f"/sightline/studies/1.2.3{query}", headers={"Accept": "text/html"})
    login = f"/sightline/login?next=/sightline/studies/1.2.3{kept}"
    assert (answer.status_code, answer.headers["Location"]) == (303, login)


def test_reader_whose_link_has_ended_is_told_so(site: Site) -> None:
    """Reloading the study leads to a kind page, not to a login that the reader has no account for."""
    headers = {"Accept": "text/html", "Cookie": "__Host-sightline-link-abc=" + "x" * 43}
    answer = site.browser(keeps_cookies=False).get("/sightline/studies/1.2.3", headers=headers)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sightline/link/ended")


def test_reader_whose_browser_keeps_no_cookie_is_told_so(site: Site) -> None:
    """The landing page has exchanged the link and leads to the study, where no session arrives."""
    headers = {"Accept": "text/html", "Referer": "https://pacs.example/images/sightline/link/abc"}
    answer = site.browser(keeps_cookies=False).get("/sightline/studies/1.2.3", headers=headers)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sightline/link/unkept")


def test_person_reads_a_sentence(site: Site) -> None:
    """A page that is refused says why in words, with the status of the refusal."""
    answer = site.program("GET", "/sightline/studies/1.2.3", user="link-service", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.text) == (403, "You may not view this study.\n")


def test_unknown_address(site: Site) -> None:
    """404 in the one shape."""
    answer = site.program("GET", "/sightline/no-such-page")
    assert answer.status_code == 404
    assert_error_shape(answer)


def test_wrong_method(site: Site) -> None:
    """405 names what is allowed."""
    answer = site.program("DELETE", "/sightline/health")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    assert_error_shape(answer)


def test_unexpected_failure_tells_nothing(tmp_path: Path) -> None:
    """A bug answers 500 in the one shape, without a word of what happened."""

    def fail(_request: Request, _services: Services) -> Response:
        raise RuntimeError("secret of Contract^Ada")

    site = Site(tmp_path, [Route("GET", "/x", fail, Verb.VIEW, "x")])
    answer = site.program("GET", "/x")
    site.close()
    assert answer.status_code == 500
    assert_error_shape(answer)
    assert "Ada" not in answer.text


def test_refusal_inside_a_handler_is_written(tmp_path: Path) -> None:
    """What the archive refuses is a denial as well."""

    def refuse(_request: Request, _services: Services) -> Response:
        raise ForbiddenError("no")

    site = Site(tmp_path, [Route("GET", "/x", refuse, Verb.VIEW, "x")])
    assert site.program("GET", "/x").status_code == 403
    assert site.events() == [("denial", "4")]
    site.close()


def test_text_is_compressed(tmp_path: Path) -> None:
    """JSON of some size leaves gzipped where the client takes it, and only there."""

    def long(_request: Request, _services: Services) -> Response:
        return Response('["' + "x" * 5000 + '"]', content_type="application/json")

    site = Site(tmp_path, [Route("GET", "/x", long, Verb.VIEW, "x")])
    packed = site.program("GET", "/x", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.data) < 200
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert len(site.program("GET", "/x").data) == 5004
    site.close()


def test_each_stored_study_is_named(site: Site) -> None:
    """Two studies in one upload are two events, each with its patient."""
    files = [
        image_file(np.zeros((4, 4), np.int16), StudyInstanceUID=f"1.2.826.0.{number}", PatientID=f"P{number}")
        for number in (1, 2)
    ]
    body = b"".join(b"--x\r\nContent-Type: application/dicom\r\n\r\n" + file + b"\r\n" for file in files) + b"--x--"
    kind = 'multipart/related; type="application/dicom"; boundary=x'
    answer = site.program("POST", "/dicom-web/studies", data=body, headers={"Content-Type": kind})
    assert answer.status_code == 200
    entities = [row["event"]["entity"] for row in reversed(site.access.audit.page(10))]
    named = [[entity["what"]["identifier"]["value"] for entity in event] for event in entities]
    assert named == [["P1", "urn:oid:1.2.826.0.1"], ["P2", "urn:oid:1.2.826.0.2"]]
