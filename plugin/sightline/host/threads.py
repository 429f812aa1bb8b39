"""What Python knows of Orthanc's threads is kept from one callback to the next.

For each callback on a thread that is not Python's own, the interpreter makes a thread state and throws it away
afterwards: for a request that is two, each with a piece of memory that the system maps, clears, and unmaps again, which
it has to tell every core about. It is kept as long as whoever asked for it has not given it back; so we ask once more.

What is kept is all of it, the exception that is being raised too. Orthanc's plugin leaves one behind where it cannot
make a callback's arguments, as of a header that is not UTF-8: it answers 500 and never calls. Without more the next
request on that thread, somebody else's, would fail by it: until our first line the plugin only makes objects, which no
exception hinders, but the first function that is called and returns would be told to have failed. That the filter
comes first on every request, and begins here, is what keeps them apart.
"""

from __future__ import annotations

import ctypes
import threading

_ensure = ctypes.pythonapi.PyGILState_Ensure
_own = threading.local()
_nothing: dict[None, None] = {}


def keep_thread_state() -> None:
    """Keep the state of this thread for as long as it lives, without an exception that an earlier request left there.

    For threads of a fixed pool, such as the HTTP server's. Has to be a callback's first statement.
    """
    # The interpreter drops what was raised before as it raises this. `suppress` is a call, and would stumble over it.
    try:  # noqa: SIM105
        del _nothing[None]
    except KeyError:
        pass
    if not hasattr(_own, "is_kept"):
        _own.is_kept = True
        _ensure()
