"""Answers that are given again: only to whom may have them, only while they are right, and counted."""

from __future__ import annotations

import pytest

from sightline.access.audit import AuditLog
from sightline.access.grant import ANONYMOUS, Grant, Permission, Verb, administrator
from sightline.access.opening import open_access
from sightline.configuration import Configuration
from sightline.state.database import open_database, sqlite_url
from sightline.web.ready import ReadyAnswer, ReadyAnswers
from tests.support.clock import Clock

STUDY, ETAG = "1.2.3", '"abc"'
ADA = administrator("ada", session="s1")
NAME = ("/frames/1", "image/png")


@pytest.fixture
def audit(tmp_path) -> AuditLog:  # type: ignore[no-untyped-def]
    database = open_database(sqlite_url(tmp_path), Clock())
    access = open_access(Configuration.parse({}), "https://pacs.example", database, {"ada": "x"})
    yield access.audit
    access.close()
    database.close()


class Body:
    """Makes bodies until it is told that they would be another."""

    def __init__(self) -> None:
        self.is_right, self.made = True, 0

    def __call__(self) -> bytes | None:
        self.made += 1
        return b"pixels" if self.is_right else None


@pytest.fixture
def body() -> Body:
    return Body()


@pytest.fixture
def ready(audit: AuditLog, body: Body) -> ReadyAnswers:
    answers = ReadyAnswers(audit, maximum=20)
    answers.keep(NAME, ReadyAnswer(Verb.VIEW, STUDY, (("Content-Type", "image/png"),), ETAG, body))
    return answers


def test_given_again_and_counted(ready: ReadyAnswers, audit: AuditLog) -> None:
    """The first read of a session goes the whole way, since it has to be written; further ones are counted."""
    assert ready.find(NAME, ADA, "") is None
    audit.read_study(ADA, STUDY)
    for _ in range(3):
        found = ready.find(NAME, ADA, "")
        assert found is not None
        assert found[:2] == (200, b"pixels")
    other = administrator("ada", session="s2")
    assert ready.find(NAME, other, "") is None
    audit.write_counts()
    (event,) = [row["event"] for row in audit.page() if row["event"]["outcomeDesc"] == "further reads"]
    assert event["entity"][-1]["detail"][0]["valueString"] == "3"


@pytest.mark.parametrize(
    "grant",
    [
        ANONYMOUS,
        Grant("link:a", (Permission(frozenset({Verb.VIEW}), "9.9"),)),
        Grant("x", (Permission(frozenset({Verb.SEARCH})),)),
    ],
)
def test_not_for_others(ready: ReadyAnswers, audit: AuditLog, body: Body, grant: Grant) -> None:
    """Whoever may not have it goes the whole way too, where it is refused and written down."""
    audit.read_study(grant, STUDY)
    assert ready.find(NAME, grant, "") is None
    assert body.made == 0


def test_not_when_it_would_be_another(ready: ReadyAnswers, audit: AuditLog, body: Body) -> None:
    """Once it was wrong it is not asked any more."""
    audit.read_study(ADA, STUDY)
    body.is_right = False
    assert ready.find(NAME, ADA, "") is None
    body.is_right = True
    assert ready.find(NAME, ADA, "") is None
    assert body.made == 1


def test_not_modified(ready: ReadyAnswers, audit: AuditLog) -> None:
    """Who has it is told so, as long as it is right; other conditions go the whole way."""
    audit.read_study(ADA, STUDY)
    for known in (ETAG, f"W/{ETAG}"):
        found = ready.find(NAME, ADA, known)
        assert found is not None
        assert found[:2] == (304, b"")
    for known in ('"other"', f'"other", {ETAG}', "*"):
        assert ready.find(NAME, ADA, known) is None


def test_bounded(ready: ReadyAnswers, audit: AuditLog, body: Body) -> None:
    """The oldest go first."""
    audit.read_study(ADA, STUDY)
    for number in range(20):
        ready.keep((str(number),), ReadyAnswer(Verb.VIEW, STUDY, (), ETAG, body))
    assert ready.find(NAME, ADA, "") is None
    assert ready.find(("0",), ADA, "") is None
    assert ready.find(("19",), ADA, "") is not None


def test_names() -> None:
    """All that an answer may depend on makes another name; what depends on more has none."""
    name = ReadyAnswers.name
    base = name("GET", "/a", {}, {"accept": "x", "user-agent": "y"}, "")
    assert base == name("GET", "/a", {}, {"accept": "x", "cookie": "z"}, "")
    # What is forwarded counts as far as it was believed.
    assert base == name("GET", "/a", {}, {"accept": "x", "forwarded": "host=h;proto=https"}, "")
    others = [
        name("GET", "/b", {}, {"accept": "x"}, ""),
        name("GET", "/a", {"quality": "1"}, {"accept": "x"}, ""),
        name("GET", "/a", {}, {"accept": "y"}, ""),
        name("GET", "/a", {}, {"accept": "x", "accept-encoding": "gzip"}, ""),
        name("GET", "/a", {}, {"accept": "x", "authorization": "Basic z"}, ""),
        name("GET", "/a", {}, {"accept": "x"}, "https://a.example"),
        name("GET", "/a", {}, {"accept": "x"}, "https://b.example"),
    ]
    assert len({base, *others}) == len(others) + 1
    for header in ("range", "origin", "if-match", "if-range"):
        assert name("GET", "/a", {}, {header: "x"}, "") is None
    assert name("DELETE", "/a", {}, {}, "") is None
