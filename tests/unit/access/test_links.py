"""Links: one study, some verbs, an end; opened as often as allowed and not once more."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from sightline.access.grant import ANONYMOUS, Grant, Permission, Verb, administrator
from sightline.access.link import LINK_VERBS, Link, LinkState
from sightline.access.opening import Access
from sightline.access.sessions import NewSession
from sightline.errors import (
    BadRequestError,
    ForbiddenError,
    GoneError,
    NotFoundError,
    SightlineError,
    TooManyRequestsError,
    UnauthenticatedError,
)
from tests.support.clock import Clock

ADA = administrator("ada")
SERVICE = Grant("link-service", (Permission(frozenset({Verb.SHARE})),))
HERE = "192.0.2.1"
Maker = Callable[..., tuple[Link, str]]
Cookie = Callable[..., dict[str, str]]


def last_event(access: Access) -> dict[str, object]:
    return access.audit.page(1)[0]["event"]


def test_a_link_and_its_url(access: Access, clock: Clock) -> None:
    link, secret = access.links.create(
        SERVICE, "1.2.3", {Verb.VIEW, Verb.DOWNLOAD}, clock() + timedelta(hours=1), 3, "follow-up", "Dr. Who", "P1"
    )
    assert (link.study_instance_uid, link.uses_left, link.created_by) == ("1.2.3", 3, "link-service")
    assert len(secret) == 43
    assert len(link.id) == 22
    assert access.links.url(link.id, secret) == f"https://pacs.example/sightline/link/{link.id}#{secret}"
    assert access.links.get(SERVICE, link.id) == link
    assert access.links.list(SERVICE) == (link,)
    assert secret not in repr(link)


def test_opening_gives_that_study_and_those_verbs(access: Access, make_link: Maker, cookie: Cookie) -> None:
    link, secret = make_link(user_name="Dr. Who")
    session = access.links.exchange(link.id, secret, HERE)
    grant = access.control.identify(cookie(session), HERE)
    assert grant == session.grant
    assert (grant.subject, grant.name) == (f"link:{link.id}", "Dr. Who")
    assert grant.permissions == (Permission(frozenset({Verb.VIEW}), "1.2.3"),)


def test_a_session_ends_with_its_link(access: Access, clock: Clock, make_link: Maker, cookie: Cookie) -> None:
    link, secret = make_link(hours=0.2)
    session = access.links.exchange(link.id, secret, HERE)
    assert session.expires == link.expires
    clock.advance(minutes=11.9)
    assert not access.control.identify(cookie(session), HERE).is_anonymous
    clock.advance(minutes=0.1)
    assert access.control.identify(cookie(session), HERE).is_anonymous
    with pytest.raises(GoneError) as caught:
        access.links.exchange(link.id, secret, HERE)
    assert caught.value.code == "link-expired"


def test_revoking_ends_open_sessions_at_once(
    access: Access, start: Callable[..., Access], make_link: Maker, cookie: Cookie
) -> None:
    link, secret = make_link()
    other, other_secret = make_link("4.5.6")
    headers = cookie(access.links.exchange(link.id, secret, HERE))
    others = cookie(access.links.exchange(other.id, other_secret, HERE))
    access.links.revoke(SERVICE, link.id)
    assert access.control.identify(headers, HERE).is_anonymous
    assert not access.control.identify(others, HERE).is_anonymous
    with pytest.raises(GoneError) as caught:
        access.links.exchange(link.id, secret, HERE)
    assert caught.value.code == "link-revoked"
    assert start().control.identify(headers, HERE).is_anonymous
    access.links.revoke(ADA, link.id)
    assert access.links.get(ADA, link.id).state(link.created) is LinkState.REVOKED


def test_uses_are_counted(access: Access, make_link: Maker, cookie: Cookie) -> None:
    link, secret = make_link(uses=2)
    sessions = [access.links.exchange(link.id, secret, HERE) for _ in range(2)]
    assert access.links.get(ADA, link.id).uses_left == 0
    with pytest.raises(GoneError) as caught:
        access.links.exchange(link.id, secret, HERE)
    assert caught.value.code == "link-used"
    assert all(not access.control.identify(cookie(session), HERE).is_anonymous for session in sessions)


def test_one_use_goes_to_one_of_many_who_open_it_at_once(access: Access, make_link: Maker) -> None:
    link, secret = make_link(uses=1)
    opened: list[NewSession] = []
    refused: list[str] = []

    def attempt(number: int) -> None:
        try:
            opened.append(access.links.exchange(link.id, secret, f"192.0.2.{number}"))
        except GoneError as error:
            refused.append(error.code)

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 1
    assert refused == ["link-used"] * 31


@pytest.mark.parametrize("ended", ["open", "revoked", "expired", "used"])
def test_without_the_secret_nothing_is_learned(access: Access, clock: Clock, make_link: Maker, ended: str) -> None:
    link, secret = make_link(uses=1)
    if ended == "revoked":
        access.links.revoke(ADA, link.id)
    elif ended == "expired":
        clock.advance(hours=9)
    elif ended == "used":
        access.links.exchange(link.id, secret, HERE)
    answers: list[tuple[int, str, str]] = []
    for link_id, guess in ((link.id, secret[:-1] + "-"), (link.id, ""), ("unknown", secret)):
        with pytest.raises(NotFoundError) as caught:
            access.links.exchange(link_id, guess, HERE)
        answers.append((caught.value.status, caught.value.code, caught.value.message))
    assert len(set(answers)) == 1
    assert answers[0][1] == "link-unknown"


def test_guessing_secrets_is_throttled(access: Access, make_link: Maker) -> None:
    link, secret = make_link()
    for number in range(10):
        with pytest.raises(NotFoundError):
            access.links.exchange(link.id, str(number), HERE)
    with pytest.raises(TooManyRequestsError):
        access.links.exchange(link.id, secret, HERE)
    assert access.links.exchange(link.id, secret, "192.0.2.2").grant.subject == f"link:{link.id}"


@pytest.mark.parametrize("verb", sorted(set(Verb) - LINK_VERBS))
def test_a_link_never_allows_what_reaches_beyond_its_study(access: Access, clock: Clock, verb: Verb) -> None:
    with pytest.raises(BadRequestError):
        access.links.create(ADA, "1.2.3", {Verb.VIEW, verb}, clock() + timedelta(hours=1))


@pytest.mark.parametrize("arguments", [{"hours": 0}, {"hours": -1}, {"uses": 0}])
def test_a_link_that_could_never_be_opened_is_not_made(make_link: Maker, arguments: dict[str, int]) -> None:
    with pytest.raises(BadRequestError):
        make_link(**arguments)


@pytest.mark.parametrize(
    ("grant", "refusal"),
    [
        (ANONYMOUS, UnauthenticatedError),
        (Grant("link:x", (Permission(LINK_VERBS, "1.2.3"),)), ForbiddenError),
    ],
)
def test_only_who_may_share_makes_sees_and_revokes_links(
    access: Access, clock: Clock, make_link: Maker, grant: Grant, refusal: type[SightlineError]
) -> None:
    link, _ = make_link()
    for attempt in (
        lambda: access.links.create(grant, "1.2.3", {Verb.VIEW}, clock() + timedelta(hours=1)),
        lambda: access.links.list(grant),
        lambda: access.links.get(grant, link.id),
        lambda: access.links.revoke(grant, link.id),
    ):
        with pytest.raises(refusal):
            attempt()
    assert access.links.get(ADA, link.id).revoked is None


def test_an_unknown_link_cannot_be_seen_or_revoked(access: Access) -> None:
    with pytest.raises(NotFoundError):
        access.links.get(ADA, "unknown")
    with pytest.raises(NotFoundError):
        access.links.revoke(ADA, "unknown")


def test_newest_first_and_page_by_page(access: Access, clock: Clock, make_link: Maker) -> None:
    made = []
    for _ in range(5):
        made.append(make_link()[0].id)
        clock.advance(seconds=1)
    assert [link.id for link in access.links.list(ADA, limit=2, offset=1)] == [made[3], made[2]]
    assert len(access.links.list(ADA, study_instance_uid="1.2.3")) == 5
    assert access.links.list(ADA, study_instance_uid="1.2.4") == ()


def test_everything_is_written_down(access: Access, make_link: Maker) -> None:
    link, secret = make_link(purpose="second opinion", user_name="Dr. Who", patient_id="P1")
    created = last_event(access)
    assert created["action"] == "C"
    assert created["outcomeDesc"] == "for 'Dr. Who': second opinion"
    identifiers = [entity["what"]["identifier"]["value"] for entity in created["entity"]]
    assert identifiers == ["P1", "urn:oid:1.2.3", link.id]

    access.links.exchange(link.id, secret, HERE)
    opened = last_event(access)
    assert opened["outcome"] == "0"
    assert opened["agent"][0]["who"] == {"identifier": {"value": f"link:{link.id}"}, "display": "Dr. Who"}
    assert opened["agent"][1]["network"] == {"address": HERE, "type": "2"}

    with pytest.raises(NotFoundError):
        access.links.exchange(link.id, "wrong", HERE)
    assert (last_event(access)["outcome"], last_event(access)["outcomeDesc"]) == ("4", "unknown link or wrong secret")

    access.links.revoke(ADA, link.id)
    assert (last_event(access)["action"], last_event(access)["outcomeDesc"]) == ("D", "1 open sessions ended")
    with pytest.raises(GoneError):
        access.links.exchange(link.id, secret, HERE)
    assert (last_event(access)["outcome"], last_event(access)["outcomeDesc"]) == ("4", "revoked")
    assert access.audit.verify() is None
