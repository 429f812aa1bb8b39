"""A line between browser and server: of a certain speed, with a certain round trip, and it counts what passes."""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from tests.support.orthanc_server import free_port

_REQUEST_LINE = re.compile(rb"(?:GET|HEAD|POST|PUT|DELETE|OPTIONS) (\S+) HTTP/1\.[01]\r\n")
_SMALL_PIECE, _LARGE_PIECE = 2_920, 1 << 18
"""Bytes that one connection sends before another has its turn: two packets, or more where nobody waits."""


@dataclass(frozen=True)
class Speed:
    """What a line can do: megabits a second each way (0: no bound), and milliseconds of a round trip."""

    name: str
    megabits: float = 0
    round_trip_ms: float = 0


UNLIMITED = Speed("unlimited")
FOURTH_GENERATION = Speed("10 Mbit/s, 40 ms", 10, 40)
RURAL = Speed("2 Mbit/s, 120 ms", 2, 120)
SPEEDS = (UNLIMITED, FOURTH_GENERATION, RURAL)


@dataclass
class Direction:
    """One way of the line, which all connections share: what is sent begins when what was sent before is through."""

    speed: Speed
    free_at: float = 0

    def reserve(self, size: int, now: float) -> float:
        """Return when the last of `size` bytes arrives that are sent from `now` on."""
        bits_a_second = self.speed.megabits * 1e6
        self.free_at = max(now, self.free_at) + (size * 8 / bits_a_second if bits_a_second else 0)
        return self.free_at + self.speed.round_trip_ms / 2000


@dataclass(frozen=True)
class Passed:
    """Something that passed: when (seconds since 1970), and a part of which request or of the answer to it."""

    at: float
    path: str
    size: int


@dataclass
class Traffic:
    """All that has passed: each request, and each piece of an answer, headers included."""

    requests: list[Passed] = field(default_factory=list)
    answers: list[Passed] = field(default_factory=list)

    def until(self, when: float) -> Traffic:
        """Return what had passed by then."""
        earlier = ([one for one in those if one.at <= when] for those in (self.requests, self.answers))
        return Traffic(*earlier)

    def size(self) -> int:
        """Return the bytes of all answers."""
        return sum(one.size for one in self.answers)

    def without(self, pattern: re.Pattern[str]) -> Traffic:
        """Return what does not belong to paths with that pattern."""
        others = ([one for one in those if not pattern.search(one.path)] for those in (self.requests, self.answers))
        return Traffic(*others)


class Line:
    """Listens on a free port and passes on to a server, until the end of the block.

    Connecting takes a round trip, as it does with TCP. TCP's slow start is left out: this is the line of a patient
    server, and kinder to those who send much.
    """

    def __init__(self, speed: Speed, target_port: int) -> None:
        self.speed, self.target_port, self.port = speed, target_port, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.traffic = Traffic()
        self._up, self._down = Direction(speed), Direction(speed)
        self._ready, self._over = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._connection, "127.0.0.1", self.port)
        self._ready.set()
        await self._over.wait()
        server.close()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Until here it has not been connected yet, as far as the browser can tell.
        await asyncio.sleep(self.speed.round_trip_ms / 1000)
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self.target_port, limit=_LARGE_PIECE)
        path = ""

        def note_request(piece: bytes) -> None:
            nonlocal path
            for found in _REQUEST_LINE.finditer(piece):
                path = found[1].decode("ascii", "replace")
                self.traffic.requests.append(Passed(time.time(), path, len(piece)))

        def note_answer(piece: bytes) -> None:
            # A browser asks for the next thing on a connection only when it has the last one.
            self.traffic.answers.append(Passed(time.time(), path, len(piece)))

        try:
            up = self._pass(reader, server_writer, self._up, note_request)
            down = self._pass(server_reader, writer, self._down, note_answer)
            await asyncio.gather(up, down)
        finally:
            for one in (writer, server_writer):
                one.close()

    async def _pass(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        direction: Direction,
        note: Callable[[bytes], None],
    ) -> None:
        """Pass on all that comes, in order, each piece when it has gone through the line."""
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        delivery = asyncio.ensure_future(self._deliver(under_way, writer, note))
        size = _SMALL_PIECE if self.speed.megabits else _LARGE_PIECE
        with contextlib.suppress(OSError):
            while not delivery.done() and (piece := await reader.read(size)):
                arrives = direction.reserve(len(piece), time.monotonic())
                under_way.put_nowait((arrives, piece))
                await asyncio.sleep(direction.free_at - time.monotonic())
        under_way.put_nowait((0, b""))
        await delivery

    async def _deliver(
        self, under_way: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter, note: Callable[[bytes], None]
    ) -> None:
        with contextlib.suppress(OSError):
            while (next_one := await under_way.get())[1]:
                arrives, piece = next_one
                await asyncio.sleep(arrives - time.monotonic())
                note(piece)
                writer.write(piece)
                await writer.drain()
            writer.write_eof()
