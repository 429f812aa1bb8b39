"""All reports, kept: what was signed is only ever added to."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, func, insert, select

from sightline.errors import ConflictError
from sightline.state.database import Database
from sightline.state.report import KeyFrame, ReportSection, Signature, SignedReport
from sightline.state.report_drafts import ReportDrafts, taken
from sightline.state.tables import report_drafts, signed_reports, waiting_reports
from sightline.state.waiting_reports import WaitingReports, put_in

_UIDS_PER_QUERY = 200


class StoredReports:
    """All reports in Sightline's database, with the drafts that they are made of and the queue into the archive."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.drafts = ReportDrafts(database)
        self.waiting = WaitingReports(database)

    def sign(self, report: SignedReport, draft_revision: int) -> SignedReport:
        """Add a version in the place of its author's draft, and let it wait to be stored: all of it, or nothing.

        Parameters
        ----------
        report : SignedReport
            Without `sequence`, which it gets here.
        draft_revision : int
            What the author saw when they signed.

        Raises
        ------
        ConflictError
            The report was signed, or an addendum to it, meanwhile; or the draft is not what the author saw.
        UnavailableError
            The database cannot be written, or another node signs in this moment; nothing was written.
        """
        study = report.study_instance_uid
        with self._database.write() as connection:
            of_study = signed_reports.c.study_instance_uid == study
            newest = connection.execute(select(func.max(signed_reports.c.version)).where(of_study)).scalar() or 0
            if newest != report.version - 1:
                raise ConflictError(
                    "This study's report was signed meanwhile. Read it; what you wrote is kept as a draft.",
                    "signed-meanwhile",
                )
            if not taken(connection, study, report.author_subject, draft_revision):
                raise ConflictError(
                    "The draft has changed since you saw it. Read it again, then sign.", "draft-changed"
                )
            last = connection.execute(select(func.max(signed_reports.c.sequence))).scalar() or 0
            signed = replace(report, sequence=last + 1)
            values = {
                "sequence": signed.sequence,
                "report_id": signed.id,
                "version": signed.version,
                "study_instance_uid": study,
                "document": json.dumps(asdict(signed), default=datetime.isoformat),
            }
            connection.execute(insert(signed_reports).values(values))
            put_in(connection, signed.sequence, study, self._database)
        return signed

    def signed_after(self, sequence: int, limit: int = 100) -> tuple[SignedReport, ...]:
        """Return what was signed since, in order of `SignedReport.sequence`."""
        query = select(signed_reports.c.document).where(signed_reports.c.sequence > sequence)
        return self._found(query.order_by(signed_reports.c.sequence).limit(limit))

    def of_sequence(self, sequence: int) -> SignedReport | None:
        """Return the version of that number."""
        found = self._found(select(signed_reports.c.document).where(signed_reports.c.sequence == sequence))
        return found[0] if found else None

    def signed(self, report_id: str, version: int = 0) -> SignedReport | None:
        """Return a version of a report, the newest by default."""
        columns = signed_reports.c
        query = select(columns.document).where(columns.report_id == report_id)
        if version:
            query = query.where(columns.version == version)
        found = self._found(query.order_by(columns.version.desc()).limit(1))
        return found[0] if found else None

    def versions_of(self, study_instance_uid: str) -> tuple[SignedReport, ...]:
        """Return all versions of a study's report, in their order."""
        columns = signed_reports.c
        query = select(columns.document).where(columns.study_instance_uid == study_instance_uid)
        return self._found(query.order_by(columns.version))

    def signed_of(self, study_instance_uids: tuple[str, ...]) -> tuple[SignedReport, ...]:
        """Return the newest version of each report of these studies, newest first."""
        columns = signed_reports.c
        newest: dict[str, SignedReport] = {}
        for start in range(0, len(study_instance_uids), _UIDS_PER_QUERY):
            part = study_instance_uids[start : start + _UIDS_PER_QUERY]
            query = select(columns.document).where(columns.study_instance_uid.in_(part)).order_by(columns.version)
            newest |= {report.id: report for report in self._found(query)}
        return tuple(sorted(newest.values(), key=lambda report: report.sequence, reverse=True))

    def forget(self, study_instance_uid: str) -> None:
        """Forget the drafts of a study that was deleted, and what waits for it. What was signed stays on record."""
        with self._database.write() as connection:
            for table in (report_drafts, waiting_reports):
                connection.execute(delete(table).where(table.c.study_instance_uid == study_instance_uid))

    def _found(self, query: Select[Any]) -> tuple[SignedReport, ...]:
        with self._database.read() as connection:
            return tuple(_report(json.loads(row.document)) for row in connection.execute(query))


def _report(value: dict[str, Any]) -> SignedReport:
    """Make a report of its ``dataclasses.asdict`` as JSON gives it back."""
    return SignedReport(
        **value
        | {
            "sections": tuple(ReportSection(**section) for section in value["sections"]),
            "key_frames": tuple(KeyFrame(**frame) for frame in value["key_frames"]),
            "signed": datetime.fromisoformat(value["signed"]),
            "signatures": tuple(
                Signature(one["author"], datetime.fromisoformat(one["signed"])) for one in value["signatures"]
            ),
        }
    )
