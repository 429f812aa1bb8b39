"""A site whose FHIR is asked by anybody whom a test makes up: with launches, orders and reports in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from werkzeug.test import Client, TestResponse

from sightline.access.grant import Grant, Permission, Verb
from sightline.access.launch import LAUNCH_SUBJECT, EhrPatient, Launch, LaunchedStudy, Launches, Standing
from sightline.application import ROUTES
from sightline.errors import ForbiddenError
from sightline.state.order import ImagingOrder
from sightline.state.orders import StoredOrders
from sightline.state.report import SignedReport
from sightline.state.reports import StoredReports
from sightline.web.dispatcher import Dispatcher
from sightline.web.request import GRANT_KEY
from tests.support.site import URL, Site

EHR = "https://emr.example/apis/default/fhir"
FHIR = "/sightline/fhir"


class _Launches:
    def __init__(self) -> None:
        self.all: dict[str, Launch] = {}

    def get(self, grant: Grant, launch_id: str) -> Launch:
        if grant.subject != f"{LAUNCH_SUBJECT}{launch_id}":
            raise ForbiddenError("This is another's launch.")
        return self.all[launch_id]

    def renew(self, launch_id: str, studies: Collection[LaunchedStudy]) -> Launch:
        self.all[launch_id] = replace(self.all[launch_id], studies=tuple(studies))
        return self.all[launch_id]


class _Orders:
    def __init__(self) -> None:
        self.all: dict[str, ImagingOrder] = {}

    def of_study(self, study_instance_uid: str) -> ImagingOrder | None:
        return self.all.get(study_instance_uid)

    def of_accession(self, accession_number: str) -> ImagingOrder | None:
        return next((order for order in self.all.values() if order.accession_number == accession_number), None)


class _Reports:
    def __init__(self) -> None:
        self.all: list[SignedReport] = []

    def signed_after(self, sequence: int, limit: int = 100) -> tuple[SignedReport, ...]:
        return tuple(report for report in self.all if report.sequence > sequence)[:limit]

    def signed(self, report_id: str, version: int = 0) -> SignedReport | None:
        found = [one for one in self.all if one.id == report_id and version in (0, one.version)]
        return max(found, key=lambda one: one.version) if found else None

    def signed_of(self, study_instance_uids: tuple[str, ...]) -> tuple[SignedReport, ...]:
        names = {one.id for one in self.all if one.study_instance_uid in study_instance_uids}
        newest = [report for report in map(self.signed, names) if report]
        return tuple(sorted(newest, key=lambda one: one.signed, reverse=True))


class FhirSite(Site):
    """All routes of a site, over these files."""

    def __init__(self, directory: Path, files: Iterable[bytes] = (), **options: Any) -> None:
        super().__init__(directory, ROUTES, files, **options)
        self.launches, self.orders, self.reports = _Launches(), _Orders(), _Reports()
        self.with_services()

    def with_services(self, **more: Any) -> None:
        """Put other services in the place of those there are."""
        self.services = replace(
            self.services,
            launches=cast(Launches, self.launches),
            orders=cast(StoredOrders, self.orders),
            reports=cast(StoredReports, self.reports),
            **more,
        )
        self._dispatcher = Dispatcher(ROUTES, self.services)

    def with_launches_of_its_own(self) -> None:
        """Let launches be those that the site keeps."""
        self.services = replace(self.services, launches=self.access.launches)
        self._dispatcher = Dispatcher(ROUTES, self.services)

    def launch(self, fhir_id: str, patient_id: str, studies: Sequence[str], held: Sequence[str] = ()) -> Grant:
        """Return the grant of a new launch for a patient with these studies; some of them are held back."""
        launched = [LaunchedStudy(uid, Standing.CONFIRMED) for uid in studies if uid not in held]
        launched += [LaunchedStudy(uid, Standing.HELD, "birth-date") for uid in held]
        now = self.clock()
        launch = Launch(
            f"launch{len(self.launches.all)}", EHR, EhrPatient(fhir_id, patient_id), "Dr. Who", "",
            frozenset({Verb.VIEW}), tuple(launched), now, now + timedelta(hours=1),
        )  # fmt: skip
        self.launches.all[launch.id] = launch
        return Grant(f"{LAUNCH_SUBJECT}{launch.id}", launch.permissions, "session1")

    def ask(self, grant: Grant, path: str, method: str = "GET", **more: Any) -> TestResponse:
        """Ask as whoever holds a grant."""
        client = Client(self._dispatcher)
        return client.open(f"{FHIR}/{path}", method=method, environ_overrides={GRANT_KEY: grant}, **more)


def linked(*studies: str) -> Grant:
    """Return the grant of a link."""
    return Grant("link:l1", tuple(Permission(frozenset({Verb.VIEW}), study) for study in studies), "session2")


__all__ = ["EHR", "FHIR", "URL", "FhirSite", "linked"]
