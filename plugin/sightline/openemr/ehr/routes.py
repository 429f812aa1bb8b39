"""The public key by which EHRs know that it is us who asks."""

from __future__ import annotations

import json

from sightline.errors import NotFoundError
from sightline.web.request import Request, Response
from sightline.web.routing import Public, Route
from sightline.web.services import Services

KEYS = "/sightline/openemr/jwks"


def keys(_request: Request, services: Services) -> Response:
    """Send the site's key as JSON Web Key Set (RFC 7517)."""
    if not any(issuer.backend and issuer.backend.is_by_own_key for issuer in services.configuration.ehr.issuers):
        raise NotFoundError("No EHR knows this site by its key.")
    key_set = {"keys": [services.backend_credentials.key().as_dict(private=False)]}
    return Response(json.dumps(key_set), content_type="application/jwk-set+json")


ROUTES = (Route("GET", KEYS, keys, Public.KEYS, "Public key for asking the EHR"),)
