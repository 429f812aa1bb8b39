"""What one caller may do: the value that every Archive method takes and every route is checked against."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sightline.errors import ForbiddenError, UnauthenticatedError


class Verb(StrEnum):
    """What can be allowed. A route names exactly one."""

    SEARCH = "search"
    VIEW = "view"
    DOWNLOAD = "download"
    UPLOAD = "upload"
    ANNOTATE = "annotate"
    REPORT = "report"
    SHARE = "share"
    DELETE = "delete"
    ADMINISTER = "administer"


@dataclass(frozen=True)
class Permission:
    """Some verbs on one study, or on the whole archive where `study_instance_uid` is None."""

    verbs: frozenset[Verb]
    study_instance_uid: str | None = None


@dataclass(frozen=True)
class Grant:
    """Who asks and what they may do.

    Parameters
    ----------
    subject : str
        ``anonymous``, a user name, ``link-service``, ``link:<link id>`` or ``launch:<launch id>``.
    permissions : tuple of Permission
        Everything allowed; nothing else is.
    session : str
        Public id of the session (never its secret); empty without one. Audit counts reads by it.
    address : str
        Network address of the caller as the server saw it; empty when unknown.
    name : str
        Name of the person for display and audit: the user name, or whom a link was made for; may be empty.
    parts : tuple of Grant
        Where one browser holds several links: their grants, of which this is the union.
    base_url : str
        Our own address as a trusted reverse proxy says the caller asked for it; empty otherwise.
    person : str
        Stable and unique id of the person behind a launch, as the EHR has told; empty for everybody else.
    """

    subject: str
    permissions: tuple[Permission, ...] = ()
    session: str = ""
    address: str = ""
    name: str = ""
    parts: tuple[Grant, ...] = ()
    base_url: str = ""
    person: str = ""

    @property
    def author(self) -> str:
        """Who is the author of what this caller writes: the same person whenever and by whichever launch they come."""
        return self.person or self.subject

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody is logged in."""
        return self.subject == "anonymous"

    def allows(self, verb: Verb, study_instance_uid: str | None = None) -> bool:
        """Whether `verb` is allowed on that study, or on the whole archive when no study is named."""
        return any(
            verb in permission.verbs and permission.study_instance_uid in (None, study_instance_uid)
            for permission in self.permissions
        )

    def on_study(self, study_instance_uid: str) -> Grant:
        """Return the part that opens that study, so that audit names the one link that was used; else the whole."""
        for part in self.parts:
            if any(permission.study_instance_uid == study_instance_uid for permission in part.permissions):
                return part
        return self

    def require_somewhere(self, verb: Verb) -> None:
        """Refuse who may do this on no study, but for whom no study has been found yet. Raises as `require` does."""
        has_none_yet = not self.permissions and not self.is_anonymous
        if not has_none_yet and not any(verb in permission.verbs for permission in self.permissions):
            self.require(verb)

    def require(self, verb: Verb, study_instance_uid: str | None = None) -> None:
        """Refuse unless `allows`.

        Raises
        ------
        UnauthenticatedError
            Nobody is logged in.
        ForbiddenError
            The caller is known, but may not do this.
        """
        if self.allows(verb, study_instance_uid):
            return
        if self.is_anonymous:
            raise UnauthenticatedError("Log in, or open the link that you were given.")
        where = "this study" if study_instance_uid else "the whole archive"
        raise ForbiddenError(f"You may not {verb.value} {where}.")


ANONYMOUS = Grant("anonymous")

_EVERYTHING = (Permission(frozenset(Verb)),)


def administrator(subject: str, session: str = "", address: str = "") -> Grant:
    """Everything on the whole archive."""
    return Grant(subject, _EVERYTHING, session, address, name=subject)


def union(parts: tuple[Grant, ...]) -> Grant:
    """Return what one caller may do who holds several grants at once; at least one."""
    if len(parts) == 1:
        return parts[0]
    return Grant(
        "+".join(part.subject for part in parts),
        tuple(permission for part in parts for permission in part.permissions),
        "+".join(part.session for part in parts),
        parts[0].address,
        name=parts[0].name,
        parts=parts,
        person=parts[0].person if len({part.person for part in parts}) == 1 else "",
    )


def internal(purpose: str) -> Grant:
    """Sightline's own grant for what it looks up by itself, such as the study that a link is asked for."""
    return Grant(f"sightline:{purpose}", (Permission(frozenset({Verb.SEARCH, Verb.VIEW})),))
