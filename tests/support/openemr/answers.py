"""Answers of the fake OpenEMR."""

from __future__ import annotations

import json
from typing import Any

from werkzeug.wrappers import Response


def fhir(resource: dict[str, Any], status: int = 200) -> Response:
    """Return a FHIR resource."""
    return Response(json.dumps(resource), status, content_type="application/fhir+json")


def json_answer(value: Any, status: int = 200) -> Response:
    """Return JSON."""
    return Response(json.dumps(value), status, content_type="application/json")
