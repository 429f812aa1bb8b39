"""A launch begins: from the patient's chart, or here. Sends the browser to the EHR, which asks whoever it has to ask.

What is needed when the browser comes back is kept on the server under a random `state`, which works once, within five
minutes, and in the browser only that began it: a cookie says so, which other sites' frames keep as well (Partitioned).
"""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from sightline.access.sessions import secret_digest
from sightline.errors import SightlineError
from sightline.openemr.ehr.discovery import discover
from sightline.openemr.smart.authorization import CALLBACK, authorization_url, challenge, new_secret, scopes
from sightline.openemr.smart.problem import problem, problem_of
from sightline.smart_section import Issuer
from sightline.web.request import Request, Response
from sightline.web.services import Services

FLOW = "smart-flow"
FLOW_MINUTES = 5
_LONGEST = 4096


def launch(request: Request, services: Services) -> Response:
    """Begin a launch from a patient's chart (``iss``, ``launch``). The same `launch` again is a new launch."""
    iss, token = request.args.get("iss", ""), request.args.get("launch", "")
    if any(len(request.args.getlist(name)) > 1 for name in request.args) or not (iss and 0 < len(token) <= _LONGEST):
        return problem(request, services, "request")
    issuer = services.configuration.ehr.of_base(iss)
    if issuer is None or request.args.get("aud", iss) != iss:
        told = urlsplit(iss)
        services.launching.refuse(
            request.grant.address, f"issuer that is not configured: {told.scheme}://{told.netloc}"
        )
        return problem(request, services, "issuer")
    return _send_to(request, services, issuer, token)


def standalone(request: Request, services: Services, name: str) -> Response:
    """Begin a launch here: the EHR asks for the patient."""
    issuer = services.configuration.ehr.named(name)
    if issuer is None:
        services.launching.refuse(request.grant.address, "issuer that is not configured")
        return problem(request, services, "issuer")
    return _send_to(request, services, issuer, "")


def _send_to(request: Request, services: Services, issuer: Issuer, token: str) -> Response:
    if issuer.patient_id is None:
        services.launching.refuse(request.grant.address, f"{issuer.name}: no rule for patient ids (PatientId)")
        return problem(request, services, "rule")
    try:
        known = discover(issuer, services.clock())
    except SightlineError as error:
        services.launching.refuse(request.grant.address, f"{issuer.name}: {error.message}")
        return problem(request, services, problem_of(error))
    browser, cookie = services.launching.browser(request.headers)
    kept = {"issuer": issuer.name, "verifier": new_secret(), "nonce": new_secret(), "browser": secret_digest(browser)}
    state = services.launching.kept.put(FLOW, kept, timedelta(minutes=FLOW_MINUTES))
    parameters = {
        "response_type": "code",
        "client_id": issuer.client_id,
        "redirect_uri": services.public_url + CALLBACK,
        "scope": scopes(issuer, known, is_standalone=not token),
        "state": state,
        "aud": issuer.issuer,
        "code_challenge": challenge(kept["verifier"]),
        "code_challenge_method": "S256",
    }
    if known.issuer:
        parameters["nonce"] = kept["nonce"]
    if token:
        parameters["launch"] = token
    response = Response(status=302, headers={"Location": authorization_url(known.authorization_endpoint, parameters)})
    response.headers.add("Set-Cookie", cookie)
    return response
