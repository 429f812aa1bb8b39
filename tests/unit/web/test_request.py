"""Bodies: whole, bounded also where they do not say how long they are, and refused where they end too early."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder

from sightline.errors import BadRequestError, TooLargeError
from sightline.web.request import WHOLE_BODY, Request

BOUND = 100_000


def request(body: bytes, **environ: Any) -> Request:
    made = Request(EnvironBuilder(method="POST", data=body).get_environ() | environ)
    made.max_content_length = BOUND
    return made


def chunked(body: bytes) -> Request:
    """Return a request whose body came in chunks, as a WSGI server that can read those hands it over."""
    made = request(b"", **{"wsgi.input": BytesIO(body), "wsgi.input_terminated": True})
    made.environ.pop("CONTENT_LENGTH", None)
    made.environ["HTTP_TRANSFER_ENCODING"] = "chunked"
    return made


@pytest.mark.parametrize("size", [0, 1, BOUND - 1, BOUND])
def test_a_body_comes_whole(size: int) -> None:
    content = bytes(range(256)) * (size // 256) + bytes(size % 256)
    assert request(content).body == content
    assert chunked(content).body == content


def test_a_chunked_body_is_read_no_further_than_the_bound() -> None:
    body = BytesIO(bytes(10 * BOUND))
    made = chunked(b"")
    made.environ["wsgi.input"] = body
    with pytest.raises(TooLargeError):
        _ = made.body
    assert body.tell() <= BOUND + 65_536


def test_a_declared_length_beyond_the_bound_is_refused() -> None:
    with pytest.raises(TooLargeError):
        _ = request(bytes(BOUND + 1)).body


def test_a_body_that_ends_too_early_is_refused() -> None:
    with pytest.raises(BadRequestError) as caught:
        _ = request(b"123", CONTENT_LENGTH="10").body
    assert caught.value.code == "incomplete-body"


def test_what_the_host_has_in_memory_is_not_copied() -> None:
    content = b"the body"
    assert request(content, **{WHOLE_BODY: content}).body is content
