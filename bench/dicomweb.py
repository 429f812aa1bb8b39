"""DICOMweb against Orthanc's official plugin, on the same core: ``python -m bench.dicomweb``."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench import data
from bench.load import Client
from bench.operations import FRAME, JSON, PICTURE, SERIES, STUDIES, Bench, Server, client, timed
from bench.report import write
from bench.servers import OFFICIAL, STABLE_SECONDS, Ours, Peer, fill
from tests.support.orthanc_server import AET, CLIENT_AET

_SETTLING_SECONDS = 60


def main() -> None:
    """Fill the servers, measure, print the table and write it into docs/benchmarks.md if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=600)
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--large", type=int, default=100_000, help="instances for the large archive; 0 leaves it out")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--only", default="", help="parts to run, separated by commas")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        bench = _filled(Path(folder), arguments)
        try:
            _measure(bench, arguments, Path(folder))
        finally:
            bench.ours.stop()
            bench.peer.stop()
    if arguments.write:
        write(bench.rows)


def _filled(folder: Path, arguments: argparse.Namespace) -> Bench:
    for name in ("ours", "peer", "plain"):
        (folder / name).mkdir()
    bench = Bench(
        Ours(folder / "ours", {"StableAge": STABLE_SECONDS}),
        Peer(folder / "peer", "C++ plugin", OFFICIAL),
        arguments.slices,
    )
    bench.rounds, bench.seconds = arguments.rounds, arguments.seconds
    slices = data.ct_instances(arguments.slices)
    studies = list(data.small_studies(arguments.studies))
    for server in (bench.ours, bench.peer):
        server.start()
        started = time.monotonic()
        fill(server, [*slices, *studies])
        print(f"{server.name} filled in {time.monotonic() - started:.0f} s", flush=True)
    bench.rounds = 1  # there is one first time
    bench.latency(f"series metadata, {bench.slices} slices, first ever, just stored", 1, 4, _first_metadata)
    bench.rounds = arguments.rounds
    _settle()
    return bench


def _settle() -> None:
    """Wait until both servers have done what they do once nothing has come for a while."""
    time.sleep(STABLE_SECONDS + _SETTLING_SECONDS)


def _measure(bench: Bench, arguments: argparse.Namespace, folder: Path) -> None:
    parts = {
        "first": _first_touch,
        "metadata": _metadata,
        "frames": _frames,
        "search": _search,
        "rendered": _rendered,
        "whole": _whole_series,
        "stow": _stow,
    }
    chosen = [part for part in arguments.only.split(",") if part] or list(parts)
    for name in chosen:
        if name in parts:
            parts[name](bench)
    if not arguments.only or "ingest" in chosen:
        _ingest(bench, folder)
    if arguments.large and (not arguments.only or "large" in chosen):
        _large(bench, arguments.large)


def _touches(server: Server, studies: Sequence[int]) -> float:
    paths = [
        f"{STUDIES}/1.2.826.0.1.3680043.11.{n}/series/1.2.826.0.1.3680043.11.{n}.1"
        f"/instances/1.2.826.0.1.3680043.11.{n}.1.1/frames/1"
        for n in studies
    ]
    return timed(server, paths, FRAME)


def _first_touch(
    bench: Bench, name: str = "first touch of a frame of a series", must: float = 1, aim: float = 2, first: int = 1
) -> None:
    bench.latency(name, must, aim, lambda server, n: _touches(server, range(first + n * 50, first + n * 50 + 50)))


def _first_metadata(server: Server, _: int) -> float:
    return timed(server, [f"{SERIES}/metadata"], JSON)


def _metadata(bench: Bench) -> None:
    path = [f"{SERIES}/metadata"]
    bench.latency("series metadata, warm, plain", 3, 8, lambda server, _: timed(server, path * 8, JSON))
    zipped = JSON | {"Accept_Encoding": "gzip"}
    bench.latency("series metadata, warm, gzip", 10, 40, lambda server, _: timed(server, path * 8, zipped))
    for server in (bench.ours, bench.peer):
        answer = client(server).send("GET", path[0], Accept="application/dicom+json", Accept_Encoding="gzip")
        print(f"    on the wire, {server.name}: {len(answer.body)} bytes", flush=True)


def _frames(bench: Bench) -> None:
    for server in (bench.ours, bench.peer):
        timed(server, bench.frame_paths(), FRAME)
    bench.latency(
        "frame, 1 connection, warm series, p50",
        3,
        6,
        lambda server, n: timed(server, bench.frame_paths(n * 7)[:300], FRAME),
    )
    bench.rate("frames, 8 connections", 3, 10, lambda _: bench.frame_paths(), 8, FRAME)


