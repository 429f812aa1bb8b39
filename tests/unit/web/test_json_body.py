"""JSON bodies cannot harm: bounded in bytes and depth, and nothing but JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder

from sightline.errors import BadRequestError, SightlineError, TooLargeError, UnsupportedMediaTypeError
from sightline.web.json_body import depth, parse_json, read_json
from sightline.web.request import Request

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
)


def naive_depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max((naive_depth(child) for child in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((naive_depth(child) for child in value), default=0)
    return 0


def request(body: bytes, content_type: str = "application/json") -> Request:
    return Request(EnvironBuilder(method="POST", data=body, content_type=content_type).get_environ())


@given(VALUES)
def test_depth_is_that_of_the_value(value: Any) -> None:
    assert depth(json.dumps(value).encode()) == naive_depth(value)
    assert depth(json.dumps(value, ensure_ascii=False, indent=1).encode("utf-8", "surrogatepass")) == naive_depth(value)


@given(VALUES.filter(lambda value: naive_depth(value) <= 32))
def test_what_is_json_is_read(value: Any) -> None:
    assert parse_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("text", "levels"),
    [(b"[[1],[2]]", 2), (b'["[[[", "\\"[["]', 1), (b'"\\\\"[', 1), (b"]]][[", 0), (b'{"a":[{}]}', 3), (b'"[[[', 0)],
)
def test_brackets_in_strings_do_not_count(text: bytes, levels: int) -> None:
    assert depth(text) == levels


def test_32_levels_are_read_and_33_are_not() -> None:
    assert parse_json(b"[" * 32 + b"]" * 32) is not None
    with pytest.raises(BadRequestError) as caught:
        parse_json(b"[" * 33 + b"]" * 33)
    assert caught.value.code == "nested-too-deeply"


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'])
def test_a_hundred_thousand_levels_are_refused(opening: bytes) -> None:
    with pytest.raises(BadRequestError):
        read_json(request(opening * 100_000), max_bytes=1_000_000)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"nul", b"NaN", b"[Infinity]", b'{"a":1,"a":2}', b"\xff\xfe", b'"\xff"', b"1" * 5000, b"{} {}", b"'a'"],
)
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequestError) as caught:
        read_json(request(body))
    assert caught.value.code == "not-json"


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_what_a_form_can_send_is_no_json(content_type: str) -> None:
    with pytest.raises(UnsupportedMediaTypeError):
        read_json(request(b"{}", content_type))


def test_size() -> None:
    assert read_json(request(b'"' + b"x" * 98 + b'"'), max_bytes=100) == "x" * 98
    with pytest.raises(TooLargeError):
        read_json(request(b'"' + b"x" * 99 + b'"'), max_bytes=100)


@given(st.binary())
def test_no_body_raises_anything_else(body: bytes) -> None:
    try:
        read_json(request(body))
    except SightlineError as error:
        assert error.status in (400, 413, 415)
