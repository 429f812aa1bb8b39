"""Answers that are like one that was given: whole, or refused as the whole way would refuse them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from sightline.access.grant import ANONYMOUS, Verb, administrator
from sightline.errors import NotFoundError, SightlineError, SupersededError, UnavailableError
from sightline.web.siblings import Asked, KeptSiblings, Sibling, Siblings

COMMON = (("Vary", "Accept"), ("Cache-Control", "private, max-age=1"))
ETAG = '"abc"'


def asked(query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None) -> Asked:
    return Asked(administrator("ada"), ["1", "rendered"], query or {}, headers or {})


def kept(failure: SightlineError | None = None, found: Any = "sibling") -> KeptSiblings:
    """Siblings whose bodies are their own parts, or that fail."""

    def find(request: Asked) -> Sibling | None:
        if isinstance(found, SightlineError):
            raise found
        if found is None:
            return None

        def make() -> tuple[bytes, Mapping[str, str]]:
            if failure is not None:
                raise failure
            return "/".join(request.parts).encode(), {"Content-Type": "image/png"}

        return Sibling(ETAG, make)

    return KeptSiblings(Siblings(2, find, frozenset()), Verb.VIEW, "1.2.3", COMMON)


def test_common_headers_and_its_own() -> None:
    assert kept().answer(asked(), "") == (
        200,
        b"1/rendered",
        (*COMMON, ("ETag", ETAG), ("Content-Type", "image/png")),
    )


@pytest.mark.parametrize("known", [ETAG, f"W/{ETAG}"])
def test_who_has_it_is_told_so(known: str) -> None:
    """Nothing is made for that."""
    assert kept(UnavailableError("made")).answer(asked(), known) == (304, b"", (*COMMON, ("ETag", ETAG)))


def test_who_has_another_gets_it() -> None:
    answer = kept().answer(asked(), '"other"')
    assert answer is not None
    assert answer[0] == 200


@pytest.mark.parametrize("known", ["*", f'"other", {ETAG}'])
def test_other_conditions_go_the_whole_way(known: str) -> None:
    assert kept().answer(asked(), known) is None


@pytest.mark.parametrize("query", [{"a": "%41"}, {"a": "1+1"}, {"%61": "1"}, {"a": "1", "b+": ""}])
def test_what_has_to_be_decoded_goes_the_whole_way(query: dict[str, str]) -> None:
    assert kept().answer(asked({"a": "1"}), "") is not None
    assert kept().answer(asked(query), "") is None


def test_what_cannot_be_found_here_goes_the_whole_way() -> None:
    assert kept(found=None).answer(asked(), "") is None
    assert kept(found=NotFoundError("gone")).answer(asked(), "") is None


def test_nothing_is_looked_for_without_permission() -> None:
    request = Asked(ANONYMOUS, [], {}, {})
    assert kept(found=RuntimeError("looked for")).answer(request, "") is None


def test_what_fails_is_not_tried_again() -> None:
    """The answer says why, as the whole way's does, and is not kept by anybody."""
    for error, status in ((UnavailableError("Busy."), 503), (SupersededError("Newer."), 409)):
        answer = kept(error).answer(asked(), "")
        assert answer is not None
        assert answer[0] == status
        assert json.loads(answer[1]) == {"status": status, "code": error.code, "message": error.message}
        headers = dict(answer[2])
        assert headers == {
            "Vary": "Accept",
            "Cache-Control": "private, no-store",
            "Content-Type": "application/json",
            **error.headers,
        }
    page = kept(UnavailableError("Busy.")).answer(asked(headers={"accept": "text/html,*/*"}), "")
    assert page is not None
    assert page[1] == b"Busy.\n"
