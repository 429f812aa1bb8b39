"""The EHR sends the browser back: who reads, which patient, which studies; then a session, and the patient's page."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import replace

from sightline.access.grant import Verb
from sightline.access.launch import EhrPatient, Launch
from sightline.access.sessions import secret_digest
from sightline.errors import SightlineError
from sightline.openemr.ehr.client import EhrClient, EhrError
from sightline.openemr.ehr.discovery import SmartConfiguration, discover
from sightline.openemr.smart.authorization import CALLBACK, scopes
from sightline.openemr.smart.begin import FLOW
from sightline.openemr.smart.identity import EhrUser, checked_user, name_of
from sightline.openemr.smart.patients import resolve
from sightline.openemr.smart.problem import problem, problem_of
from sightline.openemr.smart.studies import look
from sightline.openemr.smart.token_answer import TokenAnswer, exchange
from sightline.smart_section import Issuer, PatientIdRule
from sightline.web.request import Request, Response
from sightline.web.services import Services

_LONGEST_CODE, _LONGEST_SUBJECT = 4096, 200
_ERROR = re.compile(r"[a-z_]{1,40}")
_NOBODY = EhrUser("", "", "")


def callback(request: Request, services: Services) -> Response:
    """Take what the EHR sends back with the browser (RFC 6749 4.1.2), and lead to the patient's page."""
    address = request.grant.address
    try:
        services.launching.throttle.require(address)
    except SightlineError:
        return problem(request, services, "busy")
    kept = services.launching.kept.take(FLOW, request.args.get("state", "")[:64])
    if kept is None:
        services.launching.refuse(address, "state that is unknown, used or too old", is_guess=True)
        return problem(request, services, "state")
    browser = services.launching.known_browser(request.headers)
    if not browser or not hmac.compare_digest(secret_digest(browser), kept["browser"]):
        services.launching.refuse(address, f"{kept['issuer']}: state of another browser", is_guess=bool(browser))
        return problem(request, services, "browser")
    issuer = services.configuration.ehr.named(kept["issuer"])
    if issuer is None or issuer.patient_id is None:  # the configuration has changed meanwhile
        services.launching.refuse(address, f"{kept['issuer']}: not configured")
        return problem(request, services, "issuer")
    try:
        return _finish(request, services, issuer, issuer.patient_id, kept)
    except SightlineError as error:
        services.launching.refuse(address, f"{issuer.name}: {error.code}: {error.message}")
        return problem(request, services, problem_of(error))


def _finish(
    request: Request, services: Services, issuer: Issuer, rule: PatientIdRule, kept: dict[str, str]
) -> Response:
    if "error" in request.args:
        named = request.args["error"]
        raise EhrError(f"The EHR says {named if _ERROR.fullmatch(named) else 'no'}.", "ehr-refused")
    code = request.args.get("code", "")
    if not code or len(code) > _LONGEST_CODE:
        raise EhrError("The EHR sent no code.", "ehr-answer")
    known = discover(issuer, services.clock())
    if known.issuer and request.args.get("iss", known.issuer) != known.issuer:  # RFC 9207
        raise EhrError("The answer is another authorization server's.", "token-issuer")
    client = EhrClient(issuer)
    answer = exchange(client, issuer, known, code, kept["verifier"], services.public_url + CALLBACK)
    user = _user(services, client, issuer, known, answer, kept["nonce"])
    patient = resolve(client, issuer, rule, answer.patient, answer.access_token)
    if user.resource.startswith("Practitioner/") and not user.name and "user/Practitioner" in scopes(issuer, known):
        user = replace(user, name=name_of(client, issuer.issuer, user, answer.access_token))
    launched = _launch(services, issuer, patient, user, answer.encounter)
    who = f"user {user.subject or 'not told'}"
    begun, session = services.launching.begin(launched, request.grant.address, who, request.headers)
    response = Response(status=303, headers={"Location": f"../patient/{begun.id}"})
    for cookie in session.cookies:
        response.headers.add("Set-Cookie", cookie)
    return response


def _user(
    services: Services, client: EhrClient, issuer: Issuer, known: SmartConfiguration, answer: TokenAnswer, nonce: str
) -> EhrUser:
    """Return who reads; nobody in particular where the EHR does not tell, and was not asked."""
    if not known.issuer or "openid" not in scopes(issuer, known).split():
        return _NOBODY
    if not answer.id_token:
        raise EhrError("The EHR did not say who reads.", "token-signature")
    keys = client.get(known.jwks_uri)
    named = issuer.id_token_issuer or known.issuer
    return checked_user(answer.id_token, keys, named, issuer.client_id, nonce, services.clock())


def _launch(services: Services, issuer: Issuer, patient: EhrPatient, user: EhrUser, encounter: str) -> Launch:
    assert issuer.patient_id is not None  # noqa: S101 - looked at before
    now = services.clock()
    return Launch(
        id="",
        issuer=issuer.issuer,
        patient=patient,
        user_name=user.shown[:255],
        encounter=encounter,
        verbs=frozenset(Verb(verb) for verb in issuer.verbs),
        studies=look(services, issuer.patient_id, patient),
        created=now,
        expires=now,
        user_id=_user_id(issuer, user),
    )


def _user_id(issuer: Issuer, user: EhrUser) -> str:
    """Return what tells one person of one EHR from everybody else, whatever their name is by then."""
    is_long = len(user.subject) > _LONGEST_SUBJECT
    subject = hashlib.sha256(user.subject.encode()).hexdigest() if is_long else user.subject
    return f"ehr:{issuer.name}/{subject}" if subject else ""
