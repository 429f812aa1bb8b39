"""The last results, kept beside what measured them, and the page of the documentation that is made of them."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from bench.kernels.contest import Result
from bench.kernels.likeness import Likeness
from bench.operations import Row
from bench.viewer.figures import Hand, Visit, bars, visit_of
from bench.viewer.table import lines

FOLDER = Path(__file__).parent
DICOMWEB, KERNELS = FOLDER / "results.json", FOLDER / "kernels" / "results.json"
VIEWER = FOLDER / "viewer" / "results.json"
LIKENESS = FOLDER / "kernels" / "likeness.json"
PAGE = FOLDER.parent / "docs" / "benchmarks.md"
PEERS = ("numpy", "vtk", "simpleitk", "opencv-python-headless", "scipy")
"""What kernels are made of, and what they are measured against, as the package index names them."""

_HEAD = """# Benchmarks

Only the ratios carry over to other machines. A row that was not measured in the last run is of an earlier one.
"""
_DICOMWEB_HEAD = """
## DICOMweb

Written by `make bench-dicomweb`. Both servers run at the same time on one machine, with the same files, and are
measured in turn. Sightline is measured as shipped: filter, login and audit log on. The peer is Orthanc's own DICOMweb
plugin with stock settings, for ingest Orthanc without any plugin. Unless a row says otherwise, nothing has changed in
the archives for a while. No uncached picture is asked for twice, and each server encodes JPEG as it does by default:
the peer's pictures are a fifth larger. A ratio of 2x is twice as fast as the peer.

| operation | Sightline | peer | ratio | must | aim | measured |
|---|--:|--:|--:|--:|--:|---|
"""
_VIEWER_HEAD = """
## Viewer

Written by `make bench-viewer`: all viewers in turn, in one run on one machine, each with the same CT of 300 slices of
512 x 512 (157 MB), each visit with a browser and a profile of its own, over lines of three speeds. The line is a proxy
that delays, and shares what it lets through among all connections; connecting takes a round trip too.

Sightline is measured as shipped: filter, login and audit log on. *By a link* is what a clinician does who clicks in the
record: landing page, exchange of the link's secret, reading page. Orthanc Web Viewer is that of Debian 12, in the
Orthanc that it was made for. OHIF and DWV stand behind nginx, which sends them gzipped, beside Orthanc with its own
DICOMweb plugin; OHIF is minified, and draws by its processor path, with which it is the faster here: there is no
graphics card. DWV, a library, has a page that does no more than read one series. Nobody has to log in there.

The first image is there when a frame has been painted in which a canvas or picture of at least 250 pixels each way
shows at least twelve greys; every page is looked at for it every 15 ms in the same way. In brackets: times as long as
Sightline by a link. Bytes, requests and memory (proportional set size of the renderer) are those of the slowest line
until then, answers with their headers; the application is all but pixels. *All bytes*, *memory then* are those of the
unlimited line once the viewer asks for nothing more by itself: DWV and OHIF fetch the series as it is stored, Sightline
exact frames, packed, as far as its cache of 256 MiB has room.

Input to paint is the time from a movement with the button held, or a notch of the wheel, until the changed image has
been painted, looked at after each frame in the same way for all; each input follows once the last one can be seen.
*Pictures from the server* are what Sightline shows before exact frames are there, and where the line is not for them.

"""
_KERNELS_HEAD = """
## Kernels

Written by `make bench-kernels`: the least of several times, in one process, in turn, each on one thread, with buffers
made before. The ratio is our time divided by the peer's, so that below 1 we are faster; a row without a bar is for
information.

| kernel | Sightline | peer | | ratio | bar | measured |
|---|--:|---|--:|--:|--:|---|
"""
_LIKENESS_HEAD = """
## Volume renderings beside a ray caster's

Written by `python -m bench.kernels.rendering_quality --write`: the structural similarity of the middle rows of each
picture to those of a ray caster that samples the whole volume twice a voxel, one ray for each pixel, with the same
light and size, from 12 sides. Part is the resolution of the volume that is read.
[Why it is so](decisions/0005-volume-rendering.md).

