"""What Python knows of the HTTP server's threads stays from one callback to the next, and does not hinder the end."""

from __future__ import annotations

from pathlib import Path

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from tests.support.orthanc_server import REPOSITORY, OrthancServer


def test_thread_states_are_kept(tmp_path: Path) -> None:
    server = OrthancServer(tmp_path)
    server.configuration["PythonScript"] = str(REPOSITORY / "tests" / "support" / "thread_states.py")
    server.configuration["Path"] = [str(REPOSITORY / "plugin")]
    server.launch()
    try:
        with requests.Session() as client:  # one connection, which one thread serves
            client.mount("http://", HTTPAdapter(max_retries=Retry(connect=12, backoff_factor=0.1)))
            seen = {
                route: [int(client.get(f"{server.url}/{route}", timeout=10).text) for _ in range(3)]
                for route in ("fresh", "kept")
            }
    finally:
        code = server.stop()
    assert seen == {"fresh": [1, 1, 1], "kept": [1, 2, 3]}
    assert code == 0
