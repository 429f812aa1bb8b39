"""What runs by itself between an EHR and the archive: orders come in, reports go out."""

from __future__ import annotations

from typing import Protocol

from sightline.openemr.orders.order_intake import OrderIntake
from sightline.openemr.results.courier import Courier
from sightline.web.services import Services


class Leg(Protocol):
    """One part of the round trip with threads of its own."""

    def begin(self) -> None:
        """Start: the archive answers. Returns at once."""
        ...

    def close(self) -> None:
        """Stop, and wait until what is running has ended."""
        ...


class RoundTrip:
    """All legs that the site has switched on."""

    def __init__(self, services: Services) -> None:
        self._legs: tuple[Leg, ...] = (OrderIntake(services), Courier(services))

    def begin(self) -> None:
        """Start all legs."""
        for leg in self._legs:
            leg.begin()

    def close(self) -> None:
        """Stop all legs."""
        for leg in reversed(self._legs):
            leg.close()
