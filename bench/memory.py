"""Whether memory stays where it is through many different requests: ``python -m bench.memory``."""

from __future__ import annotations

import argparse
import itertools
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench import data
from bench.load import Client
from bench.operations import FRAME, JSON, PICTURE, SERIES, STUDIES, client
from bench.servers import Ours, fill

FIRST, ALL = 5_000, 50_000
BOUND_MEGABYTES = 50
_SLICES, _STUDIES, _CONNECTIONS = 200, 500, 4
_FILE = {"Accept": "application/dicom; transfer-syntax=*"}


def main() -> None:
    """Fill a server, send requests of every kind, and fail if it has grown by more than the bound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=ALL)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, Ours(Path(folder)) as server:
        fill(server, [*data.ct_instances(_SLICES), *data.small_studies(_STUDIES)])
        requests = mixed()
        sizes = {}
        for count in (FIRST, arguments.requests - FIRST):
            _send(server, list(itertools.islice(requests, count)))
            sizes[count] = resident_megabytes(server)
        before, after = sizes.values()
    print(
        f"{before:.0f} MB after {FIRST} requests, {after:.0f} MB after {arguments.requests}: {after - before:+.0f} MB"
    )
    if after - before > BOUND_MEGABYTES:
        raise SystemExit(f"That is more than {BOUND_MEGABYTES} MB.")


def mixed() -> Iterator[tuple[str, dict[str, str]]]:
    """Yield requests without end: hot and new ones, large and small."""
    for number in itertools.count():
        slice_path = f"{SERIES}/instances/{data.CT_SERIES}.{number * 7 % _SLICES + 1}"
        study = f"1.2.826.0.1.3680043.11.{number % _STUDIES + 1}"
        yield f"{slice_path}/frames/1", FRAME
        yield f"{slice_path}/rendered?window={number % 5000},{400 + number % 97},linear", PICTURE
        yield f"{slice_path}/thumbnail", PICTURE
        yield f"{slice_path}/metadata", JSON
        yield f"{SERIES}/metadata", JSON | {"Accept-Encoding": "gzip"}
        yield f"{STUDIES}/{study}/metadata", JSON
        yield f"{STUDIES}?PatientName={'HMROJSNC'[number % 8]}*&limit={number % 25 + 1}", JSON
        yield f"{STUDIES}/{study}/series/{study}.1/instances/{study}.1.1", _FILE
        yield f"{STUDIES}/{study}/series", JSON
        yield f"{STUDIES}/9.9.{number}/metadata", JSON


def resident_megabytes(server: Ours) -> float:
    """Return the resident memory of Orthanc's own process; workers have limits of their own."""
    assert server.process is not None
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def _send(server: Ours, requests: list[tuple[str, dict[str, str]]]) -> None:
    def send(part: list[tuple[str, dict[str, str]]]) -> None:
        connection: Client = client(server)
        for path, headers in part:
            named = {name.replace("-", "_"): value for name, value in headers.items()}
            answer = connection.send("GET", path, None, **named)
            assert answer.status == (404 if "/9.9." in path else 200), f"{path} answered {answer.status}"
        connection.close()

    with ThreadPoolExecutor(_CONNECTIONS) as threads:
        list(threads.map(send, [requests[start::_CONNECTIONS] for start in range(_CONNECTIONS)]))


if __name__ == "__main__":
    main()
