"""A link as a value: one study, some verbs, an end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sightline.access.grant import Permission, Verb

LINK_VERBS = frozenset({Verb.VIEW, Verb.DOWNLOAD, Verb.ANNOTATE, Verb.REPORT})
"""What a link can allow at most. It never opens a search, nor anything beyond its study."""


class LinkState(StrEnum):
    """Whether a link can be opened, and if not, why."""

    OPEN = "open"
    REVOKED = "revoked"
    EXPIRED = "expired"
    USED = "used"


@dataclass(frozen=True)
class Link:
    """A capability to open one study; its secret is not part of it.

    Parameters
    ----------
    id : str
        Random, public.
    study_instance_uid : str
        The only study that it opens.
    verbs : frozenset of Verb
        What it allows there.
    created, expires : datetime
        From when until when it can be opened. Sessions opened by it end with it.
    created_by : str
        Subject of the grant that made it.
    uses_left : int or None
        How often it can still be opened; None when uses are not counted.
    revoked : datetime or None
        When it was revoked.
    purpose, user_name : str
        Why and for whom it was made, as its maker said; may be empty.
    last_used : datetime or None
        When somebody last read through it, where a session that it opened is still live; only where it is told of.
    """

    id: str
    study_instance_uid: str
    verbs: frozenset[Verb]
    created: datetime
    created_by: str
    expires: datetime
    uses_left: int | None = None
    revoked: datetime | None = None
    purpose: str = ""
    user_name: str = ""
    last_used: datetime | None = None

    @property
    def permission(self) -> Permission:
        """What whoever opened it may do."""
        return Permission(self.verbs, self.study_instance_uid)

    def state(self, now: datetime) -> LinkState:
        """Whether it can be opened at that moment."""
        if self.revoked is not None:
            return LinkState.REVOKED
        if now >= self.expires:
            return LinkState.EXPIRED
        return LinkState.USED if self.uses_left == 0 else LinkState.OPEN
