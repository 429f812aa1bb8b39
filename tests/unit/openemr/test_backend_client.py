"""What Sightline asks an EHR in its own name: with as little as each purpose needs, and of nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sightline.openemr.ehr.backend_client import BackendClient, backend_client
from sightline.openemr.ehr.client import EhrError, EhrRefusedError
from tests.support.ehr_section import asked_ehr
from tests.support.openemr.backend_emr import BackendEmr
from tests.support.site import Site

READ = "system/Patient.read"
ORDERS = f"{READ} system/ServiceRequest.read"


@pytest.fixture
def emr() -> Iterator[BackendEmr]:
    with BackendEmr() as emr:
        yield emr


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[list[Site]]:
    sites: list[Site] = []
    yield sites
    for site in sites:
        site.close()


def client_of(site: Site, scopes: str = READ) -> BackendClient:
    client = backend_client(site.services, site.services.configuration.ehr.with_backend(""), scopes)
    assert client is not None
    return client


def site_of(sites: list[Site], folder: Path, fhir: str, **backend: Any) -> Site:
    sites.append(Site(folder, (), Ehr=asked_ehr(fhir, ClientSecret="s3cret", **backend)))
    return sites[-1]


def ask(client: BackendClient) -> Any:
    return client.resource("Patient", {"identifier": "1"})["resourceType"]


def test_each_purpose_has_a_token_of_its_own(sites: list[Site], tmp_path: Path, emr: BackendEmr) -> None:
    site = site_of(sites, tmp_path, emr.fhir)
    for scopes in (READ, READ, ORDERS):
        assert ask(client_of(site, scopes)) == "Bundle"
    assert [form["scope"] for form in emr.token_requests] == [READ, ORDERS]


def test_the_sites_own_scopes_count_for_all(sites: list[Site], tmp_path: Path, emr: BackendEmr) -> None:
    site = site_of(sites, tmp_path, emr.fhir, Scopes=f"{READ} system/Media.read")
    for scopes in (READ, ORDERS):
        ask(client_of(site, scopes))
    assert [form["scope"] for form in emr.token_requests] == [f"{READ} system/Media.read"]


def test_a_refresh_token_has_its_scopes(sites: list[Site], tmp_path: Path, emr: BackendEmr) -> None:
    site = site_of(sites, tmp_path, emr.fhir, RefreshToken="first")
    for scopes in (READ, ORDERS):
        ask(client_of(site, scopes))
    (form,) = emr.token_requests
    assert "scope" not in form
    assert site.services.backend_credentials.refresh_token("first") != "first"


def test_a_client_that_the_ehr_does_not_know_is_told(sites: list[Site], tmp_path: Path, emr: BackendEmr) -> None:
    site = site_of(sites, tmp_path, emr.fhir, ClientId="another")
    with pytest.raises(EhrRefusedError, match="gave no token") as refusal:
        ask(client_of(site))
    assert refusal.value.is_final
    assert "s3cret" not in refusal.value.message


def test_what_passes_is_no_refusal_for_good(sites: list[Site], tmp_path: Path, emr: BackendEmr) -> None:
    site = site_of(sites, tmp_path, emr.fhir)
    client = client_of(site)
    ask(client)
    emr.is_down = True
    with pytest.raises(EhrError) as refusal:
        ask(client)
    assert not refusal.value.is_final


def test_an_ehr_without_an_account_there_is_not_asked(sites: list[Site], tmp_path: Path, emr: BackendEmr) -> None:
    (issuer,) = asked_ehr(emr.fhir)["Issuers"]
    sites.append(Site(tmp_path, (), Ehr={"Issuers": [issuer | {"ClientId": "launches", "Backend": None}]}))
    assert backend_client(sites[0].services, sites[0].services.configuration.ehr.issuers[0], READ) is None
    assert emr.requests == []
