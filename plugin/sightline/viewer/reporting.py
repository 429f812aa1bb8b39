"""Reports of a study: drafts as their readers write them, and what was signed.

``GET …/report`` answers with ``mayReport`` and ``why`` not; ``author``, the name under which the caller signs;
``draft``, the caller's own, null or ``revision``, ``changed`` and ``draft`` (see `sightline.viewer.report_body`);
``others``, those of other readers, each with ``author``; ``versions``, what was signed, in their order; ``templates``,
each ``id`` and ``name``, and ``suggested``, the id of one of them or empty; ``order``, null or what was asked for.

A draft is its author's own. Where another window of the same reader has kept another text, nothing is written, and the
answer has the ``conflict`` instead of a ``revision``.
"""

from __future__ import annotations

import json
from typing import Any

from sightline.access.grant import Grant, Verb
from sightline.archive.protocol import Row
from sightline.errors import NotFoundError
from sightline.objects.report_pdf import report_pdf
from sightline.state.report_drafts import Draft
from sightline.viewer.keeping import author_of
from sightline.viewer.report_body import LARGEST_BODY, read_draft, read_template_wish
from sightline.viewer.report_json import versions_json
from sightline.viewer.report_signing import key_frames, study_row_of
from sightline.viewer.report_templates import ReportTemplate, filled_in, suggested, templates_of
from sightline.viewer.studies import series_row, series_rows
from sightline.web.json_answer import answer_json
from sightline.web.json_body import read_json
from sightline.web.request import Request, Response
from sightline.web.services import Services

LARGEST_WISH = 1 << 20
"""Bytes of what a page knows for a template."""
_MAY_NOT = "You may read reports of this study, but not write any."


def report(request: Request, services: Services, study: str) -> Response:
    """Answer with all there is of a study's report; see above."""
    grant = request.grant.on_study(study)
    may, author = grant.allows(Verb.REPORT, study), author_of(grant)
    drafts = services.reports.drafts.of(study) if may else []
    templates = _templates(services) if may else ()
    return answer_json(
        {
            "mayReport": may,
            "why": None if may else _MAY_NOT,
            "author": author.name,
            "draft": next((_draft_json(draft) for draft in drafts if draft.author.subject == author.subject), None),
            "others": [_draft_json(draft) for draft in drafts if draft.author.subject != author.subject],
            "versions": versions_json(services, study),
            "templates": [{"id": template.id, "name": template.name} for template in templates],
            "suggested": _suggested(services, grant, study, templates) if may else "",
            "order": _order_json(services, study) if may else None,
        }
    )


def keep_draft(request: Request, services: Services, study: str) -> Response:
    """Keep the caller's draft: ``{"base": revision, "draft": {…}}``, base 0 for a new one.

    Raises
    ------
    BadRequestError
        The draft is wrong; nothing was kept.
    NotFoundError
        A key image is not in this study; nothing was kept.
    """
    grant = request.grant.on_study(study)
    base, body = read_draft(read_json(request, LARGEST_BODY))
    key_frames(services, grant, study, body.key_frames)
    kept = services.reports.drafts.keep(study, author_of(grant), body.document(), base)
    if kept.is_gone:
        return answer_json({"revision": 0, "gone": True})
    if kept.conflict is not None:
        return answer_json({"revision": kept.revision, "conflict": _draft_json(kept.conflict)})
    return answer_json({"revision": kept.revision})


def discard_draft(request: Request, services: Services, study: str) -> Response:
    """Throw the caller's draft away: 204."""
    services.reports.drafts.discard(study, author_of(request.grant.on_study(study)))
    return Response(status=204)


def fill_template(request: Request, services: Services, study: str) -> Response:
    """Answer with a template that is filled in with what is known of study and order, and of what the page tells."""
    wish = read_template_wish(read_json(request, LARGEST_WISH))
    row = study_row_of(services, request.grant, study)
    order = services.orders.of_study(study)
    known = {
        "study": {
            "description": row.get("StudyDescription", ""),
            "date": row.get("StudyDate", ""),
            "accession": row.get("AccessionNumber", ""),
            "modalities": _modalities(row),
        },
        "order": order
        and {"reason": order.reason, "description": order.code_text or order.description, "priority": order.priority},
        "findings": wish.findings,
        "comparison": wish.comparison,
    }
    return answer_json(filled_in(_templates(services), wish.template, known))


def retry(_request: Request, services: Services, study: str) -> Response:
    """Try again soon to store what was signed: 204."""
    services.reports.waiting.retry(study)
    return Response(status=204)


def pdf(_request: Request, services: Services, study: str, version: int) -> Response:
    """Send a signed version as PDF."""
    found = next((one for one in services.reports.versions_of(study) if one.version == version), None)
    if found is None:
        raise NotFoundError("There is no such version of a report of this study.", "no-such-report")
    response = Response(report_pdf(services.engine, found), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="report-version-{version}.pdf"'
    return response


def _templates(services: Services) -> tuple[ReportTemplate, ...]:
    return templates_of(services.configuration.reporting.template_directory)


def _suggested(services: Services, grant: Grant, study: str, templates: tuple[ReportTemplate, ...]) -> str:
    row = study_row_of(services, grant, study)
    parts = [series["bodyPart"] for series in map(series_row, series_rows(services, grant, study))]
    return suggested(templates, _modalities(row), parts, row.get("StudyDescription", ""))


def _modalities(row: Row) -> list[str]:
    return [part for part in row.get("ModalitiesInStudy", "").split("\\") if part]


def _draft_json(draft: Draft) -> dict[str, Any]:
    changed = draft.changed.isoformat(timespec="milliseconds")
    return {
        "author": draft.author.name,
        "revision": draft.revision,
        "changed": changed,
        "draft": json.loads(draft.document),
    }


def _order_json(services: Services, study: str) -> dict[str, Any] | None:
    order = services.orders.of_study(study)
    if order is None:
        return None
    return {"number": order.placer_order_number, "reason": order.reason, "requester": order.requester}
