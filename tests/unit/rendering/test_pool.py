"""Pools keep their promises with real processes that die, hang and take too much, here and on a cluster."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from sightline.errors import (
    BadRequestError,
    NotFoundError,
    SightlineError,
    SupersededError,
    UnavailableError,
    UnprocessableError,
)
from sightline.rendering.pool import Pool, Priority, WorkerPool
from tests.support.processes import children

ECHO = "sightline.trials:echo"
NAP = "sightline.trials:nap"


@pytest.fixture(scope="module", params=["local", "dask"])
def pool(request: pytest.FixtureRequest) -> Pool:
    """Either pool: what is promised holds for both."""
    made: Pool = request.getfixturevalue(f"{request.param}_pool")
    return made


@pytest.fixture
def marker() -> Iterator[int]:
    """A memory file that a dying worker leaves traces in."""
    descriptor = os.memfd_create("marker")
    os.ftruncate(descriptor, 100)
    yield descriptor
    os.close(descriptor)


def test_arguments_and_buffers_come_back_as_they_went(pool: Pool) -> None:
    reply = pool.submit(ECHO, {"a": [1, None, "ä"]}, [b"", b"\0\xff" * 500_000]).result(10)
    assert reply.values["arguments"] == {"a": [1, None, "ä"]}
    assert [bytes(buffer) for buffer in reply.buffers] == [b"", b"\0\xff" * 500_000]


def test_a_hundred_tasks_at_once_are_all_answered_by_both_workers(pool: Pool) -> None:
    until, pids = time.monotonic() + 20, set()
    while len(pids) < 2 and time.monotonic() < until:  # one of them may still be starting
        futures = [pool.submit(ECHO, {"number": number}, [bytes([number])]) for number in range(100)]
        replies = [future.result(20) for future in futures]
        assert [reply.values["arguments"]["number"] for reply in replies] == list(range(100))
        assert [bytes(reply.buffers[0]) for reply in replies] == [bytes([number]) for number in range(100)]
        pids |= {reply.values["pid"] for reply in replies}
    assert len(pids) == 2


def test_a_worker_killed_in_mid_task_costs_one_more_try(local_pool: WorkerPool, marker: int) -> None:
    before = local_pool.statistics()["deaths"]
    assert local_pool.submit("sightline.trials:die", {"times": 1}, fds=[marker]).result(10).values == {"tries": 2}
    assert os.pread(marker, 1, 0) == b"\x02"
    assert local_pool.submit(ECHO, {}).result(10).values["arguments"] == {}
    until = time.monotonic() + 5
    healthy = {"alive": 2, "deaths": before + 1, "waiting": 0}
    while local_pool.statistics() != healthy and time.monotonic() < until:
        time.sleep(0.05)
    assert local_pool.statistics() == healthy


def test_a_worker_killed_from_outside_is_replaced_and_its_task_answered(plugin_directory: Path) -> None:
    before = children()
    pool = WorkerPool(Path(sys.executable), plugin_directory, count=1)
    pid = pool.submit(ECHO, {}).result(10).values["pid"]
    assert children() - before == {pid}
    future = pool.submit("sightline.trials:nap", {"seconds": 0.5, "name": "y"})
    time.sleep(0.2)
    os.kill(pid, 9)
    assert future.result(10).values["name"] == "y"
    assert pool.submit(ECHO, {}).result(10).values["pid"] != pid
    pool.close()


def test_an_idle_worker_that_was_killed_costs_its_next_task_no_try(plugin_directory: Path, marker: int) -> None:
    before = children()
    pool = WorkerPool(Path(sys.executable), plugin_directory, count=2)
    wait([pool.submit(NAP, {"seconds": 0.1, "name": "x"}) for _ in range(2)])
    for pid in children() - before:
        os.kill(pid, 9)
    time.sleep(0.05)
    assert pool.submit("sightline.trials:die", {"times": 1}, fds=[marker]).result(10).values == {"tries": 2}
    pool.close()


def test_a_task_that_kills_twice_is_given_up_with_retry_after(pool: Pool, marker: int) -> None:
    with pytest.raises(UnavailableError) as refusal:
        pool.submit("sightline.trials:die", {"times": 9}, fds=[marker]).result(10)
    assert (refusal.value.status, refusal.value.code) == (503, "worker-died")
    assert refusal.value.headers == {"Retry-After": "2"}
    assert pool.submit(ECHO, {}).result(10)


def test_a_worker_that_hangs_is_killed_at_its_deadline(pool: Pool) -> None:
    pool.submit(ECHO, {}).result(10)
    start = time.monotonic()
    with pytest.raises(UnavailableError) as refusal:
        pool.submit("sightline.trials:hang", {}, deadline=0.5).result(10)
    assert 0.4 < time.monotonic() - start < 2
    assert refusal.value.code == "deadline-passed"
    assert pool.submit(ECHO, {}).result(10)


def test_memory_is_bounded_and_the_next_task_works(pool: Pool) -> None:
    with pytest.raises(UnprocessableError) as refusal:
        pool.submit("sightline.trials:allocate", {"bytes": 600 << 20}).result(10)
    assert refusal.value.code == "too-much-memory"
    assert pool.submit("sightline.trials:allocate", {"bytes": 200 << 20}).result(10).values == {"size": 200 << 20}


def test_errors_of_tasks_keep_their_class_message_and_code(pool: Pool) -> None:
    with pytest.raises(NotFoundError, match=r"No such thing\.") as refusal:
        pool.submit("sightline.trials:refuse", {}).result(10)
    assert refusal.value.code == "gone-fishing"


def test_a_bug_in_a_task_is_told_without_its_text(pool: Pool, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR), pytest.raises(SightlineError) as refusal:
        pool.submit("sightline.trials:fail", {"name": "Mustermann^Max"}).result(10)
    assert type(refusal.value) is SightlineError
    assert "Mustermann" not in caplog.text + refusal.value.message


def test_a_bug_in_a_task_is_logged_by_place(local_pool: WorkerPool, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR), pytest.raises(SightlineError):
        local_pool.run("sightline.trials:fail", {"name": "Mustermann^Max"})
    assert "ValueError" in caplog.text
    assert "trials.py" in caplog.text


def test_endless_recursion_is_refused(pool: Pool) -> None:
    with pytest.raises(UnprocessableError, match="nested too deeply"):
        pool.submit("sightline.trials:recurse", {}).result(10)


@pytest.mark.parametrize(
    "name", ["os:system", "sightline.trials", "sightlineX.trials:echo", "sightline.trials:a.b", ""]
)
def test_only_functions_of_the_package_can_be_run(pool: Pool, name: str) -> None:
    with pytest.raises(BadRequestError):
        pool.submit(name, {}).result(10)


def test_workers_can_write_no_file(pool: Pool, tmp_path: Path) -> None:
    with pytest.raises(SightlineError):
        pool.submit("sightline.trials:write", {"folder": str(tmp_path)}).result(10)
    assert (tmp_path / "x").read_bytes() == b""


def test_file_descriptors_travel(pool: Pool, marker: int) -> None:
    os.pwrite(marker, b"through the wall", 0)
    assert bytes(pool.submit("sightline.trials:read", {}, fds=[marker]).result(10).buffers[0]).startswith(
        b"through the wall"
    )


def test_workers_do_not_inherit_the_environment(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "x")
    values = pool.submit("sightline.trials:environment", {}).result(10).values
    assert "SECRET" not in values["environment"]
    assert values["session"] != os.getsid(0), "Ctrl-C in the terminal would reach the worker"


def test_interactive_tasks_overtake_background_tasks(pool: Pool) -> None:
    nap = "sightline.trials:nap"
    blockers = [pool.submit(nap, {"seconds": 0.5, "name": "blocker"}) for _ in range(2)]
    time.sleep(0.3)
    behind = [pool.submit(nap, {"seconds": 0.1, "name": "background"}, priority=Priority.BACKGROUND) for _ in range(4)]
    first = [pool.submit(nap, {"seconds": 0.0, "name": "interactive"}) for _ in range(2)]
    ended = {id(future): future.result(10).values["at"] for future in (*blockers, *behind, *first)}
    assert max(ended[id(future)] for future in first) < min(ended[id(future)] for future in behind)


def test_who_waits_longer_than_the_deadline_is_told_so(pool: Pool) -> None:
    nap = "sightline.trials:nap"
    blockers = [pool.submit(nap, {"seconds": 1.0, "name": "blocker"}) for _ in range(2)]
    with pytest.raises(UnavailableError) as refusal:
        pool.submit(nap, {"seconds": 0.0, "name": "late"}, deadline=0.1).result(10)
    assert refusal.value.code == "busy"
    wait(blockers)


def test_run_does_what_submit_does(pool: Pool, marker: int) -> None:
    reply = pool.run(ECHO, {"a": 1}, [b"xyz"])
    assert (reply.values["arguments"], bytes(reply.buffers[0])) == ({"a": 1}, b"xyz")
    with pytest.raises(NotFoundError, match=r"No such thing\."):
        pool.run("sightline.trials:refuse", {})
    assert pool.run("sightline.trials:die", {"times": 1}, fds=[marker]).values == {"tries": 2}
    with pytest.raises(UnavailableError) as refusal:
        pool.run("sightline.trials:hang", {}, deadline=0.3)
    assert refusal.value.code == "deadline-passed"
    assert pool.run(ECHO, {}).values["arguments"] == {}


def test_run_from_many_threads_beside_submitted_tasks(pool: Pool) -> None:
    def both(number: int) -> tuple[int, int]:
        submitted = pool.submit(ECHO, {"number": -number})
        direct = pool.run(ECHO, {"number": number})
        return direct.values["arguments"]["number"], submitted.result(10).values["arguments"]["number"]

    with ThreadPoolExecutor(12) as threads:
        count = 300 if isinstance(pool, WorkerPool) else 60
        assert list(threads.map(both, range(count))) == [(number, -number) for number in range(count)]
    assert pool.statistics()["waiting"] == 0


def test_what_cannot_be_sent_is_told_and_harms_nobody(pool: Pool) -> None:
    with pytest.raises(TypeError):
        pool.run(ECHO, {"x": object()})
    with pytest.raises(TypeError):
        pool.submit(ECHO, {"x": object()}).result(10)
    assert pool.run(ECHO, {}).values["arguments"] == {}


def test_a_newer_task_of_the_same_name_supersedes_one_that_waits(pool: Pool) -> None:
    blockers = [pool.submit(NAP, {"seconds": 0.6, "name": "blocker"}, supersedes="begun") for _ in range(2)]
    time.sleep(0.2)
    newer = pool.submit(NAP, {"seconds": 0.0, "name": "newer"}, supersedes="begun")
    first, other, last = (
        pool.submit(NAP, {"seconds": 0.0, "name": name}, supersedes=key)
        for name, key in (("first", "a/1"), ("other", "a/2"), ("last", "a/1"))
    )
    with pytest.raises(SupersededError) as refusal:
        first.result(0.2)
    assert (refusal.value.status, refusal.value.code) == (409, "superseded")
    names = [future.result(10).values["name"] for future in (*blockers, newer, other, last)]
    assert names == ["blocker", "blocker", "newer", "other", "last"], "what was begun is finished"


def test_what_is_not_wanted_any_more_is_not_started(pool: Pool, marker: int) -> None:
    blockers = [pool.submit(NAP, {"seconds": 0.5, "name": "blocker"}) for _ in range(2)]
    late = [
        pool.submit("sightline.trials:die", {"times": 0}, fds=[marker], priority=priority, wanted_until=moment)
        for priority, moment in ((Priority.INTERACTIVE, time.monotonic() + 0.1), (Priority.PREFETCH, time.monotonic()))
    ]
    for future in late:
        with pytest.raises(UnavailableError) as refusal:
            future.result(10)
        assert refusal.value.code == "busy"
    wait(blockers)
    assert os.pread(marker, 1, 0) == b"\0"


def test_people_come_before_prefetch_and_that_before_volumes(pool: Pool) -> None:
    blockers = [pool.submit(NAP, {"seconds": 0.4, "name": "blocker"}) for _ in range(2)]
    time.sleep(0.2)
    futures = [
        pool.submit(NAP, {"seconds": 0.1, "name": priority.name}, priority=priority)
        for priority in reversed(list(Priority)[1:])
        for _ in range(2)
    ]
    ended = sorted((future.result(10).values for future in futures), key=lambda values: values["at"])
    assert [values["name"] for values in ended] == sorted((v["name"] for v in ended), key=lambda n: Priority[n])
    wait(blockers)


def test_close_leaves_no_process_and_answers_everybody(plugin_directory: Path) -> None:
    before = children()
    pool = WorkerPool(Path(sys.executable), plugin_directory, count=3, deadline_seconds=30)
    with ThreadPoolExecutor(1) as threads:
        direct = threads.submit(pool.run, "sightline.trials:hang", {})
        futures = [direct, *(pool.submit("sightline.trials:hang", {}) for _ in range(5))]
        time.sleep(1)
        assert len(children() - before) == 3
        start = time.monotonic()
        pool.close()
        assert time.monotonic() - start < 2
    assert children() == before
    for future in futures:
        with pytest.raises(UnavailableError, match="stopping"):
            future.result(0)
    with pytest.raises(UnavailableError, match="stopping"):
        pool.submit(ECHO, {}).result(0)


def test_an_interpreter_that_is_not_there_is_logged_and_does_not_hang_the_end(
    plugin_directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pool = WorkerPool(Path("/nowhere/python"), plugin_directory, count=1)
    future = pool.submit(ECHO, {})
    time.sleep(0.2)
    pool.close()
    assert "cannot be started" in caplog.text
    with pytest.raises(UnavailableError):
        future.result(0)


PARENT = """
import sys, time
from pathlib import Path
from sightline.rendering.pool import WorkerPool
pool = WorkerPool(Path(sys.executable), Path(sys.argv[1]), count=2)
pids = {pool.submit("sightline.trials:nap", {"seconds": 0.3, "name": ""}) for _ in range(2)}
for future in pids:
    future.result(20)
busy = pool.submit("sightline.trials:hang", {})
print("ready", flush=True)
time.sleep(60)
"""


def test_workers_end_with_a_parent_that_was_killed(plugin_directory: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(plugin_directory)}
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(plugin_directory)], stdout=subprocess.PIPE, env=environment
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        workers = children(parent.pid)
        assert len(workers) == 2
        parent.kill()
        parent.wait()
    until = time.monotonic() + 3
    while any(running(pid) for pid in workers) and time.monotonic() < until:
        time.sleep(0.05)
    assert not [pid for pid in workers if running(pid)]


def running(pid: int) -> bool:
    """Whether a process runs; one that waits to be buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # it ends between opening and reading, too
        return False