def _search(bench: Bench) -> None:
    for name, query, must in (
        ("QIDO limit=25", "limit=25", 1.5),
        ("QIDO wildcard", "PatientName=R*", 2),
        ("QIDO all of 2000 studies", "", 2.5),
    ):
        path = f"{STUDIES}?{query}" if query else STUDIES
        for server in (bench.ours, bench.peer) * 2:  # an archive in which nothing has changed for a while
            timed(server, [path], JSON)
            time.sleep(1.5)
        count = 20 if query else 4
        bench.latency(name, must, 10, lambda server, _, p=path, c=count: timed(server, [p] * c, JSON))  # type: ignore[misc]


def _rendered(bench: Bench) -> None:
    bench.latency(
        "rendered 512x512 JPEG, uncached, 1 connection",
        2,
        4,
        lambda server, n: timed(server, bench.rendered_paths(n)[:150], PICTURE),
    )
    bench.rate("rendered 512x512 JPEG, uncached, 8 connections", 3, 5, bench.many_rendered_paths, 8, PICTURE)


def _whole_series(bench: Bench) -> None:
    accept = {"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'}
    bench.latency("whole series", 0.95, 1.1, lambda server, _: timed(server, [SERIES] * 2, accept))


def _stow(bench: Bench) -> None:
    contents = data.ct_instances(100, "1.2.826.0.1.3680043.13.0", "1.2.826.0.1.3680043.13.0.1")

    def work(server: Server, number: int) -> float:
        other = [
            content.replace(b"1.2.826.0.1.3680043.13.0", f"1.2.826.0.1.3680043.13.{number + 1}".encode())
            for content in contents
        ]
        parts = [b"--b\r\nContent-Type: application/dicom\r\n\r\n" + content + b"\r\n" for content in other]
        kind = 'multipart/related; type="application/dicom"; boundary=b'
        connection: Client = client(server)
        answer = connection.send("POST", STUDIES, b"".join(parts) + b"--b--\r\n", Content_Type=kind, **JSON)
        connection.close()
        assert answer.status == 200, answer.body[:500]
        return answer.seconds

    bench.latency("STOW of 100 instances", 0.9, 1.2, work)


def _ingest(bench: Bench, folder: Path) -> None:
    plain = Peer(folder / "plain", "no plugin")
    plain.start()
    compared = Bench(bench.ours, plain, bench.slices, bench.rounds)
    contents = data.ct_instances(200, "1.2.826.0.1.3680043.14.0", "1.2.826.0.1.3680043.14.0.1")

    def work(server: Server, number: int) -> float:
        files = folder / f"ingest-{server.http_port}-{number}"
        senders = []
        for association in range(4):
            part = files / str(association)
            part.mkdir(parents=True)
            for index, content in enumerate(contents[association::4]):
                uid = f"1.2.826.0.1.3680043.14.{number + 1}".encode()
                (part / f"{index}.dcm").write_bytes(content.replace(b"1.2.826.0.1.3680043.14.0", uid))
        started = time.perf_counter()
        for association in range(4):
            peer = ["-aet", CLIENT_AET, "-aec", AET, "127.0.0.1", str(server.dicom_port)]
            senders.append(
                subprocess.Popen(["storescu", "--quiet", "--scan-directories", *peer, str(files / str(association))])
            )
        assert [sender.wait(300) for sender in senders] == [0] * 4
        return time.perf_counter() - started

    try:
        compared.latency("ingest by C-STORE, 4 associations, against no plugin", 0.8, 0.95, work)
    finally:
        plain.stop()
    bench.rows += compared.rows


def _large(bench: Bench, count: int) -> None:
    started = time.monotonic()
    fill(bench.ours, data.filling(count))
    print(f"{bench.ours.name} filled with {count} more in {time.monotonic() - started:.0f} s", flush=True)
    _settle()
    # The peer's plugin would look up each instance that is stored, and be at it for hours: it gets a copy.
    for server in (bench.ours, bench.peer):
        server.stop()
    shutil.rmtree(bench.peer.folder / "data" / "orthanc")
    shutil.copytree(bench.ours.folder / "data" / "orthanc", bench.peer.folder / "data" / "orthanc")
    for server in (bench.ours, bench.peer):
        server.start()
    _settle()
    _first_touch(bench, f"first touch, {count} instances in the archive", 10, 10, 1001)


if __name__ == "__main__":
    main()
