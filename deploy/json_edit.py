"""Changing one value of a JSON file that people wrote: their comments and their order stay."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from deploy.orthanc_configuration import ConfigurationFileError, without_comments

_SPACE = re.compile(r"\s*")


@dataclass(frozen=True)
class Member:
    """One member of the outermost object: its value, and where that stands in the text."""

    value: Any
    start: int
    end: int


def members(text: str) -> dict[str, Member]:
    """Return the members of the outermost object of a JSON text with comments.

    Raises
    ------
    ConfigurationFileError
        It is not JSON, or not an object.
    """
    plain = without_comments(text)
    decoder = json.JSONDecoder()
    found: dict[str, Member] = {}
    try:
        at = _expect(plain, 0, "{")
        while plain[at : at + 1] != "}":
            key, at = decoder.raw_decode(plain, at)
            start = _expect(plain, at, ":")
            value, end = decoder.raw_decode(plain, start)
            found[str(key)] = Member(value, start, end)
            at = _skip(plain, end)
            if plain[at : at + 1] == ",":
                at = _skip(plain, at + 1)
            elif plain[at : at + 1] != "}":
                raise ConfigurationFileError(f"a comma or a closing brace is missing at character {at}")
    except json.JSONDecodeError as error:
        raise ConfigurationFileError(f"not JSON: {error}") from error
    return found


def replaced(text: str, key: str, value: Any) -> str:
    """Return the text with the value of one member of the outermost object replaced.

    Raises
    ------
    KeyError
        There is no such member.
    """
    member = members(text)[key]
    return text[: member.start] + json.dumps(value) + text[member.end :]


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _expect(text: str, at: int, character: str) -> int:
    """Return the position of what follows `character`, which must come next."""
    at = _skip(text, at)
    if text[at : at + 1] != character:
        raise ConfigurationFileError(f"`{character}` is missing at character {at}")
    return _skip(text, at + 1)
