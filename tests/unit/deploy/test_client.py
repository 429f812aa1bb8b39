"""The start's look at the running server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from deploy import client, demo_studies
from deploy.client import Client
from deploy.machine import Problem

ANSWERS: dict[tuple[str, str], tuple[int, bytes]] = {}


class Handler(BaseHTTPRequestHandler):
    """Answers what `ANSWERS` says, 404 else; asks for the password where there is one."""

    def answer(self) -> None:
        """Answer any method."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, body = ANSWERS.get((self.command, self.path), (404, b""))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    """Serve `ANSWERS` on a free port."""
    ANSWERS.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def test_it_waits_for_200(port: int) -> None:
    ANSWERS["GET", client.HEALTH] = (503, b"{}")
    anonymous = Client(port)
    with pytest.raises(Problem, match="did not report it healthy within 0 seconds"):
        client.wait_until_healthy(anonymous, lambda: False, patience=0.4)
    ANSWERS["GET", client.HEALTH] = (200, b"{}")
    client.wait_until_healthy(anonymous, lambda: False)


def test_it_does_not_wait_for_the_dead() -> None:
    with pytest.raises(Problem, match="ended instead of starting"):
        client.wait_until_healthy(Client(9), lambda: True)


@pytest.mark.parametrize("status", [200, 404, 500])
def test_a_server_that_answers_strangers_is_not_accepted(port: int, status: int) -> None:
    ANSWERS["GET", "/system"] = (status, b"{}")
    with pytest.raises(Problem, match=f"answered an anonymous GET /system with {status}"):
        client.require_closed(Client(port))


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_is_what_it_wants(port: int, status: int) -> None:
    ANSWERS["GET", "/system"] = (status, b"")
    client.require_closed(Client(port))


def test_a_link_is_asked_for_and_its_absence_is_no_error(port: int) -> None:
    assert demo_studies.link(Client(port), "1.2") is None
    ANSWERS["POST", client.LINKS] = (201, b'{"url": "http://127.0.0.1/x"}')
    assert demo_studies.link(Client(port), "1.2") == "http://127.0.0.1/x"


def test_only_an_archive_without_instances_is_empty(port: int) -> None:
    ANSWERS["GET", "/statistics"] = (200, b'{"CountInstances": 0}')
    assert demo_studies.is_empty(Client(port))
    ANSWERS["GET", "/statistics"] = (200, b'{"CountInstances": 1}')
    assert not demo_studies.is_empty(Client(port))
    ANSWERS["GET", "/statistics"] = (401, b"")
    with pytest.raises(Problem, match="password of `admin`"):
        demo_studies.is_empty(Client(port))
