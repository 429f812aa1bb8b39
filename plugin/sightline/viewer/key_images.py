"""Key images: frames that readers marked with a star, and the documents that choose images, of anybody.

``GET …/keys`` answers with ``mayAnnotate``; ``marks``, each ``series``, ``instance``, ``frame`` (from 1), ``title`` (a
code value), ``author``, ``own`` and ``marked`` (ISO 8601), in the order in which they were made; ``saved``, whether all
marks of the caller are stored as documents; and ``documents``, what Key Object Selection documents of the study choose:
``series`` and ``instance`` of the document, ``title``, ``description``, ``author``, ``date``, ``time``, ``software``,
``ours``, ``predecessors``, ``superseded``, ``isOfMarks`` where it holds what is among the marks, and ``images`` with
``series``, ``instance`` and ``frames`` (empty: all); a damaged one has a ``problem`` instead.

``POST …/keys`` takes ``{"changes": [{"key": {series, instance, frame, title}} | {"remove": {instance, frame}}],
"leaving": bool}``: all of it is kept, or nothing. Marks are their author's own, so that two readers never meet a
conflict; the last word of one reader counts. ``POST …/keys/save`` stores what is not stored yet. Both answer as ``GET``
does.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sightline.access.grant import Grant, Verb
from sightline.errors import BadRequestError, NotFoundError, SightlineError
from sightline.objects.key_titles import TITLES
from sightline.state.key_images import Author, Frame, KeyDocument, KeyImage
from sightline.uids import is_uid
from sightline.viewer.key_documents import documents_json, save_documents
from sightline.web.json_answer import answer_json
from sightline.web.json_body import read_json
from sightline.web.request import Request, Response
from sightline.web.services import Services

LARGEST_CHANGES = 65_536
"""Bytes of a body."""
MOST_CHANGES = 200
_log = logging.getLogger("sightline.keeping")
_LAST_FRAME = 9_999_999
_CONTROL = re.compile(r"[\x00-\x1f\x7f\\=^]+")


def keys(request: Request, services: Services, study: str) -> Response:
    """Answer with the key images of a study."""
    return answer_json(_keys_json(services, request.grant.on_study(study), study))


def change(request: Request, services: Services, study: str) -> Response:
    """Mark frames and take marks away.

    Raises
    ------
    BadRequestError
        The body is not what it has to be; nothing is changed.
    NotFoundError
        A frame is not in this study; nothing is changed.
    """
    grant = request.grant.on_study(study)
    marks, removed, is_leaving = _parsed(read_json(request, LARGEST_CHANGES), author_of(grant), services.clock())
    for mark in marks:
        table = services.engine.describe(grant, study, mark.series_instance_uid)
        if table.frame(mark.sop_instance_uid, mark.frame) is None:
            raise NotFoundError("One of these frames is not in this study; nothing was marked.", "no-frame")
    services.key_images.change(study, author_of(grant), marks, removed)
    if is_leaving:
        try:
            save_documents(services, grant, _unsaved(services, grant, study))
        except SightlineError as error:  # the marks are kept, and storing them is tried again
            _log.warning("The key images of study %s could not be stored: %s", study, error.message)
    return answer_json(_keys_json(services, grant, study))


def save(request: Request, services: Services, study: str) -> Response:
    """Store the caller's marks as documents now."""
    grant = request.grant.on_study(study)
    save_documents(services, grant, _unsaved(services, grant, study))
    return answer_json(_keys_json(services, grant, study))


def author_of(grant: Grant) -> Author:
    """Return who marks: their name is one that a Person Name can hold."""
    name = _CONTROL.sub(" ", grant.name or grant.subject).strip()
    return Author(grant.author, name[:64] or "unknown")


def _unsaved(services: Services, grant: Grant, study: str) -> list[KeyDocument]:
    return [
        document
        for document in services.key_images.documents(study)
        if document.author.subject == grant.author and not document.is_saved
    ]


def _keys_json(services: Services, grant: Grant, study: str) -> dict[str, Any]:
    marks = services.key_images.of(study)
    kept = services.key_images.documents(study)
    own = [document for document in kept if document.author.subject == grant.author]
    return {
        "mayAnnotate": grant.allows(Verb.ANNOTATE, study),
        "marks": [_mark_json(mark, grant.author) for mark in marks],
        "saved": all(document.is_saved for document in own),
        "documents": documents_json(services, grant, study, marks, kept),
    }


def _mark_json(mark: KeyImage, subject: str) -> dict[str, Any]:
    return {
        "series": mark.series_instance_uid,
        "instance": mark.sop_instance_uid,
        "frame": mark.frame,
        "title": mark.title,
        "author": mark.author.name,
        "own": mark.author.subject == subject,
        "marked": mark.marked.isoformat(),
    }


def _parsed(body: Any, author: Author, now: datetime) -> tuple[Sequence[KeyImage], Sequence[Frame], bool]:
    changes = body.get("changes", []) if isinstance(body, dict) else None
    is_leaving = body.get("leaving", False) if isinstance(body, dict) else None
    if not isinstance(changes, list) or not isinstance(is_leaving, bool):
        raise BadRequestError("Send an object with 'changes', a list, and 'leaving', true or false.")
    if len(changes) > MOST_CHANGES:
        raise BadRequestError(f"At most {MOST_CHANGES} changes are sent at once.", "too-many-changes")
    marks: dict[Frame, KeyImage] = {}
    removed: dict[Frame, None] = {}
    for change in changes:
        if not isinstance(change, dict) or change.keys() not in ({"key"}, {"remove"}):
            raise BadRequestError("A change is an object with 'key' or 'remove'.", "bad-change")
        named = next(iter(change.values()))
        place = _place(named)
        marks.pop(place, None)
        removed.pop(place, None)
        if "remove" in change:
            removed[place] = None
        else:
            marked = now + timedelta(microseconds=len(marks))  # so that they stay in their order
            marks[place] = KeyImage(_uid(named, "series"), *place, _title(named), author, marked)
    return list(marks.values()), list(removed), is_leaving


def _place(named: Any) -> Frame:
    if not isinstance(named, dict):
        raise BadRequestError("A frame is named by an object with 'instance' and 'frame'.", "bad-change")
    frame = named.get("frame")
    if not isinstance(frame, int) or isinstance(frame, bool) or not 1 <= frame <= _LAST_FRAME:
        raise BadRequestError(f"'frame' is a whole number from 1 to {_LAST_FRAME}.", "bad-change")
    return _uid(named, "instance"), frame


def _uid(named: Mapping[str, Any], name: str) -> str:
    uid = named.get(name)
    if not isinstance(uid, str) or not is_uid(uid):
        raise BadRequestError(f"'{name}' is a UID.", "bad-change")
    return uid


def _title(named: Mapping[str, Any]) -> str:
    title = named.get("title")
    if not isinstance(title, str) or title not in TITLES:
        raise BadRequestError(f"'title' is one of {', '.join(TITLES)} (PS3.16 CID 7010).", "bad-title")
    return title
