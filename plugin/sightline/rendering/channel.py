"""Messages between the pool and a worker: JSON and raw bytes over a socket, file descriptors beside them.

No pickle: a worker decodes untrusted bytes, and one that was taken over must not be able to run code in its parent.

A message is a prefix (magic, length of the header, number of descriptors), a JSON header and the buffers whose lengths
the header gives. A header nests no deeper than `MAXIMUM_LEVELS`, which is found out before it is parsed: some hundred
brackets would end Orthanc where it is received on one of the small stacks of Orthanc's own threads.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Buffer = bytes | bytearray | memoryview

_PREFIX = struct.Struct("<4sII")
_AT_ONCE = 1 << 16
_MAGIC = b"SLW1"
MAXIMUM_HEADER = 256 << 20
MAXIMUM_BUFFERS = 4 << 30
MAXIMUM_DESCRIPTORS = 16
MAXIMUM_LEVELS = 32
_TIMEVAL = struct.Struct("@ll")
_AS_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_ALL_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class ChannelError(Exception):
    """The other side ended, or sent what is no message."""


@dataclass(frozen=True)
class Message:
    """A JSON object with raw buffers and file descriptors; whoever receives it closes the descriptors."""

    header: dict[str, Any]
    buffers: tuple[Buffer, ...] = ()
    descriptors: tuple[int, ...] = ()


@dataclass(frozen=True)
class Reply:
    """What a task returned: a JSON object and raw buffers."""

    values: dict[str, Any]
    buffers: tuple[Buffer, ...] = ()


def send(
    channel: socket.socket,
    header: Mapping[str, Any],
    buffers: Sequence[Buffer] = (),
    fds: Sequence[int] = (),
    until: float | None = None,
) -> None:
    """Send one message before the moment `until` of the monotonic clock.

    Raises
    ------
    TimeoutError
        The other side did not take it in time.
    OSError
        The other side has gone.
    """
    views = [memoryview(buffer).cast("B") for buffer in buffers]
    text = json.dumps({"header": dict(header), "lengths": [len(view) for view in views]}).encode()
    start = _PREFIX.pack(_MAGIC, len(text), len(fds)) + text
    if len(start) + sum(map(len, views)) <= _AT_ONCE:
        start, views = b"".join([start, *views]), []
    try:
        _limit(channel, socket.SO_SNDTIMEO, until)
        # Descriptors travel with the first byte that is sent.
        sent = socket.send_fds(channel, [start], list(fds)) if fds else 0
        for part in (memoryview(start)[sent:], *views):
            # Not even an empty part is sent after the last byte: an error of `send` means that nothing whole arrived.
            while part:
                _limit(channel, socket.SO_SNDTIMEO, until)
                part = part[channel.send(part) :]
    except BlockingIOError:
        raise TimeoutError from None


def receive(channel: socket.socket, until: float | None = None, descriptors: bool = False) -> Message:
    """Wait for one message, until the moment `until` of the monotonic clock, and return it.

    Parameters
    ----------
    channel : socket
    until : float, optional
    descriptors : bool
        Whether file descriptors may come with it; else none are taken.

    Raises
    ------
    ChannelError
        The other side ended the conversation, or what it sent is no message.
    TimeoutError
        The message was not complete in time.
    OSError
        The socket failed.
    """
    try:
        return _receive(channel, until, MAXIMUM_DESCRIPTORS if descriptors else 0)
    except BlockingIOError:
        raise TimeoutError from None


def _receive(channel: socket.socket, until: float | None, most: int) -> Message:
    _limit(channel, socket.SO_RCVTIMEO, until)
    # One call for all of a small message. The two sides take turns: nothing of another message can be in it.
    first, descriptors = socket.recv_fds(channel, _AT_ONCE, most)[:2] if most else (channel.recv(_AT_ONCE), ())
    if not first:
        raise ChannelError("The other side has ended.")
    incoming = _Incoming(channel, first, until)
    magic, length, expected = _PREFIX.unpack(incoming.take(_PREFIX.size))
    if magic != _MAGIC or length > MAXIMUM_HEADER or expected != len(descriptors):
        raise ChannelError("This is no message.")
    text = incoming.take(length)
    if not is_shallow(text):
        raise ChannelError("This is no message.")
    try:
        content = json.loads(text)
        header, lengths = content["header"], [int(size) for size in content["lengths"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ChannelError("This is no message.") from None
    if not isinstance(header, dict) or any(size < 0 for size in lengths) or sum(lengths) > MAXIMUM_BUFFERS:
        raise ChannelError("This is no message.")
    return Message(header, tuple(incoming.take(size) for size in lengths), tuple(descriptors))


def is_shallow(text: bytes | bytearray, levels: int = MAXIMUM_LEVELS) -> bool:
    """Whether a JSON text nests at most so many levels deep; found out without recursion.

    >>> is_shallow(b'[[{"a": "[[["}], [0]]', levels=3), is_shallow(b'[[{"a": [1]}]]', levels=3)
    (True, False)
    """
    if text.count(b"[") + text.count(b"{") <= levels:
        return True
    without_escapes = text.replace(rb"\\", b"").replace(rb"\"", b"")
    outside_of_strings = b"".join(without_escapes.split(b'"')[::2])
    brackets = outside_of_strings.translate(_AS_ONE_KIND, _ALL_BUT_BRACKETS)
    for _ in range(levels):
        brackets = brackets.replace(b"[]", b"")
    return not brackets


class _Incoming:
    """What has arrived already, and then the rest."""

    def __init__(self, channel: socket.socket, first: bytes, until: float | None) -> None:
        self._channel, self._first, self._until = channel, first, until
        self._position = 0

    def take(self, size: int) -> bytes | bytearray:
        """Return the next so many bytes."""
        start, self._position = self._position, self._position + size
        here = self._first[start : self._position]
        if len(here) == size:
            return here
        content = bytearray(size)
        content[: len(here)] = here
        view = memoryview(content)[len(here) :]
        while view:
            _limit(self._channel, socket.SO_RCVTIMEO, self._until)
            count = self._channel.recv_into(view)
            if not count:
                raise ChannelError("The other side has ended.")
            view = view[count:]
        return content


def _limit(channel: socket.socket, option: int, until: float | None) -> None:
    """Let the next call on the socket that sends or receives take no longer than what is left.

    A timeout of the system's own: with one of Python's each call begins with two more, and lets go of the GIL in each.
    """
    if until is not None:
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        # At least a microsecond: none would be without end.
        seconds, microseconds = divmod(int(left * 1e6) + 1, 1_000_000)
        channel.setsockopt(socket.SOL_SOCKET, option, _TIMEVAL.pack(seconds, microseconds))
