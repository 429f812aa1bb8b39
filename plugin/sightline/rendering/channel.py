"""Messages between the pool and a worker: JSON and raw bytes over a socket, file descriptors beside them.

No pickle: a worker decodes untrusted bytes, and one that was taken over must not be able to run code in its parent.

A message is a prefix (magic, length of the header, number of descriptors), a JSON header and the buffers whose lengths
the header gives.
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Buffer = bytes | bytearray | memoryview

_PREFIX = struct.Struct("<4sII")
_MAGIC = b"SLW1"
MAXIMUM_HEADER = 256 << 20
MAXIMUM_BUFFERS = 4 << 30
MAXIMUM_DESCRIPTORS = 16


class ChannelError(Exception):
    """The other side ended, or sent what is no message."""


@dataclass(frozen=True)
class Message:
    """A JSON object with raw buffers and file descriptors; whoever receives it closes the descriptors."""

    header: dict[str, Any]
    buffers: tuple[Buffer, ...] = ()
    descriptors: tuple[int, ...] = ()


def send(channel: socket.socket, header: Mapping[str, Any], buffers: Sequence[Buffer], fds: Sequence[int] = ()) -> None:
    """Send one message.

    Raises
    ------
    OSError
        The other side has gone, or the socket's timeout passed.
    """
    views = [memoryview(buffer).cast("B") for buffer in buffers]
    text = json.dumps({"header": dict(header), "lengths": [len(view) for view in views]}).encode()
    prefix = _PREFIX.pack(_MAGIC, len(text), len(fds))
    if fds:
        # Descriptors travel with the first byte; the rest of the prefix may need a second call.
        sent = socket.send_fds(channel, [prefix], list(fds))
        channel.sendall(prefix[sent:])
        channel.sendall(text)
    else:
        channel.sendall(prefix + text)
    for view in views:
        channel.sendall(view)


def receive(channel: socket.socket) -> Message:
    """Wait for one message and return it.

    Raises
    ------
    ChannelError
        The other side ended the conversation, or what it sent is no message.
    OSError
        The socket failed, or its timeout passed.
    """
    first, descriptors, _, _ = socket.recv_fds(channel, _PREFIX.size, MAXIMUM_DESCRIPTORS)
    if not first:
        raise ChannelError("The other side has ended.")
    prefix = first + bytes(_exactly(channel, _PREFIX.size - len(first)))
    magic, length, expected = _PREFIX.unpack(prefix)
    if magic != _MAGIC or length > MAXIMUM_HEADER or expected != len(descriptors):
        raise ChannelError("This is no message.")
    try:
        content = json.loads(bytes(_exactly(channel, length)))
        header, lengths = content["header"], [int(size) for size in content["lengths"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ChannelError("This is no message.") from None
    if not isinstance(header, dict) or any(size < 0 for size in lengths) or sum(lengths) > MAXIMUM_BUFFERS:
        raise ChannelError("This is no message.")
    return Message(header, tuple(_exactly(channel, size) for size in lengths), tuple(descriptors))


def _exactly(channel: socket.socket, size: int) -> bytearray:
    """Read that many bytes into one buffer."""
    content = bytearray(size)
    view = memoryview(content)
    while view:
        count = channel.recv_into(view)
        if not count:
            raise ChannelError("The other side has ended.")
        view = view[count:]
    return content
