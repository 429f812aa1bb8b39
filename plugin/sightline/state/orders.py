"""All imaging orders, kept: numbers minted once, repeated and changed orders known again, studies linked.

A line of an order is known by its sender, the placer's number and the line's number. Whoever sends it again, changed or
not, finds the accession number and the Study Instance UID that were given to it at first.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from sightline.errors import ConflictError, NotFoundError
from sightline.state.database import Database
from sightline.state.held_messages import HeldMessages
from sightline.state.order import ImagingOrder, OrderStatus
from sightline.state.order_codes import OrderCodes, read_map
from sightline.state.order_line import OrderLine
from sightline.state.order_rows import as_order, minted, row_values
from sightline.state.tables import order_studies, orders

NEEDS_MODALITY = "needs-modality"
"""Beside the values of `OrderStatus`, what can be asked for: scheduled, but nobody has said for which modality."""


@dataclass(frozen=True)
class StudyOfOrder:
    """A study that names an order. With a `problem` it is not linked: a code, such as ``birth-date``."""

    study_instance_uid: str
    accession_number: str
    problem: str


class StoredOrders:
    """All orders in Sightline's database. Safe between threads.

    Attributes
    ----------
    codes : OrderCodes
        The map from codes to modalities.
    held : HeldMessages
        What could not be taken.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.codes = OrderCodes(database)
        self.held = HeldMessages(database)

    def of_study(self, study_instance_uid: str) -> ImagingOrder | None:
        """Return the order that a study answers: linked when its images came, or of the same minted UID.

        A study that was found not to fit the order whose UID it bears answers none.
        """
        links = select(order_studies).where(order_studies.c.study_instance_uid == study_instance_uid)
        with self._database.read() as connection:
            rows = connection.execute(links).all()
            linked = next((row.accession_number for row in rows if not row.problem), None)
            if linked is not None:
                return _one(connection, orders.c.accession_number == linked)
            minted_for = _one(connection, orders.c.study_instance_uid == study_instance_uid)
        is_refused = minted_for and any(row.accession_number == minted_for.accession_number for row in rows)
        return None if is_refused else minted_for

    def of_accession(self, accession_number: str) -> ImagingOrder | None:
        """Return the order with this accession number."""
        with self._database.read() as connection:
            return _one(connection, orders.c.accession_number == accession_number)

    def take(self, lines: Sequence[OrderLine], is_whole: bool = False) -> tuple[str, ...]:
        """Keep what a message says, all of it or nothing, and return the accession numbers.

        Parameters
        ----------
        is_whole : bool
            The lines are all that there are of their order: others that it had are taken back.

        Raises
        ------
        ConflictError
            ``order-unknown``: it takes back what was never ordered. ``order-of-another-patient``, ``order-completed``:
            it contradicts what is known. ``accession-taken``: another order has that number.
        """
        with self._database.write() as connection:
            codes, now = read_map(connection), self._database.clock()
            taken = []
            for line in lines:
                row = _line(connection, line)
                if row is None:
                    if line.is_cancelled:
                        raise ConflictError("It takes back an order that is not known here.", "order-unknown")
                    values = minted(connection, line) | row_values(line, codes, None, now)
                    connection.execute(insert(orders).values(values))
                else:
                    known = as_order(row)
                    _require_same(known, line)
                    values = {"accession_number": known.accession_number}
                    if not _is_old(row, line):
                        changed = row_values(line, codes, known, now)
                        connection.execute(update(orders).where(_is(known.accession_number)).values(changed))
                taken.append(str(values["accession_number"]))
            if is_whole and lines:
                _cancel_others(connection, lines, now)
        return tuple(taken)

    def map_again(self) -> int:
        """Give scheduled orders what the map says now, and return how many are still without a modality."""
        with self._database.write() as connection:
            codes, missing = read_map(connection), 0
            for row in connection.execute(select(orders).where(orders.c.status == OrderStatus.SCHEDULED)).all():
                known = as_order(row)
                values = row_values(None, codes, known, known.changed, row)
                missing += not values["modality"]
                connection.execute(update(orders).where(_is(known.accession_number)).values(values))
        return missing

    def scheduled(self, earliest: datetime, latest: datetime) -> tuple[ImagingOrder, ...]:
        """Return what is on the worklist: has a modality, and is due in this time, or was received in it if not due."""
        due = func.coalesce(orders.c.scheduled, orders.c.received)
        query = select(orders).where(
            orders.c.status == OrderStatus.SCHEDULED, orders.c.modality != "", due >= earliest, due <= latest
        )
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(due, orders.c.accession_number))
            return tuple(as_order(row) for row in rows)

    def search(self, state: str = "", text: str = "", limit: int = 100, offset: int = 0) -> tuple[ImagingOrder, ...]:
        """Return orders, the last changed first.

        Parameters
        ----------
        state : str
            A value of `OrderStatus`, `NEEDS_MODALITY`, or empty for all.
        text : str
            Part of an accession number, a placer's number, a patient's number or name.
        """
        query = select(orders).where(*_in_state(state))
        if text:
            like = "%" + "".join(f"\\{one}" if one in "\\%_" else one for one in text) + "%"
            query = query.where(
                or_(orders.c.accession_number.ilike(like, escape="\\"), orders.c.words.ilike(like.lower(), escape="\\"))
            )
        order = (orders.c.changed.desc(), orders.c.accession_number)
        with self._database.read() as connection:
            return tuple(
                as_order(row) for row in connection.execute(query.order_by(*order).limit(limit).offset(offset))
            )

    def counts(self) -> dict[str, int]:
        """Return how many orders are in each state; those in need of a modality are not counted as scheduled."""
        states = (OrderStatus.SCHEDULED, NEEDS_MODALITY, OrderStatus.COMPLETED, OrderStatus.CANCELLED)
        with self._database.read() as connection:
            return {
                str(state): connection.execute(
                    select(func.count()).select_from(orders).where(*_in_state(state))
                ).scalar_one()
                for state in states
            }

    def unmapped(self) -> tuple[tuple[str, str, str, int], ...]:
        """Return sender, code, its text, and how many orders wait for that code to be mapped."""
        found: dict[tuple[str, str], tuple[str, int]] = {}
        for order in self.search(NEEDS_MODALITY, limit=10_000):
            _, count = found.get((order.sender, order.code), ("", 0))
            found[order.sender, order.code] = (order.code_text, count + 1)
        return tuple((*key, *value) for key, value in sorted(found.items()))

    def looked_for(self, limit: int) -> tuple[ImagingOrder, ...]:
        """Return orders for which the archive has not been asked since they changed, the oldest first."""
        query = select(orders).where(orders.c.is_looked_for).order_by(orders.c.received).limit(limit)
        with self._database.read() as connection:
            return tuple(as_order(row) for row in connection.execute(query))

    def look_again(self, problems_only: bool = False) -> None:
        """Have the archive asked once more: for all that is scheduled, or for what did not fit only."""
        which = orders.c.status == OrderStatus.SCHEDULED
        if problems_only:
            held = select(order_studies.c.accession_number).where(order_studies.c.problem != "")
            which = which & orders.c.accession_number.in_(held)
        with self._database.write() as connection:
            connection.execute(update(orders).where(which).values(is_looked_for=True))

    def looked(self, accession_number: str, studies: Collection[StudyOfOrder]) -> None:
        """Keep what the archive has for an order, in place of what it had: one that fits completes the order."""
        with self._database.write() as connection:
            old = (order_studies.c.accession_number == accession_number) & (order_studies.c.problem != "")
            connection.execute(delete(order_studies).where(old))
            connection.execute(update(orders).where(_is(accession_number)).values(is_looked_for=False))
            for study in studies:
                self._link(connection, study)

    def link(self, study: StudyOfOrder) -> None:
        """Keep that a study names an order. Raises `NotFoundError`."""
        with self._database.write() as connection:
            self._link(connection, study)

    def studies_of(self, accession_numbers: Collection[str]) -> dict[str, tuple[StudyOfOrder, ...]]:
        """Return the studies that name these orders, those that fit first."""
        found: dict[str, tuple[StudyOfOrder, ...]] = {}
        query = select(order_studies).where(order_studies.c.accession_number.in_(accession_numbers))
        with self._database.read() as connection:
            for row in connection.execute(query.order_by(order_studies.c.problem, order_studies.c.seen)):
                study = StudyOfOrder(row.study_instance_uid, row.accession_number, row.problem)
                found[row.accession_number] = (*found.get(row.accession_number, ()), study)
        return found

    def _link(self, connection: Connection, study: StudyOfOrder) -> None:
        known = _one(connection, _is(study.accession_number))
        if known is None:
            raise NotFoundError("There is no such order.", "order-unknown")
        columns, now = order_studies.c, self._database.clock()
        same = (columns.study_instance_uid == study.study_instance_uid) & (
            columns.accession_number == study.accession_number
        )
        connection.execute(delete(order_studies).where(same))
        values = {"study_instance_uid": study.study_instance_uid, "accession_number": study.accession_number}
        connection.execute(insert(order_studies).values(**values, problem=study.problem, seen=now))
        if not study.problem and known.status is not OrderStatus.COMPLETED:
            completed = {"status": OrderStatus.COMPLETED, "changed": now, "is_looked_for": False}
            connection.execute(update(orders).where(_is(study.accession_number)).values(completed))


