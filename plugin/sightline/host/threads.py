"""What Python knows of Orthanc's threads is kept from one callback to the next.

For each callback on a thread that is not Python's own, the interpreter makes a thread state and throws it away
afterwards: for a request that is two, each with a piece of memory that the system maps, clears, and unmaps again, which
it has to tell every core about. It is kept as long as whoever asked for it has not given it back; so we ask once more.
"""

from __future__ import annotations

import ctypes
import threading

_ensure = ctypes.pythonapi.PyGILState_Ensure
_kept: set[int] = set()


def keep_thread_state() -> None:
    """Keep the state of this thread for as long as it lives; for threads of a fixed pool, such as the HTTP server's."""
    thread = threading.get_ident()
    if thread not in _kept:
        _kept.add(thread)
        _ensure()
