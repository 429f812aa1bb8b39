"""The route table and the document that tells the world of it."""

from __future__ import annotations

import re
from pathlib import Path

from sightline.access.grant import Verb
from sightline.dicomweb.routes import ROUTES
from sightline.dicomweb.urls import BASE_PATH

DOCUMENT = Path(__file__).parents[3] / "docs" / "conformance.md"


def test_every_route_is_documented_with_its_permission() -> None:
    documented = set(re.findall(r"^\| ([A-Z]+) \| `(\S+)` \| (\w+) \| (.+) \|$", DOCUMENT.read_text(), re.MULTILINE))
    routes = {
        (
            route.method,
            re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route.path.removeprefix(BASE_PATH)),
            Verb(route.permission).value,
            route.summary,
        )
        for route in ROUTES
        if isinstance(route.permission, Verb)
    }
    assert documented == routes
    assert len(routes) == len(ROUTES)


def test_whole_files_need_more_than_looking() -> None:
    exporting = {route.path for route in ROUTES if route.audit == "export"}
    assert exporting == {route.path for route in ROUTES if route.permission is Verb.DOWNLOAD}
    assert len(exporting) == 3
    assert all(route.audit for route in ROUTES)
