"""What Python knows of the HTTP server's threads stays from one callback to the next, and nothing else of a request."""

from __future__ import annotations

import contextlib
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from tests.support.dicom_files import image_file
from tests.support.orthanc_server import REPOSITORY, OrthancServer

ROUNDS = 25
NO_TEXT = b"\xff\xfe"
"""Bytes of which Orthanc's plugin makes no Python string: it leaves the exception on the thread, and does not call."""


def test_thread_states_are_kept(tmp_path: Path) -> None:
    """Also, that they do not hinder the end."""
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


def test_nobody_is_hit_by_what_another_request_left(tmp_path: Path) -> None:
    """Few threads, so that each has its turn; whoever sends bytes that are no text is refused, and nobody else."""
    content = image_file(np.arange(64, dtype=np.uint16).reshape(8, 8))
    with OrthancServer(tmp_path, {"HttpThreadsCount": 2}) as server, server.session() as client:
        port = server.http_port
        authorization = f"Authorization: {requests.auth._basic_auth_str(*client.auth)}".encode()  # type: ignore[attr-defined, misc]
        odd = (
            (b"GET /sightline/health HTTP/1.1", b"X-Odd: " + NO_TEXT),
            (b"GET /dicom-web/%FF%FE HTTP/1.1", b"X-Odd: a"),
        )
        right = {
            b"GET /sightline/health": b"",
            b"GET /dicom-web/studies?limit=1": b"",
            b"GET /system": b"",
            b"POST /dicom-web/studies": content,
        }
        client.post(f"{server.url}/dicom-web/studies", data=content, headers={"Content-Type": "application/dicom"})

        def one_round(_: int) -> None:
            for start, header in odd:
                for line, body in right.items():
                    assert ask(port, start, header, authorization).startswith(b"HTTP/1.1 500 ")
                    for _ in range(2):
                        type_and_length = b"Content-Type: application/dicom\r\nContent-Length: %d" % len(body)
                        answer = ask(port, line + b" HTTP/1.1", type_and_length, authorization, body=body)
                        assert answer.startswith(b"HTTP/1.1 200 "), (line, answer)
                        if not body:
                            json.loads(answer.partition(b"\r\n\r\n")[2])

        with ThreadPoolExecutor(2) as threads:
            list(threads.map(one_round, range(ROUNDS)))


def ask(port: int, *lines: bytes, body: bytes = b"") -> bytes:
    """Send a request as it stands on a connection of its own, and return the whole answer."""
    received = []
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(b"\r\n".join([*lines, b"Host: 127.0.0.1", b"Connection: close", b"", body]))
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(65536):
                received.append(piece)
    return b"".join(received)
