"""Which routes there are: one application inside Orthanc and, with the remote archive, under any WSGI server."""

from __future__ import annotations

from sightline.dicomweb.roots import placed
from sightline.dicomweb.routes import ROUTES as DICOMWEB_ROUTES
from sightline.openemr.display import ROUTES as DISPLAY_ROUTES
from sightline.openemr.routes import ROUTES as OPENEMR_ROUTES
from sightline.viewer.routes import ROUTES as VIEWER_ROUTES
from sightline.viewer.session_routes import SESSION_ROUTES
from sightline.web.dispatcher import Dispatcher
from sightline.web.health import HEALTH_ROUTES
from sightline.web.routing import Route
from sightline.web.services import Services

_OTHERS = (*HEALTH_ROUTES, *SESSION_ROUTES, *VIEWER_ROUTES, *OPENEMR_ROUTES, *DISPLAY_ROUTES)
ROUTES: tuple[Route, ...] = (*_OTHERS, *DICOMWEB_ROUTES)
"""Every route of Sightline, where it is unless the configuration says otherwise."""


def application(services: Services) -> Dispatcher:
    """Return the WSGI application."""
    return Dispatcher((*_OTHERS, *placed(DICOMWEB_ROUTES, services.dicomweb)), services)
