"""What is measured: each operation on Sightline and on the peer, in turn, and the ratio that is wanted."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.data import CT_SERIES, CT_STUDY
from bench.load import Client, median_seconds, rate
from bench.servers import Ours, Peer

Server = Ours | Peer

_WINDOWS = 40
STUDIES = "/dicom-web/studies"
SERIES = f"{STUDIES}/{CT_STUDY}/series/{CT_SERIES}"
FRAME = {"Accept": 'multipart/related; type="application/octet-stream"'}
PICTURE = {"Accept": "image/jpeg"}
JSON = {"Accept": "application/dicom+json"}


@dataclass(frozen=True)
class Row:
    """One line of the table: milliseconds, or a rate where `unit` says so. `must` and `aim` are ratios (0: none)."""

    name: str
    ours: float
    peer: float
    must: float
    aim: float
    unit: str = "ms"

    @property
    def ratio(self) -> float:
        """How many times faster than the peer."""
        return self.ours / self.peer if self.unit != "ms" else self.peer / self.ours


@dataclass
class Bench:
    """Two servers with the same content, and how thoroughly they are measured."""

    ours: Ours
    peer: Peer
    slices: int
    rounds: int = 3
    seconds: float = 3.0
    rows: list[Row] = field(default_factory=list)

    def latency(self, name: str, must: float, aim: float, work: Callable[[Server, int], float]) -> None:
        """Measure seconds by `work(server, round)` on both, in turn, and keep the medians."""
        times: dict[str, list[float]] = {self.ours.name: [], self.peer.name: []}
        for number in range(self.rounds):
            for server in (self.peer, self.ours) if number % 2 else (self.ours, self.peer):
                times[server.name].append(work(server, number))
        ours, peer = (statistics.median(times[server.name]) * 1000 for server in (self.ours, self.peer))
        self._keep(Row(name, ours, peer, must, aim))

    def rate(
        self,
        name: str,
        must: float,
        aim: float,
        paths: Callable[[int], Sequence[str]],
        connections: int,
        headers: dict[str, str],
        unit: str = "/s",
    ) -> None:
        """Measure requests per second on both, in turn, and keep the medians."""
        rates: dict[str, list[float]] = {self.ours.name: [], self.peer.name: []}
        for number in range(self.rounds):
            for server in (self.peer, self.ours) if number % 2 else (self.ours, self.peer):
                wanted = headers | server.headers
                rates[server.name].append(rate(server.http_port, paths(number), connections, self.seconds, wanted))
        ours, peer = (statistics.median(rates[server.name]) for server in (self.ours, self.peer))
        self._keep(Row(name, ours, peer, must, aim, unit))

    def frame_paths(self, first: int = 0) -> list[str]:
        """Return the address of each frame of the CT series."""
        return [
            f"{SERIES}/instances/{CT_SERIES}.{(first + index) % self.slices + 1}/frames/1"
            for index in range(self.slices)
        ]

    def rendered_paths(self, number: int) -> list[str]:
        """Return addresses of pictures that nobody asked for before: each number has a window of its own."""
        window = f"window={40 + number * 0.25},{400 + number},linear"
        return [f"{path}/rendered?{window}" for path in self.frame_paths()]

    def many_rendered_paths(self, number: int) -> list[str]:
        """Return more such addresses than are asked for in a round, so that none comes twice."""
        numbers = range(1000 + number * _WINDOWS, 1000 + (number + 1) * _WINDOWS)
        return [path for other in numbers for path in self.rendered_paths(other)]

    def _keep(self, row: Row) -> None:
        self.rows.append(row)
        print(
            f"{row.name:58} {row.ours:10.2f} {row.peer:10.2f} {row.unit:5} {row.ratio:6.2f}x  "
            f"must {row.must:g}x aim {row.aim:g}x",
            flush=True,
        )


def client(server: Server) -> Client:
    """Return a connection to a server, with the login that it wants."""
    return Client(server.http_port, server.headers)


def timed(server: Server, paths: Sequence[str], headers: dict[str, str]) -> float:
    """Return the median seconds of requests on one new connection."""
    connection = client(server)
    try:
        return median_seconds(connection, paths, **headers)
    finally:
        connection.close()
