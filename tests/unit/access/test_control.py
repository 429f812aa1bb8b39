"""Who asks: from headers to a grant, on Orthanc's small stack and without the database."""

from __future__ import annotations

import threading
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

from sightline.access.grant import Verb
from sightline.access.link import Link
from sightline.access.opening import Access
from sightline.errors import TooManyRequestsError, UnauthenticatedError
from sightline.state.database import Database
from sightline.state.tables import sessions
from tests.support.clock import Clock
from tests.support.small_stack import on_small_stack
from tests.unit.access.conftest import SERVICE_KEY, USERS

HERE = "192.0.2.1"


def basic(user: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


def kinds(access: Access) -> list[str]:
    """Return what the audit log holds, oldest first."""
    return [row["event"]["subtype"][1]["code"] for row in reversed(access.audit.page(1000))]


def test_nobody(access: Access) -> None:
    grant = access.control.identify({}, HERE)
    assert grant.is_anonymous
    assert grant.permissions == ()
    assert grant.address == HERE


@pytest.mark.parametrize(("user", "password"), USERS.items())
def test_a_program_with_basic_credentials_is_an_administrator(access: Access, user: str, password: str) -> None:
    grant = access.control.identify(basic(user, password), HERE)
    assert (grant.subject, grant.session, grant.address) == (user, "", HERE)
    assert all(grant.allows(verb) for verb in Verb)


def test_the_link_service_may_share_and_nothing_else(access: Access) -> None:
    for headers in ({"authorization": f"Bearer {SERVICE_KEY}"}, basic("link-service", SERVICE_KEY)):
        grant = access.control.identify(headers, HERE)
        assert grant.subject == "link-service"
        assert [verb for verb in Verb if grant.allows(verb)] == [Verb.SHARE]


def test_login(access: Access, clock: Clock, cookie: Callable[..., dict[str, str]]) -> None:
    session = access.control.login("ada", USERS["ada"], HERE)
    grant = access.control.identify(cookie(session), HERE)
    assert (grant.subject, grant.name, grant.session) == ("ada", "ada", session.id)
    assert grant.allows(Verb.ADMINISTER)
    assert access.control.expires(grant) == session.expires
    assert (session.expires - clock()).total_seconds() == 12 * 3600


def test_the_secret_is_not_in_the_id_nor_in_what_is_printed_nor_in_the_files(
    access: Access, tmp_path: Path, make_link: Callable[..., tuple[Link, str]]
) -> None:
    session = access.control.login("ada", USERS["ada"], HERE)
    _, link_secret = make_link()
    secret = session.cookies[0].partition("=")[2].partition(";")[0]
    assert len(secret) == 43  # 256 bits
    assert secret not in repr(session)
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert session.id.encode() in stored
    assert secret.encode() not in stored
    assert link_secret.encode() not in stored
    assert USERS["ada"].encode() not in stored


def test_a_wrong_password_is_refused_and_written_down(access: Access) -> None:
    for user, password in (("ada", "wrong"), ("my secret password", "x")):
        with pytest.raises(UnauthenticatedError) as caught:
            access.control.login(user, password, HERE)
        assert caught.value.code == "wrong-credentials"
    unknown, known = (row["event"] for row in access.audit.page())
    assert known["outcome"] == unknown["outcome"] == "4"
    assert known["outcomeDesc"] == "wrong user or password for ada"
    assert unknown["outcomeDesc"] == "wrong user or password for an unknown user"
    assert known["agent"][1]["network"]["address"] == HERE


def test_after_ten_failures_not_even_the_right_password_is_checked(access: Access, clock: Clock) -> None:
    for _ in range(10):
        with pytest.raises(UnauthenticatedError):
            access.control.login("ada", "wrong", HERE)
    with pytest.raises(TooManyRequestsError) as caught:
        access.control.login("ada", USERS["ada"], HERE)
    assert caught.value.headers == {"Retry-After": "60"}
    assert access.control.identify(basic("ada", USERS["ada"]), HERE).is_anonymous
    assert access.control.identify(basic("ada", USERS["ada"]), "192.0.2.2").subject == "ada"
    clock.advance(seconds=61)
    assert access.control.login("ada", USERS["ada"], HERE).grant.subject == "ada"


def test_guessing_by_basic_is_throttled_too(access: Access) -> None:
    for number in range(10):
        assert access.control.identify(basic("ada", str(number)), HERE).is_anonymous
    assert access.control.identify(basic("ada", USERS["ada"]), HERE).is_anonymous


def test_a_session_goes_on_while_it_is_used_and_ends_when_it_is_not(
    access: Access, clock: Clock, cookie: Callable[..., dict[str, str]]
) -> None:
    headers = cookie(access.control.login("ada", USERS["ada"], HERE))
    for _ in range(5):
        clock.advance(minutes=14)
        assert access.control.identify(headers, HERE).subject == "ada"
    clock.advance(minutes=15)
    assert access.control.identify(headers, HERE).is_anonymous


def test_a_session_ends_after_twelve_hours_in_any_case(
    access: Access, clock: Clock, cookie: Callable[..., dict[str, str]]
) -> None:
    headers = cookie(access.control.login("ada", USERS["ada"], HERE))
    for _ in range(71):
        clock.advance(minutes=10)
        assert not access.control.identify(headers, HERE).is_anonymous
    clock.advance(minutes=10)
    assert access.control.identify(headers, HERE).is_anonymous


def test_sweeping_stores_the_last_use_and_forgets_what_ended(
    access: Access, database: Database, clock: Clock, cookie: Callable[..., dict[str, str]]
) -> None:
    used = cookie(access.control.login("ada", USERS["ada"], HERE))
    access.control.login("grace", USERS["grace"], HERE)
    clock.advance(minutes=10)
    access.control.identify(used, HERE)
    clock.advance(minutes=10)
    sweep = access.control._sessions.sweep
    assert len(sweep()) == 1
    with database.read() as connection:
        rows = connection.execute(select(sessions.c.user_name, sessions.c.last_used)).all()
    assert [(row.user_name, (clock() - row.last_used).total_seconds()) for row in rows] == [("ada", 600)]


def test_a_session_outlives_a_restart(start: Callable[..., Access], cookie: Callable[..., dict[str, str]]) -> None:
    headers = cookie(start().control.login("ada", USERS["ada"], HERE))
    assert start().control.identify(headers, HERE).subject == "ada"


@pytest.mark.parametrize("users", [{"ada": "changed"}, {"grace": USERS["ada"]}, {}])
def test_but_not_a_changed_password_nor_a_removed_user(
    start: Callable[..., Access], cookie: Callable[..., dict[str, str]], users: dict[str, str]
) -> None:
    headers = cookie(start().control.login("ada", USERS["ada"], HERE))
    assert start(users).control.identify(headers, HERE).is_anonymous


def test_what_ended_during_a_restart_is_deleted(
    start: Callable[..., Access], database: Database, clock: Clock, cookie: Callable[..., dict[str, str]]
) -> None:
    headers = cookie(start().control.login("ada", USERS["ada"], HERE))
    clock.advance(minutes=16)
    assert start().control.identify(headers, HERE).is_anonymous
    with database.read() as connection:
        assert connection.execute(select(sessions)).all() == []


def test_logout_ends_every_session_of_the_browser(
    access: Access, cookie: Callable[..., dict[str, str]], make_link: Callable[..., tuple[Link, str]]
) -> None:
    link, secret = make_link()
    headers = cookie(access.control.login("ada", USERS["ada"], HERE), access.links.exchange(link.id, secret, HERE))
    cleared = access.control.logout(headers, HERE)
    assert len(cleared) == 2
    assert all("Max-Age=0" in value for value in cleared)
    assert access.control.identify(headers, HERE).is_anonymous
    assert kinds(access) == ["link-create", "login", "link-open", "logout", "logout"]


def test_credentials_in_a_header_win_over_cookies_even_when_they_are_wrong(
    access: Access, cookie: Callable[..., dict[str, str]]
) -> None:
    headers = cookie(access.control.login("ada", USERS["ada"], HERE))
    assert access.control.identify(headers | basic("grace", USERS["grace"]), HERE).subject == "grace"
    assert access.control.identify(headers | basic("grace", "wrong"), HERE).is_anonymous
    assert access.control.cookie_used(headers)
    assert not access.control.cookie_used(headers | basic("grace", "wrong"))


def test_a_login_secret_is_no_link_secret_and_the_other_way_round(
    access: Access, cookie: Callable[..., dict[str, str]], make_link: Callable[..., tuple[Link, str]]
) -> None:
    link, secret = make_link()
    login = cookie(access.control.login("ada", USERS["ada"], HERE))["cookie"].partition("=")[2]
    opened = cookie(access.links.exchange(link.id, secret, HERE))["cookie"].partition("=")[2]
    assert access.control.identify({"cookie": f"__Host-sightline-link-x={login}"}, HERE).is_anonymous
    assert access.control.identify({"cookie": f"__Host-sightline={opened}"}, HERE).is_anonymous


def test_several_links_in_one_browser_open_their_studies_and_nothing_else(
    access: Access, cookie: Callable[..., dict[str, str]], make_link: Callable[..., tuple[Link, str]]
) -> None:
    opened = []
    for study in ("1.2.3", "4.5.6"):
        link, secret = make_link(study, user_name=f"Dr {study}")
        opened.append(access.links.exchange(link.id, secret, HERE))
    grant = access.control.identify(cookie(*opened), HERE)
    assert grant.allows(Verb.VIEW, "1.2.3")
    assert grant.allows(Verb.VIEW, "4.5.6")
    assert not grant.allows(Verb.VIEW, "7.8.9")
    assert not grant.allows(Verb.VIEW)
    assert grant.on_study("4.5.6").name == "Dr 4.5.6"
    assert grant.session == f"{opened[0].id}+{opened[1].id}"


def test_identifying_never_touches_the_database(
    access: Access, database: Database, cookie: Callable[..., dict[str, str]]
) -> None:
    headers = cookie(access.control.login("ada", USERS["ada"], HERE))
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    for each in (headers, basic("ada", USERS["ada"]), {"authorization": f"Bearer {SERVICE_KEY}"}, {}):
        access.control.identify(each, HERE)
    assert statements == []


def test_identifying_fits_on_orthancs_small_stack(
    access: Access, cookie: Callable[..., dict[str, str]], make_link: Callable[..., tuple[Link, str]]
) -> None:
    opened = []
    for number in range(8):
        link, secret = make_link(f"1.2.{number}")
        opened.append(access.links.exchange(link.id, secret, HERE))
    forwarded = {"x-forwarded-for": ", ".join(["2001:db8::1"] * 500)}
    links = cookie(*opened) | forwarded
    login = cookie(access.control.login("ada", USERS["ada"], HERE)) | forwarded
    for headers, subject in ((login, "ada"), (basic("ada", USERS["ada"]), "ada"), (basic("a", "b" * 500), "anonymous")):
        assert on_small_stack(lambda headers=headers: access.control.identify(headers, "10.9.0.1")).subject == subject
    assert len(on_small_stack(lambda: access.control.identify(links, "10.9.0.1")).parts) == 8
    on_small_stack(lambda: access.control.check_origin("POST", {"origin": "https://x"} | login, "https://x"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(["authorization", "cookie", "x-forwarded-for"]), st.text()), st.text())
def test_no_headers_raise_or_let_anybody_in(access: Access, headers: dict[str, str], address: str) -> None:
    assert access.control.identify(headers, address).is_anonymous
    assert not access.control._failures


def test_parallel_callers_never_get_anothers_identity(access: Access, cookie: Callable[..., dict[str, str]]) -> None:
    headers = {user: cookie(access.control.login(user, password, HERE)) for user, password in USERS.items()}
    headers |= {"link-service": {"authorization": f"Bearer {SERVICE_KEY}"}, "anonymous": {}}
    wrong: list[str] = []

    def ask(subject: str) -> None:
        for _ in range(200):
            found = access.control.identify(headers[subject], HERE).subject
            if found != subject:
                wrong.append(found)

    threads = [threading.Thread(target=ask, args=(subject,)) for subject in list(headers) * 12]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
