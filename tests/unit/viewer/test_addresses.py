"""The script and the server agree on the address of a view."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from sightline.rendering.view import View

from .conftest import ROOT

CASES: list[dict[str, Any]] = json.loads((ROOT / "viewer-assets" / "tests" / "addresses.json").read_text())


@pytest.mark.parametrize("path", [case["path"] for case in CASES])
def test_what_the_script_writes_is_canonical(path: str) -> None:
    address = urlsplit("/" + path)
    parts = address.path.removeprefix("/sightline/view/").split("/")
    assert View.parse(parts, dict(parse_qsl(address.query))).path() == "/" + path
