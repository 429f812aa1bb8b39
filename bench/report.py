"""The last result, kept as a page of the documentation."""

from __future__ import annotations

import argparse
import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.operations import Row

PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"


def write(rows: Sequence[Row], arguments: argparse.Namespace) -> None:
    """Write docs/benchmarks.md."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench-dicomweb`. Both servers run at the same time on one machine and are measured in turn;",
        "only the ratios carry over. Sightline is measured as shipped: filter, login and audit log on.",
        "",
        f"* {datetime.now(UTC):%Y-%m-%d}, {_machine()}",
        f"* {_versions()}",
        f"* a CT series of {arguments.slices} slices (512 x 512, 16 bits) and {arguments.studies} studies of one image",
        "",
        "| operation | Sightline | peer | ratio | must | aim |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        wanted = [f"{value:g}x" if value else "" for value in (row.must, row.aim)]
        measured = f"{row.ours:.2f} {row.unit} | {row.peer:.2f} {row.unit} | {row.ratio:.2f}x"
        lines.append(f"| {row.name} | {measured} | {' | '.join(wanted)} |")
    PAGE.write_text("\n".join([*lines, ""]), encoding="utf-8")


def _machine() -> str:
    processors = Path("/proc/cpuinfo").read_text().split("model name")
    name = processors[1].partition(":")[2].partition("\n")[0].strip() if len(processors) > 1 else platform.machine()
    return f"{len(processors) - 1} cores ({name})"


def _versions() -> str:
    command = ["dpkg-query", "-W", "-f", "${Package} ${Version}, ", "orthanc", "orthanc-dicomweb", "orthanc-python"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.rstrip(", ")
