"""Deletion of a study, a series or an instance: an extension, which PS3.18 does not have."""

from __future__ import annotations

from sightline.web.request import Request, Response
from sightline.web.services import Services


def delete_study(request: Request, services: Services, study: str) -> Response:
    """Answer ``DELETE …/studies/{study}``: 204, or 404 where there is none."""
    services.archive.delete_study(request.grant, study)
    services.findings.forget(study)
    services.reports.forget(study)
    return Response(status=204)


def delete_series(request: Request, services: Services, study: str, series: str) -> Response:
    """Answer ``DELETE …/series/{series}``: 204, or 404 where there is none."""
    services.archive.delete_series(request.grant, study, series)
    return Response(status=204)


def delete_instance(request: Request, services: Services, study: str, series: str, instance: str) -> Response:
    """Answer ``DELETE …/instances/{instance}``: 204, or 404 where there is none."""
    services.archive.delete_instance(request.grant, study, series, instance)
    return Response(status=204)
