"""What the browser is told to keep, and what is read of what it sends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.access.cookies import Cookies

COOKIES = Cookies("https://pacs.example/orthanc")
PLAIN = Cookies("http://192.168.1.5:8042")
A, B = "a" * 43, "b" * 43


def test_the_login_cookie() -> None:
    assert COOKIES.login(A) == f"__Host-sightline={A}; Path=/; HttpOnly; SameSite=Lax; Secure"


def test_a_links_cookie_works_in_a_frame_without_third_party_cookies() -> None:
    assert (
        COOKIES.link("abcdefghijklmnopqrstuv", A)
        == f"__Host-sightline-link-abcdefghijkl={A}; Path=/; HttpOnly; SameSite=None; Secure; Partitioned"
    )


@pytest.mark.parametrize(
    ("url", "secure"),
    [
        ("https://pacs.example", True),
        ("http://127.0.0.1:8042", True),
        ("http://[::1]:8042", True),
        ("http://localhost:8042", True),
        ("http://pacs.localhost", True),
        ("http://192.168.1.5:8042", False),
        ("http://pacs.example", False),
        ("http://localhost.example", False),
    ],
)
def test_cookies_are_secure_wherever_a_browser_keeps_such_ones(url: str, secure: bool) -> None:
    cookie = Cookies(url).login(A)
    assert ("; Secure" in cookie) is secure
    assert cookie.startswith("__Host-") is secure


def test_plain_http_to_another_machine_has_cookies_of_its_own() -> None:
    assert PLAIN.login(A) == f"sightline={A}; Path=/; HttpOnly; SameSite=Lax"
    assert PLAIN.link("l" * 22, A) == f"sightline-link-{'l' * 12}={A}; Path=/; HttpOnly; SameSite=Lax"
    # Over TLS, a cookie that plain HTTP could have planted is not looked at.
    assert COOKIES.login_secret({"cookie": f"sightline={A}"}) == ""


def test_reading() -> None:
    headers = {"cookie": f"theme=dark; __Host-sightline={A}; __Host-sightline-link-xyz={B};broken"}
    assert COOKIES.login_secret(headers) == A
    assert COOKIES.link_secrets(headers) == (B,)
    assert COOKIES.present(headers)
    assert not COOKIES.present({"cookie": "theme=dark"})
    assert not COOKIES.present({})


def test_eight_links_are_read_the_newest_ones() -> None:
    secrets = [f"{number:043d}" for number in range(20)]
    header = "; ".join(f"__Host-sightline-link-{number}={secret}" for number, secret in enumerate(secrets))
    assert COOKIES.link_secrets({"cookie": header}) == tuple(secrets[12:])


def test_clearing_names_each_cookie_with_the_attributes_it_was_set_with() -> None:
    headers = {"cookie": f"__Host-sightline={A}; __Host-sightline-link-x_y={B}; other=1"}
    assert COOKIES.cleared(headers) == (
        "__Host-sightline=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0",
        "__Host-sightline-link-x_y=; Path=/; HttpOnly; SameSite=None; Secure; Partitioned; Max-Age=0",
    )


def test_a_cookie_name_cannot_smuggle_a_header() -> None:
    assert COOKIES.cleared({"cookie": f"__Host-sightline-link-a\r\nEvil: 1={B}"}) == ()


def test_a_huge_header_is_not_read() -> None:
    assert COOKIES.login_secret({"cookie": "x=y; " * 10_000 + f"__Host-sightline={A}"}) == ""


@given(st.text(), st.text(alphabet='_Hostighlnk-=;, "', max_size=100))
def test_no_header_raises(anything: str, likely: str) -> None:
    for header in (anything, likely, f"__Host-sightline{likely}"):
        COOKIES.login_secret({"cookie": header})
        COOKIES.link_secrets({"cookie": header})
        COOKIES.cleared({"cookie": header})
