"""The page of a patient whom an EHR has opened: the launch's studies, and nothing of anybody else's."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from pydicom.uid import EncapsulatedPDFStorage
from werkzeug.test import Client

from sightline.access.grant import ANONYMOUS, Grant, Permission, Verb
from sightline.access.launch import EhrPatient, LaunchedStudy, Standing
from sightline.state.report import SignedReport
from sightline.viewer.routes import ROUTES
from tests.support.dicom_files import image_file
from tests.support.fake_archive import FakeArchive
from tests.support.launches import RememberedLaunches, launch, launch_grant
from tests.support.site import Site
from tests.support.viewer_server import ADMINISTRATOR, ViewerApplication, link_grant, small_engine, viewer_services

ROOT = "1.2.826.0.9"
NEW, OLD, BARE, HELD, OTHER, UNDATED = (f"{ROOT}.{number}" for number in range(1, 7))
PIXELS = np.zeros((4, 4), np.int16)
ADA = EhrPatient("9a-uuid", "7", "Lovelace", "Ada", "18151210", "F")
LAUNCH = launch(
    "launch-1",
    ADA,
    LaunchedStudy(OLD, Standing.CONFIRMED),
    LaunchedStudy(NEW, Standing.CONFIRMED),
    LaunchedStudy(UNDATED, Standing.CONFIRMED),
    LaunchedStudy(BARE, Standing.UNVERIFIED, "missing"),
    LaunchedStudy(HELD, Standing.HELD, "birth-date"),
)
ANOTHER = launch("launch-2", replace(ADA, patient_id="8"), LaunchedStudy(OTHER, Standing.CONFIRMED))
LAUNCHED = launch_grant(LAUNCH)
SIGNED = SignedReport(
    "r1", 2, 5, NEW, "A1", "7", "Lovelace^Ada", "18151210", "F", "20260302", "CT chest", "CT", "CT Chest Report",
    (), (), "Grace Reader", "grace", datetime(2026, 3, 3, 9, tzinfo=UTC),
    f"{NEW}.8", f"{NEW}.8.1", f"{NEW}.9", f"{NEW}.9.2",
)  # fmt: skip


def study(uid: str, date: str | None, patient: str = "7", **attributes: Any) -> bytes:
    return image_file(
        PIXELS,
        **{
            "PatientID": patient, "PatientName": "Lovelace^Ada", "PatientBirthDate": "18151210", "StudyDate": date,
            "StudyInstanceUID": uid, "SeriesInstanceUID": f"{uid}.1", "StudyDescription": f"Study {uid[-1]}",
        } | attributes,
    )  # fmt: skip


def report(uid: str, series: str, instance: str, title: str) -> bytes:
    return study(
        uid, None, SOPClassUID=EncapsulatedPDFStorage, Modality="DOC", SeriesInstanceUID=series,
        SOPInstanceUID=instance, SeriesDescription=title,
    )  # fmt: skip


@pytest.fixture(scope="module")
def client_of(build_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Client]]:
    archive = FakeArchive(
        [
            study(OLD, "20240101", BodyPartExamined="CHEST"),
            study(NEW, "20260302", AccessionNumber="A1"),
            report(NEW, f"{NEW}.9", f"{NEW}.9.1", "An earlier version"),
            report(OLD, f"{OLD}.2", f"{OLD}.2.1", "Scanned letter"),
            study(UNDATED, None),
            study(BARE, "20250505", PatientBirthDate=None),
            study(HELD, "20260101", PatientName="Byron^Anne", PatientBirthDate="17920517"),
            study(OTHER, "20260101", "8"),
        ]
    )
    with closing(small_engine(archive, tmp_path_factory.mktemp("tables"))) as engine:
        signed = SimpleNamespace(signed_of=lambda uids: (SIGNED,) if NEW in uids else ())
        services = replace(
            viewer_services(archive, engine, build_directory),
            launches=RememberedLaunches(LAUNCH, ANOTHER),
            reports=cast(Any, signed),
        )
        yield lambda grant=LAUNCHED: Client(ViewerApplication(services, grant))


def answer_of(client: Client, launch_id: str = "launch-1") -> dict[str, Any]:
    answer = client.get(f"/sightline/api/patients/{launch_id}")
    assert answer.status_code == 200, answer.text
    return cast(dict[str, Any], answer.json)


def test_studies_come_newest_first_and_those_without_a_date_last(client_of: Callable[..., Client]) -> None:
    studies = answer_of(client_of())["studies"]
    assert [row["uid"] for row in studies] == [NEW, BARE, OLD, UNDATED]
    assert studies[2]["bodyParts"] == ["CHEST"]
    assert (studies[0]["accession"], studies[0]["instances"]) == ("A1", 2)


def test_the_patient_is_who_the_chart_says(client_of: Callable[..., Client]) -> None:
    answer = answer_of(client_of())
    assert answer["patient"] == {"name": "Lovelace^Ada", "birthDate": "18151210", "sex": "F", "id": "7"}
    assert answer["issuer"] == "emr.example"


def test_what_could_not_be_compared_says_so(client_of: Callable[..., Client]) -> None:
    standing = {row["uid"]: (row["standing"], row["reason"]) for row in answer_of(client_of())["studies"]}
    assert standing[BARE] == ("unverified", "missing")
    assert standing[NEW] == ("confirmed", "")


@pytest.mark.parametrize("address", ["/sightline/api/patients/launch-1", "/sightline/patient/launch-1"])
def test_of_what_is_held_back_only_the_reason_is_told(client_of: Callable[..., Client], address: str) -> None:
    answer = client_of().get(address)
    assert answer.status_code == 200
    assert '"held":["birth-date"]' in re.sub(r": \[", ":[", answer.text)
    for secret in (HELD, "Byron", "17920517"):
        assert secret not in answer.text


def test_reports_are_named_the_signed_first_and_none_twice(client_of: Callable[..., Client]) -> None:
    reports = {row["uid"]: row["reports"] for row in answer_of(client_of())["studies"]}
    assert reports[NEW] == [
        {
            "instance": f"{NEW}.9.2", "title": "CT Chest Report", "signed": "2026-03-03T09:00:00+00:00",
            "author": "Grace Reader", "version": 2,
        }
    ]  # fmt: skip
    assert [(one["instance"], one["title"], one["signed"]) for one in reports[OLD]] == [
        (f"{OLD}.2.1", "Scanned letter", None)
    ]


def test_a_study_that_now_names_another_number_is_left_out(client_of: Callable[..., Client]) -> None:
    """The launch's list may be older than a correction in the archive."""
    client = client_of(ADMINISTRATOR)
    assert [row["uid"] for row in answer_of(client, "launch-2")["studies"]] == [OTHER]
    moved = replace(ANOTHER, studies=(*ANOTHER.studies, LaunchedStudy(NEW, Standing.CONFIRMED)))
    launches = cast(RememberedLaunches, client.application._dispatcher._services.launches)  # type: ignore[union-attr]
    launches.renew("launch-2", moved.studies)
    assert [row["uid"] for row in answer_of(client, "launch-2")["studies"]] == [OTHER]


