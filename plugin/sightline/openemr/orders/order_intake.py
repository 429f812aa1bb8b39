"""Orders as a leg of the round trip: all ways in that a site has switched on, and the look at studies that answer."""

from __future__ import annotations

from pathlib import Path

from sightline.access.housekeeping import Housekeeping
from sightline.openemr.orders.drop import Drop, LocalDrop
from sightline.openemr.orders.fhir_poll import FhirPoll
from sightline.openemr.orders.folder_watch import FolderWatch
from sightline.openemr.orders.intake import Intake
from sightline.openemr.orders.linking import StudyLinker
from sightline.openemr.orders.mllp_server import MllpServer
from sightline.openemr.orders.patient_numbers import patient_numbers
from sightline.openemr.orders.sftp_drop import SftpDrop
from sightline.web.services import Services

LINK_SECONDS = 3.0
"""How often it is looked whether studies came."""


class OrderIntake:
    """All of it; nothing where the site has switched nothing on.

    Raises
    ------
    ConfigurationError
        The maps or the host key cannot be used.
    """

    def __init__(self, services: Services) -> None:
        options = services.configuration.orders
        self._loops: list[Housekeeping] = []
        self._folders: list[FolderWatch] = []
        self._mllp: MllpServer | None = None
        if not options.is_on:
            return
        numbers, client = patient_numbers(services)
        intake = Intake(services, numbers)
        drops: list[Drop] = [LocalDrop(Path(options.folder.path))] if options.folder.path else []
        drops += [SftpDrop(options.folder.sftp)] if options.folder.sftp.url else []
        for drop in drops:
            watch = FolderWatch(drop, intake, services.orders.held)
            self._folders.append(watch)
            self._loops.append(Housekeeping((watch.look,), options.folder.poll_seconds))
        if client is not None and options.fhir.poll_seconds:
            poll = FhirPoll(services, client, numbers)
            self._loops.append(Housekeeping((poll.look,), options.fhir.poll_seconds))
        if options.mllp.port:
            self._mllp = MllpServer(options.mllp, intake)
        self._loops.append(Housekeeping((StudyLinker(services).look,), LINK_SECONDS))

    def begin(self) -> None:
        """Start: the archive answers. Returns at once."""
        for loop in self._loops:
            loop.start()
        if self._mllp is not None:
            self._mllp.begin()

    def close(self) -> None:
        """Stop, and wait until what is running has ended."""
        if self._mllp is not None:
            self._mllp.close()
        for loop in self._loops:
            loop.stop()
        for folder in self._folders:
            folder.close()
