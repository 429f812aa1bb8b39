"""The map from what is ordered to what is done: modality, station and description of each code."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.sql.elements import ColumnElement

from sightline.errors import NotFoundError
from sightline.state.database import Database
from sightline.state.tables import order_codes


@dataclass(frozen=True)
class OrderCode:
    """One row of the map.

    Parameters
    ----------
    sender, code : str
        Of the orders that it is about; an empty sender stands for all, an empty code for all others.
    modality, station_aet, station_name, description : str
        Of the Scheduled Procedure Step (PS3.3 C.4.10). An empty description is that of the order.
    """

    sender: str
    code: str
    modality: str
    station_aet: str = ""
    station_name: str = ""
    description: str = ""


UNMAPPED = OrderCode("", "", "")


class CodeMap:
    """All rows at one moment."""

    def __init__(self, rows: tuple[OrderCode, ...]) -> None:
        self.rows = rows
        self._rows = {(row.sender, row.code): row for row in rows}

    def of(self, sender: str, code: str) -> OrderCode:
        """Return the row for an order, the most particular first; `UNMAPPED` if there is none."""
        for key in ((sender, code), ("", code), (sender, ""), ("", "")):
            if key in self._rows:
                return self._rows[key]
        return UNMAPPED


class OrderCodes:
    """The map in Sightline's database. Orders are mapped again by `StoredOrders.map_again`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self) -> CodeMap:
        """Return the map."""
        with self._database.read() as connection:
            return read_map(connection)

    def put(self, row: OrderCode) -> None:
        """Add a row, or change what is there for that sender and code."""
        with self._database.write() as connection:
            connection.execute(delete(order_codes).where(_is(row.sender, row.code)))
            connection.execute(insert(order_codes).values(asdict(row)))

    def remove(self, sender: str, code: str) -> None:
        """Take a row out. Raises `NotFoundError`."""
        with self._database.write() as connection:
            if not connection.execute(delete(order_codes).where(_is(sender, code))).rowcount:
                raise NotFoundError("There is no such row in the map.", "code-unknown")


def read_map(connection: Connection) -> CodeMap:
    """Return the map as a transaction sees it."""
    rows = connection.execute(select(order_codes).order_by(order_codes.c.code, order_codes.c.sender))
    return CodeMap(tuple(OrderCode(**row._mapping) for row in rows))


def _is(sender: str, code: str) -> ColumnElement[bool]:
    return (order_codes.c.sender == sender) & (order_codes.c.code == code)
