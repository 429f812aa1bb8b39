"""Route tables: each row names method, path, handler and permission. A row without a permission cannot be written."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from werkzeug.routing import BaseConverter

from sightline.access.grant import Verb
from sightline.web.request import Response

UID_PATTERN = re.compile(r"[0-9]+(\.[0-9]+)*")
"""A DICOM UID (PS3.5 section 9), leading zeros tolerated as real archives hold them; at most 64 characters."""


class Public(Enum):
    """The permission of a route that anybody may call. Says why, since closed is the rule."""

    HEALTH = "says healthy or not, and nothing else"
    LOGIN = "how one becomes somebody"
    LINK = "shows no patient data before the secret has been exchanged"
    ASSET = "program text, the same for everybody"


class UidConverter(BaseConverter):
    """``<uid:name>`` in a rule: digits and dots, at most 64 characters (PS3.5 section 9)."""

    regex = r"[0-9][0-9.]{0,63}"
    part_isolating = True


@dataclass(frozen=True)
class Route:
    """One row of a route table.

    Parameters
    ----------
    method : str
        GET, POST, PUT or DELETE.
    path : str
        Werkzeug rule. ``<uid:study>`` scopes the permission to that study before the handler runs.
    handler : callable
        ``handler(request, services, **path_values) -> Response``; path values by keyword.
    permission : Verb or Public
        What the caller must be allowed, on the study of the path or else on the whole archive.
    summary : str
        One line for the documentation.
    audit : str
        Kind of audit event: ``""`` none, ``"read"`` first read of a study by a session with further ones counted, else
        written for each request: ``"search"``, ``"store"``, ``"delete"``, ``"export"``, ``"link"``, ``"login"``.
    max_body : int
        Largest accepted body in bytes; 0 means no body, -1 the configured upload bound.
    """

    method: str
    path: str
    handler: Callable[..., Response]
    permission: Verb | Public
    summary: str
    audit: str = ""
    max_body: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.permission, (Verb, Public)):
            raise TypeError(f"{self.method} {self.path} names no permission")

    def checked_study(self, path_values: dict[str, Any]) -> str | None:
        """Return the study that the permission is checked on; None stands for the whole archive."""
        study = path_values.get("study")
        return str(study) if study is not None else None
