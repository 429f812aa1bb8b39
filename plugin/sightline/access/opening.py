"""Puts the parts of this room together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sightline.access.audit import AuditLog
from sightline.access.control import AccessControl
from sightline.access.housekeeping import Housekeeping
from sightline.access.launches import StoredLaunches
from sightline.access.launching import Launching
from sightline.access.links import LinkStore
from sightline.access.sessions import SessionStore
from sightline.access.throttle import Throttle
from sightline.configuration import Configuration
from sightline.state.database import Database

HOUSEKEEPING_SECONDS = 20.0
"""Counted reads and the last use of a session are written at latest after so long."""


@dataclass(frozen=True)
class Access:
    """Access control, links, launches and audit of one running server."""

    control: AccessControl
    links: LinkStore
    launches: StoredLaunches
    launching: Launching
    audit: AuditLog
    throttle: Throttle
    housekeeping: Housekeeping

    def close(self) -> None:
        """Stop housekeeping and write what is still in memory. The database stays open; its owner closes it."""
        self.housekeeping.stop()
        self.audit.close()


def open_access(configuration: Configuration, public_url: str, database: Database, users: Mapping[str, str]) -> Access:
    """Start access control.

    Parameters
    ----------
    configuration : Configuration
        The section ``Sightline``.
    public_url : str
        Our own address, without trailing slash.
    database : Database
        Sightline's own state.
    users : Mapping[str, str]
        Administrators' names and passwords.

    Raises
    ------
    ConfigurationError
        A user or a proxy address cannot be used.
    """
    audit = AuditLog(database, public_url)
    sessions = SessionStore(database, configuration.sessions)
    throttle = Throttle(database.clock)
    control = AccessControl(configuration, public_url, database, users, sessions, audit, throttle)
    links = LinkStore(database, public_url, sessions, audit, throttle)
    launches = StoredLaunches(database, sessions)
    launching = Launching(database, configuration.sessions, public_url, launches, sessions, audit, throttle)

    def sweep() -> None:
        ended = sessions.sweep()
        if ended:
            audit.write_counts(ended)

    tasks = (control.report_failures, sweep, launches.sweep, audit.write_counts, audit.report_end)
    housekeeping = Housekeeping(tasks, HOUSEKEEPING_SECONDS)
    housekeeping.start()
    return Access(control, links, launches, launching, audit, throttle, housekeeping)
