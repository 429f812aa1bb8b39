"""Passwords and the link-service key."""

from __future__ import annotations

import hashlib
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.access.credentials import Credentials, Identity
from sightline.configuration import ConfigurationError

KEY = "00112233445566778899aabbccddeeff"
CREDENTIALS = Credentials({"ada": "a:b", "grace": "☂ naïve"}, hashlib.sha256(KEY.encode()).hexdigest())


def basic(user: str, password: str) -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("user", "password", "found"),
    [
        ("ada", "a:b", "ada"),
        ("grace", "☂ naïve", "grace"),
        ("ada", "a:B", None),
        ("ada", "", None),
        ("Ada", "a:b", None),
        ("ada:a", "b", None),  # the same bytes in Basic, but another user
        ("", "", None),
        ("grace", "a:b", None),
        ("ada", "x" * 10_000, None),
        ("link-service", KEY, None),  # the service has no login page
    ],
)
def test_password_login(user: str, password: str, found: str | None) -> None:
    assert CREDENTIALS.check(user, password) == found


@pytest.mark.parametrize(
    ("header", "identity"),
    [
        (basic("ada", "a:b"), Identity("ada")),
        (basic("grace", "☂ naïve").replace("Basic", "bAsIc"), Identity("grace")),
        (f"Bearer {KEY}", Identity("link-service", is_service=True)),
        (basic("link-service", KEY), Identity("link-service", is_service=True)),
        (f"Bearer {KEY}0", None),
        (f"Bearer {KEY.upper()}", None),
        ("Bearer", None),
        ("Bearer ", None),
        (basic("ada", "wrong"), None),
        (basic("ada", KEY), None),
        ("Basic !!!!", None),
        ("Basic " + b64encode(b"\xff\xfe").decode(), None),
        ("Basic ☂", None),
        ("Digest username=ada", None),
        ("", None),
        ("Basic " + "QUFB" * 100_000, None),
    ],
)
def test_authorization_header(header: str, identity: Identity | None) -> None:
    assert CREDENTIALS.authorization(header) == identity


def test_without_a_configured_key_no_key_is_right() -> None:
    nobody = Credentials({})
    assert nobody.authorization("Bearer ") is None
    assert nobody.authorization("Bearer " + hashlib.sha256(b"").hexdigest()) is None
    assert nobody.authorization(basic("link-service", "")) is None


@given(st.text())
def test_no_header_raises_or_lets_anybody_in(header: str) -> None:
    assert CREDENTIALS.authorization(header) is None
    assert CREDENTIALS.authorization(f"Basic {header}") is None
    assert CREDENTIALS.authorization(f"Bearer {header}") is None


@given(st.binary(max_size=200))
def test_no_pair_of_bytes_raises_or_lets_anybody_in(pair: bytes) -> None:
    assert CREDENTIALS.authorization("Basic " + b64encode(pair).decode()) is None


@pytest.mark.parametrize("name", ["", "a:b", "a+b", "a\nb", "anonymous", "link-service", "x" * 201])
def test_a_user_who_could_be_taken_for_somebody_else_stops_the_start(name: str) -> None:
    with pytest.raises(ConfigurationError):
        Credentials({name: "password"})


def test_an_empty_password_stops_the_start() -> None:
    with pytest.raises(ConfigurationError, match='"ada"'):
        Credentials({"ada": ""})


def test_a_sessions_proof_depends_on_password_and_secret_alone() -> None:
    again = Credentials({"ada": "a:b"})
    changed = Credentials({"ada": "a:c"})
    proof = CREDENTIALS.proof("ada", "secret")
    assert proof == again.proof("ada", "secret")
    assert proof != changed.proof("ada", "secret")
    assert proof != CREDENTIALS.proof("ada", "other secret")
    assert CREDENTIALS.proof("nobody", "secret") == ""
