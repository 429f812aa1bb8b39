"""Launches and their sessions: whose they are, what they may do, and when they end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from sightline.access import single_use
from sightline.access.grant import ANONYMOUS, Verb, administrator
from sightline.access.launch import EhrPatient, Launch, LaunchedStudy, Standing
from sightline.access.opening import Access
from sightline.access.sessions import NewSession
from sightline.access.single_use import SingleUse
from sightline.errors import ForbiddenError, GoneError, NotFoundError, TooManyRequestsError, UnauthenticatedError
from sightline.state.database import Database
from sightline.state.tables import launches, sessions
from sightline.state.tables import single_use as table
from tests.support.clock import Clock

HERE = "192.0.2.1"
ADA = administrator("ada")
MOMENT = datetime(2026, 11, 21, tzinfo=UTC)
STUDIES = (
    LaunchedStudy("1.1", Standing.CONFIRMED),
    LaunchedStudy("1.2", Standing.UNVERIFIED, "missing"),
    LaunchedStudy("1.3", Standing.HELD, "issuer"),
)
TOLD = Launch(
    "", "https://emr.example/fhir", EhrPatient("f3", "P1", "Müller"), "Dr. Stone", "e7",
    frozenset({Verb.VIEW, Verb.REPORT}), STUDIES, MOMENT, MOMENT, "ehr:emr/d0c",
)  # fmt: skip
Cookie = Callable[..., dict[str, str]]


def begin(access: Access) -> tuple[Launch, NewSession]:
    return access.launching.begin(TOLD, HERE)


def test_a_launch_as_its_holder_sees_it(access: Access, clock: Clock, cookie: Cookie) -> None:
    launch, session = begin(access)
    grant = access.control.identify(cookie(session), HERE)
    assert (grant.subject, grant.name) == (f"launch:{launch.id}", "Dr. Stone")
    assert access.launches.get(grant, launch.id) == launch
    assert (launch.created, launch.expires) == (clock(), clock() + timedelta(hours=12))
    assert (launch.patient, launch.encounter, launch.studies) == (TOLD.patient, "e7", STUDIES)
    assert grant.allows(Verb.VIEW, "1.1") and grant.allows(Verb.REPORT, "1.2")
    for verb, study in ((Verb.VIEW, "1.3"), (Verb.VIEW, None), (Verb.DOWNLOAD, "1.1"), (Verb.SEARCH, None)):
        assert not grant.allows(verb, study)


def test_to_whom_a_launch_is_told(access: Access, cookie: Cookie) -> None:
    launch, _ = begin(access)
    _, other = begin(access)
    assert access.launches.get(ADA, launch.id) == launch
    with pytest.raises(UnauthenticatedError):
        access.launches.get(ANONYMOUS, launch.id)
    with pytest.raises(ForbiddenError):
        access.launches.get(access.control.identify(cookie(other), HERE), launch.id)
    with pytest.raises(UnauthenticatedError):
        access.launches.get(ADA, "unknown")


def test_several_launches_in_one_browser(access: Access, cookie: Cookie) -> None:
    first, one = begin(access)
    second, other = begin(access)
    grant = access.control.identify(cookie(one, other), HERE)
    assert access.launches.get(grant, first.id) == first
    assert access.launches.get(grant, second.id) == second


def test_one_author_in_every_launch(access: Access, start: Callable[..., Access], cookie: Cookie) -> None:
    """A draft that somebody began in one launch is theirs in the next one, and after a restart."""
    (_, one), (_, other) = begin(access), begin(access)
    _, stranger = access.launching.begin(replace(TOLD, user_id="ehr:emr/else"), HERE)
    for running in (access, start()):
        assert {running.control.identify(cookie(*held), HERE).author for held in ([one], [other], [one, other])} == {
            "ehr:emr/d0c"
        }
        assert running.control.identify(cookie(one, stranger), HERE).author.startswith("launch:")
    assert (ADA.author, ANONYMOUS.author) == ("ada", "anonymous")


def test_renewing_reaches_open_sessions_and_those_after_a_restart(
    access: Access, start: Callable[..., Access], cookie: Cookie
) -> None:
    launch, session = begin(access)
    renewed = access.launches.renew(launch.id, [LaunchedStudy("1.9", Standing.CONFIRMED)])
    for running in (access, start()):
        grant = running.control.identify(cookie(session), HERE)
        assert grant.allows(Verb.VIEW, "1.9") and not grant.allows(Verb.VIEW, "1.1")
        assert running.launches.get(grant, launch.id) == renewed
    with pytest.raises(NotFoundError):
        access.launches.renew("unknown", [])


def test_a_launch_ends_with_all_its_sessions(
    access: Access, start: Callable[..., Access], cookie: Cookie, database: Database
) -> None:
    launch, frame = begin(access)
    grant = access.control.identify(cookie(frame), HERE)
    tab = access.launching.open_tab(launch.id, access.launching.tab_code(grant, launch.id), HERE)
    access.control.logout(cookie(tab), HERE)
    for running in (access, start()):
        for session in (frame, tab):
            assert running.control.identify(cookie(session), HERE).is_anonymous
    with pytest.raises(UnauthenticatedError):
        access.launches.get(ADA, launch.id)
    with database.read() as connection:
        assert connection.execute(select(sessions.c.id)).all() == connection.execute(select(launches.c.id)).all() == []


def test_time_ends_it(access: Access, clock: Clock, cookie: Cookie, database: Database) -> None:
    launch, session = begin(access)
    clock.advance(hours=12)
    assert access.control.identify(cookie(session), HERE).is_anonymous
    with pytest.raises(UnauthenticatedError):
        access.launches.get(ADA, launch.id)
    access.launches.sweep()
    with database.read() as connection:
        assert connection.execute(select(launches.c.id)).all() == []


def test_a_session_without_its_launch_does_not_come_back(
    access: Access, start: Callable[..., Access], cookie: Cookie, database: Database
) -> None:
    _, session = begin(access)
    with database.write() as connection:
        connection.execute(launches.delete())
    assert start().control.identify(cookie(session), HERE).is_anonymous


def test_a_launchs_cookie_is_no_login(access: Access, cookie: Cookie) -> None:
    _, session = begin(access)
    secret = session.cookies[0].partition("=")[2].partition(";")[0]
    assert access.control.identify({"cookie": f"__Host-sightline={secret}"}, HERE).is_anonymous


def test_codes_for_tabs(access: Access, cookie: Cookie) -> None:
    launch, session = begin(access)
    other, _ = begin(access)
    grant = access.control.identify(cookie(session), HERE)
    code = access.launching.tab_code(grant, launch.id)
    with pytest.raises(GoneError):
        access.launching.open_tab(other.id, code, HERE)
    with pytest.raises(GoneError):  # used up
        access.launching.open_tab(launch.id, code, HERE)
    with pytest.raises(ForbiddenError):
        access.launching.tab_code(grant, other.id)
    for _ in range(8):
        with pytest.raises(GoneError):
            access.launching.open_tab(launch.id, "guess", HERE)
    with pytest.raises(TooManyRequestsError):
        access.launching.open_tab(launch.id, access.launching.tab_code(grant, launch.id), HERE)


def test_a_hundred_at_once_and_one_gets_it(database: Database) -> None:
    kept = SingleUse(database)
    secret = kept.put("a", {"x": "1"}, timedelta(minutes=1))
    found: list[dict[str, str] | None] = []
    threads = [threading.Thread(target=lambda: found.append(kept.take("a", secret))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found, key=bool) == [None] * 19 + [{"x": "1"}]


def test_secrets_are_kept_as_hashes_and_for_their_purpose(database: Database) -> None:
    kept = SingleUse(database)
    secret = kept.put("a", {"x": "1"}, timedelta(minutes=1))
    assert kept.take("b", secret) is None
    with database.read() as connection:
        assert secret not in str(connection.execute(select(table)).all())
    assert kept.take("a", secret) == {"x": "1"}
    assert kept.take("a", "\udcff") is None


def test_no_more_than_the_bound_is_kept(database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(single_use, "MOST", 3)
    kept = SingleUse(database)
    made = []
    for number in range(5):
        made.append(kept.put("a", {"n": str(number)}, timedelta(minutes=1)))
        clock.advance(seconds=1)
    assert [kept.take("a", secret) for secret in made] == [None, None, {"n": "2"}, {"n": "3"}, {"n": "4"}]
    old = kept.put("a", {}, timedelta(minutes=1))
    clock.advance(minutes=1)
    assert kept.take("a", old) is None
