"""Run all contests, print the table, and say which bars were not met."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from importlib import import_module
from pkgutil import iter_modules

import bench.kernels
from bench.kernels.contest import Contest, Result, run
from bench.kernels.phantom import chest, geometry

PREFIX = "of_"
"""Modules whose name starts so hold contests, in a function ``contests(volume, geometry)``."""


def main() -> None:
    """Measure what the command line names, or everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="modules without 'of_', separated by commas")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--list", action="store_true", help="only name the modules")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    arguments = parser.parse_args()
    names = [module.name for module in iter_modules(bench.kernels.__path__) if module.name.startswith(PREFIX)]
    chosen = [PREFIX + name for name in arguments.only.split(",") if name] or names
    if arguments.list:
        print(*names, sep="\n")
        return
    results = _measured(chosen, arguments.rounds)
    if arguments.write:
        # The page is also about DICOMweb: what that needs need not be installed to look at kernels.
        from bench.report import write_kernels

        write_kernels(results)


def _measured(modules: Iterable[str], rounds: int) -> list[Result]:
    """Run the contests of these modules, printing each result as it comes."""
    volume, place = chest(), geometry()
    print(f"{'kernel':44} {'ours ms':>9} {'peer ms':>9}  {'ratio':>6} {'bar':>6}  peer")
    results: list[Result] = []
    for name in modules:
        contests: Callable[..., Iterable[Contest]] = import_module(f"bench.kernels.{name}").contests
        for contest in contests(volume, place):
            for result in run(contest, rounds):
                _show(result)
                results.append(result)
    return results


def _show(result: Result) -> None:
    bar = f"{result.bar:6.2f}" if result.bar else "      "
    missed = "  MISSED" if result.bar and result.ratio > result.bar else ""
    print(
        f"{result.name:44} {result.ours:9.3f} {result.peer:9.3f}  {result.ratio:6.3f} {bar}  "
        f"{result.peer_name}{missed}  {result.note}",
        flush=True,
    )


if __name__ == "__main__":
    main()
