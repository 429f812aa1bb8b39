"""JSON answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sightline.web.request import Response


def answer_json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return `value` as ``application/json`` (RFC 8259, UTF-8)."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status, headers, content_type="application/json")
