"""A site that takes orders, and an OpenEMR's records that they come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sightline.openemr.ehr.routes import ROUTES as EHR_ROUTES
from sightline.openemr.orders.intake import Intake
from sightline.openemr.orders.patient_numbers import patient_numbers
from sightline.openemr.orders.routes import ROUTES
from sightline.state.order_codes import OrderCode
from sightline.viewer.session_routes import SESSION_ROUTES
from tests.support.openemr.records import Records
from tests.support.site import Site

SENT = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
CHEST = OrderCode("", "71020", "CR", "CR_ROOM1", "CR-1", "Chest PA and lateral")

MakeSite = Callable[..., Site]


@pytest.fixture
def make_site(tmp_path: Path) -> Iterator[MakeSite]:
    """Return what opens a site with these options of orders, over the same database each time."""
    sites: list[Site] = []

    def make(ehr: dict[str, Any] | None = None, **orders: object) -> Site:
        folder = tmp_path / "drop"
        folder.mkdir(exist_ok=True)
        options = {"Folder": {"Path": str(folder)}, "TimeZone": "UTC"} | orders
        sites.append(Site(tmp_path / "state", (*SESSION_ROUTES, *ROUTES, *EHR_ROUTES), Orders=options, Ehr=ehr or {}))
        return sites[-1]

    yield make
    for site in sites:
        site.close()


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    found = make_site()
    found.services.orders.codes.put(CHEST)
    return found


@pytest.fixture
def intake(site: Site) -> Intake:
    return Intake(site.services, patient_numbers(site.services)[0])


@pytest.fixture
def records() -> Records:
    return Records()
