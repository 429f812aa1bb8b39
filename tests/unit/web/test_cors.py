"""HEAD, OPTIONS, and scripts of other sites, over the whole table of routes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from sightline.application import ROUTES
from sightline.web.cors import ALLOWED_HEADERS
from sightline.web.routing import Route
from tests.support.dicom_files import image_file
from tests.support.site import Site
from tests.unit.web.test_dispatcher import address, name

OHIF = "https://viewer.example"
EVIL = "https://evil.example"
FOR_SCRIPTS = [route for route in ROUTES if route.path.startswith(("/dicom-web", "/wado", "/sightline/fhir/"))]
OTHERS = [route for route in ROUTES if route not in FOR_SCRIPTS]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("site"), ROUTES, CorsOrigins=[OHIF])
    yield made
    made.close()


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path, ROUTES)
    yield made
    made.close()


@pytest.mark.parametrize("route", [route for route in ROUTES if route.method == "GET"], ids=name)
def test_head_is_get_without_a_body(tmp_path: Path, route: Route) -> None:
    """The same status and headers, and recorded alike, whether there is such a thing or not."""
    content = image_file(np.zeros((8, 8), np.uint16), StudyInstanceUID="1.2.3")
    seen = []
    for method in ("GET", "HEAD"):
        (tmp_path / method).mkdir()
        site = Site(tmp_path / method, ROUTES, [content])
        answer = site.program(method, address(route))
        assert (answer.data == b"") or method == "GET"
        headers = sorted(
            (key, re.sub('boundary=.*|(?<=^")[0-9a-f]{32}', "", value))
            for key, value in answer.headers
            if key != "Date"  # the second may end between the two
        )
        seen.append((answer.status_code, headers, site.events()))
        site.close()
    assert seen[0] == seen[1]


@pytest.mark.parametrize("route", ROUTES, ids=name)
def test_options_names_the_methods(site: Site, route: Route) -> None:
    answer = site.browser().open(address(route), method="OPTIONS")
    if any(other.method == "OPTIONS" and other.path == route.path for other in ROUTES):
        assert answer.status_code == 401
        return
    assert (answer.status_code, answer.data) == (204, b"")
    allowed = answer.headers["Allow"].split(", ")
    assert {route.method, "OPTIONS"} <= set(allowed)
    assert ("GET" in allowed) == ("HEAD" in allowed)


def test_capabilities(site: Site) -> None:
    options, get = (site.program(method, "/dicom-web/") for method in ("OPTIONS", "GET"))
    assert (options.status_code, options.json) == (200, get.json)
    assert options.json == site.program("GET", "/dicom-web/conformance").json
    assert options.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert site.program("OPTIONS", "/dicom-web").json == get.json
    known = site.program("GET", "/dicom-web/", headers={"If-None-Match": get.headers["ETag"]})
    assert (known.status_code, known.data) == (304, b"")
    assert site.browser().open("/dicom-web/no-such-thing", method="OPTIONS").status_code == 404


def preflight(site: Site, path: str, origin: str, method: str = "GET") -> dict[str, str]:
    """Ask as a browser does, and return the headers of CORS."""
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    headers["Access-Control-Request-Headers"] = "authorization"
    answer = site.browser().open(path, method="OPTIONS", headers=headers)
    assert answer.status_code == 204
    return {key: value for key, value in answer.headers.items() if key.startswith("Access-Control-")}


@pytest.mark.parametrize("route", FOR_SCRIPTS, ids=name)
def test_preflight(site: Site, route: Route) -> None:
    found = preflight(site, address(route), OHIF, route.method)
    assert found["Access-Control-Allow-Origin"] == OHIF
    assert route.method in found["Access-Control-Allow-Methods"].split(", ")
    assert found["Access-Control-Allow-Headers"] == ", ".join(ALLOWED_HEADERS)
    assert "Access-Control-Allow-Credentials" not in found
    assert preflight(site, address(route), EVIL, route.method) == {}


@pytest.mark.parametrize("route", OTHERS, ids=name)
def test_nothing_else_is_open(site: Site, route: Route) -> None:
    assert preflight(site, address(route), OHIF, route.method) == {}
    answer = site.program(route.method, address(route), headers={"Origin": OHIF})
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    "origin", [EVIL, "null", OHIF + "/", OHIF + ":443", OHIF.upper(), "http://viewer.example", "*"]
)
def test_exact_origins_only(site: Site, origin: str) -> None:
    answer = site.program("GET", "/dicom-web/studies", headers={"Origin": origin})
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "Origin" in answer.vary


@pytest.mark.parametrize(
    ("path", "status"), [("/dicom-web/studies", 200), ("/dicom-web/studies?limit=x", 400), ("/dicom-web/x", 404)]
)
def test_answers_can_be_read(site: Site, path: str, status: int) -> None:
    answer = site.program("GET", path, headers={"Origin": OHIF})
    assert answer.status_code == status
    assert answer.headers["Access-Control-Allow-Origin"] == OHIF
    assert {"ETag", "Warning", "Content-Location", "Content-Range"} <= set(
        answer.headers["Access-Control-Expose-Headers"].split(", ")
    )
    assert "Origin" in answer.vary
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_who_is_not_logged_in_is_told_so(site: Site) -> None:
    answer = site.browser().get("/dicom-web/studies", headers={"Origin": OHIF})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (401, OHIF)


def test_store_from_another_site_by_credentials_never_by_cookie(site: Site) -> None:
    """The check against forged requests lets a named site's script in with its own credentials alone."""
    store = {"data": b"x", "content_type": "application/dicom"}
    assert site.program("POST", "/dicom-web/studies", headers={"Origin": OHIF}, **store).status_code == 409
    assert site.program("POST", "/dicom-web/studies", headers={"Origin": EVIL}, **store).status_code == 403
    browser = site.browser()
    page = {"base_url": "https://pacs.example"}
    login = browser.post(
        "/sightline/login",
        json={"user": "ada", "password": "opensesame"},
        headers={"Origin": "https://pacs.example"},
        **page,  # type: ignore[arg-type]
    )
    assert login.status_code < 400, login.text
    forged = browser.post("/dicom-web/studies", headers={"Origin": OHIF}, **store, **page)  # type: ignore[arg-type]
    assert (forged.status_code, (forged.json or {})["code"]) == (403, "cross-origin")


def test_off_by_default(closed: Site) -> None:
    answer = closed.program("GET", "/dicom-web/studies", headers={"Origin": OHIF})
    assert answer.status_code == 200
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]
    assert "Origin" not in answer.vary
    assert preflight(closed, "/dicom-web/studies", OHIF) == {}


def test_a_body_of_unknown_length(site: Site) -> None:
    answer = site.program("POST", "/dicom-web/studies", headers={"Transfer-Encoding": "chunked"})
    assert (answer.status_code, (answer.json or {})["code"]) == (411, "length-required")
