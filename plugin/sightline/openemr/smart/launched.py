"""What somebody who was launched may ask of that launch: look again, open it in a tab of its own, end it."""

from __future__ import annotations

from typing import Any

from sightline.access.audit import denial_event
from sightline.access.grant import Verb
from sightline.access.launch import Launch
from sightline.errors import BadRequestError, ForbiddenError, GoneError, UnauthenticatedError
from sightline.openemr.smart.problem import problem
from sightline.openemr.smart.studies import look
from sightline.web.build import load_build
from sightline.web.json_answer import answer_json
from sightline.web.json_body import read_json
from sightline.web.pages import page
from sightline.web.request import Request, Response
from sightline.web.services import Services

SMALL_BODY = 1024
_LONGEST_ID = 32


def look_again(request: Request, services: Services, launch_id: str) -> Response:
    """Look for the patient's studies once more; open sessions see at once what has come or gone."""
    launch = own(request, services, launch_id)
    issuer = next((one for one in services.configuration.ehr.issuers if one.issuer == launch.issuer), None)
    if issuer is None or issuer.patient_id is None:
        raise GoneError("This EHR is not configured any more.", "launch-ended")
    found = look(services, issuer.patient_id, launch.patient)
    return answer_json(launch_json(services.launches.renew(launch.id, found)))


def make_tab(request: Request, services: Services, launch_id: str) -> Response:
    """Return an address that opens the launch once, within a minute, outside of the frame that it is in."""
    launch = own(request, services, launch_id)
    code = services.launching.tab_code(request.grant, launch.id)
    return answer_json({"url": f"{services.public_url}/sightline/smart/tab/{launch.id}#{code}"}, 201)


def tab_page(request: Request, services: Services, launch_id: str) -> Response:
    """Send the landing page of such an address: the same for every launch."""
    entry = load_build(services.viewer_directory).entries.get("timeline")
    data = {
        "link": launch_id[:_LONGEST_ID],
        "launch": True,
        "next": [*entry.preloads, entry.script] if entry else [],
    }
    return page(request, services, "link", {"data": data})


def open_tab(request: Request, services: Services, launch_id: str) -> Response:
    """Exchange the address's secret for a session."""
    try:
        services.access.check_origin(request.method, request.headers, services.public_url, gives_cookie=True)
    except ForbiddenError:
        services.audit.record(
            denial_event(
                request.grant, request.method, "/sightline/smart/tab/<launch_id>/session", reason="cross-origin"
            )
        )
        raise
    body: Any = read_json(request, SMALL_BODY)
    secret = body.get("secret") if isinstance(body, dict) else None
    if not isinstance(secret, str):
        raise BadRequestError("The body is a JSON object with the text 'secret'.")
    session = services.launching.open_tab(launch_id[:_LONGEST_ID], secret[:64], request.grant.address)
    response = answer_json({"patient": f"sightline/patient/{launch_id}"})
    for cookie in session.cookies:
        response.headers.add("Set-Cookie", cookie)
    return response


def end(request: Request, services: Services, launch_id: str) -> Response:
    """End a launch with all its sessions."""
    launch = own(request, services, launch_id)
    services.launching.end(request.grant, launch.id)
    return Response(status=204)


def ended_page(request: Request, services: Services) -> Response:
    """Say that a launch is over, or that the browser has kept nothing of it."""
    return problem(request, services, "ended")


def own(request: Request, services: Services, launch_id: str) -> Launch:
    """Return a launch to whoever came by it; a refusal is written down.

    Raises
    ------
    UnauthenticatedError, ForbiddenError
        As `Launches.get`.
    """
    try:
        return services.launches.get(request.grant, launch_id[:_LONGEST_ID])
    except (UnauthenticatedError, ForbiddenError):
        services.audit.record(denial_event(request.grant, request.method, "a launch"))
        raise


def launch_json(launch: Launch) -> dict[str, Any]:
    """Return what its page knows of a launch's studies."""
    return {
        "id": launch.id,
        "expires": launch.expires.isoformat(timespec="seconds"),
        "verbs": [verb.value for verb in Verb if verb in launch.verbs],
        "studies": [
            {"studyInstanceUID": one.study_instance_uid, "standing": one.standing.value, "reason": one.reason}
            for one in launch.studies
        ],
    }
