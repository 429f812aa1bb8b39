"""What the study list does beside searching: labels, deletion, and what has come since."""

from __future__ import annotations

from sightline.web.json_answer import answer_json
from sightline.web.request import Request, Response
from sightline.web.services import Services


def arrivals(request: Request, services: Services) -> Response:
    """Say which studies have come since a token; 304 while nothing was stored or deleted, which is cheap to know."""
    found = services.archive.arrivals(request.grant, request.args.get("since", ""))
    answer = answer_json({"token": found.token, "studies": found.study_instance_uids})
    answer.set_etag(found.token)
    return answer.make_conditional(request.environ)


def labels(request: Request, services: Services) -> Response:
    """Send all labels in use."""
    return answer_json({"labels": services.archive.labels(request.grant)})


def add_label(request: Request, services: Services, study: str, label: str) -> Response:
    """Put a label on a study: 204."""
    services.archive.add_label(request.grant, study, label)
    return Response(status=204)


def remove_label(request: Request, services: Services, study: str, label: str) -> Response:
    """Take a label off a study: 204."""
    services.archive.remove_label(request.grant, study, label)
    return Response(status=204)


def delete_study(request: Request, services: Services, study: str) -> Response:
    """Delete a study for good: 204."""
    services.archive.delete_study(request.grant, study)
    services.findings.forget(study)
    services.reports.forget(study)
    return Response(status=204)
