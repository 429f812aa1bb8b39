"""What the start needs of the running server: is it well, is it closed, store files, ask for a link."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import time
from collections.abc import Callable, Mapping
from typing import Any

from deploy.machine import Problem

HEALTH = "/sightline/health"
LINKS = "/sightline/openemr/links"
REFUSALS = (401, 403)


class Client:
    """A connection to the server on this machine, as an administrator or as nobody."""

    def __init__(self, port: int, *, tls: bool = False, user: str = "", password: str = "") -> None:
        self._headers: dict[str, str] = {}
        if user:
            credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
            self._headers["Authorization"] = f"Basic {credentials}"
        if tls:
            # The certificate is for the name that users see; here we ask ourselves, on this machine.
            context = ssl._create_unverified_context()  # noqa: S323
            self._connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                "127.0.0.1", port, timeout=60, context=context
            )
        else:
            self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def request(self, method: str, path: str, body: bytes | None = None, media_type: str = "") -> tuple[int, bytes]:
        """Send one request; return status and body. A connection that was closed meanwhile is opened again.

        Raises
        ------
        OSError, http.client.HTTPException
            There is no answer.
        """
        headers = {**self._headers, **({"Content-Type": media_type} if media_type else {})}
        for attempt in (1, 2):
            try:
                self._connection.request(method, path, body, headers)
                response = self._connection.getresponse()
                return response.status, response.read()
            except (http.client.HTTPException, OSError):
                self._connection.close()
                if attempt == 2:
                    raise
        raise AssertionError("unreachable")

    def post_json(self, path: str, content: Mapping[str, Any]) -> tuple[int, bytes]:
        """Send an object."""
        return self.request("POST", path, json.dumps(content).encode(), "application/json")

    def close(self) -> None:
        """Let the connection go."""
        self._connection.close()


def is_healthy(client: Client) -> bool:
    """Whether the server answers that it is well."""
    try:
        return client.request("GET", HEALTH)[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def wait_until_healthy(client: Client, has_ended: Callable[[], bool], patience: float = 60) -> None:
    """Wait for a server that is starting.

    Raises
    ------
    Problem
        It ended instead, or is still not well after `patience` seconds.
    """
    deadline = time.monotonic() + patience
    while not is_healthy(client):
        if has_ended():
            raise Problem("Orthanc ended instead of starting.")
        if time.monotonic() > deadline:
            raise Problem(f"Orthanc runs, but {HEALTH} did not report it healthy within {patience:.0f} seconds.")
        time.sleep(0.15)


def require_closed(anonymous: Client) -> None:
    """Refuse to go on with a server that answers strangers.

    Raises
    ------
    Problem
        It answered an anonymous ``GET /system`` with anything but a refusal.
    """
    status, _ = anonymous.request("GET", "/system")
    if status not in REFUSALS:
        raise Problem(
            f"Orthanc answered an anonymous GET /system with {status} instead of refusing it. Sightline's plugin does "
            "not protect it, so it was stopped: check `Plugins` and `PythonScript` in the configuration."
        )
