"""Sightline beside other web viewers: ``python -m bench.viewer``."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Playwright, sync_playwright

from bench.report import write_viewer
from bench.viewer.figures import DWV, EXACT, PREVIEW, SIGHTLINE_PAGE, Visit, bars, medians
from bench.viewer.hand import Case, hands
from bench.viewer.line import FOURTH_GENERATION, RURAL, SPEEDS, UNLIMITED
from bench.viewer.sites import Viewer, viewers
from bench.viewer.table import lines
from bench.viewer.visit import visit


def main() -> None:
    """Fill the servers, measure, print the tables and write them into docs/benchmarks.md if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rural-rounds", type=int, default=2)
    parser.add_argument("--hand-rounds", type=int, default=2)
    parser.add_argument("--pictures", type=Path, help="a folder for what could be seen when an image was found")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        viewers(Path(folder)) as compared,
        sync_playwright() as playwright,
    ):
        visits = medians(_visits(playwright, compared, arguments))
        moved = hands(playwright, _cases(compared), arguments.hand_rounds)
    load = f"load average {os.getloadavg()[2]:.1f}"
    versions = "; ".join(f"{viewer.name}: {viewer.version}" for viewer in compared)
    for line in lines(visits, moved, bars(visits, moved)):
        print(line)
    if arguments.write:
        write_viewer(visits, moved, f"{versions}; {load}")


def _visits(playwright: Playwright, compared: Sequence[Viewer], arguments: argparse.Namespace) -> list[Visit]:
    """Visit all in turn, again and again, each time from another one on: what else the machine does falls on all."""
    found = []
    for speed in SPEEDS:
        rounds = arguments.rural_rounds if speed is RURAL else arguments.rounds
        for number in range(rounds):
            first = number % len(compared)
            for viewer in (*compared[first:], *compared[:first]):
                settle = speed is UNLIMITED and number == rounds - 1
                name = f"{viewer.name}, {speed.megabits:g}, {number + 1}.png"
                picture = arguments.pictures / name if arguments.pictures else None
                found.append(visit(playwright, viewer, speed, settle, picture))
                print(found[-1], flush=True)
    return found


def _cases(compared: Sequence[Viewer]) -> list[Case]:
    """Return the hand's cases: all is on the device already, or each picture comes over the line."""
    named = {viewer.name: viewer for viewer in compared}
    cases = [Case(named[name], UNLIMITED, EXACT) for name in (SIGHTLINE_PAGE, DWV) if name in named]
    return cases + [Case(named[SIGHTLINE_PAGE], speed, PREVIEW) for speed in (UNLIMITED, FOURTH_GENERATION)]


if __name__ == "__main__":
    main()
