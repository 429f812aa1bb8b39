"""What a worker of a cluster keeps of a volume."""

from __future__ import annotations

import gc
import os
import pickle
import sys

import pytest

from sightline.rendering.cluster_tasks import Limits, Memory, Parcel, content_of, run_task

CONTENT = bytes(range(256)) * 1000


def travelled(thing: object) -> Memory:
    """Return what arrives elsewhere, its content beside the pickle as a cluster sends it."""
    buffers: list[pickle.PickleBuffer] = []
    text = pickle.dumps(thing, protocol=5, buffer_callback=buffers.append)
    assert len(text) < 200
    memory = pickle.loads(text, buffers=[buffer.raw() for buffer in buffers])  # noqa: S301 - our own
    assert isinstance(memory, Memory)
    return memory


def test_content_arrives_and_is_copied_under_another_name() -> None:
    first = travelled(Parcel(CONTENT))
    second = travelled(first)
    assert content_of(first.descriptor) == content_of(second.descriptor) == CONTENT
    assert first.identity != second.identity
    assert sys.getsizeof(first) >= len(CONTENT)


def test_memory_is_emptied_when_it_is_released() -> None:
    memory = travelled(Parcel(CONTENT))
    mapped = os.dup(memory.descriptor)
    del memory
    gc.collect()
    assert os.fstat(mapped).st_size == 0
    os.close(mapped)


def test_what_was_emptied_on_the_way_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    descriptor = os.memfd_create("volume")
    os.ftruncate(descriptor, 100)
    size = os.fstat(descriptor)
    os.ftruncate(descriptor, 50)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", lambda _: size)
        with pytest.raises(OSError, match="gone"):
            content_of(descriptor)
    os.close(descriptor)


def test_what_fails_there_is_no_exception_that_the_cluster_would_log() -> None:
    pytest.importorskip("distributed", reason="dask.distributed is not installed here")
    header, _ = run_task('{"task": "x", "arguments": {}}', [b"Mustermann^Max"], [], 1.0, Limits(1, 1))
    assert header == {"failed": "ValueError"}, "this is no worker of a cluster"
