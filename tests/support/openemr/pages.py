"""Pages of the fake OpenEMR: the patient's dashboard with its card "SMART Enabled Apps", and what its buttons do."""

from __future__ import annotations

import base64
import secrets
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from werkzeug.exceptions import Forbidden, NotFound
from werkzeug.wrappers import Request, Response

from tests.support.openemr.oauth import CORE_COOKIE

if TYPE_CHECKING:
    from tests.support.openemr.server import FakeOpenEmr

_OPEN = """
for (const button of document.querySelectorAll("button[data-url]")) {
  button.addEventListener("click", () => {
    const frame = document.createElement("iframe");
    frame.src = button.dataset.url;
    frame.width = 1400;
    frame.height = 800;
    document.body.append(frame);
  });
}
"""


def chart(emr: FakeOpenEmr, request: Request) -> Response:
    """Show a patient's dashboard to whoever is logged in; here, whoever asks is. The app opens in a frame."""
    patient = emr.records.patient(request.args.get("set_pid", ""))
    if patient is None:
        raise NotFound
    buttons = "".join(
        f'<button data-url="{escape(launch_link(emr, client.client_id, patient.uuid))}">{escape(client.name)}</button>'
        for client in emr.clients.values()
        if client.is_enabled and "launch" in client.scope.split()
    )
    html = (
        f"<!doctype html><title>Dashboard</title><h1>{escape(patient.lname)}</h1>"
        f"<section><h2>SMART Enabled Apps</h2>{buttons}</section><script>{_OPEN}</script>"
    )
    session = secrets.token_urlsafe(16)
    emr.oauth.core_sessions.add(session)
    secure = "; Secure" if emr.url.startswith("https") else ""
    headers = {"Set-Cookie": f"{CORE_COOKIE}={session}; Path=/; HttpOnly; SameSite=Strict{secure}"}
    return Response(html, headers=headers, content_type="text/html; charset=utf-8")


def launch_link(emr: FakeOpenEmr, client_id: str, patient_uuid: str) -> str:
    """Return where the card's button leads."""
    query = {"client_id": client_id, "csrf_token": "c5", "intent": "patient.demographics.dialog", "p": patient_uuid}
    return f"{emr.url}/interface/smart/ehr-launch-client.php?{urlencode(query)}"


def launch(emr: FakeOpenEmr, request: Request) -> Response:
    """Send the browser to the app, with `launch` put behind its address as it is."""
    client = emr.clients.get(request.args.get("client_id", ""))
    if client is None or not request.args.get("csrf_token"):
        raise Forbidden
    token = base64.b64encode(secrets.token_bytes(150)).decode()
    emr.oauth.launches[token] = request.args["p"]
    query = urlencode({"launch": token, "iss": emr.fhir, "aud": emr.fhir})
    return Response(status=302, headers={"Location": f"{client.launch_uri}?{query}"})


ROUTES = (
    ("GET", "/interface/patient_file/summary/demographics.php", chart),
    ("GET", "/interface/smart/ehr-launch-client.php", launch),
)
