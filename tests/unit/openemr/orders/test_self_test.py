"""The self-test says whether orders would come in, and what to do where they would not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sightline.openemr.orders.self_test import self_test
from tests.support.ehr_section import asked_ehr
from tests.support.orthanc_server import free_port
from tests.support.site import Site
from tests.unit.openemr.orders.conftest import MakeSite


def test_a_site_with_a_folder(site: Site) -> None:
    result = self_test(site.services)
    assert result.is_ok, result
    assert "reached: folder" in result.seen
    assert site.services.orders.search() == ()
    assert site.services.orders.codes.read().rows[0].code == "71020"


def test_time_goes_on_meanwhile(site: Site) -> None:
    def clock() -> datetime:
        site.clock.advance(seconds=0.01)
        return site.clock()

    result = self_test(replace(site.services, clock=clock))
    assert result.is_ok, result


def test_letters_that_this_orthanc_lacks_are_told(site: Site) -> None:
    site.services.site["dicom_encoding"] = "Latin1"
    result = self_test(site.services)
    assert result.is_ok
    assert "Utf8" in result.advice


def test_a_folder_that_is_not_there(make_site: MakeSite, tmp_path: Path) -> None:
    result = self_test(make_site(Folder={"Path": str(tmp_path / "nowhere")}).services)
    assert not result.is_ok
    assert "folder: FileNotFoundError" in result.seen
    assert result.advice


def test_a_port_that_nobody_listens_on(make_site: MakeSite) -> None:
    result = self_test(make_site(Mllp={"Port": free_port()}).services)
    assert not result.is_ok
    assert "MLLP" in result.seen


def test_an_ehr_that_cannot_be_reached(make_site: MakeSite) -> None:
    result = self_test(make_site(asked_ehr(f"http://127.0.0.1:{free_port()}/fhir")).services)
    assert not result.is_ok
    assert "FHIR: The EHR cannot be reached" in result.seen


def test_a_site_without_orders(make_site: MakeSite) -> None:
    result = self_test(make_site(Folder={}).services)
    assert not result.is_ok
    assert "No way in" in result.seen
