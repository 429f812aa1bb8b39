"""``make check`` and ``make test``: private roots, so that the same things pass and fail for everybody."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

from deploy import ohif, oidc_provider, peer_viewers, process, root, smoke, viewer
from deploy.machine import Problem
from deploy.process import Bind
from deploy.root import CHECKOUT
from deploy.run import Progress

INSIDE_CHECKOUT, INSIDE_CORPUS = "/opt/sightline", "/opt/corpus"
INSIDE_OHIF, INSIDE_PEER_VIEWERS, INSIDE_OIDC = "/opt/ohif", "/opt/peer-viewers", "/opt/oidc-provider"
OPTIONAL_SUITES = {"sid"}
"""Suites that may be out of order through no fault of ours; their tests are then left out, loudly."""

OWN_PYTHON = tuple(name for name in ("plugin", "deploy", "demo", "tests", "bench") if (CHECKOUT / name).is_dir())
STATIC = (
    ("ruff", "format", "--check", *OWN_PYTHON),
    ("ruff", "check", *OWN_PYTHON),
    ("mypy",),
    ("mypy", "--package", "deploy", "--package", "demo", "--package", "bench"),
    ("env", "PYTHONPATH=plugin", "lint-imports"),
)
PROCESSES = min(4, os.cpu_count() or 1)
PYTEST = ("python", "-m", "pytest", "--numprocesses", str(PROCESSES))
UNIT = (*PYTEST, "tests/unit")
ONCE_MORE = ("--reruns", "1", "--only-rerun", "Target crashed")
"""A renderer of Chromium's that ends by itself says nothing of a page: its test is run again, counted as "rerun"."""
TOGETHER = (*PYTEST, *ONCE_MORE, "--dist", "loadfile", "tests", "--ignore", "tests/unit")
"""What meets a real Orthanc or browser: servers belong to files, so that each process starts its own."""
EVERYTHING = (UNIT, TOGETHER)
NOT_OF_THE_HOST = ("tests/browser/test_ohif.py", "tests/browser/test_budgets.py")
"""Another viewer, and what a page costs: the same whatever serves it."""
HOST_ROOMS = ("host", "web", "archive", "access", "state", "dicomweb", "openemr")
OTHER_HOST = (
    (*PYTEST, *(f"tests/unit/{room}" for room in HOST_ROOMS)),
    (*TOGETHER, "-m", "not without_orthanc", *(f"--ignore={path}" for path in NOT_OF_THE_HOST)),
)
"""On the other Orthanc, and the other Python that comes with it: all that meets them. Pixels are the same on both."""
BENCH = ("env", "PYTHONPATH=plugin", "python", "-m")


def main() -> None:
    """Run the command that the command line names, one of `COMMANDS`. Exit code 0 if all of it passed."""
    say = Progress()
    try:
        COMMANDS[sys.argv[1]](say)
    except Problem as problem:
        sys.exit(str(problem))
    except KeyboardInterrupt:
        sys.exit("Interrupted.")


def check(say: Progress) -> None:
    """The viewer's own checks and tests, then format, lint, types, unit tests with their budgets, on Debian 13."""
    _check_viewer(say)
    _run_in("trixie", (*STATIC, UNIT), say)


def docs(say: Progress) -> None:
    """Write the generated pages anew."""
    pages = ("deploy.configuration_page", "deploy.conformance_page")
    _run_in("trixie", tuple(("env", "PYTHONPATH=plugin", "python", "-m", page) for page in pages), say)


def bench(say: Progress) -> None:
    """Measure DICOMweb against Orthanc's own plugin, and whether memory stays as it is; write the page of results."""
    viewer.ensure(say)
    _run_in("trixie", ((*BENCH, "bench.memory"), (*BENCH, "bench.dicomweb", "--write")), say)


def bench_kernels(say: Progress) -> None:
    """Measure kernels against what others have compiled, and pictures over HTTP; write the page of results."""
    viewer.ensure(say)
    _run_in(
        "trixie", ((*BENCH, "bench.kernels", "--write"), (*BENCH, "bench.pictures", "--write")), say, profile="bench"
    )


def bench_viewer(say: Progress) -> None:
    """Measure the viewer beside others over lines of three speeds; write the page of results."""
    viewer.ensure(say)
    peer_viewers.ensure(say)
    _run_in("trixie", ((*BENCH, "bench.viewer", "--write"),), say)


def everything(say: Progress) -> None:
    """The viewer's own tests, the static checks, all tests, ``make run`` itself, then what meets the other Orthanc."""
    _check_viewer(say)
    _fetch_others(say)
    with root.obtain("trixie", "test", say), ThreadPoolExecutor(1) as meanwhile:
        meanwhile.submit(_make_other_roots)
        summaries = _run_in("trixie", (*STATIC, *EVERYTHING), say)
    say("make run, from start to stop")
    smoke.run(say)
    try:
        summaries += _run_in("sid", OTHER_HOST, say)
    except root.Unbuildable as problem:
        say(f"!!! LEFT OUT: everything on {root.SUITES['sid']}, whose root cannot be built today. {problem}")
    for summary in summaries:
        print(summary, flush=True)


