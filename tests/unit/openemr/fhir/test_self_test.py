"""The self-test of FHIR says what is not well, and what to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sightline.errors import UnavailableError
from sightline.openemr.fhir.self_test import self_test
from tests.support.fhir_site import URL, FhirSite
from tests.support.openemr.signed_tokens import SigningOpenEmr


def test_all_is_well(site: FhirSite) -> None:
    result = self_test(site.services)
    assert (result.is_ok, result.advice) == (True, "")
    assert f"{URL}/dicom-web" in result.seen


def test_an_archive_that_does_not_answer(site: FhirSite, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise UnavailableError("Nothing answers.", "archive-unreachable")

    monkeypatch.setattr(site.archive, "search", fail)
    result = self_test(site.services)
    assert (result.is_ok, "archive-unreachable" in result.seen) == (False, True)


def test_images_without_tls(site: FhirSite) -> None:
    result = self_test(replace(site.services, dicomweb_url="http://pacs.example/dicom-web"))
    assert not result.is_ok
    assert "https" in result.advice


def test_tokens_of_an_ehr(tmp_path: Path) -> None:
    with SigningOpenEmr() as emr:
        issuer = {
            "Name": "emr", "Issuer": emr.fhir, "ClientId": "sightline", "PatientId": {"Source": "pubpid"},
            "AcceptTokens": True, "TokenClients": ["app"],
        }  # fmt: skip
        site = FhirSite(tmp_path, Ehr={"Issuers": [issuer]})
        assert "emr" in self_test(site.services).seen
        site.clock.advance(minutes=10)
        emr.is_down = True
        result = self_test(site.services)
        assert (result.is_ok, "emr" in result.seen) == (False, True)
        site.close()
