"""The self-test of chart documents: whether Sightline's own account is let in, where it is meant for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sightline.configuration import Configuration
from sightline.openemr.ehr import backend_client
from sightline.openemr.setup.self_tests import run_self_test
from sightline.web.services import Services
from tests.support.ehr_section import asked_ehr
from tests.support.openemr.backend_emr import BackendEmr
from tests.support.site import Site

Make = Callable[..., Services]


@pytest.fixture
def emr() -> Iterator[BackendEmr]:
    with BackendEmr() as emr:
        yield emr


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    with ExitStack() as ending:

        def made(ehr: dict[str, Any], **options: Any) -> Services:
            backend_client._tokens.cache_clear()
            site = Site(tmp_path, ())
            ending.callback(site.close)
            return replace(site.services, configuration=Configuration.parse({"Ehr": ehr, **options}))

        yield made


def test_an_account_for_documents_only(make: Make, emr: BackendEmr) -> None:
    result = run_self_test(make(asked_ehr(emr.fhir, ClientSecret="s3cret", RefreshToken="first")), "documents")
    assert result is not None
    assert (result.is_ok, result.advice) == (True, ""), result
    assert [asked["grant_type"] for asked in emr.token_requests] == ["refresh_token"]
    assert emr.requests[-1] == "GET /apis/default/fhir/Patient"
    assert (emr.records.documents, emr.records.patients) == ([], [])


def test_an_account_that_is_refused(make: Make, emr: BackendEmr) -> None:
    result = run_self_test(make(asked_ehr(emr.fhir, ClientSecret="another")), "documents")
    assert result is not None
    assert (result.is_ok, "gave no token (401)" in result.seen) == (False, True), result
    assert "Backend in Ehr.Issuers" in result.advice


def test_an_ehr_that_is_not_there(make: Make, emr: BackendEmr) -> None:
    emr.is_down = True
    result = run_self_test(make(asked_ehr(emr.fhir, ClientSecret="s3cret")), "documents")
    assert result is not None
    assert not result.is_ok


def test_the_account_for_orders_is_not_meant_unless_it_is_named(make: Make, emr: BackendEmr, tmp_path: Path) -> None:
    ehr = asked_ehr(emr.fhir, ClientSecret="s3cret")
    orders = {"Folder": {"Path": str(tmp_path)}}
    assert run_self_test(make(ehr, Orders=orders), "documents") is None
    assert emr.token_requests == []
    result = run_self_test(make(ehr | {"Documents": "clinic"}, Orders=orders), "documents")
    assert result is not None
    assert result.is_ok, result


def test_an_ehr_without_a_rule_for_numbers(make: Make, emr: BackendEmr) -> None:
    ehr = asked_ehr(emr.fhir)
    del ehr["Issuers"][0]["PatientId"]
    result = run_self_test(make(ehr | {"Documents": "clinic"}), "documents")
    assert result is not None
    assert (result.is_ok, "PatientId" in result.advice) == (False, True)
