"""Orthanc's ``PythonScript`` of one test: tells how often this thread's own variables have seen a callback."""

import json
import sys
import threading
from typing import Any

import orthanc

sys.path[:0] = json.loads(orthanc.GetConfiguration())["Path"]

from sightline.host.threads import keep_thread_state  # noqa: E402 - only now can it be found

_own = threading.local()


def _count(output: orthanc.RestOutput) -> None:
    _own.count = getattr(_own, "count", 0) + 1
    output.AnswerBuffer(str(_own.count), "text/plain")


def on_fresh(output: orthanc.RestOutput, _uri: str, **_request: Any) -> None:
    """Count on a thread that is as Orthanc hands it over."""
    _count(output)


def on_kept(output: orthanc.RestOutput, _uri: str, **_request: Any) -> None:
    """Count on a thread whose state is kept."""
    keep_thread_state()
    _count(output)


orthanc.RegisterRestCallback("/fresh", on_fresh)
orthanc.RegisterRestCallback("/kept", on_kept)
