"""Findings: what readers mark on a study's images, kept as they draw."""

from __future__ import annotations

import json
from time import sleep
from typing import Any

from sightline.access.grant import Verb
from sightline.archive.protocol import Level, Query
from sightline.errors import NotFoundError, UnprocessableError
from sightline.state.findings import Outcome, Saved, StoredFinding, StudyFindings
from sightline.viewer.finding_body import FindingsBody, read_findings
from sightline.viewer.finding_reports import take_in
from sightline.viewer.keeping import author_of, save_study
from sightline.web.json_answer import answer_json
from sightline.web.json_body import read_json
from sightline.web.parameters import whole_number
from sightline.web.request import Request, Response
from sightline.web.services import Services

LARGEST_BODY = 4 << 20
"""Bytes: several outlines of as many points as there may be."""
LARGEST_WISH = 1024
"""Bytes of a request that has nothing to say but where it is sent; what is in it is not read."""
_TRIES, _WAIT_SECONDS = 20, 0.25
_LARGEST_REVISION = 999_999_999
_NOTHING = StudyFindings(0)


def findings(request: Request, services: Services, study: str) -> Response:
    """Answer with the findings of a study; with ``since``, with those that changed after that revision only."""
    since = whole_number(request.args, "since", 0, _LARGEST_REVISION, default=0)
    known = _known(request, services, study, since)
    value = {
        "revision": known.revision,
        "mayAnnotate": request.grant.allows(Verb.ANNOTATE, study),
        "findings": [_finding_json(each) for each in known.findings if not each.removed],
        "saved": _saved_json(known.saved),
        "problem": known.problem or None,
        "pending": known.is_pending,
    }
    if since:
        value["removed"] = [_whose(each) | {"id": each.id} for each in known.findings if each.removed]
    return answer_json(value)


def change_findings(request: Request, services: Services, study: str) -> Response:
    """Keep what a reader changed; what somebody else changed meanwhile is left as it is, and told.

    Raises
    ------
    BadRequestError
        A finding is wrong; nothing was kept.
    UnprocessableError
        A finding lies on what is no image of this study; nothing was kept.
    """
    body = read_findings(read_json(request, LARGEST_BODY), study)
    known = _known(request, services, study)
    if not body.changes and known is _NOTHING:
        return answer_json({"revision": 0, "results": []})
    _require_places(request, services, study, body)
    _require_reports(request, services, study, body)
    author = author_of(request.grant.on_study(study))
    revision, outcomes = services.findings.change(study, body.stored_changes(), author, body.leaving, body.predecessors)
    return answer_json({"revision": revision, "results": [_outcome_json(outcome) for outcome in outcomes]})


def save_findings(request: Request, services: Services, study: str) -> Response:
    """Store what is not stored yet as reports now, and answer with the last one."""
    _known(request, services, study)
    for _ in range(_TRIES):
        if save_study(services, study, is_asked=True):
            break
        sleep(_WAIT_SECONDS)  # somebody else is at it, and soon done
    known = services.findings.read(study) or _NOTHING
    return answer_json(
        {
            "revision": known.revision,
            "saved": _saved_json(known.saved),
            "problem": known.problem or None,
            "pending": known.is_pending,
        }
    )


def _known(request: Request, services: Services, study: str, since: int = 0) -> StudyFindings:
    """Return what is kept; where nothing is known of the study, what the last report of ours in it says is taken in."""
    known = services.findings.read(study, since)
    if known is None and take_in(services, request.grant, study):
        known = services.findings.read(study, since)
    return known or _NOTHING


def _require_places(request: Request, services: Services, study: str, body: FindingsBody) -> None:
    """Refuse findings on what is no image of this study, as far as the archive knows."""
    tables: dict[str, Any] = {}
    for change in body.changes:
        finding = change.finding
        if finding is None:
            continue
        try:
            if finding.series not in tables:
                tables[finding.series] = services.engine.describe(request.grant, study, finding.series)
        except (NotFoundError, UnprocessableError):
            tables[finding.series] = None
        table = tables[finding.series]
        if table is None or table.frame(finding.instance, finding.frame) is None:
            raise UnprocessableError(
                f"Finding {finding.id} lies on an image that is not in this study. It may have been deleted.",
                "no-such-image",
            )


def _require_reports(request: Request, services: Services, study: str, body: FindingsBody) -> None:
    for uid in body.predecessors:
        query = Query(Level.INSTANCE, {"SOPInstanceUID": uid}, study_instance_uid=study, limit=1)
        if not services.archive.search(request.grant, query).rows:
            raise UnprocessableError(f"There is no report {uid} in this study to go on from.", "no-such-report")


def _finding_json(stored: StoredFinding) -> dict[str, Any]:
    return {"finding": json.loads(stored.document), **_whose(stored)}


def _whose(stored: StoredFinding) -> dict[str, Any]:
    changed = stored.changed.isoformat(timespec="milliseconds")
    return {"revision": stored.revision, "author": stored.author, "changed": changed}


def _saved_json(saved: Saved | None) -> dict[str, Any] | None:
    if saved is None:
        return None
    time = saved.time.isoformat(timespec="milliseconds")
    return {"revision": saved.revision, "version": saved.version, "instance": saved.instance, "time": time}


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    there = outcome.conflict
    if there is None:
        return {"id": outcome.id, "revision": outcome.revision}
    finding = None if there.removed else json.loads(there.document)
    return {"id": outcome.id, "conflict": {"finding": finding, **_whose(there)}}