| function and size | quality | part | least | median | most | measured |
|---|---|---|--:|--:|--:|---|
"""


def write(rows: Sequence[Row]) -> None:
    """Keep what was measured of DICOMweb, in place of earlier rows of the same name, and write the page."""
    when = f"{datetime.now(UTC):%Y-%m-%d}, {_machine()}, {_servers()}"
    _keep(DICOMWEB, {row.name: {**asdict(row), "measured": when} for row in rows})


def write_kernels(results: Sequence[Result]) -> None:
    """Keep what was measured of kernels, in place of earlier rows of the same name and peer, and write the page."""
    packages = ", ".join(f"{name} {version(name)}" for name in PEERS)
    when = f"{datetime.now(UTC):%Y-%m-%d}, {_machine()}, Python {platform.python_version()}, {packages}"
    _keep(KERNELS, {f"{r.name} / {r.peer_name}": {**asdict(r), "measured": when} for r in results})


def write_viewer(visits: Sequence[Visit], hands: Sequence[Hand], measured: str) -> None:
    """Keep what was measured of viewers, in place of the last run, whose times were others, and write the page."""
    when = f"{datetime.now(UTC):%Y-%m-%d}, {_machine()}, {_servers()}. {measured}"
    kept = {"measured": when, "visits": [asdict(one) for one in visits], "hands": [asdict(one) for one in hands]}
    VIEWER.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    write_page()


def write_likeness(found: Sequence[Likeness]) -> None:
    """Keep how alike renderings are, in place of earlier ones of the same function, size and quality."""
    when = f"{datetime.now(UTC):%Y-%m-%d}, numpy {version('numpy')}"
    rows: dict[str, dict[str, Any]] = {}
    for one in found:
        name = f"{one.function} {one.size}"
        row = rows.setdefault(
            f"{name} / {one.quality}",
            {"name": name, "quality": one.quality, "part": f"1/{one.level}", "similarities": [], "measured": when},
        )
        row["similarities"].append(one.similarity)
    _keep(LIKENESS, rows)


def _keep(path: Path, rows: Mapping[str, Mapping[str, Any]]) -> None:
    path.write_text(json.dumps({**_kept(path), **rows}, indent=1) + "\n", encoding="utf-8")
    write_page()


def _kept(path: Path) -> dict[str, dict[str, Any]]:
    kept: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return kept


def write_page() -> None:
    """Write docs/benchmarks.md from the results that are kept."""
    parts = [_HEAD]
    for path, head, line in (
        (DICOMWEB, _DICOMWEB_HEAD, _dicomweb_line),
        (KERNELS, _KERNELS_HEAD, _kernel_line),
        (LIKENESS, _LIKENESS_HEAD, _likeness_line),
    ):
        rows = _kept(path).values()
        if rows:
            parts += [head, _table(rows, line)]
    if VIEWER.exists():
        parts += [_VIEWER_HEAD, _viewer_tables()]
    PAGE.write_text("".join(parts), encoding="utf-8")


def _table(rows: Iterable[dict[str, Any]], line: Callable[[dict[str, Any]], str]) -> str:
    """Return the table's lines, and below them when and on what each was measured."""
    lines, notes = [], list[str]()
    for row in rows:
        values = dict(row)
        measured = values.pop("measured")
        if measured not in notes:
            notes.append(measured)
        lines.append(f"| {line(values)} | {notes.index(measured) + 1} |")
    legend = [f"{number}. {note}" for number, note in enumerate(notes, 1)]
    return "\n".join([*lines, "", *legend, ""])


def _viewer_tables() -> str:
    kept = json.loads(VIEWER.read_text(encoding="utf-8"))
    visits, hands = [visit_of(one) for one in kept["visits"]], [Hand(**one) for one in kept["hands"]]
    return "\n".join([*lines(visits, hands, bars(visits, hands)), "", f"Measured {kept['measured']}", ""])


def _dicomweb_line(values: dict[str, Any]) -> str:
    row = Row(**values)
    wanted = " | ".join(f"{ratio:g}x" if ratio else "" for ratio in (row.must, row.aim))
    return f"{row.name} | {row.ours:.2f} {row.unit} | {row.peer:.2f} {row.unit} | {row.ratio:.2f}x | {wanted}"


def _kernel_line(values: dict[str, Any]) -> str:
    result = Result(**values)
    name = f"{result.name} ({result.note})" if result.note else result.name
    bar = f"{result.bar:g}" if result.bar else ""
    figures = f"{result.ours:.3f} ms | {result.peer_name} | {result.peer:.3f} ms | {result.ratio:.3f}"
    return f"{name} | {figures} | {bar}"


def _likeness_line(values: dict[str, Any]) -> str:
    found = values["similarities"]
    figures = " | ".join(f"{value:.3f}" for value in (min(found), median(found), max(found)))
    return f"{values['name']} | {values['quality']} | {values['part']} | {figures}"


def _machine() -> str:
    processors = Path("/proc/cpuinfo").read_text().split("model name")
    name = processors[1].partition(":")[2].partition("\n")[0].strip() if len(processors) > 1 else platform.machine()
    return f"{len(processors) - 1} cores ({name})"


def _servers() -> str:
    command = ["dpkg-query", "-W", "-f", "${Package} ${Version}, ", "orthanc", "orthanc-dicomweb", "orthanc-python"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.rstrip(", ")


if __name__ == "__main__":
    write_page()
