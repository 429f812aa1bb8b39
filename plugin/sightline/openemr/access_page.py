"""The page on which administrators see who can see images without a login of their own, and end that."""

from __future__ import annotations

from sightline.access.grant import Verb
from sightline.openemr.paging import Paging
from sightline.openemr.routes import links_json
from sightline.openemr.smart.listing import launches_json
from sightline.web.pages import page
from sightline.web.request import Request, Response
from sightline.web.routing import Route
from sightline.web.services import Services

PAGE = 100


def access_page(request: Request, services: Services) -> Response:
    """Send the page with what is open now. One row more than it shows says that there is more."""
    first = Paging(PAGE + 1, is_open=True)
    data = {
        "user": request.grant.name,
        "page": PAGE,
        "hasEhr": any(issuer.client_id for issuer in services.configuration.ehr.issuers),
        **launches_json(request, services, first),
        **links_json(request, services, first),
    }
    return page(request, services, "access", {"data": data})


ROUTES = (
    Route("GET", "/sightline/access", access_page, Verb.ADMINISTER, "Who can see images without a login", "link"),
)
"""The two lists write the audit events."""
