"""The last results, kept beside this module, and the page of the documentation that is made of them."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from bench.operations import Row

RESULTS = Path(__file__).with_name("results.json")
PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"

_HEAD = """# Benchmarks

Written by `make bench-dicomweb`; a row that was not measured in the last run is of an earlier one. Both servers run at
the same time on one machine, with the same files, and are measured in turn: only the ratios carry over to other
machines. Sightline is measured as shipped: filter, login and audit log on. The peer is Orthanc's own DICOMweb plugin
with stock settings, for ingest Orthanc without any plugin. Unless a row says otherwise, nothing has changed in the
archives for a while.

| operation | Sightline | peer | ratio | must | aim | measured |
|---|--:|--:|--:|--:|--:|---|
"""


def write(rows: Sequence[Row]) -> None:
    """Keep these results, in place of earlier ones of the same name, and write docs/benchmarks.md."""
    kept = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    when = f"{datetime.now(UTC):%Y-%m-%d}, {_machine()}, {_versions()}"
    kept |= {row.name: {**asdict(row), "measured": when} for row in rows}
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    write_page()


def write_page() -> None:
    """Write docs/benchmarks.md from the results that are kept."""
    lines, notes = [], list[str]()
    for value in json.loads(RESULTS.read_text(encoding="utf-8")).values():
        measured = value.pop("measured")
        if measured not in notes:
            notes.append(measured)
        row = Row(**value)
        wanted = " | ".join(f"{ratio:g}x" if ratio else "" for ratio in (row.must, row.aim))
        figures = f"{row.ours:.2f} {row.unit} | {row.peer:.2f} {row.unit} | {row.ratio:.2f}x"
        lines.append(f"| {row.name} | {figures} | {wanted} | {notes.index(measured) + 1} |")
    legend = [f"{number}. {note}" for number, note in enumerate(notes, 1)]
    PAGE.write_text(_HEAD + "\n".join([*lines, "", *legend, ""]), encoding="utf-8")


def _machine() -> str:
    processors = Path("/proc/cpuinfo").read_text().split("model name")
    name = processors[1].partition(":")[2].partition("\n")[0].strip() if len(processors) > 1 else platform.machine()
    return f"{len(processors) - 1} cores ({name})"


def _versions() -> str:
    command = ["dpkg-query", "-W", "-f", "${Package} ${Version}, ", "orthanc", "orthanc-dicomweb", "orthanc-python"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.rstrip(", ")


if __name__ == "__main__":
    write_page()
