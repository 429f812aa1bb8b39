"""What an EHR's access token (RFC 9068) says, checked as far as that goes without asking the EHR for the patient."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sightline.errors import SightlineError, UnauthenticatedError, UnavailableError
from sightline.openemr.ehr.client import EhrClient, EhrError
from sightline.openemr.ehr.discovery import discover
from sightline.openemr.smart.signatures import MOST_CHARACTERS, verified_claims
from sightline.smart_section import Issuer
from sightline.web.json_body import parse_json

SKEW_SECONDS = 60
KEYS_KEPT_SECONDS = 60
_PATIENT_SCOPE = re.compile(r"patient/(ImagingStudy|Patient|\*)\.(read|\*|c?ru?d?s?)(\?.*)?")
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


@dataclass(frozen=True)
class TokenClaims:
    """What counts of a token that its issuer has signed.

    Parameters
    ----------
    issuer : Issuer
        Whose it is.
    client_id : str
        Which app it was issued to.
    subject : str
        Who uses that app; may be empty.
    patient : str
        Logical id of the launch patient; empty where the token does not say.
    expires : datetime
    """

    issuer: Issuer
    client_id: str
    subject: str
    patient: str
    expires: datetime


def checked_claims(token: str, issuers: Sequence[Issuer], now: datetime) -> TokenClaims:
    """Return what a token says.

    Parameters
    ----------
    token : str
        JWS in compact form.
    issuers : sequence of Issuer
        Those whose tokens are taken.
    now : datetime

    Raises
    ------
    UnauthenticatedError
        It is of none of these issuers, for another app, not signed by the issuer's keys, for no patient, or has ended.
    UnavailableError
        The issuer's keys cannot be had now.
    """
    said = _unverified(token)
    failure: SightlineError = refused("token-audience")
    for issuer in issuers:
        # Nothing is asked for a token that could not be taken whatever its signature.
        if _client(said, issuer) is None:
            continue
        try:
            return _verified(token, issuer, now)
        except SightlineError as error:
            failure = error
    raise failure


def refused(code: str) -> UnauthenticatedError:
    """Return the error for a token that does not count; why is in the code."""
    return UnauthenticatedError("This token opens nothing here.", code)


def _verified(token: str, issuer: Issuer, now: datetime) -> TokenClaims:
    try:
        said = discover(issuer, now)
        if not said.jwks_uri:
            raise refused("token-signature")
        claims = verified_claims(token, _key_set(issuer, said.jwks_uri, int(now.timestamp()) // KEYS_KEPT_SECONDS))
    except EhrError as error:
        if error.code == "token-signature":
            raise refused(error.code) from None
        raise unreachable() from error
    client, seconds = _client(claims, issuer), now.timestamp()
    expires, named = _moment(claims, "exp"), claims.get("iss")
    if client is None:
        raise refused("token-audience")
    if named is not None and named not in (said.issuer, issuer.issuer):
        raise refused("token-issuer")
    begins = max(_moment(claims, "nbf") or 0, _moment(claims, "iat") or 0)
    # No leeway at the end: nothing is kept beyond it.
    if expires is None or expires <= seconds or begins > seconds + SKEW_SECONDS:
        raise refused("token-expired")
    if not _is_for_a_patient(claims):
        raise refused("token-scope")
    patient = claims.get("patient")
    subject = claims.get("sub")
    return TokenClaims(
        issuer,
        client,
        subject if isinstance(subject, str) else "",
        patient if isinstance(patient, str) and _ID.fullmatch(patient) else "",
        datetime.fromtimestamp(min(expires, seconds + 86_400), UTC),
    )


def unreachable() -> UnavailableError:
    """Return the error for an EHR that does not answer: refused, and worth another try."""
    return UnavailableError("The EHR that issued this token cannot be asked now.", "ehr-unreachable", 10)


@lru_cache(maxsize=64)
def _key_set(issuer: Issuer, jwks_uri: str, _moment: int) -> dict[str, Any]:
    return EhrClient(issuer).get(jwks_uri)


def _client(claims: Mapping[str, Any], issuer: Issuer) -> str | None:
    """Return the app that a token was issued to, if it is on the issuer's list and the token for nobody else."""
    audience = claims.get("aud")
    audiences = {one for one in (audience if isinstance(audience, list) else [audience]) if isinstance(one, str)}
    allowed = set(issuer.token_clients)
    if not audiences or audiences - allowed - {issuer.issuer, f"{issuer.issuer}/"}:
        return None
    named = {one for one in (claims.get("azp"), claims.get("client_id")) if isinstance(one, str)}
    clients = named or audiences & allowed
    return next(iter(clients)) if len(clients) == 1 and clients <= allowed else None


def _is_for_a_patient(claims: Mapping[str, Any]) -> bool:
    """Whether the scopes, where the token tells of any, let read one patient's data; `user` and `system` do not."""
    said = [claims[name] for name in ("scope", "scopes", "scp") if name in claims]
    words = [word for one in said for word in (one.split() if isinstance(one, str) else one or ())]
    return not said or any(isinstance(word, str) and _PATIENT_SCOPE.fullmatch(word) for word in words)


def _unverified(token: str) -> dict[str, Any]:
    if len(token) > MOST_CHARACTERS or token.count(".") != 2:
        raise refused("token-malformed")
    body = token.split(".")[1]
    try:
        claims = parse_json(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (ValueError, SightlineError):
        raise refused("token-malformed") from None
    if not isinstance(claims, dict):
        raise refused("token-malformed")
    return claims


def _moment(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if 0 < value < 1e11 else None
