"""Messages arrive as they were sent, and what is no message ends the conversation."""

from __future__ import annotations

import json
import os
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sightline.rendering import channel
from sightline.rendering.channel import MAXIMUM_LEVELS, ChannelError, is_shallow, receive, send

Pair = tuple[socket.socket, socket.socket]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text(), JSON, max_size=4), st.lists(st.binary(max_size=2000), max_size=4))
def test_what_is_sent_is_received(pair: Pair, header: dict[str, object], buffers: list[bytes]) -> None:
    send(pair[0], header, buffers)
    message = receive(pair[1], time.monotonic() + 5)
    assert message.header == header
    assert [bytes(buffer) for buffer in message.buffers] == buffers


def test_buffers_larger_than_the_sockets_own_arrive_whole(pair: Pair) -> None:
    content = os.urandom(5 << 20)
    sender = threading.Thread(target=send, args=(pair[0], {}, [content, memoryview(content)[::1]]))
    sender.start()
    message = receive(pair[1], time.monotonic() + 10)
    sender.join()
    assert [bytes(buffer) for buffer in message.buffers] == [content, content]


def test_descriptors_arrive_open(pair: Pair) -> None:
    descriptor = os.memfd_create("x")
    os.write(descriptor, b"seen")
    send(pair[0], {}, [b"abc"], [descriptor, descriptor])
    os.close(descriptor)
    message = receive(pair[1], time.monotonic() + 5, descriptors=True)
    assert [os.pread(number, 9, 0) for number in message.descriptors] == [b"seen", b"seen"]
    for number in message.descriptors:
        os.close(number)


def test_descriptors_are_taken_only_where_they_are_awaited(pair: Pair) -> None:
    opened = Path("/proc/self/fd")
    before = len(list(opened.iterdir()))
    send(pair[0], {}, [b"abc"], [pair[0].fileno()])
    with pytest.raises(ChannelError, match="no message"):
        receive(pair[1], time.monotonic() + 5)
    assert len(list(opened.iterdir())) == before


def text(**content: object) -> bytes:
    return json.dumps(content).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"XXXX" + struct.pack("<II", 2, 0) + b"{}",
        b"SLW1" + struct.pack("<II", channel.MAXIMUM_HEADER + 1, 0),
        b"SLW1" + struct.pack("<II", 2, 1) + b"{}",
        b"SLW1" + struct.pack("<II", 2, 0) + b"{x",
        b"SLW1" + struct.pack("<II", 2, 0) + b"[]",
        b"SLW1" + struct.pack("<II", 20_000, 0) + b"[" * 20_000,
        *(
            b"SLW1" + struct.pack("<II", len(body), 0) + body
            for body in (
                text(header=[], lengths=[]),
                text(header={}, lengths=[-1]),
                text(header={}, lengths=["x"]),
                text(header={}, lengths=[channel.MAXIMUM_BUFFERS + 1]),
            )
        ),
    ],
)
def test_what_is_no_message_is_refused(pair: Pair, content: bytes) -> None:
    pair[0].sendall(content)
    with pytest.raises(ChannelError, match="no message"):
        receive(pair[1], time.monotonic() + 5)


def test_the_end_in_the_middle_of_a_message_is_seen(pair: Pair) -> None:
    pair[0].sendall(b"SLW1" + struct.pack("<II", 10, 0) + b"{")
    pair[0].close()
    with pytest.raises(ChannelError, match="ended"):
        receive(pair[1])


def test_a_side_that_dribbles_does_not_stretch_the_deadline(pair: Pair) -> None:
    pair[0].sendall(b"SLW1" + struct.pack("<II", 1000, 0))
    stop = threading.Event()

    def dribble() -> None:
        while not stop.wait(0.05):
            pair[0].sendall(b" ")

    dribbler = threading.Thread(target=dribble)
    dribbler.start()
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        receive(pair[1], start + 0.4)
    assert time.monotonic() - start < 1
    stop.set()
    dribbler.join()


def test_a_side_that_takes_nothing_does_not_stretch_the_deadline(pair: Pair) -> None:
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        send(pair[0], {}, [bytes(16 << 20)], until=start + 0.3)
    assert 0.25 < time.monotonic() - start < 1


def levels(value: object) -> int:
    """Return how deeply lists and objects nest."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(levels, inner), default=0)


@given(JSON, st.integers(0, 4))
def test_depth_is_found_out_without_parsing(value: object, bound: int) -> None:
    """Brackets, quotation marks and backslashes in texts are none of JSON's."""
    assert is_shallow(json.dumps(value).encode(), bound) == (levels(value) <= bound)
    assert is_shallow(json.dumps([']}[{"\\', value]).encode(), bound + 1) == (levels(value) <= bound)


def test_what_nests_too_deeply_is_no_message(pair: Pair) -> None:
    """Its depth alone would end whoever parses it on a small stack."""
    deep: list[object] = []
    for _ in range(MAXIMUM_LEVELS):
        deep = [deep]
    send(pair[0], {"a": deep})
    with pytest.raises(ChannelError):
        receive(pair[1], time.monotonic() + 5)
