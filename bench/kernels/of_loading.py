"""Loading a series of native slices into shared memory, against reading its files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from mmap import mmap
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import numpy as np
from numpy.typing import NDArray

from bench.data import ct_instances
from bench.kernels.contest import Contest
from sightline.kernels.geometry import VolumeGeometry
from sightline.rendering import mapping, tasks
from sightline.rendering.files import in_batches
from sightline.rendering.headers import read_frames
from sightline.rendering.series_table import entry_from_argument
from sightline.rendering.shared_memory import SharedMemory
from sightline.rendering.volumes import SLICES_PER_TASK

SHAPE = (400, 512, 512)
_SIZE = SHAPE[1] * SHAPE[2] * 2


def contests(_volume: NDArray[np.int16], _geometry: VolumeGeometry) -> Iterator[Contest]:
    """Yield the contests of 400 native slices; the files are in the system's cache, as just after they were stored.

    Memory that a process gets anew from the system costs several times as much as the copy into it, so each is measured
    beside its like: what is read into new memory by a process that has none to spare, as one that has just started, and
    what is read into memory that was used before. The peers keep what they read until all is there.
    """
    own_process = ProcessPoolExecutor(1, get_context("spawn"))
    with TemporaryDirectory(prefix="sightline-bench-") as folder, own_process as other:
        paths = [Path(folder, f"{index}.dcm") for index in range(SHAPE[0])]
        for path, content in zip(paths, ct_instances(len(paths)), strict=True):
            path.write_bytes(content)
        slices = [_slice(index, path) for index, path in enumerate(paths)]
        yield Contest(
            "400 native slices -> volume" + (", in huge pages" if _huge_pages() else ""),
            lambda: _load(slices),
            {
                "files' bytes, into new memory": lambda: other.submit(_read_bytes, paths).result(),
                "files into new shared memory": lambda: _share(paths),
                "files' bytes, into memory used before": lambda: _read_bytes(paths),
            },
            {"files' bytes, into new memory": 1.5, "files into new shared memory": 1.5},
            "new shared memory",
        )
        with _Memory() as memory:
            yield Contest(
                "400 native slices -> volume, in memory that another one has left",
                lambda: _fill(slices, memory),
                {
                    "files' bytes, into memory used before": lambda: _read_bytes(paths),
                    "files into the same memory": lambda: memory.read(paths),
                },
                {"files' bytes, into memory used before": 1.5},
            )


def _huge_pages() -> bool:
    """Whether the system gives shared memory in huge pages to a program that asks for them."""
    memory = SharedMemory("bench", 8 << 20)
    try:
        mapping.mapped_volume(memory.identity, memory.descriptor, (1, 1, memory.size), "uint8").fill(1)
        told = Path("/proc/self/smaps_rollup").read_text(encoding="ascii")
        return re.search(r"ShmemPmdMapped: +[1-9]", told) is not None
    finally:
        mapping.forget_all()
        memory.free()


def _read_bytes(paths: list[Path]) -> int:
    return len([path.read_bytes() for path in paths])


def _slice(index: int, path: Path) -> dict[str, object]:
    with path.open("rb") as file:
        entry = read_frames(file, str(index))[0]
    return {"index": index, "file": {"path": str(path)}, "frame": entry.frame, "layout": entry.layout}


def _load(slices: list[dict[str, object]]) -> None:
    """Run the engine's own tasks on new shared memory, and free it."""
    memory = SharedMemory("bench", SHAPE[0] * _SIZE)
    try:
        _fill(slices, memory)
    finally:
        mapping.forget_all()
        memory.free()


def _fill(slices: list[dict[str, object]], memory: SharedMemory) -> None:
    """Run the engine's own tasks, as on a series that was never loaded."""
    entry_from_argument.cache_clear()
    volume = {"memory": memory.identity, "shape": SHAPE, "dtype": "uint16", "stored": True}
    for batch in in_batches(slices, SLICES_PER_TASK):
        tasks.load_slices({"volume": volume, "slices": batch}, (), (memory.descriptor,))


class _Memory(SharedMemory):
    """Shared memory as a volume leaves it, which workers still have mapped."""

    def __init__(self) -> None:
        super().__init__("bench", SHAPE[0] * _SIZE)
        os.posix_fallocate(self.descriptor, 0, self.size)

    def __enter__(self) -> Self:
        self._mapped = mmap(self.descriptor, 0)
        return self

    def __exit__(self, *_: object) -> None:
        mapping.forget_all()
        self._mapped.close()
        self.free()

    def read(self, paths: list[Path]) -> None:
        """Read the last bytes of files into it."""
        with memoryview(self._mapped) as view:
            _read(paths, view)


def _share(paths: list[Path]) -> None:
    """Read the last bytes of files into new shared memory, and free it."""
    descriptor = os.memfd_create("bench")
    try:
        os.ftruncate(descriptor, len(paths) * _SIZE)
        with mmap(descriptor, 0) as shared, memoryview(shared) as view:
            _read(paths, view)
    finally:
        os.close(descriptor)


def _read(paths: list[Path], target: memoryview) -> None:
    for index, path in enumerate(paths):
        with path.open("rb", buffering=0) as file:
            file.seek(-_SIZE, os.SEEK_END)
            file.readinto(target[index * _SIZE : (index + 1) * _SIZE])
