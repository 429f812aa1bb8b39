"""What every way out has in common: a parcel goes in, and what became of it comes out."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

from sightline.state.delivery import DeliveryState
from sightline.state.report import SignedReport

_LONGEST_DETAIL = 300


class DeliveryError(Exception):
    """A report did not get there.

    Parameters
    ----------
    reason : str
        As a code; the page has a sentence for each.
    detail : str
        What the receiver or the network said.
    is_final : bool
        Whether trying again by itself is of no use: a person has to see to it.
    """

    def __init__(self, reason: str, detail: object = "", is_final: bool = False) -> None:
        self.reason = reason
        self.detail = " ".join(str(detail).split())[:_LONGEST_DETAIL]
        self.is_final = is_final
        super().__init__(f"{reason}: {self.detail}")


@dataclass(frozen=True)
class Parcel:
    """One signed version, ready to be sent.

    Parameters
    ----------
    id : str
        Of the delivery: what the receiver knows it by.
    report : SignedReport
    is_written : bool
        What is known of an earlier try: whether its file was written.
    is_again : bool
        Whether what lies at the target is to be replaced, since it was refused there.
    make_pdf, make_message : callable
        Called when they are sent, and not before.
    note_written : callable
        To be called when the file lies hidden at the target, before it is published.
    note_sending : callable
        To be called before anything leaves that the receiver may have got even where no answer comes.
    """

    id: str
    report: SignedReport
    is_written: bool
    is_again: bool
    make_pdf: Callable[[], bytes]
    make_message: Callable[[], str]
    note_written: Callable[[], None]
    note_sending: Callable[[], None]


class Target(Protocol):
    """One way out."""

    def deliver(self, parcel: Parcel) -> DeliveryState:
        """Send a parcel, unless an earlier try has; return DELIVERED or WAITING. Raises `DeliveryError`."""
        ...

    def waiting(self, ids: Collection[str]) -> frozenset[str]:
        """Return which of these deliveries were not taken in yet. Raises `DeliveryError` where nobody can tell."""
        ...

    def check(self) -> str:
        """Look whether parcels could be sent; return what was seen. Raises `DeliveryError`."""
        ...
