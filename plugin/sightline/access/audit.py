"""The audit log: one event for each thing that has to be remembered, written before the answer, chained.

Each event's SHA-256 covers the event and the SHA-256 of the one before, so that whoever edits, reorders or removes
one breaks the chain. The newest hash also goes to Orthanc's own log from time to time: kept elsewhere, that shows a
cut-off tail, or a chain that was computed anew, as well.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from sightline.access.audit_event import AuditEvent, AuditKind, Outcome
from sightline.access.grant import Grant
from sightline.errors import UnavailableError
from sightline.state.database import Database
from sightline.state.tables import audit_events

__all__ = ["AuditEvent", "AuditKind", "AuditLog", "Outcome"]

GENESIS = "0" * 64
"""Stands for the event before the first."""

FORGET_AFTER = timedelta(minutes=15)
"""A caller without a session who comes back to a study after so long reads it for the first time again."""

REPORT_EVERY = timedelta(hours=1)
"""How often the end of the chain is named in Orthanc's log."""

MAXIMUM_READERS = 10_000
_ATTEMPTS = 5
_BATCH = 1000

_log = logging.getLogger("sightline.audit")


_Reader = tuple[str, str, str, str]
"""Subject, session, address where there is no session, study."""


@dataclass
class _Reads:
    """Further pictures of one study in one session, not written yet."""

    event: AuditEvent
    count: int
    last: datetime


@dataclass
class _Order:
    """Events that a thread waits to see written."""

    events: Sequence[AuditEvent]
    is_settled: bool = False
    failure: UnavailableError | None = None


