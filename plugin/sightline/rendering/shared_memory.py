"""Memory files that workers map: gone with this process, however that ends, and given back at once when freed."""

from __future__ import annotations

import os
from uuid import uuid4


class SharedMemory:
    """Some bytes that this process and its workers share.

    New memory costs several times as much as reading a file into it: the system clears each page and maps it, in each
    process anew. So what one volume has left may serve the next one; of the same size, workers still have it mapped.

    Attributes
    ----------
    descriptor : int
        Of the memory file.
    identity : str
        Another one whenever its size changes: what workers have mapped is kept by it.
    """

    def __init__(self, name: str, size: int) -> None:
        self.descriptor = os.memfd_create(name, os.MFD_CLOEXEC)
        self.size, self.identity = 0, ""
        self.resize(size)

    def resize(self, size: int) -> None:
        """Make it larger or smaller. What is in it afterwards is to be written before it is read."""
        if size != self.size:
            os.ftruncate(self.descriptor, size)
            self.size, self.identity = size, uuid4().hex

    def free(self) -> None:
        """Give it back at once, even where a worker still has it mapped. May be called again."""
        if self.size:
            os.ftruncate(self.descriptor, 0)
            os.close(self.descriptor)
            self.size = 0
