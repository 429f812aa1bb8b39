"""What runs on the workers of a `dask.distributed` cluster: hands a task to processes of ours on that machine.

They are the same restrained processes as on Sightline's own machine: what decodes untrusted bytes there can neither
write files, nor take more memory than it was given, nor answer with a pickle.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from pickle import PickleBuffer
from typing import Any
from uuid import uuid4

import sightline
from sightline.errors import SightlineError
from sightline.rendering.channel import Buffer, Message
from sightline.rendering.pool import Pool, WorkerPool
from sightline.rendering.worker import refusal

MEMORIES = ("volume", "derived", "overlay")
"""The arguments that describe memories, in the order of their descriptors."""
_CHUNK_BYTES = 1 << 24

_lock = threading.Lock()
_pools: dict[Limits, WorkerPool] = {}


@dataclass(frozen=True)
class Limits:
    """What each process may take, as in `WorkerPool`."""

    memory_bytes: int
    volume_bytes: int


class Memory:
    """The content of a volume, or of what was derived from one, in a memory file of the cluster's worker that has it.

    It goes when the cluster releases it. Every copy has an identity of its own, since what a process still has mapped
    of an older one has been emptied.
    """

    def __init__(self, content: Buffer) -> None:
        self.identity = uuid4().hex
        self.descriptor = os.memfd_create("sightline-cluster", os.MFD_CLOEXEC)
        self._size = len(content)
        weakref.finalize(self, _give_back, self.descriptor)
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(self.descriptor, rest[:_CHUNK_BYTES]) :]

    def __sizeof__(self) -> int:
        """Tell the cluster how many bytes it moves and keeps."""
        return self._size

    def __reduce__(self) -> tuple[type[Memory], tuple[PickleBuffer]]:
        """Travel to another worker by value."""
        return Memory, (PickleBuffer(content_of(self.descriptor)),)


class Parcel:
    """Content on its way to the cluster, where it arrives as `Memory`."""

    def __init__(self, content: Buffer) -> None:
        self._content = content

    def __reduce__(self) -> tuple[type[Memory], tuple[PickleBuffer]]:
        return Memory, (PickleBuffer(self._content),)


def content_of(descriptor: int) -> bytearray:
    """Read a whole memory file; it is not mapped, because it may be emptied by others at any time.

    Raises
    ------
    OSError
        It was emptied.
    """
    content = bytearray(os.fstat(descriptor).st_size)
    view, position = memoryview(content), 0
    while position < len(content):
        count = os.preadv(descriptor, [view[position : position + _CHUNK_BYTES]], position)
        if not count:
            raise OSError("This memory has gone.")
        position += count
    return content


def run_task(
    text: str,
    buffers: Sequence[Buffer],
    memories: Sequence[Memory],
    deadline: float,
    limits: Limits,
) -> tuple[dict[str, Any], Sequence[Buffer]]:
    """Run the task that a header, as JSON, names, and return header and buffers of the answer.

    What is wrong with this machine is ``failed`` in the header, and no exception: the cluster would log that with the
    arguments, which hold what files say of patients.
    """
    header = json.loads(text)
    arguments = header["arguments"]
    named = (name for name in MEMORIES if arguments.get(name))
    for name, memory in zip(named, memories, strict=False):
        arguments[name] |= {"id": memory.identity, "memory": memory.identity}
    descriptors = [memory.descriptor for memory in memories]
    try:
        message = answer_of(_pool(limits), header, buffers, descriptors, deadline)
    except Exception as error:
        return {"failed": type(error).__name__}, ()
    return message.header, message.buffers


def answer_of(
    pool: Pool, header: Mapping[str, Any], buffers: Sequence[Buffer], fds: Sequence[int], deadline: float
) -> Message:
    """Have a pool run the task of a message, and return what a worker would answer to it."""
    try:
        reply = pool.run(header["task"], header["arguments"], buffers, fds, deadline)
    except SightlineError as error:
        return Message(refusal(error))
    return Message({"values": reply.values}, reply.buffers)


def _pool(limits: Limits) -> WorkerPool:
    """Return the processes of this worker of the cluster, one for each of its threads, started when first needed."""
    from distributed import get_worker

    with _lock:
        if limits not in _pools:
            _pools[limits] = WorkerPool(
                Path(sys.executable),
                Path(sightline.__file__).resolve().parents[1],
                count=get_worker().state.nthreads,
                memory_bytes=limits.memory_bytes,
                volume_bytes=limits.volume_bytes,
            )
        return _pools[limits]


def _give_back(descriptor: int) -> None:
    """Free a memory file at once, even where a process still has it mapped."""
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.close(descriptor)