def _check_viewer(say: Progress) -> None:
    say("Viewer: check, tests, build")
    viewer.npm(viewer.INSTALL, ("run", "check"), ("test",), say=say)
    viewer.ensure(say)


def _make_other_roots() -> None:
    """Build what is needed later while tests run. What fails here fails again, and is told, where it is needed."""
    for suite, profile in (("trixie", "base"), ("sid", "test")):
        with contextlib.suppress(Problem), root.obtain(suite, profile, _say_nothing):
            pass


def _say_nothing(_text: str) -> None:
    """Keep the progress of the background out of the tests' output."""


def _fetch_others(say: Progress) -> None:
    """Have at hand what others have made and tests meet; without one its tests are left out, loudly."""
    for name, what in (("OHIF", ohif), ("oidc-provider", oidc_provider)):
        try:
            what.ensure(say)
        except Problem as problem:
            say(f"!!! LEFT OUT: the tests with {name}, which cannot be fetched today. {problem}")


COMMANDS = {
    "check": check,
    "all": everything,
    "docs": docs,
    "bench": bench,
    "bench-kernels": bench_kernels,
    "bench-viewer": bench_viewer,
}


def _run_in(suite: str, commands: Sequence[Sequence[str]], say: Progress, profile: str = "test") -> list[str]:
    """Run commands one after the other inside a root of `suite`; return the last lines of those that are tests.

    Raises
    ------
    Problem
        One of them failed.
    root.Unbuildable
        There is no such root to be had.
    """
    with root.obtain(suite, profile, say) as path:
        summaries = []
        for command in commands:
            say(f"{root.SUITES[suite]}: {' '.join(command)}")
            with tempfile.TemporaryDirectory(prefix="sightline-test-") as scratch:
                code, last = _run_one(path, tuple(command), scratch)
            if code != 0:
                raise Problem(f"Failed on {root.SUITES[suite]} (exit code {code}): {' '.join(command)}")
            if "pytest" in command:
                summaries.append(f"{root.SUITES[suite]}: {last}")
        return summaries


def _run_one(path: Path, command: tuple[str, ...], scratch: str) -> tuple[int, str]:
    """Run one command in the root with a ``/tmp`` of its own, showing its output; return exit code and last line."""
    Path(scratch).chmod(0o1777)
    variables = {"HOME": "/tmp", "PYTHONPYCACHEPREFIX": "/tmp/pycache", "SIGHTLINE_SUITE": path.name.split("-")[0]}
    binds = [Bind(str(CHECKOUT), INSIDE_CHECKOUT, read_only=False), Bind(scratch, "/tmp", read_only=False)]
    corpus = _corpus()
    if corpus:
        binds.append(Bind(str(corpus), INSIDE_CORPUS))
        variables["SIGHTLINE_CORPUS"] = INSIDE_CORPUS
    if ohif.folder().is_dir():
        binds.append(Bind(str(ohif.folder()), INSIDE_OHIF))
        variables["SIGHTLINE_OHIF"] = INSIDE_OHIF
    if oidc_provider.folder().is_dir():
        binds.append(Bind(str(oidc_provider.folder()), INSIDE_OIDC))
        variables["SIGHTLINE_OIDC"] = INSIDE_OIDC
    if peer_viewers.folder().is_dir():
        binds.append(Bind(str(peer_viewers.folder()), INSIDE_PEER_VIEWERS))
        variables["SIGHTLINE_PEER_VIEWERS"] = INSIDE_PEER_VIEWERS
    specification = root.specification(
        path, command, binds=tuple(binds), variables=variables, directory=INSIDE_CHECKOUT
    )
    reading, writing = os.pipe()
    lines: list[bytes] = []
    with os.fdopen(reading, "rb") as output:
        thread = threading.Thread(target=_show, args=(output, lines))
        thread.start()
        try:
            code = process.run(specification, writing)
        finally:
            os.close(writing)
            thread.join()
    return code, lines[-1].decode(errors="replace").rstrip() if lines else ""


def _show(output: IO[bytes], lines: list[bytes]) -> None:
    """Copy to standard output, keeping the last line."""
    for line in output:
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
        lines[:] = [line]


def _corpus() -> Path | None:
    """Return the folder of real DICOM data, if this machine has one."""
    named = os.environ.get("SIGHTLINE_CORPUS")
    folder = Path(named) if named else CHECKOUT.parent / "shared" / "data"
    return folder.resolve() if folder.is_dir() else None


if __name__ == "__main__":
    main()
