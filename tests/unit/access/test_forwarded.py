"""Under which address a proxy was asked: believed from trusted proxies alone, and only where it is well-formed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.access.address import ClientAddress
from sightline.access.forwarded import forwarded_base, parse_forwarded
from sightline.access.opening import Access

ADDRESS = ClientAddress(["127.0.0.1", "10.9.0.0/24"])
PROXY = "127.0.0.1"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x-forwarded-proto": "https", "x-forwarded-host": "a.example"}, "https://a.example/pacs"),
        ({"x-forwarded-proto": "HTTPS", "x-forwarded-host": "a.example:8443"}, "https://a.example:8443/pacs"),
        ({"x-forwarded-proto": "http", "x-forwarded-host": "[2001:db8::1]:80"}, "http://[2001:db8::1]:80/pacs"),
        ({"x-forwarded-proto": "https", "x-forwarded-host": "evil.example, a.example"}, "https://a.example/pacs"),
        ({"forwarded": "for=1.2.3.4;host=a.example;proto=https"}, "https://a.example/pacs"),
        ({"forwarded": 'For="[::1]:5";Host="a.example:81";Proto=http'}, "http://a.example:81/pacs"),
        ({"forwarded": "host=evil.example;proto=https, host=a.example;proto=https"}, "https://a.example/pacs"),
        # As in the official plugin, X-Forwarded counts first.
        (
            {
                "forwarded": "host=evil.example;proto=https",
                "x-forwarded-proto": "https",
                "x-forwarded-host": "a.example",
            },
            "https://a.example/pacs",
        ),
    ],
)
def test_well_formed(headers: dict[str, str], expected: str) -> None:
    assert ADDRESS.base_url(headers, PROXY, "/pacs") == expected


@pytest.mark.parametrize(("prefix", "path"), [("/images", "/images"), ("/a/b/", "/a/b"), ("/", "")])
def test_prefix(prefix: str, path: str) -> None:
    headers = {"x-forwarded-proto": "https", "x-forwarded-host": "a.example", "x-forwarded-prefix": prefix}
    assert ADDRESS.base_url(headers, PROXY, "/pacs") == f"https://a.example{path}"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"host": "a.example"},
        {"x-forwarded-host": "a.example"},  # without a scheme
        {"x-forwarded-proto": "https"},
        {"x-forwarded-proto": "javascript", "x-forwarded-host": "a.example"},
        {"x-forwarded-proto": "https", "x-forwarded-host": "a.example/x"},
        {"x-forwarded-proto": "https", "x-forwarded-host": "a.example@evil"},
        {"x-forwarded-proto": "https", "x-forwarded-host": "a.example\r\nX: 1"},
        {"x-forwarded-proto": "https", "x-forwarded-host": "ä.example"},
        {"x-forwarded-proto": "https", "x-forwarded-host": ""},
        {"x-forwarded-proto": "https", "x-forwarded-host": "a.example", "x-forwarded-prefix": "images"},
        {"x-forwarded-proto": "https", "x-forwarded-host": "a.example", "x-forwarded-prefix": "//evil.example"},
        {"x-forwarded-proto": "https", "x-forwarded-host": "a.example", "x-forwarded-prefix": "/a/../b"},
        {"x-forwarded-proto": "https", "x-forwarded-host": "a.example", "x-forwarded-prefix": '/"><script>'},
        {"forwarded": "for=1.2.3.4"},
        {"forwarded": "host=a.example"},
        {"forwarded": "host=a.example;proto=ftp"},
        {"forwarded": "host=a.example;host=b.example;proto=https"},
        {"forwarded": 'host="a.example;proto=https'},
        {"forwarded": "host=a.example proto=https"},
        {"forwarded": ";" * 5000 + "host=a.example;proto=https"},
    ],
)
def test_malformed_or_incomplete_counts_as_not_there(headers: dict[str, str]) -> None:
    assert ADDRESS.base_url(headers, PROXY) == ""


@pytest.mark.parametrize("peer", ["192.0.2.9", "", "no address", "::1"])
def test_whoever_is_not_trusted_is_not_believed(peer: str) -> None:
    headers = {
        "x-forwarded-proto": "https",
        "x-forwarded-host": "evil.example",
        "forwarded": "host=evil.example;proto=https;for=127.0.0.1",
        "x-forwarded-for": "127.0.0.1",
    }
    assert ADDRESS.base_url(headers, peer) == ""
    assert ClientAddress([]).base_url(headers, PROXY) == ""


def test_of_two_trusted_proxies_the_outer_one_counts() -> None:
    headers = {
        "forwarded": "for=9.9.9.9;host=forged.example;proto=https, for=198.51.100.7;host=out.example;proto=https,"
        " for=10.9.0.3;host=inner;proto=http"
    }
    assert ADDRESS.base_url(headers, PROXY) == "https://out.example"
    assert ADDRESS.of(headers, PROXY) == "198.51.100.7"
    # Only one of them is trusted: what the other one says is as good as the client's word.
    assert ClientAddress(["127.0.0.1"]).base_url(headers, PROXY) == "http://inner"


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ("for=198.51.100.7", "198.51.100.7"),
        ('for="198.51.100.7:1234"', "198.51.100.7"),
        ('for="[2001:db8::7]:1234"', "2001:db8::7"),
        ("for=1.1.1.1, for=198.51.100.7", "198.51.100.7"),
        ("for=unknown", "127.0.0.1"),
        ("for=_hidden", "127.0.0.1"),
        ("for", "127.0.0.1"),
    ],
)
def test_callers_address(forwarded: str, expected: str) -> None:
    assert ADDRESS.of({"forwarded": forwarded}, PROXY) == expected


def test_the_grant_carries_it(access: Access) -> None:
    """`access` trusts nobody, so that nothing is carried; see the proxy tests for the other case."""
    headers = {"x-forwarded-proto": "https", "x-forwarded-host": "a.example"}
    assert access.control.identify(headers, PROXY).base_url == ""


@given(st.text())
def test_never_raises(text: str) -> None:
    parse_forwarded(text)
    headers = {"x-forwarded-proto": "https", "x-forwarded-host": text, "x-forwarded-prefix": text, "forwarded": text}
    base = forwarded_base(headers, 1, "")
    assert base == "" or (base.startswith("https://") and base.isascii() and base.isprintable())


@given(st.lists(st.dictionaries(st.sampled_from(["for", "host", "proto", "by"]), st.text(min_size=1), min_size=1)))
def test_quoted_values_are_read_back(elements: list[dict[str, str]]) -> None:
    def quoted(value: str) -> str:
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'

    header = ", ".join(";".join(f"{name}={quoted(value)}" for name, value in e.items()) for e in elements)
    if len(header) <= 2048 and "\n" not in header:
        assert list(parse_forwarded(header)) == elements