class AuditLog:
    """Writes and reads audit events. Safe between threads.

    Parameters
    ----------
    database : Database
        Where they are kept.
    server : str
        Our own public address, named in each event.
    """

    def __init__(self, database: Database, server: str) -> None:
        self._database = database
        self._server = server
        self._write_lock = threading.Lock()
        self._orders_lock = threading.Lock()
        self._orders: list[_Order] = []
        self._reads_lock = threading.Lock()
        self._first_read_lock = threading.Lock()
        self._reads: dict[_Reader, _Reads] = {}
        self._end: tuple[int, str] | None = None
        self._next_report = database.clock() + REPORT_EVERY

    def record(self, event: AuditEvent) -> None:
        """Write one event; it is durable when this returns.

        Raises
        ------
        UnavailableError
            It could not be written. The request that caused it has to fail.
        """
        self._record([event])

    def denial(self, grant: Grant, method: str, route_path: str, study_instance_uid: str | None = None) -> None:
        """Write that somebody was refused. The route's pattern is named, never the caller's URL."""
        self.record(denial_event(grant, method, route_path, study_instance_uid))

    def read_study(self, grant: Grant, study_instance_uid: str, patient_id: str | Callable[[], str] = "") -> None:
        """Write the first read of a study by a session; count further ones in memory.

        Parameters
        ----------
        grant : Grant
            Who reads.
        study_instance_uid : str
            What.
        patient_id : str or callable
            Whose; a callable is asked at the first read only.

        Raises
        ------
        UnavailableError
            The first read could not be written; nothing may be shown.
        """
        reader, key = _reader(grant, study_instance_uid)
        now = self._database.clock()
        if self._count(key, now):
            return
        with self._first_read_lock:
            if self._count(key, now):
                return
            patient = patient_id if isinstance(patient_id, str) else patient_id()
            event = AuditEvent(
                AuditKind.READ,
                reader,
                study_instance_uid=study_instance_uid,
                patient_id=patient,
                detail="first read",
            )
            self.record(event)
            with self._reads_lock:
                self._reads[key] = _Reads(replace(event, detail="further reads"), 0, now)
        if len(self._reads) > MAXIMUM_READERS:
            self.write_counts(forget_all=True)

    def count_read(self, grant: Grant, study_instance_uid: str) -> bool:
        """Count a further read of a study; False where it would be the first one, which nobody has written yet."""
        return self._count(_reader(grant, study_instance_uid)[1], self._database.clock())

    def write_counts(self, sessions: Sequence[str] | None = None, forget_all: bool = False) -> None:
        """Write how many further pictures were read since the last time.

        Parameters
        ----------
        sessions : sequence of str, optional
            Only those of these sessions, which have ended: they are forgotten.
        forget_all : bool
            Forget all readers, so that the next read of each is a first one.
        """
        now, pending = self._database.clock(), []
        with self._reads_lock:
            for key, reads in list(self._reads.items()):
                if sessions is not None and key[1] not in sessions:
                    continue
                if reads.count:
                    pending.append((key, reads, replace(reads.event, count=reads.count)))
                    reads.count = 0
                if forget_all or sessions is not None or self._is_forgotten(key, reads, now):
                    del self._reads[key]
        try:
            self._record([event for _, _, event in pending])
        except UnavailableError:
            with self._reads_lock:
                for key, reads, event in pending:
                    self._reads.setdefault(key, reads).count += event.count
            raise

    def close(self) -> None:
        """Write everything that is still in memory."""
        self.write_counts(forget_all=True)
        self.report_end(now=True)

    def report_end(self, now: bool = False) -> None:
        """Name the end of the chain in the server's log, once an hour or now; without anything new, say nothing."""
        moment = self._database.clock()
        if self._end is not None and (now or moment >= self._next_report):
            (sequence, digest), self._end = self._end, None
            self._next_report = moment + REPORT_EVERY
            _log.warning("The audit log ends at event %d with hash %s", sequence, digest)

    def page(self, limit: int = 100, before: int | None = None) -> list[dict[str, Any]]:
        """Return events as FHIR AuditEvents, newest first, each with its ``sequence`` and ``sha256``.

        Parameters
        ----------
        limit : int
            At most so many.
        before : int, optional
            Only those with a smaller sequence number.
        """
        query = select(audit_events).order_by(audit_events.c.sequence.desc()).limit(limit)
        if before is not None:
            query = query.where(audit_events.c.sequence < before)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [{"sequence": row.sequence, "sha256": row.sha256, "event": json.loads(row.document)} for row in rows]

    def verify(self) -> int | None:
        """Follow the whole chain and return the sequence number where it first breaks; None when it is whole."""
        expected, previous = 1, GENESIS
        while True:
            query = select(audit_events).where(audit_events.c.sequence >= expected)
            with self._database.read() as connection:
                rows = connection.execute(query.order_by(audit_events.c.sequence).limit(_BATCH)).all()
            for row in rows:
                intact = row.sequence == expected and row.previous_sha256 == previous
                if not intact or row.sha256 != _chain(previous, row.document):
                    return expected
                expected, previous = expected + 1, row.sha256
            if len(rows) < _BATCH:
                return None

    def _count(self, key: _Reader, now: datetime) -> bool:
        """Count one more read by a known reader."""
        with self._reads_lock:
            reads = self._reads.get(key)
            if reads is None or self._is_forgotten(key, reads, now):
                return False
            reads.count += 1
            reads.last = now
            return True

    @staticmethod
    def _is_forgotten(key: _Reader, reads: _Reads, now: datetime) -> bool:
        return not key[1] and now - reads.last >= FORGET_AFTER

    def _record(self, events: Sequence[AuditEvent]) -> None:
        """Write events; who waits for another's transaction to end has its own events in the next, with all others."""
        order = _Order(events)
        with self._orders_lock:
            self._orders.append(order)
        with self._write_lock:
            if not order.is_settled:
                with self._orders_lock:
                    orders, self._orders = self._orders, []
                failure: UnavailableError | None = UnavailableError("The audit log failed.")
                try:
                    failure = self._write([event for one in orders for event in one.events])
                finally:
                    for one in orders:
                        one.is_settled, one.failure = True, failure
        if order.failure is not None:
            raise UnavailableError(
                "The audit log cannot be written, so nothing may be shown or changed now.", "audit-unavailable"
            ) from order.failure

    def _write(self, events: Sequence[AuditEvent]) -> UnavailableError | None:
        """Append events and return None, or return why they could not be; then none of them was."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self._append(events)
                return None
            except UnavailableError as error:
                # Another node took the next number: read the new end of the chain, try again.
                if not isinstance(error.__cause__, IntegrityError) or attempt == _ATTEMPTS:
                    return error
        return None

    def _append(self, events: Sequence[AuditEvent]) -> None:
        """Add events to the end of the chain in one transaction."""
        if not events:
            return
        newest = select(audit_events.c.sequence, audit_events.c.sha256)
        newest = newest.order_by(audit_events.c.sequence.desc()).limit(1)
        recorded, rows = self._database.clock(), []
        with self._database.write() as connection:
            sequence, previous = connection.execute(newest).one_or_none() or (0, GENESIS)
            for number, event in enumerate(events, sequence + 1):
                document = event.document(str(uuid.uuid4()), recorded, self._server)
                text = json.dumps(document, sort_keys=True, separators=(",", ":"))
                digest = _chain(previous, text)
                rows.append((number, recorded, text, previous, digest))
                previous = digest
            columns = ("sequence", "recorded", "document", "previous_sha256", "sha256")
            connection.execute(insert(audit_events), [dict(zip(columns, row, strict=True)) for row in rows])
        self._end = (rows[-1][0], rows[-1][4])
        for row, event in zip(rows, events, strict=True):
            _log.info("audit %d %s outcome %s %s", row[0], event.kind.value, event.outcome.value, row[4])


def _reader(grant: Grant, study_instance_uid: str) -> tuple[Grant, _Reader]:
    """Return who reads, and by what that reader is known again."""
    reader = grant.on_study(study_instance_uid)
    return reader, (reader.subject, reader.session, "" if reader.session else reader.address, study_instance_uid)


def denial_event(
    grant: Grant, method: str, route_path: str, study_instance_uid: str | None = None, reason: str = "denied"
) -> AuditEvent:
    """Return the event of a refusal, for `AuditLog.record`."""
    return AuditEvent(
        AuditKind.DENIAL,
        grant.on_study(study_instance_uid) if study_instance_uid else grant,
        Outcome.MINOR_FAILURE,
        study_instance_uid=study_instance_uid or "",
        detail=f"{reason}: {method} {route_path}",
    )


def _chain(previous: str, document: str) -> str:
    return hashlib.sha256(f"{previous}\n{document}".encode()).hexdigest()
