"""A pool of real processes, and tasks that misbehave on purpose."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

import sightline
from sightline.rendering.cluster_tasks import Limits
from sightline.rendering.dask_pool import DaskPool
from sightline.rendering.pool import Pool, WorkerPool
from tests.support.dask_cluster import DaskCluster

settings.register_profile("patient", deadline=None)  # a busy machine is no finding
settings.load_profile("patient")

LIMITS = Limits(memory_bytes=512 << 20, volume_bytes=64 << 20)
PLUGIN = Path(sightline.__file__).parent.parent

TRIALS = '''
"""Tasks that only tests run."""
import mmap, os, signal, time
from pathlib import Path
from sightline.errors import NotFoundError
from sightline.rendering.channel import Reply
from sightline.rendering.mapping import derived_arrays, shared_voxels

def echo(arguments, buffers, fds):
    return Reply({"arguments": arguments, "pid": os.getpid()}, [bytes(b) for b in buffers])

def die(arguments, buffers, fds):
    """Die on the first `times` tries, which the marker counts."""
    marker = mmap.mmap(fds[0], 1)
    marker[0] += 1
    if marker[0] <= arguments["times"]:
        os.kill(os.getpid(), signal.SIGKILL)
    return Reply({"tries": marker[0]})

def hang(arguments, buffers, fds):
    time.sleep(60)

def allocate(arguments, buffers, fds):
    return Reply({"size": len(bytearray(arguments["bytes"]))})

def refuse(arguments, buffers, fds):
    raise NotFoundError("No such thing.", "gone-fishing")

def fail(arguments, buffers, fds):
    raise ValueError(arguments["name"])

def recurse(arguments, buffers, fds):
    return recurse(arguments, buffers, fds)

def write(arguments, buffers, fds):
    Path(arguments["folder"], "x").write_text("hello")

def read(arguments, buffers, fds):
    return Reply({}, [os.pread(fds[0], 100, 0)])

def nap(arguments, buffers, fds):
    time.sleep(arguments["seconds"])
    return Reply({"at": time.monotonic(), "name": arguments["name"]})

def add_up(arguments, buffers, fds):
    """Fill derived memory: what is projected along the slices, and how many slices that were."""
    volume = shared_voxels(arguments["volume"], fds[0])
    sums, count = derived_arrays(arguments["derived"], fds[1])
    volume.sum(axis=0, out=sums)
    count[0] = len(volume)
    return Reply({})

def touch(arguments, buffers, fds):
    derived_arrays(arguments["derived"], fds[0])[0][::4096] = 1
    return Reply({})

def derived_sums(arguments, buffers, fds):
    sums, count = derived_arrays(arguments["derived"], fds[0])
    return Reply({"count": int(count[0]), "pid": os.getpid()}, [sums.tobytes()])

def environment(arguments, buffers, fds):
    return Reply({"environment": dict(os.environ), "session": os.getsid(0), "pid": os.getpid()})
'''


@pytest.fixture(scope="session")
def plugin_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plugin folder whose package has one module more: `sightline.trials`."""
    folder = tmp_path_factory.mktemp("plugin")
    package = folder / "sightline"
    package.mkdir()
    (package / "__init__.py").write_text(f"__path__.append({str(PLUGIN / 'sightline')!r})\n")
    (package / "trials.py").write_text(TRIALS)
    return folder


@pytest.fixture(scope="module")
def local_pool(plugin_directory: Path) -> Iterator[WorkerPool]:
    """Two workers with short deadlines and little memory."""
    made = WorkerPool(
        Path(sys.executable),
        plugin_directory,
        count=2,
        memory_bytes=LIMITS.memory_bytes,
        volume_bytes=LIMITS.volume_bytes,
        deadline_seconds=20,
    )
    yield made
    made.close()


@pytest.fixture(scope="module")
def pool(local_pool: WorkerPool) -> Pool:
    """The pool that a module's tests use."""
    return local_pool


@pytest.fixture(scope="module")
def cluster(plugin_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    """A cluster that speaks TLS only."""
    pytest.importorskip("distributed", reason="dask.distributed is not installed here")
    with DaskCluster(tmp_path_factory.mktemp("cluster"), plugin_directory, tls=True) as made:
        yield made


@pytest.fixture(scope="module")
def dask_pool(cluster: DaskCluster, plugin_directory: Path) -> Iterator[DaskPool]:
    """The cluster as a pool, its workers as bounded as those of `local_pool`."""
    local = WorkerPool(Path(sys.executable), plugin_directory, count=2, deadline_seconds=20)
    made = DaskPool(cluster.scheduler, local, count=2, limits=LIMITS)
    yield made
    made.close()
