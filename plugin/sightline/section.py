"""What every group of options is: immutable, without unknown keys, spelled as Orthanc spells its own."""

from __future__ import annotations

import re
from typing import Annotated, Any, get_args

from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic.alias_generators import to_pascal

Origin = Annotated[str, StringConstraints(pattern=re.compile(r"^https?://[A-Za-z0-9.\-\[\]:]+$"))]
"""Scheme, host and port of a web site, without path or trailing slash."""


class ConfigurationError(Exception):
    """The configuration stops the start. The message names the key, what was found and what is allowed."""


class Section(BaseModel):
    """A group of options: immutable, no unknown keys, no silent conversion of types."""

    model_config = ConfigDict(alias_generator=to_pascal, extra="forbid", frozen=True, strict=True)


def section_of(annotation: Any) -> type[Section] | None:
    """Return the section that a field holds: one, one or none, or several. None for plain options.

    >>> class Corner(Section): pass
    >>> [section_of(kind) is Corner for kind in (Corner, Corner | None, tuple[Corner, ...], int)]
    [True, True, True, False]
    """
    found = [one for one in (annotation, *get_args(annotation)) if isinstance(one, type) and issubclass(one, Section)]
    return found[0] if found else None
