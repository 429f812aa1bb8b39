"""What a card in the chart is told: the studies of one patient whom the asker knows, and nothing of anybody else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from werkzeug.test import TestResponse

from sightline.access.grant import Grant
from sightline.errors import UnprocessableError
from sightline.objects.patient import read_patient
from sightline.openemr.patient_card import LARGEST_PICTURE, ROUTES
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.view import View
from sightline.web.dispatcher import Dispatcher
from tests.support.dicom_files import image_file
from tests.support.site import Site

STUDIES = "/sightline/openemr/studies"
JOHN = {"PatientID": "P1", "PatientName": "Smith^John", "PatientBirthDate": "19800101"}
FILES = (
    {"StudyInstanceUID": "1.2.1", "StudyDate": "20260102"} | JOHN,
    {"StudyInstanceUID": "1.2.2", "StudyDate": "20260203", "StudyDescription": "<b>Chest</b>"} | JOHN,
    {"StudyInstanceUID": "1.2.3"} | JOHN | {"PatientName": "Doe^Jane"},
    {"StudyInstanceUID": "1.2.4", "StudyDate": "20250101"} | JOHN | {"PatientBirthDate": ""},
    {"StudyInstanceUID": "1.2.5"} | JOHN | {"PatientID": "P2"},
)
ASKED = {"patientID": "P1", "birthDate": "1980-01-01", "familyName": "Smith"}


class _Engine:
    """Reads files as a worker does; pictures are as large as a test wants them."""

    size = 100

    def run(self, _task: str, arguments: dict[str, Any], buffers: Sequence[Buffer]) -> Reply:
        return read_patient(arguments, buffers, ())

    def describe(self, _grant: Grant, study: str, _series: str) -> Any:
        if study == "1.2.4":
            raise UnprocessableError("This series is damaged.")
        return SimpleNamespace(frames=[SimpleNamespace(sop_instance_uid="1.2.9", frame=1)])

    def render(self, _grant: Grant, view: View) -> Any:
        assert view.max_size == 96
        return SimpleNamespace(content=b"x" * self.size, media_type="image/jpeg")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    pixels = np.zeros((2, 2), np.uint16)
    files = [image_file(pixels, **one, SeriesInstanceUID=f"{one['StudyInstanceUID']}.1") for one in FILES]
    made = Site(tmp_path, ROUTES, files, Links={"ServiceListsStudies": True})
    services: Any = replace(made.services, engine=_Engine())  # type: ignore[arg-type]
    made.services = services
    made._dispatcher = Dispatcher(ROUTES, services)
    yield made
    made.close()


def ask(site: Site, user: str = "link-service", **body: Any) -> TestResponse:
    return site.program("POST", STUDIES, user, json=ASKED | body)


def test_the_patients_studies_newest_first(site: Site) -> None:
    """Another family name under the same number is held back; a missing birth date is shown as unverified."""
    answer = ask(site)
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    assert [(one["studyInstanceUID"], one["verified"]) for one in answer.json["studies"]] == [
        ("1.2.2", True), ("1.2.1", True), ("1.2.4", False),
    ]  # fmt: skip
    assert (answer.json["held"], answer.json["more"]) == (1, False)
    first = answer.json["studies"][0]
    assert set(first) == {"studyInstanceUID", "date", "description", "modalities", "verified", "thumbnail"}
    assert first["thumbnail"].startswith("data:image/jpeg;base64,eHh4")
    assert answer.json["studies"][2]["thumbnail"] == ""
    assert "Jane" not in answer.text
    assert site.events() == [("search", "0")]
    event = site.access.audit.page(1)[0]["event"]
    assert {"value": "P1"} in [entity["what"]["identifier"] for entity in event["entity"]]


@pytest.mark.parametrize(
    "other", [{"familyName": "Miller"}, {"birthDate": "19810101"}, {"patientID": "P9"}, {"issuerOfPatientID": "X"}]
)
def test_who_does_not_know_the_patient_learns_nothing(site: Site, other: dict[str, str]) -> None:
    answer = ask(site, **other)
    assert answer.status_code == 200
    assert answer.json is not None
    confirmed = [one for one in answer.json["studies"] if one["verified"]]
    assert confirmed == [] or "issuerOfPatientID" in other


@pytest.mark.parametrize(
    "body",
    [
        {"familyName": ""},
        {"birthDate": ""},
        {"patientID": "P*"},
        {"patientID": "P1\\P2"},
        {"sex": "M"},
        {"birthDate": 1},
    ],
)
def test_what_cannot_be_asked(site: Site, body: dict[str, Any]) -> None:
    assert ask(site, **body).status_code == 400
    assert site.program("POST", STUDIES, "link-service", json=["P1"]).status_code == 400
    assert site.program("POST", STUDIES, "link-service", json=dict(list(ASKED.items())[:2])).status_code == 400


def test_large_pictures_are_left_out(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Engine, "size", LARGEST_PICTURE + 1)
    assert {one["thumbnail"] for one in ask(site).json["studies"]} == {""}  # type: ignore[index]


def test_the_link_service_lists_nothing_unless_the_site_allows_it(tmp_path: Path) -> None:
    site = Site(tmp_path, ROUTES)
    answer = site.program("POST", STUDIES, "link-service", json=ASKED)
    assert (answer.status_code, answer.json["code"]) == (403, "listing-off")  # type: ignore[index]
    assert site.events() == [("denial", "4")]
    site.close()


def test_strangers_are_refused(site: Site) -> None:
    assert site.browser().post(STUDIES, json=ASKED).status_code == 401
    assert site.program("POST", STUDIES, "eve", json=ASKED).status_code == 401
