"""Which routes there are: one application inside Orthanc and, with the remote archive, under any WSGI server."""

from __future__ import annotations

from sightline.dicomweb.roots import placed
from sightline.dicomweb.routes import ROUTES as DICOMWEB_ROUTES
from sightline.openemr.access_page import ROUTES as ACCESS_ROUTES
from sightline.openemr.display import ROUTES as DISPLAY_ROUTES
from sightline.openemr.documents.routes import ROUTES as CHART_ROUTES
from sightline.openemr.ehr.routes import ROUTES as EHR_ROUTES
from sightline.openemr.fhir.routes import ROUTES as FHIR_ROUTES
from sightline.openemr.orders.routes import ROUTES as ORDER_ROUTES
from sightline.openemr.patient_card import ROUTES as CARD_ROUTES
from sightline.openemr.results.routes import ROUTES as RESULTS_ROUTES
from sightline.openemr.routes import ROUTES as OPENEMR_ROUTES
from sightline.openemr.setup.routes import ROUTES as SETUP_ROUTES
from sightline.openemr.smart.routes import ROUTES as SMART_ROUTES
from sightline.viewer.routes import ROUTES as VIEWER_ROUTES
from sightline.viewer.session_routes import SESSION_ROUTES
from sightline.web.dispatcher import Dispatcher
from sightline.web.health import HEALTH_ROUTES
from sightline.web.routing import Route
from sightline.web.services import Services

_EHR = (*EHR_ROUTES, *SMART_ROUTES, *FHIR_ROUTES, *ORDER_ROUTES, *RESULTS_ROUTES, *CHART_ROUTES, *SETUP_ROUTES)
_OPENEMR = (*ACCESS_ROUTES, *OPENEMR_ROUTES, *DISPLAY_ROUTES, *CARD_ROUTES, *_EHR)
_OTHERS = (*HEALTH_ROUTES, *SESSION_ROUTES, *VIEWER_ROUTES, *_OPENEMR)
ROUTES: tuple[Route, ...] = (*_OTHERS, *DICOMWEB_ROUTES)
"""Every route of Sightline, where it is unless the configuration says otherwise."""


def application(services: Services) -> Dispatcher:
    """Return the WSGI application."""
    return Dispatcher((*_OTHERS, *placed(DICOMWEB_ROUTES, services.dicomweb)), services)
