"""One kernel against its peers: who is timed, how, and which ratio is wanted."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Work = Callable[[], object]


@dataclass(frozen=True)
class Contest:
    """A kernel and those who can do the same.

    Parameters
    ----------
    name : str
        Line of the table.
    ours : callable
        Does the work once; everything that is prepared once per volume was done before.
    peers : Mapping of str to callable
        The same work by others.
    bars : Mapping of str to float
        For each peer that is a measure: our time divided by its time shall not be above this.
    note : str
        What a reader should know, such as the pyramid level that is read.
    """

    name: str
    ours: Work
    peers: Mapping[str, Work]
    bars: Mapping[str, float]
    note: str = ""


@dataclass(frozen=True)
class Result:
    """The least milliseconds of a contest's kernel and of one peer, and the bar (0: only for information)."""

    name: str
    ours: float
    peer_name: str
    peer: float
    bar: float
    note: str = ""

    @property
    def ratio(self) -> float:
        """Our time divided by the peer's; below 1 we are faster."""
        return self.ours / self.peer


def run(contest: Contest, rounds: int = 9, seconds: float = 6.0) -> list[Result]:
    """Let all do the work in turn, and keep each one's least time; at least 3 rounds, then until `seconds` are over.

    Every other round goes backwards: whoever works on memory that another has just read finds it in the cache, and that
    shall not always be the same one.
    """
    works = {"": contest.ours, **contest.peers}
    least = dict.fromkeys(works, float("inf"))
    for work in works.values():
        work()
    started = time.perf_counter()
    for number in range(rounds):
        if number >= 3 and time.perf_counter() - started > seconds:
            break
        for name in list(works)[:: -1 if number % 2 else 1]:
            least[name] = min(least[name], _milliseconds(works[name]))
    return [
        Result(contest.name, least[""], name, least[name], contest.bars.get(name, 0.0), contest.note)
        for name in contest.peers
    ]


def _milliseconds(work: Work) -> float:
    """Time one call, or the mean of several where one is too short to be timed."""
    started = time.perf_counter()
    work()
    once = time.perf_counter() - started
    if once > 2e-3:
        return once * 1000
    count = max(1, int(4e-3 / max(once, 1e-6)))
    started = time.perf_counter()
    for _ in range(count):
        work()
    return (time.perf_counter() - started) / count * 1000
