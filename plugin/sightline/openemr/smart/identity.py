"""Who reads: what an ID Token says (OpenID Connect Core 3.1.3.7), checked."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sightline.openemr.ehr.client import EhrClient, EhrError
from sightline.openemr.smart.signatures import verified_claims

SKEW_SECONDS = 60
"""How far clocks may be apart."""
_USER = re.compile(r"(Practitioner|PractitionerRole|Person|RelatedPerson|Patient)/[A-Za-z0-9.-]{1,64}$")
_LONGEST = 120


@dataclass(frozen=True)
class EhrUser:
    """Somebody who uses the EHR.

    Parameters
    ----------
    subject : str
        Stable and unique in that EHR.
    name : str
        To be shown; empty where it was not told.
    resource : str
        FHIR resource, as ``Practitioner/<id>``; empty where it was not told.
    """

    subject: str
    name: str
    resource: str

    @property
    def shown(self) -> str:
        """What people read: the name, or else whatever tells them apart."""
        return self.name or self.resource or self.subject


def checked_user(
    token: str, key_set: Mapping[str, Any], issuer: str, client_id: str, nonce: str, now: datetime
) -> EhrUser:
    """Return whom an ID Token names.

    Parameters
    ----------
    token : str
    key_set : Mapping[str, Any]
        Of the issuer.
    issuer : str
        As its OpenID configuration has it.
    client_id : str
        Our own.
    nonce : str
        What was sent when this launch began.
    now : datetime

    Raises
    ------
    EhrError
        ``token-signature``, ``token-issuer``, ``token-audience``, ``token-expired`` or ``token-nonce``.
    """
    claims = verified_claims(token, key_set)
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    party = claims.get("azp", client_id if len(audiences) == 1 else None)
    seconds = now.timestamp()
    subject = claims.get("sub")
    checks = (
        ("token-issuer", claims.get("iss") == issuer),
        ("token-audience", client_id in audiences and party == client_id),
        ("token-expired", _moment(claims, "exp", 0) > seconds - SKEW_SECONDS),
        ("token-expired", _moment(claims, "nbf", seconds) <= seconds + SKEW_SECONDS),
        ("token-expired", _moment(claims, "iat", 1e12) <= seconds + SKEW_SECONDS),
        ("token-nonce", hmac.compare_digest(str(claims.get("nonce")).encode(), nonce.encode())),
        ("token-subject", isinstance(subject, str) and 0 < len(subject) <= 255),
    )
    for code, is_right in checks:
        if not is_right:
            raise EhrError("The EHR's ID token is not for this launch.", code)
    resource = _USER.search(str(claims.get("fhirUser", "")))
    return EhrUser(str(subject), _claimed_name(claims), resource[0] if resource else "")


def name_of(client: EhrClient, fhir_base: str, user: EhrUser, token: str) -> str:
    """Ask the EHR how the user is called; empty where it will not say."""
    try:
        resource = client.get(f"{fhir_base}/{user.resource}", token)
    except EhrError:
        return ""
    names = resource.get("name")
    name = names[0] if isinstance(names, list) and names else names
    if not isinstance(name, dict):
        return ""
    given = name.get("given")
    parts = [*(given if isinstance(given, list) else []), name.get("family")]
    return _clean(str(name.get("text") or "") or " ".join(part for part in parts if isinstance(part, str)))


def _claimed_name(claims: Mapping[str, Any]) -> str:
    parts = [claims.get("given_name"), claims.get("family_name")]
    whole = claims.get("name")
    return _clean(whole if isinstance(whole, str) else " ".join(part for part in parts if isinstance(part, str)))


def _clean(name: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in name).split())[:_LONGEST]


def _moment(claims: Mapping[str, Any], name: str, default: float) -> float:
    value = claims.get(name, default)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else float("nan")
