"""Finds out, once, whether this Orthanc decodes query values before it hands them to plugins.

Orthanc 1.12.7 hands them over as sent, 1.13.0 decoded; decoding twice, or not at all, would search for other names.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping
from typing import Any

import orthanc

from sightline.access.grant import Grant
from sightline.host.bridge import Answer
from sightline.host.gate import QUERY_PROBE
from sightline.host.loopback import Loopback

_SENT = "%2A"  # of a letter, the HTTP client itself would undo the encoding
_DECODED = "*"


class QueryProbe:
    """Asks our own server, as any client would, and looks at what arrives."""

    def __init__(self, loopback: Loopback) -> None:
        self._loopback = loopback
        self._token = secrets.token_hex(16)
        self._decoded: bool | None = None
        self._known = threading.Event()

    def run(self) -> None:
        """Ask. Where our own server cannot be reached by loopback, the version decides."""
        self._loopback.get(f"{QUERY_PROBE}?token={self._token}&value={_SENT}")
        if not self._known.is_set():
            self._settle(orthanc.CheckVersionAdvanced(1, 12, 8))

    def handle(self, _uri: str, request: Mapping[str, Any], _grant: Grant) -> Answer:
        """Look at what arrived; only our own token counts."""
        values = request.get("get") or {}
        if secrets.compare_digest(values.get("token", "").encode(), self._token.encode()):
            self._settle(values.get("value") == _DECODED)
        return Answer(204, b"")

    def is_decoded(self) -> bool:
        """Whether values arrive decoded; waits for the answer in the first moments after the start."""
        self._known.wait(timeout=5)
        return bool(self._decoded)

    def _settle(self, decoded: bool) -> None:
        self._decoded = decoded
        self._known.set()
