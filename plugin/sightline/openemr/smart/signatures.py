"""Whether a JSON Web Token was signed by whom it says: with a public key of theirs, by an algorithm on our list."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from sightline.openemr.ehr.client import EhrError

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "ES256", "ES384")
"""With public keys only: ``none``, and what is signed by a shared secret, is never taken."""
MOST_CHARACTERS = 16_384
_MOST_KEYS = 32
_KINDS: Mapping[str, type[RSAKey | ECKey]] = {"RSA": RSAKey, "EC": ECKey}


def verified_claims(token: str, key_set: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claims of a signed token. What they say of issuer, audience and time is not looked at here.

    Parameters
    ----------
    token : str
        JWS in compact form.
    key_set : Mapping[str, Any]
        The issuer's JWK Set (RFC 7517), from its own address: what the token's header names is not looked at.

    Raises
    ------
    EhrError
        ``token-signature``: it is not signed by one of these keys.
    """
    if len(token) <= MOST_CHARACTERS:
        for key in _keys(key_set, _key_id(token)):
            try:
                return dict(jwt.decode(token, key, algorithms=list(ALGORITHMS)).claims)
            except (JoseError, ValueError, TypeError, RecursionError):
                continue
    raise EhrError("A token of the EHR is not signed by its keys.", "token-signature")


def _keys(key_set: Mapping[str, Any], key_id: str | None) -> list[RSAKey | ECKey]:
    """Return the keys that may have signed: the one that is named, else all."""
    found: list[RSAKey | ECKey] = []
    members = key_set.get("keys")
    for member in (members if isinstance(members, list) else [])[:_MOST_KEYS]:
        kind = _KINDS.get(str(member.get("kty"))) if isinstance(member, dict) else None
        if kind is None or member.get("use", "sig") != "sig" or (key_id is not None and member.get("kid") != key_id):
            continue
        try:
            found.append(
                kind.import_key({name: value for name, value in member.items() if name not in ("d", "p", "q")})
            )
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    return found


def _key_id(token: str) -> str | None:
    """Return the ``kid`` of the header; None where it names none."""
    try:
        head = token.partition(".")[0]
        header = json.loads(urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, RecursionError):
        return None
    key_id = header.get("kid") if isinstance(header, dict) else None
    return key_id if isinstance(key_id, str) else None
