"""What an EHR says of itself: SMART configuration, and OpenID Connect discovery for what is missing in it.

Old builds of OpenEMR nest scopes once too deep and name neither issuer nor keys, so little is required.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sightline.openemr.ehr.client import EhrClient, EhrError, EhrRefusedError
from sightline.smart_section import Issuer

KEPT_SECONDS = 300


@dataclass(frozen=True)
class SmartConfiguration:
    """What a launch needs to know of an EHR.

    Parameters
    ----------
    authorization_endpoint, token_endpoint : str
    issuer, jwks_uri : str
        Of OpenID Connect; empty where the EHR does not tell who somebody is.
    capabilities, scopes, token_methods : frozenset of str
        Empty where it does not say.
    """

    authorization_endpoint: str
    token_endpoint: str
    issuer: str = ""
    jwks_uri: str = ""
    capabilities: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    token_methods: frozenset[str] = frozenset()


def discover(issuer: Issuer, now: datetime) -> SmartConfiguration:
    """Return what an EHR says of itself, at most five minutes ago.

    Raises
    ------
    EhrError
        It does not answer, or not as it should.
    """
    return _discover(issuer, int(now.timestamp()) // KEPT_SECONDS)


@lru_cache(maxsize=64)
def _discover(issuer: Issuer, _moment: int) -> SmartConfiguration:
    client = EhrClient(issuer)
    try:
        document = client.get(f"{issuer.issuer}/.well-known/smart-configuration")
    except EhrRefusedError as error:  # whoever refuses that has no trouble with us, but with itself
        raise EhrError(error.message) from error
    found = parse(document)
    client.check(found.authorization_endpoint)
    client.check(found.token_endpoint)
    if not (found.issuer and found.jwks_uri):
        found = _with_identity(client, found)
    if found.jwks_uri:
        client.check(found.jwks_uri)
    return found


def parse(document: Mapping[str, Any]) -> SmartConfiguration:
    """Read a SMART configuration.

    Raises
    ------
    EhrError
        It does not say where to authorize, or where tokens are.
    """
    authorize, token = _text(document, "authorization_endpoint"), _text(document, "token_endpoint")
    if not (authorize and token):
        raise EhrError("The EHR does not say where it authorizes (smart-configuration).", "ehr-answer")
    return SmartConfiguration(
        authorize,
        token,
        issuer=_text(document, "issuer"),
        jwks_uri=_text(document, "jwks_uri"),
        capabilities=frozenset(_texts(document.get("capabilities"))),
        scopes=frozenset(_texts(document.get("scopes_supported"))),
        token_methods=frozenset(_texts(document.get("token_endpoint_auth_methods_supported"))),
    )


def _with_identity(client: EhrClient, found: SmartConfiguration) -> SmartConfiguration:
    """Add what OpenID Connect Discovery says: below the issuer, or beside the authorization endpoint."""
    issuer = (found.issuer or found.authorization_endpoint.partition("?")[0].rpartition("/")[0]).rstrip("/")
    try:
        document = client.get(f"{issuer}/.well-known/openid-configuration")
    except EhrError:
        if "sso-openid-connect" in found.capabilities:
            raise
        return replace(found, issuer="", jwks_uri="")
    named, keys = _text(document, "issuer"), _text(document, "jwks_uri")
    if named.rstrip("/") != issuer or not keys:
        raise EhrError("The EHR's OpenID configuration names another issuer, or no keys.", "ehr-answer")
    return replace(found, issuer=named, jwks_uri=keys)


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    return value if isinstance(value, str) else ""


def _texts(value: Any) -> Iterator[str]:
    """Yield all texts of a list, however its members are nested; of a text, its words."""
    if isinstance(value, str):
        yield from value.split()
    elif isinstance(value, list):
        for member in value:
            yield from _texts(member)
