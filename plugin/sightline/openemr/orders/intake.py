"""Taking messages in: what can be read becomes orders, what cannot is held with the reason. Nothing is lost."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from sightline.access.audit import AuditEvent, AuditKind
from sightline.access.grant import Grant
from sightline.errors import ConflictError, NotFoundError, SightlineError, UnprocessableError
from sightline.openemr.orders.hl7_orders import OrderMessage, read_message
from sightline.openemr.orders.hl7_text import MOST_BYTES, split
from sightline.openemr.orders.mapping import MessageMap, read_maps
from sightline.openemr.orders.patient_numbers import PatientNumbers
from sightline.state.held_messages import HeldMessage
from sightline.web.services import Services

_log = logging.getLogger("sightline.orders")

FLAW = "Something went wrong while it was read. The server's log says what."
_REFUSALS = (UnprocessableError, ConflictError, NotFoundError)
"""What trying again does not change; anything else (no database, no EHR) passes, and the source keeps the message."""


@dataclass(frozen=True)
class Taken:
    """What became of one message.

    Parameters
    ----------
    accession_numbers : tuple of str
        Of its orders, in the order of its lines.
    code, reason : str
        Why it is held instead; empty when it was taken.
    """

    accession_numbers: tuple[str, ...] = ()
    code: str = ""
    reason: str = ""

    @property
    def is_held(self) -> bool:
        """Whether it is in quarantine."""
        return bool(self.code)


class Intake:
    """Takes HL7 messages, wherever they come from. Safe between threads.

    Raises
    ------
    ConfigurationError
        The site's maps cannot be read.
    """

    def __init__(self, services: Services, numbers: PatientNumbers) -> None:
        self._services, self._numbers = services, numbers
        options = services.configuration.orders
        self._maps: tuple[MessageMap, ...] = read_maps(options.mapping_file)
        # None: this machine's, as of each moment.
        self._zone = ZoneInfo(options.time_zone) if options.time_zone else None

    def take(self, content: bytes, source: str, name: str) -> tuple[Taken, ...]:
        """Take all messages of a file or a block; what cannot be taken is held, each message by itself.

        Parameters
        ----------
        content : bytes
        source : str
            ``folder``, ``sftp`` or ``mllp``.
        name : str
            Of the file, or the sender's address.

        Raises
        ------
        UnavailableError
            Nothing can be kept now: leave it where it is, and come again.
        """
        try:
            messages: Sequence[bytes] = split(content)
        except UnprocessableError as error:
            return (self._hold(content, source, name, error),)
        return tuple(self._take_one(message, source, name) for message in messages)

    def hold(self, content: bytes, source: str, name: str, code: str, reason: str) -> Taken:
        """Hold what cannot even be looked at, such as half a file."""
        return self._hold(content[:MOST_BYTES], source, name, UnprocessableError(reason, code))

    def again(self, held: HeldMessage) -> Taken:
        """Try a held message once more."""
        orders = self._services.orders
        try:
            taken = tuple(self._keep(message, held.source) for message in split(held.content))
        except _REFUSALS as error:
            orders.held.explain(held.id, error.code, error.message)
            return Taken(code=error.code, reason=error.message)
        orders.held.settle(held.id)
        return Taken(tuple(number for numbers in taken for number in numbers))

    def _take_one(self, message: bytes, source: str, name: str) -> Taken:
        try:
            return Taken(self._keep(message, source))
        except _REFUSALS as error:
            return self._hold(message, source, name, error)
        except SightlineError:
            raise
        except Exception:
            # One message that meets a flaw of ours must not hold up all behind it.
            _log.exception("A message that came by %s could not be read", source)
            return self._hold(message, source, name, UnprocessableError(FLAW, "flaw"))

    def _keep(self, content: bytes, source: str) -> tuple[str, ...]:
        message = self._read(content)
        numbers = self._services.orders.take(message.lines, message.is_whole)
        audit_orders(self._services, source, numbers, message.lines[0].patient_id if message.lines else "")
        return numbers

    def _read(self, content: bytes) -> OrderMessage:
        message = read_message(content, self._maps, self._zone)
        lines = tuple(replace(line, patient_id=self._numbers.of(line)) for line in message.lines)
        return replace(message, lines=lines)

    def _hold(self, content: bytes, source: str, name: str, error: SightlineError) -> Taken:
        self._services.orders.held.hold(source, name, content, error.code, error.message)
        _log.warning("A message that came by %s is held: %s", source, error.code)
        return Taken(code=error.code, reason=error.message)


def audit_orders(services: Services, source: str, numbers: Sequence[str], patient_id: str) -> None:
    """Write down that orders came in."""
    event = AuditEvent(
        AuditKind.STORE,
        Grant(f"orders:{source}"),
        patient_id=patient_id,
        detail=f"orders {', '.join(numbers) or 'none'}",
    )
    services.audit.record(event)
