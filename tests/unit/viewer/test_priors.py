"""Priors: only of the same patient, only what the caller may see, and nothing guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from werkzeug.test import Client

from sightline.access.grant import Grant, Permission, Verb
from tests.support.dicom_files import CORONAL, image_file, slices_of
from tests.support.fake_archive import FakeArchive
from tests.support.viewer_server import ADMINISTRATOR, ViewerApplication, link_grant, small_engine, viewer_services

ROOT = "1.2.826.0.7"
CURRENT, OLD, HEAD, LATER = f"{ROOT}.1", f"{ROOT}.2", f"{ROOT}.3", f"{ROOT}.4"
PIXELS = np.zeros((4, 4), np.int16)
PATIENT = {"PatientID": "P-*", "PatientBirthDate": "19700305"}


def study(uid: str, date: str, **attributes: Any) -> bytes:
    return image_file(
        PIXELS, **PATIENT | {"StudyInstanceUID": uid, "SeriesInstanceUID": f"{uid}.1", "StudyDate": date} | attributes
    )


def files() -> list[bytes]:
    chest: dict[str, Any] = {"BodyPartExamined": "CHEST", "StudyDescription": "CT chest"}
    coronal = slices_of(
        np.zeros((3, 4, 4), np.int16), [(0, k, 0) for k in range(3)], CORONAL,
        **PATIENT | {"StudyInstanceUID": OLD, "SeriesInstanceUID": f"{OLD}.2", "StudyDate": "20250101"},
    )  # fmt: skip
    return [
        study(CURRENT, "20260302", **chest),
        study(OLD, "20250101", **chest),
        *coronal,
        study(HEAD, "20260301", BodyPartExamined="HEAD"),
        study(LATER, "20260401", **chest),
        # A wildcard in an ID finds these, and they are of others; so is who has another birth date, or says none.
        study(f"{ROOT}.5", "20260101", PatientID="P-17"),
        study(f"{ROOT}.6", "20260101", PatientBirthDate="19700306"),
        study(f"{ROOT}.7", "20260101", PatientBirthDate=None),
        study(f"{ROOT}.8", "20260101", PatientID="", PatientBirthDate=""),
        study(f"{ROOT}.9", "20260101", IssuerOfPatientID="ELSEWHERE", PatientBirthDate=None, PatientID="P-3"),
        study(f"{ROOT}.10", "20250101", IssuerOfPatientID="ELSEWHERE", PatientBirthDate=None, PatientID="P-3"),
        study(f"{ROOT}.11", "20250101", IssuerOfPatientID="HERE", PatientBirthDate=None, PatientID="P-3"),
    ]


@pytest.fixture(scope="module")
def client_of(build_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Client]]:
    archive = FakeArchive(files())
    with closing(small_engine(archive, tmp_path_factory.mktemp("tables"))) as engine:
        services = viewer_services(archive, engine, build_directory)
        yield lambda grant=ADMINISTRATOR: Client(ViewerApplication(services, grant))


def priors(client: Client, uid: str = CURRENT) -> Any:
    answer = client.get(f"/sightline/api/studies/{uid}/priors")
    assert answer.status_code == 200
    return answer.json


def test_the_same_body_part_first_then_nearest_before(client_of: Callable[..., Client]) -> None:
    answer = priors(client_of())
    assert [row["study"]["uid"] for row in answer["priors"]] == [OLD, LATER, HEAD]
    assert answer["priors"][0]["why"] == "same body part, modality and description, 14 months before"
    assert answer["priors"][0]["days"] == 425
    assert answer["reason"] is None


def test_who_is_not_surely_the_same_patient_is_left_out_and_counted(client_of: Callable[..., Client]) -> None:
    assert priors(client_of())["withheld"] == 2
    issued = priors(client_of(), f"{ROOT}.9")
    assert [row["study"]["uid"] for row in issued["priors"]] == [f"{ROOT}.10"]
    assert issued["withheld"] == 1


def test_without_a_patient_id_there_are_none(client_of: Callable[..., Client]) -> None:
    answer = priors(client_of(), f"{ROOT}.8")
    assert answer["priors"] == []
    assert "names no Patient ID" in answer["reason"]


def test_a_link_gets_none_and_is_told_why(client_of: Callable[..., Client]) -> None:
    answer = priors(client_of(link_grant(CURRENT)))
    assert answer == {"priors": [], "reason": "This link opens one study only.", "withheld": 0}
    assert client_of(link_grant(OLD)).get(f"/sightline/api/studies/{CURRENT}/priors").status_code == 403


def test_what_the_caller_may_not_view_is_not_named(client_of: Callable[..., Client]) -> None:
    permissions = (
        Permission(frozenset({Verb.SEARCH})),
        *(Permission(frozenset({Verb.VIEW}), uid) for uid in (CURRENT, HEAD)),
    )
    answer = priors(client_of(Grant("clerk", permissions)))
    assert [row["study"]["uid"] for row in answer["priors"]] == [HEAD]


def test_series_of_a_prior_are_matched(client_of: Callable[..., Client]) -> None:
    client = client_of()
    answer: Any = client.get(f"/sightline/api/studies/{CURRENT}/priors/{OLD}").json
    assert [pair[:2] for pair in answer["pairs"]] == [[f"{CURRENT}.1", f"{OLD}.1"]]
    assert client.get(f"/sightline/api/studies/{CURRENT}/priors/{ROOT}.6").status_code == 404
    assert client.get(f"/sightline/api/studies/{CURRENT}/priors/9.9").status_code == 404
    both = (Permission(frozenset({Verb.VIEW}), CURRENT),)
    assert client_of(Grant("link:1", both)).get(f"/sightline/api/studies/{CURRENT}/priors/{OLD}").status_code == 403