def _is(accession_number: str) -> ColumnElement[bool]:
    return orders.c.accession_number == accession_number


def _one(connection: Connection, which: ColumnElement[bool]) -> ImagingOrder | None:
    row = connection.execute(select(orders).where(which)).one_or_none()
    return as_order(row) if row is not None else None


def _line(connection: Connection, line: OrderLine) -> Row[tuple[object, ...]] | None:
    same = (orders.c.sender == line.sender, orders.c.placer_key == line.placer_key, orders.c.line == line.line)
    return connection.execute(select(orders).where(*same)).one_or_none()


def _is_old(row: Row[tuple[object, ...]], line: OrderLine) -> bool:
    """Whether something newer is known: files may be read in another order than they were written in."""
    return row.sent is not None and line.sent is not None and line.sent < row.sent


def _require_same(known: ImagingOrder, line: OrderLine) -> None:
    """Refuse to turn an order into another one."""
    if known.ehr_patient_id != line.ehr_patient_id:
        raise ConflictError(
            f"Order {line.placer_order_number} line {line.line} is known here as that of another patient.",
            "order-of-another-patient",
        )
    if known.status is OrderStatus.COMPLETED and not line.is_cancelled and known.code != line.code:
        raise ConflictError(
            f"Order {line.placer_order_number} line {line.line} has its images already, and now asks for another "
            "procedure.",
            "order-completed",
        )


def _cancel_others(connection: Connection, lines: Sequence[OrderLine], now: datetime) -> None:
    """Take back the lines that their order has no longer, unless something newer says that it has them."""
    first = lines[0]
    others = [
        orders.c.sender == first.sender,
        orders.c.placer_key == first.placer_key,
        orders.c.line.not_in([line.line for line in lines]),
        orders.c.status == OrderStatus.SCHEDULED,
    ]
    if first.sent is not None:
        others.append(or_(orders.c.sent.is_(None), orders.c.sent <= first.sent))
    connection.execute(update(orders).where(*others).values(status=OrderStatus.CANCELLED, changed=now))


def _in_state(state: str) -> tuple[ColumnElement[bool], ...]:
    if state == NEEDS_MODALITY:
        return (orders.c.status == OrderStatus.SCHEDULED, orders.c.modality == "")
    if state == OrderStatus.SCHEDULED:
        return (orders.c.status == OrderStatus.SCHEDULED, orders.c.modality != "")
    return (orders.c.status == state,) if state else ()
