"""docs/security.md names everything that it promises to explain."""

from __future__ import annotations

from pathlib import Path

import pytest

from sightline.access.audit import AuditKind
from sightline.access.cookies import Cookies
from sightline.access.grant import Verb
from sightline.configuration import Links, Sessions
from sightline.openemr.link_request import LinkRequest
from sightline.openemr.routes import ROUTES
from sightline.viewer.session_routes import SESSION_ROUTES

TEXT = (Path(__file__).parents[3] / "docs" / "security.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name",
    [
        *(f"`{kind.value}`" for kind in AuditKind),
        *(f"`{verb.value}`" for verb in Verb),
        *(str(field.alias) for section in (Links, Sessions) for field in section.model_fields.values()),
        *(f"`{field.alias}`" for field in LinkRequest.model_fields.values() if field.alias != "date"),
        Cookies("https://pacs.example").login("").partition("=")[0],
        *(f"`link-{reason}`" for reason in ("expired", "revoked", "used", "unknown")),
    ],
)
def test_is_explained(name: str) -> None:
    assert name in TEXT


def test_the_routes_of_this_room_are_the_documented_ones() -> None:
    assert {(route.method, route.path) for route in (*SESSION_ROUTES, *ROUTES)} == {
        ("POST", "/sightline/login"),
        ("POST", "/sightline/logout"),
        ("GET", "/sightline/session"),
        ("POST", "/sightline/link/<link_id>/session"),
        ("GET", "/sightline/api/audit"),
        ("GET", "/sightline/api/audit/verification"),
        ("POST", "/sightline/openemr/links"),
        ("GET", "/sightline/openemr/links"),
        ("GET", "/sightline/openemr/links/<link_id>"),
        ("DELETE", "/sightline/openemr/links/<link_id>"),
    }
