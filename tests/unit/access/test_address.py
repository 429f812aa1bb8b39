"""Whose address counts when a proxy stands in between."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.access.address import ClientAddress
from sightline.configuration import ConfigurationError

ADDRESS = ClientAddress(["127.0.0.1", "10.9.0.0/24", "fd00::/8"])


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "198.51.100.9", "192.0.2.1"),  # not a trusted proxy: the header is anybody's word
        ("127.0.0.1", "198.51.100.9", "198.51.100.9"),
        ("127.0.0.1", "203.0.113.5, 198.51.100.9", "198.51.100.9"),  # the first was written by the client
        ("127.0.0.1", "198.51.100.9, 10.9.0.7", "198.51.100.9"),  # two trusted proxies in a row
        ("::ffff:127.0.0.1", "198.51.100.9", "198.51.100.9"),
        ("fd00::1", "2001:db8::7", "2001:db8::7"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "unknown", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.9\r\nEvil: 1", "127.0.0.1"),
        ("", "198.51.100.9", ""),
        ("not an address", "", ""),
    ],
)
def test_address(peer: str, forwarded: str, expected: str) -> None:
    assert ADDRESS.of({"x-forwarded-for": forwarded} if forwarded else {}, peer) == expected


def test_without_trusted_proxies_the_header_is_not_believed() -> None:
    assert ClientAddress([]).of({"x-forwarded-for": "198.51.100.9"}, "127.0.0.1") == "127.0.0.1"


def test_a_wrong_proxy_stops_the_start() -> None:
    with pytest.raises(ConfigurationError, match="TrustedProxies"):
        ClientAddress(["proxy.example"])


@given(st.text(), st.text())
def test_never_raises(forwarded: str, peer: str) -> None:
    ADDRESS.of({"x-forwarded-for": forwarded}, peer)
    ADDRESS.of({"x-forwarded-for": forwarded}, "127.0.0.1")
