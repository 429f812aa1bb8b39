"""What an EHR is asked for: scopes in the words that it knows, and the address that a browser is sent to."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from urllib.parse import urlencode

from sightline.openemr.ehr.discovery import SmartConfiguration
from sightline.smart_section import Issuer

CALLBACK = "/sightline/smart/callback"
_ANY_READING = ("user/*.*", "user/*.read", "user/*.rs", "user/*.cruds")


def scopes(issuer: Issuer, known: SmartConfiguration, is_standalone: bool = False) -> str:
    """Return the scopes to ask for.

    `launch` alone for launches from the chart: with `launch/patient`, OpenEMR would ask for the patient once more.

    >>> emr = Issuer(Name="emr", Issuer="https://emr.example/fhir", ClientId="a")
    >>> scopes(emr, SmartConfiguration("", "", capabilities=frozenset({"permission-v2"})))
    'launch patient/Patient.rs'
    """
    context = "launch/patient" if is_standalone else "launch"
    if issuer.scopes:
        own = issuer.scopes.split()
        return " ".join([*(scope for scope in own if scope not in ("launch", "launch/patient")), context])
    return wanted_scopes(
        context,
        knows_users=bool(known.issuer),
        is_v2="permission-v2" in known.capabilities,
        supported=known.scopes,
        is_confidential=bool(issuer.client_secret),
        needs_pid=issuer.patient_id is not None and issuer.patient_id.source == "pid",
    )


def wanted_scopes(
    context: str,
    knows_users: bool,
    is_v2: bool,
    supported: frozenset[str],
    is_confidential: bool,
    needs_pid: bool,
) -> str:
    """Return as few scopes as a launch can do with.

    Parameters
    ----------
    context : str
        ``launch`` or ``launch/patient``.
    knows_users : bool
        Whether the EHR tells who somebody is, by OpenID Connect.
    is_v2 : bool
        Whether it knows the scopes of SMART 2.0, such as ``.rs`` for reading.
    supported : frozenset of str
        What it says that it knows.
    is_confidential : bool
        Whether the client has a secret; OpenEMR gives no ``user/`` scopes to others.
    needs_pid : bool
        Whether OpenEMR's internal number is to be asked for.
    """
    read = "rs" if is_v2 else "read"
    asked = ["openid", "fhirUser"] if knows_users else []
    asked.append(context)
    if "api:fhir" in supported:
        asked.append("api:fhir")
    asked.append(f"patient/Patient.{read}")
    practitioner = f"user/Practitioner.{read}"
    if knows_users and is_confidential and not supported.isdisjoint({practitioner, *_ANY_READING}):
        asked.append(practitioner)
    if needs_pid:
        asked += ["api:oemr", f"user/patient.{read}"]
    return " ".join(asked)


def challenge(verifier: str) -> str:
    """Return the code challenge of a verifier (RFC 7636, S256).

    >>> challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
    """
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def new_secret() -> str:
    """Return 256 random bits, as a verifier or a nonce."""
    return secrets.token_urlsafe(32)


def authorization_url(endpoint: str, parameters: Mapping[str, str]) -> str:
    """Return an authorization endpoint's address with these parameters behind what it has already."""
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(parameters)}"
