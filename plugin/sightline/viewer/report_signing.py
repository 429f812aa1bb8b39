"""Signing: a draft becomes a version that stands, of the patient and study that the archive says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from uuid import NAMESPACE_OID, uuid4, uuid5

from sightline.access.grant import Grant
from sightline.archive.protocol import Level, Query, Row
from sightline.errors import ConflictError, NotFoundError, UnprocessableError
from sightline.objects.report_codes import ADDENDUM
from sightline.state.report import KeyFrame, ReportSection, Signature, SignedReport
from sightline.viewer.keeping import author_of
from sightline.viewer.report_body import DraftBody, KeyFrameBody, read_signing
from sightline.viewer.report_json import versions_json
from sightline.viewer.studies import series_row, series_rows
from sightline.web.json_answer import answer_json
from sightline.web.json_body import read_json
from sightline.web.request import Request, Response
from sightline.web.services import Services

_ATTRIBUTES = ("ModalitiesInStudy", "ReferringPhysicianName")


def sign(request: Request, services: Services, study: str) -> Response:
    """Sign the caller's draft as they saw it: ``{"revision": …}``. From then on it cannot be changed.

    It is kept at once; the objects in the archive follow, see `sightline.viewer.report_keeping`.

    Raises
    ------
    ConflictError
        The draft is not what the caller saw, or follows another version than the last; nothing was signed.
    UnprocessableError
        There is nothing in it, or the session has no person's name.
    """
    grant = request.grant.on_study(study)
    if not grant.name.strip():
        raise UnprocessableError(
            "Nobody has said who you are, so that you cannot sign. Log in under your own name, or ask for a link that "
            "names you; your draft is kept.",
            "no-name",
        )
    author, revision = author_of(grant), read_signing(read_json(request))
    draft = next((one for one in services.reports.drafts.of(study) if one.author.subject == author.subject), None)
    if draft is None or draft.revision != revision:
        raise ConflictError("The draft has changed since you saw it. Read it again, then sign.", "draft-changed")
    body = DraftBody.model_validate(json.loads(draft.document))
    if not any(section.text.strip() for section in body.sections):
        raise UnprocessableError("There is no text in this report yet. Write it, then sign.", "empty-report")
    versions = services.reports.versions_of(study)
    if body.follows != len(versions):
        raise ConflictError(
            "This study's report was signed meanwhile. Read it; what you wrote is kept as a draft.", "signed-meanwhile"
        )
    before = versions[-1] if versions else None
    signed = _signed(services, grant, study, body, before)
    services.reports.sign(signed, revision)
    return answer_json({"version": signed.version, "versions": versions_json(services, study)}, 201)


def study_row_of(services: Services, grant: Grant, study: str) -> Row:
    """Return what the archive says of a study. Raises `NotFoundError`."""
    rows = services.archive.search(grant, Query(Level.STUDY, study_instance_uid=study, attributes=_ATTRIBUTES)).rows
    if not rows:
        raise NotFoundError("There is no such study here. It may have been deleted.")
    return rows[0]


def key_frames(services: Services, grant: Grant, study: str, keys: Sequence[KeyFrameBody]) -> tuple[KeyFrame, ...]:
    """Return the frames with their SOP classes. Raises `NotFoundError` for what is no image of this study."""
    found = []
    for key in keys:
        table = services.engine.describe(grant, study, key.series)
        entry = table.frame(key.instance, key.frame)
        if entry is None:
            raise NotFoundError("A key image is not in this study any more. Take it out of the report.", "no-frame")
        label = f"image {table.frames.index(entry) + 1} of {len(table.frames)}"
        found.append(KeyFrame(key.series, key.instance, key.frame, entry.instance.sop_class_uid, label))
    return tuple(dict.fromkeys(found))


def _signed(services: Services, grant: Grant, study: str, body: DraftBody, before: SignedReport | None) -> SignedReport:
    """Return the next version: of whom, is what the archive says now, never what a page says."""
    row, author, now = study_row_of(services, grant, study), author_of(grant), services.clock()
    services.archive.patient_id(grant, study)  # refuses a study of several patients
    order = services.orders.of_study(study)
    version = before.version + 1 if before else 1
    identifier = before.id if before else str(uuid4())
    sections = tuple(ReportSection(one.code, one.heading, one.text.strip()) for one in body.sections)
    frames = _named(services, grant, study, key_frames(services, grant, study, body.key_frames))
    if before:
        added = ReportSection(ADDENDUM, f"Addendum {before.version}", sections[0].text)
        sections = (*before.sections, added)
        there = {(key.sop_instance_uid, key.frame) for key in before.key_frames}
        frames = (*before.key_frames, *(key for key in frames if (key.sop_instance_uid, key.frame) not in there))

    def uid(what: str) -> str:
        return f"2.25.{uuid5(NAMESPACE_OID, f'{what} {identifier}').int}"

    signature = Signature(author.name, now)
    return SignedReport(
        id=identifier,
        version=version,
        sequence=0,
        study_instance_uid=study,
        accession_number=row.get("AccessionNumber", ""),
        patient_id=row.get("PatientID", ""),
        patient_name=row.get("PatientName", ""),
        patient_birth_date=row.get("PatientBirthDate", ""),
        patient_sex=row.get("PatientSex", ""),
        study_date=row.get("StudyDate", ""),
        study_description=row.get("StudyDescription", ""),
        modality=_modality(services, grant, study),
        title=before.title if before else body.title,
        sections=sections,
        key_frames=frames,
        author=author.name,
        author_subject=author.subject,
        signed=now,
        series_instance_uid=uid("report"),
        sr_instance_uid=uid(f"report {version}"),
        pdf_series_uid=uid("report pdf"),
        pdf_instance_uid=uid(f"report pdf {version}"),
        requester=(order.requester if order else "") or row.get("ReferringPhysicianName", ""),
        signatures=(*(before.signatures if before else ()), signature),
    )


def _named(services: Services, grant: Grant, study: str, frames: tuple[KeyFrame, ...]) -> tuple[KeyFrame, ...]:
    """Return the frames with the names of their series in their labels."""
    rows = {row["uid"]: row for row in map(series_row, series_rows(services, grant, study))}
    names = {uid: row["description"] or f"{row['modality']} series {row['number'] or ''}" for uid, row in rows.items()}
    return tuple(
        replace(key, label=", ".join(filter(None, (names.get(key.series_instance_uid, "").strip(), key.label))))
        for key in frames
    )


def _modality(services: Services, grant: Grant, study: str) -> str:
    """Return the modality of the study's first series with pictures."""
    rows = (series_row(row) for row in series_rows(services, grant, study))
    return next((row["modality"] for row in rows if row["pictures"]), "")
