"""The core's REST API as the archive needs it, reached from inside by the SDK or from outside by HTTP."""

from __future__ import annotations

from typing import Protocol

import requests

from sightline.errors import SightlineError, UnavailableError


class CoreError(SightlineError):
    """The core refused a call. `status` is its HTTP status, `orthanc_status` its own error code."""

    def __init__(self, message: str, status: int, orthanc_status: int = 0) -> None:
        super().__init__(message, code="archive-refused")
        self.status = status
        self.orthanc_status = orthanc_status


class CoreRest(Protocol):
    """Calls on Orthanc's own REST API, with administrator's rights."""

    def get(self, path: str) -> bytes | None:
        """Return the answer's body, None where there is no such resource. Raises `CoreError`."""
        ...

    def post(self, path: str, body: bytes | memoryview) -> bytes:
        """Return the answer's body. Raises `CoreError`."""
        ...

    def put(self, path: str, body: bytes) -> bytes:
        """Return the answer's body. Raises `CoreError`."""
        ...

    def delete(self, path: str) -> bool:
        """Delete a resource; False where there is none. Raises `CoreError`."""
        ...


class HttpRest:
    """The core reached over HTTP, for the application outside Orthanc.

    Parameters
    ----------
    base_url : str
        Where Orthanc's REST API is, without trailing slash.
    user, password : str
        An administrator of that Orthanc.
    """

    def __init__(self, base_url: str, user: str, password: str, timeout_seconds: float = 60) -> None:
        self._base_url = base_url
        self._timeout = timeout_seconds
        self._session = requests.Session()
        self._session.auth = (user, password)
        # Proxies of the environment are for the outside world, never for the archive beside us.
        self._session.trust_env = False

    def get(self, path: str) -> bytes | None:
        """Return the answer's body, None where there is no such resource."""
        response = self._send("GET", path)
        return None if response.status_code == 404 else self._body(response)

    def post(self, path: str, body: bytes | memoryview) -> bytes:
        """Return the answer's body."""
        return self._body(self._send("POST", path, bytes(body)))

    def put(self, path: str, body: bytes) -> bytes:
        """Return the answer's body."""
        return self._body(self._send("PUT", path, body))

    def delete(self, path: str) -> bool:
        """Delete a resource; False where there is none."""
        response = self._send("DELETE", path)
        if response.status_code == 404:
            return False
        self._body(response)
        return True

    def close(self) -> None:
        """Close the kept connections."""
        self._session.close()

    def _send(self, method: str, path: str, body: bytes | None = None) -> requests.Response:
        try:
            return self._session.request(method, self._base_url + path, data=body, timeout=self._timeout)
        except requests.RequestException:
            raise UnavailableError("The archive does not answer. Try again soon.", "archive-unreachable") from None

    @staticmethod
    def _body(response: requests.Response) -> bytes:
        if response.ok:
            return response.content
        orthanc_status = 0
        if response.headers.get("Content-Type", "").startswith("application/json"):
            orthanc_status = int(response.json().get("OrthancStatus", 0))
        raise CoreError("The archive refused the request.", response.status_code, orthanc_status)