def test_the_page_carries_what_the_data_route_answers(client_of: Callable[..., Client]) -> None:
    client = client_of()
    html = client.get("/sightline/patient/launch-1").text
    block = re.search(r'<script type="application/json" id="page-data">(.*?)</script>', html, re.S)
    assert block is not None
    told = answer_of(client)
    assert json.loads(block[1]) | {"secondsLeft": 0} == told | {"secondsLeft": 0}
    assert told["secondsLeft"] >= 0
    assert "Lovelace" not in html.replace(block[0], "")


def test_the_session_leads_back_to_the_page(client_of: Callable[..., Client]) -> None:
    session = answer_of(client_of())["session"]
    assert (session["launch"], session["link"], session["user"]) == ("launch-1", True, "Ada Reader")
    html = client_of().get(f"/sightline/studies/{NEW}").text
    assert '"launch": "launch-1"' in html
    assert '"launch": null' in client_of(ADMINISTRATOR).get(f"/sightline/studies/{NEW}").text


WRONG = {
    "anonymous": (ANONYMOUS, 401),
    "link": (link_grant(NEW), 403),
    "another launch": (launch_grant(ANOTHER), 403),
    "link-service": (Grant("link-service", (Permission(frozenset({Verb.SHARE})),)), 403),
}


@pytest.mark.parametrize(("grant", "status"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("path", ["/sightline/api/patients/launch-1", "/sightline/patient/launch-1"])
def test_others_are_refused(client_of: Callable[..., Client], path: str, grant: Grant, status: int) -> None:
    answer = client_of(grant).get(path)
    assert answer.status_code == status
    assert "Lovelace" not in answer.text


def test_whose_launch_has_ended_is_told_so_kindly(client_of: Callable[..., Client]) -> None:
    answer = client_of(ANONYMOUS).get("/sightline/patient/launch-1", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sightline/smart/ended")


def test_a_refusal_is_written_down(tmp_path: Path) -> None:
    site = Site(tmp_path, ROUTES)
    assert site.browser().get("/sightline/api/patients/launch-1").status_code == 401
    assert site.program("GET", "/sightline/api/patients/launch-1", user="link-service").status_code == 403
    assert site.events() == [("denial", "4"), ("denial", "4")]
    site.close()


def test_priors_of_a_launch_are_its_own_studies(client_of: Callable[..., Client]) -> None:
    client = client_of()
    answer = client.get(f"/sightline/api/studies/{NEW}/priors").json
    assert answer is not None
    assert {prior["study"]["uid"] for prior in answer["priors"]} == {OLD, UNDATED}
    # BARE says no birth date: it opens by itself, but is nobody's prior.
    assert answer["withheld"] == 1
    assert client.get(f"/sightline/api/studies/{NEW}/priors/{OLD}").status_code == 200
    for study_uid in (HELD, OTHER):
        assert client.get(f"/sightline/studies/{study_uid}").status_code == 403
        assert client.get(f"/sightline/api/studies/{NEW}/priors/{study_uid}").status_code == 403
    assert client.get("/sightline/").status_code == 403
    assert client.get("/sightline/api/studies").status_code == 403


def test_a_link_still_opens_one_study_only(client_of: Callable[..., Client]) -> None:
    answer = client_of(link_grant(NEW)).get(f"/sightline/api/studies/{NEW}/priors").json
    assert answer is not None
    assert answer["priors"] == []
