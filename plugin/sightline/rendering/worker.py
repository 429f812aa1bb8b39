"""A worker process: takes tasks from the pool, one at a time, until the pool's end of the socket closes.

Started as ``python -m sightline.rendering.worker <socket> <parent> <memory> <volumes>``. It holds no secrets and can
start nothing, write no file and take no more memory than it was given: it is where untrusted bytes are decoded.
"""

from __future__ import annotations

import ctypes
import os
import re
import resource
import signal
import socket
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import Any

from sightline.errors import BadRequestError, SightlineError, UnprocessableError
from sightline.rendering.channel import Buffer, ChannelError, Message, Reply, receive, send

Task = Callable[[dict[str, Any], Sequence[Buffer], Sequence[int]], Reply]
"""Arguments, buffers and file descriptors (closed afterwards by the worker) in, a reply out."""

_TASK_NAME = re.compile(r"sightline(?:\.[a-z_]+)+:[a-z_]+")
_CODE_BYTES = 1 << 30  # what the mapped libraries may take of the address space
_OPEN_FILES = 128
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_KEPT_BYTES = 32 << 20  # the most that the C library takes for the latter


def restrain(parent: int, memory_bytes: int, volume_bytes: int) -> None:
    """Bound what this process may take, and tie its life to its parent's."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() != parent:  # it ended before its death could be watched
        sys.exit(0)
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: _OPEN_FILES,
        resource.RLIMIT_DATA: memory_bytes,
        resource.RLIMIT_AS: memory_bytes + volume_bytes + _CODE_BYTES,
    }
    for limit, value in limits.items():
        resource.setrlimit(limit, (value, value))


def keep_memory() -> None:
    """Have memory that was freed kept for the next task, some tens of MB.

    Left to itself the C library may give the pages of each picture back to the system, which then has to clear new ones
    for the next: half of the time of a small task.
    """
    libc = ctypes.CDLL(None)
    libc.mallopt(_M_MMAP_THRESHOLD, _KEPT_BYTES)
    libc.mallopt(_M_TRIM_THRESHOLD, 2 * _KEPT_BYTES)


@cache
def resolve(name: str) -> Task:
    """Return the task of that name, ``sightline.room.module:function``.

    Raises
    ------
    BadRequestError
        It is not a function of this package.
    """
    if not _TASK_NAME.fullmatch(name):
        raise BadRequestError("There is no such task.")
    module, function = name.split(":")
    task: Task = getattr(import_module(module), function)
    return task


def answer(message: Message) -> tuple[dict[str, Any], Sequence[Buffer]]:
    """Run the task that a message names, and return the header and buffers of the answer."""
    try:
        reply = resolve(message.header["task"])(message.header["arguments"], message.buffers, message.descriptors)
    except SightlineError as error:
        return refusal(error), ()
    except MemoryError:
        too_much = UnprocessableError("This needs more memory than a worker may use.", "too-much-memory")
        return refusal(too_much) | {"ends": True}, ()
    except RecursionError:
        return refusal(UnprocessableError("This file is nested too deeply.")), ()
    except Exception as error:
        # Only the places are told: the text of an exception may quote patient data.
        places = "".join(traceback.format_tb(error.__traceback__))
        failure = SightlineError("This could not be done because of an error in Sightline.")
        return refusal(failure) | {"trace": f"{type(error).__name__}\n{places}"}, ()
    return {"values": reply.values}, reply.buffers


def refusal(error: SightlineError) -> dict[str, Any]:
    """Return the header of an answer that says no."""
    return {"error": type(error).__name__, "message": error.message, "code": error.code}


def serve(channel: socket.socket) -> None:
    """Answer messages until the other side ends."""
    while True:
        message = receive(channel, descriptors=True)
        try:
            header, buffers = answer(message)
        finally:
            for descriptor in message.descriptors:
                os.close(descriptor)
        send(channel, header, buffers)
        if header.get("ends"):
            return


def main() -> None:
    """Run the worker."""
    number, parent, memory_bytes, volume_bytes = (int(argument) for argument in sys.argv[1:5])
    restrain(parent, memory_bytes, volume_bytes)
    keep_memory()
    with suppress(OSError):  # a container may not allow it
        # Who hands a task over, or an answer on, is not interrupted by who works on one.
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    # Files that bend the standard are everyday; pydicom's remarks on them would fill the log.
    warnings.simplefilter("ignore")
    import_module("sightline.rendering.tasks")
    with socket.socket(fileno=number) as channel:
        try:
            serve(channel)
        except (ChannelError, OSError):
            return


if __name__ == "__main__":
    main()
