"""Whether Sightline works: one word for everybody, everything for administrators."""

from __future__ import annotations

import json

from sightline.access.grant import Verb
from sightline.web.request import Request, Response
from sightline.web.routing import Public, Route
from sightline.web.services import Services


def health(request: Request, services: Services) -> Response:
    """Answer 200 when all is well, else 503."""
    report = services.health()
    status = 200 if report["status"] == "ok" else 503
    if not request.grant.allows(Verb.ADMINISTER):
        report = {"status": report["status"]}
    return Response(json.dumps(report), status, content_type="application/json")


HEALTH_ROUTES = (Route("GET", "/sightline/health", health, Public.HEALTH, "Whether Sightline works"),)
