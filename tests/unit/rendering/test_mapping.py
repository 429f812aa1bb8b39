"""Memory that workers share, as one of them maps it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from sightline.rendering import mapping
from sightline.rendering.shared_memory import SharedMemory


@pytest.fixture
def memory() -> Iterator[SharedMemory]:
    shared = SharedMemory("sightline-trial", 4 << 20)
    yield shared
    mapping.forget_all()
    shared.free()


def test_all_who_map_a_volume_see_the_same_voxels(memory: SharedMemory) -> None:
    shape = (2, 1024, 1024)
    mapping.mapped_volume(memory.identity, memory.descriptor, shape, "uint16")[1, 2, 3] = 4711
    mapping.forget_all()
    volume = mapping.mapped_volume(memory.identity, memory.descriptor, shape, "uint16")
    assert volume[1, 2, 3] == 4711
    assert np.count_nonzero(volume) == 1


def test_huge_pages_are_asked_for(memory: SharedMemory) -> None:
    """They are given where the administrator has allowed it; asking is all that can be done about it."""
    mapping.mapped_volume(memory.identity, memory.descriptor, (4, 1024, 1024), "uint8")
    if "thp_" not in Path("/proc/vmstat").read_text(encoding="ascii"):
        pytest.skip("This kernel was built without huge pages.")
    maps = Path("/proc/self/smaps").read_text(encoding="utf-8")
    entry = re.search(r"/memfd:sightline-trial.*?^VmFlags:(.*?)$", maps, re.MULTILINE | re.DOTALL)
    assert entry is not None
    assert "hg" in entry[1].split()
