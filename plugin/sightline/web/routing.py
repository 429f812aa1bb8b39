"""Route tables: each row names method, path, handler and permission. A row without a permission cannot be written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from werkzeug.routing import BaseConverter

from sightline.access.grant import Verb
from sightline.uids import UID_CHARACTERS, is_uid
from sightline.web.request import Response


class Public(Enum):
    """The permission of a route that anybody may call. Says why, since closed is the rule."""

    HEALTH = "says healthy or not, and nothing else"
    LOGIN = "how one becomes somebody"
    METADATA = "says what the server can do, before anybody can log in, as FHIR wants it; the same for everybody"
    LINK = "shows no patient data before the secret has been exchanged"
    LAUNCH = "tells nothing of a patient to anybody who has not come by that patient's launch, which the handler checks"
    ASSET = "program text, the same for everybody"
    KEYS = "public keys, by which an EHR proves our signatures"


class UidConverter(BaseConverter):
    """``<uid:name>`` in a rule: digits and dots."""

    regex = rf"(?=[0-9]){UID_CHARACTERS}"
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
    study_parameter : str
        The query parameter that names the study where the path does not. Where it is missing or no UID, the permission
        is checked on the whole archive.
    is_of_any_study : bool
        Whoever is allowed the verb on any study may call; the handler answers with what is of those studies only.
    """

    method: str
    path: str
    handler: Callable[..., Response]
    permission: Verb | Public
    summary: str
    audit: str = ""
    max_body: int = 0
    study_parameter: str = ""
    is_of_any_study: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.permission, (Verb, Public)):
            raise TypeError(f"{self.method} {self.path} names no permission")

    def checked_study(self, path_values: Mapping[str, Any], parameters: Mapping[str, str]) -> str | None:
        """Return the study that the permission is checked on; None stands for the whole archive."""
        if self.study_parameter:
            named = parameters.get(self.study_parameter, "")
            return named if is_uid(named) else None
        study = path_values.get("study")
        return str(study) if study is not None else None
