"""State changes come from our own pages, or from programs with credentials of their own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.access.origin import check_origin
from sightline.errors import ForbiddenError

URL = "https://pacs.example/orthanc"


def passes(headers: dict[str, str], by_cookie: bool = True, method: str = "POST", url: str = URL) -> bool:
    try:
        check_origin(method, headers, url, by_cookie)
    except ForbiddenError as error:
        assert error.code == "cross-origin"
        return False
    return True


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_reading_is_allowed_from_anywhere(method: str) -> None:
    assert passes({"origin": "https://evil.example"}, method=method)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("https://pacs.example", True),
        ("https://pacs.example:443", True),
        ("https://PACS.example", True),
        ("http://pacs.example", False),  # whoever strips TLS
        ("https://pacs.example:8443", False),
        ("https://pacs.example.evil.example", False),
        ("https://evil.example", False),
        ("https://pacs.example@evil.example", False),
        ("null", False),
        ("https://", False),
        ("https://pacs.example:x", False),
        ("https://pacs。example", False),
        ("file://", False),
    ],
)
@pytest.mark.parametrize("by_cookie", [True, False])
def test_an_origin_has_to_be_our_own(method: str, origin: str, expected: bool, by_cookie: bool) -> None:
    assert passes({"origin": origin}, by_cookie, method) is expected


def test_the_host_that_was_asked_is_our_own_too() -> None:
    assert passes({"origin": "https://other.example", "host": "other.example"})
    assert not passes({"origin": "http://other.example", "host": "other.example"})
    local = "http://127.0.0.1:8042"
    assert passes({"origin": "http://localhost:8042", "host": "localhost:8042"}, url=local)
    assert passes({"origin": "https://pacs.example", "host": "pacs.example"}, url=local)
    assert not passes({"origin": "http://localhost:8043", "host": "localhost:8042"}, url=local)


@pytest.mark.parametrize(
    ("site", "by_cookie", "expected"),
    [
        ("same-origin", True, True),
        ("same-site", True, False),
        ("cross-site", True, False),
        ("cross-site", False, False),
        ("none", True, False),
        ("none", False, True),
    ],
)
def test_fetch_metadata_stands_in_for_a_missing_origin(site: str, by_cookie: bool, expected: bool) -> None:
    assert passes({"sec-fetch-site": site}, by_cookie) is expected


def test_without_either_only_programs_with_their_own_credentials_pass() -> None:
    assert passes({}, by_cookie=False)
    assert not passes({}, by_cookie=True)


@given(st.text(), st.text())
def test_nothing_else_passes_or_raises_anything_else(origin: str, host: str) -> None:
    if origin:
        assert not passes({"origin": origin, "host": "pacs.example"}) or origin.lower().startswith("https://pacs")
        passes({"origin": origin, "host": host})
