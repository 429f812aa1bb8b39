"""Signed reports on their way to the EHR: derived from what was signed, so that no crash loses one.

Each signed version becomes a row, in the order of signing; the rows say themselves how far that has come. One node at
a time works at a row: it claims it for a while.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, case, func, insert, or_, select, update

from sightline.errors import NotFoundError
from sightline.state.database import Database
from sightline.state.delivery import Delivery, DeliveryState, delivery_id
from sightline.state.report import SignedReport
from sightline.state.tables import deliveries

CLAIMED = timedelta(minutes=5)
"""A node that has not finished after so long is taken for dead, and another goes on."""
_AT_ONCE = 50
_LOOKED_AFTER_AT_ONCE = 1000
AGAIN = "again"
"""The reason of a delivery whose file is to be written in the place of the one that lies there."""
_NAMES = tuple(field.name for field in fields(Delivery))
_OPEN = (DeliveryState.QUEUED, DeliveryState.FAILED, DeliveryState.HELD)


class StoredDeliveries:
    """All deliveries, in Sightline's database. Safe between threads, and between nodes that share the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def last_sequence(self, target: str) -> int | None:
        """Return how far what was signed has become deliveries to a target; None: nothing ever has."""
        query = select(func.max(deliveries.c.sequence)).where(deliveries.c.target == target)
        with self._database.read() as connection:
            return connection.execute(query).scalar()

    def take_in(self, target: str, reports: Iterable[SignedReport], held: str = "") -> None:
        """Queue signed versions, or hold them for that reason; what is known already stays as it is."""
        now = self._database.clock()
        with self._database.write() as connection:
            for report in reports:
                key = delivery_id(report.id, report.version, target)
                if connection.execute(select(deliveries.c.id).where(deliveries.c.id == key)).first():
                    continue
                row = {
                    "id": key, "target": target, "sequence": report.sequence, "report_id": report.id,
                    "version": report.version, "study_instance_uid": report.study_instance_uid,
                    "state": DeliveryState.HELD if held else DeliveryState.QUEUED, "reason": held, "detail": "",
                    "attempts": 0, "is_written": False, "created": now, "changed": now,
                    "next_try": None if held else now,
                }  # fmt: skip
                connection.execute(insert(deliveries).values(row))

    def due(self, target: str) -> tuple[Delivery, ...]:
        """Return what is to be sent by now, in the order of signing; no version before the ones that it follows."""
        now, columns = self._database.clock(), deliveries.c
        before = deliveries.alias()
        follows = (
            select(before.c.id)
            .where(
                before.c.target == columns.target,
                before.c.report_id == columns.report_id,
                before.c.version < columns.version,
                before.c.state.in_(_OPEN),
            )
            .exists()
        )
        is_free = or_(columns.claimed_until.is_(None), columns.claimed_until < now)
        is_open = columns.state.in_((DeliveryState.QUEUED, DeliveryState.FAILED))
        query = select(deliveries).where(columns.target == target, is_open, columns.next_try <= now, is_free, ~follows)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(columns.sequence).limit(_AT_ONCE)).all()
        return tuple(_delivery(row) for row in rows)

    def waiting(self, target: str) -> tuple[Delivery, ...]:
        """Return what lies at the target and is to be looked after by now, the longest waiting first."""
        now, columns = self._database.clock(), deliveries.c
        query = select(deliveries).where(
            columns.target == target, columns.state == DeliveryState.WAITING, columns.next_try <= now
        )
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(columns.next_try).limit(_LOOKED_AFTER_AT_ONCE)).all()
        return tuple(_delivery(row) for row in rows)

    def claim(self, delivery: Delivery) -> bool:
        """Take a delivery for this thread of this node; False where another was faster."""
        now, columns = self._database.clock(), deliveries.c
        is_free = or_(columns.claimed_until.is_(None), columns.claimed_until < now)
        own = and_(columns.id == delivery.id, columns.state == delivery.state, columns.next_try == delivery.next_try)
        with self._database.write() as connection:
            statement = update(deliveries).where(own, is_free).values(claimed_until=now + CLAIMED, tried=now)
            return connection.execute(statement).rowcount == 1

    def note_written(self, delivery_id: str) -> None:
        """Remember that the file lies hidden at the target, and will be published next."""
        self._set(delivery_id, is_written=True)

    def settle(
        self,
        delivery: Delivery,
        state: DeliveryState,
        reason: str = "",
        detail: str = "",
        retry_in: timedelta | None = None,
    ) -> None:
        """Remember what became of a delivery, and let others have it."""
        values: dict[str, Any] = {"state": state, "reason": reason, "detail": detail, "claimed_until": None}
        values["next_try"] = None if retry_in is None else self._database.clock() + retry_in
        values["attempts"] = delivery.attempts + 1 if state is DeliveryState.FAILED else 0
        if (state, reason) != (delivery.state, delivery.reason):
            values["changed"] = self._database.clock()
        self._set(delivery.id, **values)

    def retry(self, delivery_id: str) -> None:
        """Have a delivery tried now: one that failed, or that was held and whose reason was seen to.

        What lies at the target, since the receiver refuses it, is written again (reason ``again``).

        Raises
        ------
        NotFoundError
            There is none that is still to be delivered.
        """
        now = self._database.clock()
        is_there = deliveries.c.state == DeliveryState.WAITING
        values: dict[str, Any] = {
            "state": DeliveryState.QUEUED, "reason": case((is_there, AGAIN), else_=""), "detail": "", "attempts": 0,
            "is_written": case((is_there, False), else_=deliveries.c.is_written), "next_try": now, "changed": now,
        }  # fmt: skip
        self._change_open(delivery_id, values)

    def close(self, delivery_id: str) -> None:
        """Remember that somebody has brought it to the EHR in another way. Raises `NotFoundError`."""
        values = {"state": DeliveryState.DELIVERED, "reason": "elsewhere", "detail": "", "next_try": None}
        self._change_open(delivery_id, values | {"changed": self._database.clock()})

    def get(self, delivery_id: str) -> Delivery:
        """Return one delivery. Raises `NotFoundError`."""
        with self._database.read() as connection:
            row = connection.execute(select(deliveries).where(deliveries.c.id == delivery_id)).one_or_none()
        if row is None:
            raise NotFoundError("There is no such delivery.", "delivery-unknown")
        return _delivery(row)

    def list(self, state: DeliveryState | None, limit: int, offset: int = 0) -> tuple[Delivery, ...]:
        """Return deliveries in one state or in all, the latest signed first."""
        query = select(deliveries).order_by(deliveries.c.sequence.desc(), deliveries.c.target)
        if state is not None:
            query = query.where(deliveries.c.state == state)
        with self._database.read() as connection:
            return tuple(_delivery(row) for row in connection.execute(query.limit(limit).offset(offset)))

    def last_change(self) -> datetime | None:
        """Return when a delivery came into another state last."""
        query = select(deliveries.c.changed).order_by(deliveries.c.changed.desc()).limit(1)
        with self._database.read() as connection:
            found: datetime | None = connection.execute(query).scalar()
        return found

    def counts(self) -> Mapping[str, int]:
        """Return how many are in each state."""
        query = select(deliveries.c.state, func.count().label("number")).group_by(deliveries.c.state)
        with self._database.read() as connection:
            return {row.state: row.number for row in connection.execute(query)}

    def _change_open(self, delivery_id: str, values: Mapping[str, Any]) -> None:
        columns = deliveries.c
        own = and_(columns.id == delivery_id, columns.state != DeliveryState.DELIVERED)
        is_free = or_(columns.claimed_until.is_(None), columns.claimed_until < self._database.clock())
        with self._database.write() as connection:
            if connection.execute(update(deliveries).where(own, is_free).values(values)).rowcount == 0:
                raise NotFoundError(
                    "This delivery has ended, or is being tried in this moment. Look again.", "delivery-not-open"
                )

    def _set(self, delivery_id: str, **values: Any) -> None:
        with self._database.write() as connection:
            connection.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(values))


def _delivery(row: Row[Any]) -> Delivery:
    values = {name: getattr(row, name) for name in _NAMES}
    return Delivery(**values | {"state": DeliveryState(row.state)})
