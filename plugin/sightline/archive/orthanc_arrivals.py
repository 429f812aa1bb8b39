"""What Orthanc tells of studies beside DICOM: their labels, and which have come."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from sightline.archive.protocol import Arrivals
from sightline.archive.rest import CoreError, CoreRest
from sightline.errors import BadRequestError, NotFoundError

MOST_ARRIVALS = 200
"""So many studies are named at most; whoever was away for longer looks at the whole list again."""

_TOKEN = re.compile(r"([0-9]{1,18})-[0-9]{1,18}-[0-9]{1,18}", re.ASCII)
_LABEL = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


def checked_label(label: str) -> str:
    """Return a label that Orthanc accepts.

    Raises
    ------
    BadRequestError
        It is none.
    """
    if not _LABEL.fullmatch(label):
        raise BadRequestError("A label is made of letters from A to Z, digits, '-' and '_', at most 64 of them.")
    return label


def sequence_of(token: str) -> int:
    """Return the number of the last change that a token of `Arrivals` knows.

    Raises
    ------
    BadRequestError
        It is no such token.
    """
    match = _TOKEN.fullmatch(token)
    if match is None:
        raise BadRequestError("'since' is what an earlier answer gave as its token.")
    return int(match[1])


class OrthancArrivals:
    """Asks the core for changes."""

    def __init__(self, rest: CoreRest) -> None:
        self._rest = rest

    def since(self, token: str) -> Arrivals:
        """Return what `Archive.arrivals` promises."""
        known = sequence_of(token) if token else None
        last = int(json.loads(self._rest.get("/changes?last") or b"{}").get("Last", 0))
        counts = json.loads(self._rest.get("/statistics") or b"{}")
        now = f"{last}-{counts.get('CountStudies', 0)}-{counts.get('CountInstances', 0)}"
        if known is None or known >= last:
            return Arrivals(now)
        path = f"/changes?since={known}&limit={MOST_ARRIVALS}&type=NewStudy"
        changes = json.loads(self._rest.get(path) or b"{}").get("Changes", [])
        uids = (self._study_uid(change["ID"]) for change in changes)
        return Arrivals(now, tuple(dict.fromkeys(uid for uid in uids if uid)))

    def _study_uid(self, identifier: str) -> str | None:
        """Return which study that is; None where it has gone again."""
        answer = self._rest.get(f"/studies/{identifier}")
        return str(json.loads(answer)["MainDicomTags"]["StudyInstanceUID"]) if answer else None


class OrthancLabels:
    """Asks the core for labels, and changes them."""

    def __init__(self, rest: CoreRest) -> None:
        self._rest = rest

    def all(self) -> tuple[str, ...]:
        """Return all labels in use."""
        return tuple(sorted(json.loads(self._rest.get("/tools/labels") or b"[]")))

    def add(self, identifier: str, label: str) -> None:
        """Put a label on the study with that Orthanc id. Raises `NotFoundError`."""
        self._change(identifier, label, lambda path: self._rest.put(path, b""))

    def remove(self, identifier: str, label: str) -> None:
        """Take a label off the study with that Orthanc id. Raises `NotFoundError`."""
        self._change(identifier, label, self._rest.delete)

    def _change(self, identifier: str, label: str, change: Callable[[str], object]) -> None:
        if self._rest.get(f"/studies/{identifier}/labels") is None:
            raise NotFoundError("There is no such study in the archive.")
        try:
            change(f"/studies/{identifier}/labels/{checked_label(label)}")
        except CoreError as error:
            if error.status == 404:
                raise NotFoundError("There is no such study in the archive.") from None
            raise
