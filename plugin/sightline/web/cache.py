"""Answers kept ready, bounded in bytes. Whoever puts one in names it by the identities of the stored files."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable

_OVERHEAD = 200  # bytes that an entry costs beside its content


class ByteCache:
    """Least recently used contents go first. May be used from any thread.

    Keys must contain the identity of every stored file that the content was made of, never UIDs alone: the content of a
    key is then right for ever, and nothing has to be thrown away when the archive changes.

    Parameters
    ----------
    maximum_bytes : int
        Bound of all contents together.
    """

    def __init__(self, maximum_bytes: int) -> None:
        self._maximum = maximum_bytes
        self._contents: OrderedDict[Hashable, bytes] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> bytes | None:
        """Return what was put under that key, None if it is not there any more."""
        with self._lock:
            content = self._contents.get(key)
            if content is not None:
                self._contents.move_to_end(key)
            return content

    def put(self, key: Hashable, content: bytes) -> None:
        """Keep some content; what is larger than a quarter of the cache is not kept."""
        if len(content) > self._maximum // 4:
            return
        with self._lock:
            before = self._contents.pop(key, None)
            self._size -= 0 if before is None else len(before) + _OVERHEAD
            self._contents[key] = content
            self._size += len(content) + _OVERHEAD
            while self._size > self._maximum:
                _, oldest = self._contents.popitem(last=False)
                self._size -= len(oldest) + _OVERHEAD
