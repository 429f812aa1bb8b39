"""The row that a study with findings has, locked while somebody changes it."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from sightline.state.tables import finding_studies


@dataclass(frozen=True)
class LockedStudy:
    """What a change has to know of its study. No other writer changes it before the transaction ends."""

    study_instance_uid: str
    revision: int
    frozen_revision: int
    subject: str
    author: str
    changed: datetime
    due: datetime | None
    predecessors: str
    """UIDs of other people's reports that the next version follows, as a JSON list."""
    saved_instance: str | None

    @property
    def subject_and_name(self) -> tuple[str, str]:
        """Whose the changes are that are in no version yet."""
        return self.subject, self.author


class Stored(Protocol):
    """A version that is stored as a report."""

    @property
    def instance(self) -> str:
        """SOP Instance UID."""
        ...

    @property
    def version(self) -> int:
        """The how manieth it is."""
        ...

    @property
    def time(self) -> datetime:
        """When it was stored."""
        ...


def locked_study(connection: Connection, study: str, now: datetime) -> LockedStudy:
    """Return the study's row, made if there is none, locked for this transaction.

    SQLite locks the whole database as the transaction begins; PostgreSQL this row.
    """
    new_study(connection, study, now)
    query = select(*(finding_studies.c[name] for name in LockedStudy.__dataclass_fields__))
    own = finding_studies.c.study_instance_uid == study
    return LockedStudy(*connection.execute(query.where(own).with_for_update()).one())


def new_study(
    connection: Connection, study: str, now: datetime, revision: int = 0, saved: Stored | None = None
) -> bool:
    """Make the study's row, unless it is there; whether it was made."""
    own = finding_studies.c.study_instance_uid == study
    if connection.execute(select(finding_studies.c.revision).where(own)).one_or_none() is not None:
        return False
    values = {
        "study_instance_uid": study, "revision": revision, "frozen_revision": revision, "subject": "", "author": "",
        "changed": now, "attempts": 0, "problem": "", "predecessors": "[]",
    }  # fmt: skip
    if saved is not None:
        values |= {"saved_revision": revision, "saved_version": saved.version}
        values |= {"saved_instance": saved.instance, "saved_time": saved.time}
    try:
        with connection.begin_nested():
            connection.execute(insert(finding_studies).values(values))
    except IntegrityError:  # another writer of PostgreSQL was faster
        return False
    return True


def merged(known: str, more: Collection[str]) -> str:
    """Add UIDs to a JSON list of them.

    >>> merged('["1.2"]', ["1.3", "1.2"])
    '["1.2","1.3"]'
    """
    return json.dumps(list(dict.fromkeys([*json.loads(known), *more])), separators=(",", ":"))
