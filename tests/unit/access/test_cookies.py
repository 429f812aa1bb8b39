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


def test_a_launchs_cookie_is_one_of_a_link_under_another_name() -> None:
    cookies = Cookies("https://pacs.example")
    value = cookies.launch("launch-id-that-is-long", "s" * 43)
    assert value.startswith(f"__Host-sightline-launch-launch-id-th={'s' * 43}; ")
    assert value.endswith("SameSite=None; Secure; Partitioned")
    headers = {"cookie": f"{value.partition(';')[0]}; __Host-sightline-link-abc={'t' * 43}"}
    assert cookies.present(headers)
    assert cookies.link_secrets(headers) == ("s" * 43, "t" * 43)
    assert [cookie.partition("=")[0] for cookie in cookies.cleared(headers)] == [
        "__Host-sightline-launch-launch-id-th",
        "__Host-sightline-link-abc",
    ]


def test_what_ties_a_browser_to_a_launch_is_no_session() -> None:
    cookies = Cookies("https://pacs.example")
    headers = {"cookie": cookies.flow("f" * 43).partition(";")[0]}
    assert cookies.flow_secret(headers) == "f" * 43
    assert not cookies.present(headers)
    assert cookies.link_secrets(headers) == ()
    assert cookies.flow_secret({"cookie": "__Host-sightline-flow=short"}) == ""
    assert cookies.flow_secret({"cookie": f"__Host-sightline-flow={'ü' * 43}"}) == ""


def test_the_oldest_cookies_make_room() -> None:
    cookies = Cookies("https://pacs.example")
    names = [f"__Host-sightline-{'launch' if number % 2 else 'link'}-{number}" for number in range(10)]
    headers = {"cookie": "; ".join(f"{name}={'s' * 43}" for name in names)}
    assert [value.partition("=")[0] for value in cookies.surplus(headers)] == names[:3]
    assert cookies.surplus({"cookie": f"{names[0]}={'s' * 43}"}) == ()
    assert cookies.surplus({}) == ()
