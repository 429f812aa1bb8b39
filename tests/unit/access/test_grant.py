"""What a grant allows, alone and together with others."""

from __future__ import annotations

import pytest

from sightline.access.grant import ANONYMOUS, Grant, Permission, Verb, administrator, internal, union
from sightline.errors import ForbiddenError, UnauthenticatedError


def link(name: str, study: str, *verbs: Verb) -> Grant:
    return Grant(f"link:{name}", (Permission(frozenset(verbs), study),), f"session-{name}", "192.0.2.7", name=name)


def test_a_link_opens_its_study_and_nothing_else() -> None:
    grant = link("a", "1.2", Verb.VIEW)
    assert grant.allows(Verb.VIEW, "1.2")
    assert not grant.allows(Verb.VIEW, "1.2.3")
    assert not grant.allows(Verb.VIEW)
    assert not grant.allows(Verb.DOWNLOAD, "1.2")
    assert not grant.allows(Verb.SEARCH)


def test_two_links_do_not_lend_each_other_their_verbs() -> None:
    both = union((link("a", "1.2", Verb.VIEW), link("b", "3.4", Verb.VIEW, Verb.DOWNLOAD)))
    assert both.allows(Verb.VIEW, "1.2")
    assert both.allows(Verb.DOWNLOAD, "3.4")
    assert not both.allows(Verb.DOWNLOAD, "1.2")
    assert both.subject == "link:a+link:b"
    assert both.session == "session-a+session-b"


def test_of_several_links_the_one_that_opens_the_study_is_named() -> None:
    both = union((link("a", "1.2", Verb.VIEW), link("b", "3.4", Verb.VIEW)))
    assert both.on_study("3.4").subject == "link:b"
    assert both.on_study("9.9") is both


def test_the_union_of_one_is_that_one() -> None:
    only = link("a", "1.2", Verb.VIEW)
    assert union((only,)) is only


def test_refusals_tell_who_is_unknown_from_who_may_not() -> None:
    with pytest.raises(UnauthenticatedError):
        ANONYMOUS.require(Verb.VIEW, "1.2")
    with pytest.raises(ForbiddenError):
        link("a", "1.2", Verb.VIEW).require(Verb.VIEW, "3.4")
    administrator("ada").require(Verb.ADMINISTER)
    with pytest.raises(ForbiddenError):
        internal("links").require(Verb.DELETE)
