"""Our own server asked as a client would, for what no call of the SDK tells. Only while it starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orthanc
import requests

from sightline.host.gate import START_HEADER

_SECONDS = 5


class Loopback:
    """HTTP to our own server.

    Parameters
    ----------
    configuration : Mapping[str, Any]
        Orthanc's whole configuration.
    start_token : str
        By which the gate knows us while it is closed to everybody else.
    """

    def __init__(self, configuration: Mapping[str, Any], start_token: str) -> None:
        scheme = "https" if configuration.get("SslEnabled") else "http"
        self._url = f"{scheme}://127.0.0.1:{configuration.get('HttpPort', 8042)}"
        self._headers = {START_HEADER: start_token}

    def get(self, path: str) -> bytes | None:
        """Return what is answered at that path and query; None where nothing is, or nobody can be reached."""
        with requests.Session() as session:
            session.trust_env = False
            try:
                # Our own certificate names the public host, not 127.0.0.1; the token ends with the start.
                answer = session.get(
                    self._url + path, headers=self._headers, timeout=_SECONDS, verify=False, allow_redirects=False
                )
            except requests.RequestException:
                orthanc.LogInfo("Sightline cannot reach its own server by loopback")
                return None
        return answer.content if answer.status_code == 200 else None
