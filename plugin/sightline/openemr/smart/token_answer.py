"""A code becomes a token: what the token endpoint says of the launch (SMART 2.2, "token response")."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sightline.openemr.ehr.client import EhrClient, EhrError
from sightline.openemr.ehr.discovery import SmartConfiguration
from sightline.smart_section import Issuer

_LOGICAL_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")


@dataclass(frozen=True)
class TokenAnswer:
    """What was granted.

    Parameters
    ----------
    access_token : str
    id_token : str
        Empty where there is none.
    patient : str
        Logical id of the FHIR Patient; of old builds of OpenEMR a number.
    encounter : str
        Logical id, or empty.
    """

    access_token: str = field(repr=False)
    id_token: str = field(repr=False)
    patient: str
    encounter: str


def exchange(
    client: EhrClient, issuer: Issuer, known: SmartConfiguration, code: str, verifier: str, redirect_uri: str
) -> TokenAnswer:
    """Exchange a code (RFC 6749 4.1.3, RFC 7636 4.5).

    Raises
    ------
    EhrError
        The EHR refuses, or its answer names no patient (``launch-no-patient``).
    """
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    if not issuer.client_secret:
        return parse(client.post(known.token_endpoint, form | {"client_id": issuer.client_id}))
    if _authentication(issuer, known) == "basic":
        return parse(client.post(known.token_endpoint, form, (issuer.client_id, issuer.client_secret)))
    secret = {"client_id": issuer.client_id, "client_secret": issuer.client_secret}
    return parse(client.post(known.token_endpoint, form | secret))


def parse(answer: Mapping[str, Any]) -> TokenAnswer:
    """Read the answer of a token endpoint. The scope in it is not looked at: OpenEMR leaves some out of it."""
    token = answer.get("access_token")
    if str(answer.get("token_type")).lower() != "bearer" or not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise EhrError("The EHR gave no usable token.", "ehr-answer")
    patient = _identifier(answer.get("patient"))
    if not patient:
        raise EhrError("The EHR did not say for which patient.", "launch-no-patient")
    identity = answer.get("id_token")
    return TokenAnswer(
        token, identity if isinstance(identity, str) else "", patient, _identifier(answer.get("encounter"))
    )


def _authentication(issuer: Issuer, known: SmartConfiguration) -> str:
    """Return how the secret is sent: as configured, else in the body unless the EHR says that it takes Basic only."""
    if issuer.client_authentication:
        return issuer.client_authentication
    takes_basic_only = "client_secret_basic" in known.token_methods and "client_secret_post" not in known.token_methods
    return "basic" if takes_basic_only else "post"


def _identifier(value: Any) -> str:
    """Return a logical id, also where it came as a number or as a reference; empty where it is none."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    text = text.rpartition("/")[2]
    return text if _LOGICAL_ID.fullmatch(text) else ""
