"""Multipart bodies: what is written can be read, by us and by the standard library; what is damaged is refused."""

from __future__ import annotations

import time
from email import message_from_bytes, policy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.dicomweb.multipart import MAXIMUM_PARTS, MultipartWriter, Part, parse_multipart
from sightline.errors import BadRequestError

CONTENTS = st.lists(
    st.binary(max_size=200) | st.sampled_from([b"", b"\r\n", b"--", b"\r\n--", b"\r\n\r\n"]), min_size=1
)


def body_of(contents: list[bytes], boundary: str = "x") -> bytes:
    parts = b"".join(b"--%b\r\nContent-Type: a/b\r\n\r\n%b\r\n" % (boundary.encode(), content) for content in contents)
    return parts + b"--%b--\r\n" % boundary.encode()


@given(CONTENTS)
def test_what_is_written_is_read_back(contents: list[bytes]) -> None:
    writer = MultipartWriter()
    parts = [Part({"Content-Type": "application/dicom", "Content-Location": "/x"}, content) for content in contents]
    body = b"".join(writer.encode(parts))
    assert len(body) == writer.length([(part.headers, len(part.content)) for part in parts])
    read = parse_multipart(body, writer.boundary)
    assert [bytes(part.content) for part in read] == contents
    assert read[0].headers == {"content-type": "application/dicom", "content-location": "/x"}


@given(st.lists(st.binary(max_size=60).map(bytes.hex).map(str.encode), min_size=1, max_size=5))
def test_the_standard_library_reads_what_is_written(contents: list[bytes]) -> None:
    writer = MultipartWriter()
    body = b"".join(writer.encode(Part({"Content-Type": "application/octet-stream"}, c) for c in contents))
    head = f"Content-Type: {writer.content_type('application/octet-stream')}\r\n\r\n".encode()
    message = message_from_bytes(head + body, policy=policy.HTTP)
    assert message.get_content_type() == "multipart/related"
    assert [part.get_payload(decode=True) for part in message.iter_parts()] == contents


def test_contents_are_views_of_the_body() -> None:
    body = body_of([b"abc"])
    (part,) = parse_multipart(body, "x")
    assert isinstance(part.content, memoryview)
    assert part.content.obj is body


@pytest.mark.parametrize(
    "body",
    [
        b"preamble\r\n" + body_of([b"1", b"2"]) + b"epilogue --x junk",
        b"--x  \r\nContent-Type: a/b\r\n\r\n1\r\n--x\t\r\n\r\n2\r\n--x--  ",
        b"--x\r\nContent-Type:a/b\r\n\r\n1\r\n--x\r\nX-Empty:\r\nContent-Type: \t a/b \r\n\r\n2\r\n--x--",
    ],
)
def test_liberties_that_the_rules_allow(body: bytes) -> None:
    assert [bytes(part.content) for part in parse_multipart(body, "x")] == [b"1", b"2"]


def test_a_longer_boundary_inside_is_content() -> None:
    inner = body_of([b"deep"], "xyz")
    assert [bytes(part.content) for part in parse_multipart(body_of([inner, b"2"]), "x")] == [inner, b"2"]
    assert bytes(parse_multipart(body_of([b"a--x\r\nb"]), "x")[0].content) == b"a--x\r\nb"


def test_empty_parts() -> None:
    body = b"--x\r\n\r\n\r\n--x\r\nA: b\r\n\r\n\r\n--x--"
    assert [bytes(part.content) for part in parse_multipart(body, "x")] == [b"", b""]


@given(st.integers(0, 10_000))
def test_a_body_cut_off_anywhere_is_refused(cut: int) -> None:
    body = body_of([b"first", b"second" * 20, b""])
    end = cut % (len(body) - 3)  # the last line break may be missing, and the dash before it may not
    with pytest.raises(BadRequestError):
        parse_multipart(body[:end], "x")


@pytest.mark.parametrize(
    ("body", "boundary"),
    [
        (b"", "x"),
        (body_of([b"1"]), "y"),
        (b"--x--\r\n", "x"),
        (b"--x\r\nno colon\r\n\r\n1\r\n--x--", "x"),
        (b"--x\r\nA: " + b"b" * 20_000 + b"\r\n\r\n1\r\n--x--", "x"),
        (b"--x\r\nA: b\r\n1\r\n--x--", "x"),
        (body_of([b"1"], ""), ""),
        (body_of([b"1"], "x\r\n"), "x\r\n"),
        (body_of([b"1"], "x" * 71), "x" * 71),
        (b"--x\r\n\r\n" * (MAXIMUM_PARTS + 2) + b"\r\n--x--", "x"),
    ],
)
def test_what_is_damaged_is_refused(body: bytes, boundary: str) -> None:
    with pytest.raises(BadRequestError):
        parse_multipart(body, boundary)


@settings(max_examples=200)
@given(st.binary(max_size=300), st.lists(st.sampled_from([b"--x", b"\r\n", b"--", b"\r\n--x--", b"A: b"])))
def test_anything_is_read_or_refused(data: bytes, pieces: list[bytes]) -> None:
    for body in (data, b"".join(pieces), b"--x\r\n" + data + b"".join(pieces)):
        try:
            parse_multipart(body, "x")
        except BadRequestError:
            continue


def test_time_is_linear() -> None:
    start = time.perf_counter()
    for body in (b"\r\n--x-" * 300_000, b"--x\r\nA: b" + b"\r\n" * 500_000, body_of([b"y" * 50_000_000])):
        try:
            parse_multipart(body, "x")
        except BadRequestError:
            continue
    assert time.perf_counter() - start < 3
