"""Whatever ends us, what we started ends too, in order where there is time for order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy.process import Process, Specification, run


def specification(script: str, patience: float = 5) -> Specification:
    """Describe a shell script on this machine."""
    return Specification(argv=("sh", "-c", script), environment=dict(os.environ), patience=patience)


def wait_for(path: Path) -> str:
    """Wait until a file has content."""
    for _ in range(500):
        if path.exists() and path.read_text().strip():
            return path.read_text().strip()
        time.sleep(0.01)
    raise AssertionError(f"{path} stayed empty")


def is_running(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_for_end(pid: int) -> None:
    """Wait until a process has gone."""
    for _ in range(500):
        if not is_running(pid):
            return
        time.sleep(0.01)
    raise AssertionError(f"process {pid} still runs")


@pytest.mark.parametrize("code", [0, 3])
def test_the_exit_code_is_the_programs(code: int) -> None:
    assert run(specification(f"exit {code}")) == code


def test_a_death_by_signal_shows_as_in_a_shell() -> None:
    assert run(specification("kill -SEGV $$")) == 128 + signal.SIGSEGV


def test_a_program_that_is_not_there_is_named(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(Specification(argv=("/no/such/program",), environment={})) == 127
    assert "/no/such/program cannot be started" in capfd.readouterr().err


def test_the_program_reads_nothing_of_ours(tmp_path: Path) -> None:
    assert run(specification(f"cat > {tmp_path}/input")) == 0
    assert (tmp_path / "input").read_bytes() == b""


def test_stop_is_a_sigterm(tmp_path: Path) -> None:
    process = Process(specification(f"trap 'exit 7' TERM; echo $$ > {tmp_path}/pid; while :; do sleep 0.05; done"))
    wait_for(tmp_path / "pid")
    assert process.stop() == 7


def test_who_does_not_heed_sigterm_is_killed(tmp_path: Path) -> None:
    script = f"trap '' TERM; echo $$ > {tmp_path}/pid; while :; do sleep 0.05; done"
    process = Process(specification(script, patience=0.3))
    pid = int(wait_for(tmp_path / "pid"))
    assert process.stop() == 128 + signal.SIGKILL
    assert not is_running(pid)


def test_children_that_were_left_behind_end_too(tmp_path: Path) -> None:
    script = (
        f"setsid sh -c 'echo $$ > {tmp_path}/pid; exec sleep 60' & while [ ! -s {tmp_path}/pid ]; do sleep 0.05; done"
    )
    assert run(specification(script)) == 0
    wait_for_end(int(wait_for(tmp_path / "pid")))


def test_it_ends_in_order_when_its_starter_is_killed(tmp_path: Path) -> None:
    script = f"trap 'echo asked > {tmp_path}/end; exit 0' TERM; echo $$ > {tmp_path}/pid; while :; do sleep 0.05; done"
    starter = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import os, sys; from deploy.process import *;"
            "p = Process(Specification(argv=('sh', '-c', sys.argv[1]), environment=dict(os.environ))); p.wait()",
            script,
        ]
    )
    pid = int(wait_for(tmp_path / "pid"))
    starter.kill()
    starter.wait()
    wait_for_end(pid)
    assert wait_for(tmp_path / "end") == "asked"
