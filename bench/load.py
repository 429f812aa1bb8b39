"""Load and stop-watches: single requests one after the other, and many at once by `wrk`."""

from __future__ import annotations

import http.client
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LUA = """
local paths = {{}}
for line in io.lines("{paths}") do paths[#paths + 1] = line end
local next = {first}
request = function()
  next = next % #paths + 1
  return wrk.format("GET", paths[next])
end
done = function(summary, latency, requests)
  io.write(string.format("RATE %f ERRORS %d\\n", summary.requests * 1e6 / summary.duration,
    summary.errors.status + summary.errors.read + summary.errors.timeout + summary.errors.connect))
end
"""


@dataclass(frozen=True)
class Answer:
    """How long one request took (s), and what came."""

    seconds: float
    status: int
    body: bytes
    headers: Mapping[str, str]


class Client:
    """One connection that is kept, as a viewer's or a script's."""

    def __init__(self, port: int, headers: Mapping[str, str]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        self._headers = dict(headers)

    def send(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """Send one request and read its whole answer."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        started = time.perf_counter()
        self._connection.request(method, path, body, self._headers | more)
        response = self._connection.getresponse()
        content = response.read()
        return Answer(time.perf_counter() - started, response.status, content, dict(response.getheaders()))

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def median_seconds(client: Client, paths: Sequence[str], **headers: str) -> float:
    """Return the median time of requests, one after the other; each has to succeed."""
    times = []
    for path in paths:
        answer = client.send("GET", path, None, **headers)
        assert answer.status in (200, 204), f"{path} answered {answer.status}: {answer.body[:300]!r}"
        times.append(answer.seconds)
    return statistics.median(times)


def rate(port: int, paths: Sequence[str], connections: int, seconds: float, headers: Mapping[str, str]) -> float:
    """Return requests per second over so many connections; every request has to succeed."""
    with tempfile.TemporaryDirectory() as folder:
        listing, script = Path(folder, "paths"), Path(folder, "script.lua")
        listing.write_text("\n".join(paths) + "\n")
        script.write_text(_LUA.format(paths=listing, first=0))
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "60s", "-s", str(script)]
        for name, value in headers.items():
            command += ["-H", f"{name}: {value}"]
        done = subprocess.run([*command, f"http://127.0.0.1:{port}"], capture_output=True, text=True, check=True)
    found = re.search(r"RATE ([\d.]+) ERRORS (\d+)", done.stdout)
    assert found is not None, done.stdout
    assert found[2] == "0", f"{found[2]} requests failed:\n{done.stdout}"
    return float(found[1])
