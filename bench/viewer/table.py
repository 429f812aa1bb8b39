"""The tables that are printed and written into docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.viewer.figures import MEBIBYTE, Bar, Hand, Visit
from bench.viewer.line import RURAL, SPEEDS


def lines(visits: Sequence[Visit], hands: Sequence[Hand], found: Sequence[Bar]) -> Iterator[str]:
    """Yield the lines of all tables in Markdown. `visits` are medians; the first viewer is the others' measure."""
    speeds = " | ".join(speed.name for speed in SPEEDS)
    costs = "bytes | of them application | requests | memory | all bytes | memory then"
    yield f"| until the first image | {speeds} | {costs} |"
    yield "|---|" + "--:|" * (len(SPEEDS) + 6)
    for viewer in dict.fromkeys(visit.viewer for visit in visits):
        yield _visits_line(viewer, visits)
    yield ""
    yield "| input to paint | | p50 | p95 |"
    yield "|---|---|--:|--:|"
    for one in hands:
        yield f"| {one.viewer}, {one.what} | {one.source}, {one.speed} | {one.p50:.0f} ms | {one.p95:.0f} ms |"
    yield ""
    yield "| bar | found | at most | |"
    yield "|---|--:|--:|---|"
    for bar in found:
        word = "cleared" if bar.cleared else "**missed**"
        yield f"| {bar.name} | {bar.found:.3g} {bar.unit} | {bar.most:.3g} {bar.unit} | {word} |"


def _visits_line(viewer: str, visits: Sequence[Visit]) -> str:
    measure = {visit.speed: visit.seconds for visit in visits if visit.viewer == visits[0].viewer}
    own = {visit.speed: visit for visit in visits if visit.viewer == viewer}
    times = [_time(own.get(speed.name), measure) for speed in SPEEDS]
    slowest = own.get(RURAL.name)
    costs, after = [""] * 4, [""] * 2
    if slowest:
        sizes = (slowest.bytes, slowest.application_bytes)
        costs = [*map(_megabytes, sizes), str(slowest.requests), _mebibytes(slowest.memory)]
    for settled in (visit.settled for visit in own.values() if visit.settled):
        after = [_megabytes(settled.bytes), _mebibytes(settled.memory)]
    return f"| {' | '.join([viewer, *times, *costs, *after])} |"


def _time(visit: Visit | None, measure: dict[str, float]) -> str:
    return f"{visit.seconds:.2f} s ({visit.seconds / measure[visit.speed]:.1f}x)" if visit else ""


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.3f} MB" if size < 1e6 else f"{size / 1e6:.1f} MB"


def _mebibytes(size: int) -> str:
    return f"{size / MEBIBYTE:.0f} MiB"
