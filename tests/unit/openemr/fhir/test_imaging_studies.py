"""Studies by FHIR: who may see which, what they say, and that it is valid R4 and R5."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fhir.resources.bundle import Bundle as BundleR5
from fhir.resources.capabilitystatement import CapabilityStatement as CapabilityR5
from fhir.resources.endpoint import Endpoint as EndpointR5
from fhir.resources.imagingstudy import ImagingStudy as ImagingStudyR5
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.endpoint import Endpoint
from fhir.resources.R4B.imagingstudy import ImagingStudy
from fhir.resources.R4B.operationoutcome import OperationOutcome
from werkzeug.test import TestResponse

from sightline.access.grant import Grant, administrator, union
from sightline.openemr.fhir import imaging_studies
from sightline.openemr.fhir.imaging_studies import DCM
from sightline.state.order import ImagingOrder, OrderStatus
from tests.support.fhir_site import EHR, FHIR, URL, FhirSite, linked
from tests.support.fhir_value_sets import check_codes

ADA = administrator("ada")
R5 = {"Accept": "application/fhir+json; fhirVersion=5.0"}
UID_SYSTEM = "urn:dicom:uid"


def found(answer: TestResponse, mode: str = "match") -> list[str]:
    """Return the ids in a Bundle."""
    assert answer.status_code == 200, answer.text
    Bundle.model_validate(answer.json)
    check_codes(answer.json)
    assert answer.json is not None
    return [entry["resource"]["id"] for entry in answer.json.get("entry", []) if entry["search"]["mode"] == mode]


def refused(answer: TestResponse, status: int, code: str) -> None:
    """An OperationOutcome of that status."""
    assert answer.status_code == status, answer.text
    assert answer.content_type.startswith("application/fhir+json")
    OperationOutcome.model_validate(answer.json)
    check_codes(answer.json)
    assert answer.json is not None
    (issue,) = answer.json["issue"]
    assert issue["details"]["text"] == code


def search(site: FhirSite, grant: Grant = ADA, headers: Mapping[str, str] | None = None, **query: str) -> TestResponse:
    parameters = {name.replace("__", "."): value for name, value in query.items()}
    return site.ask(grant, "ImagingStudy", query_string=parameters, headers=dict(headers or {}))


def test_a_study_is_valid_r4(site: FhirSite) -> None:
    answer = site.ask(ADA, "ImagingStudy/1.2.1")
    assert answer.status_code == 200
    assert answer.content_type == "application/fhir+json; fhirVersion=4.0; charset=utf-8"
    study: dict[str, Any] = answer.json  # type: ignore[assignment]
    ImagingStudy.model_validate(study)
    check_codes(study)
    assert study["id"] == "1.2.1"
    assert study["status"] == "available"
    assert study["identifier"][0] == {"use": "official", "system": UID_SYSTEM, "value": "urn:oid:1.2.1"}
    assert study["identifier"][1]["value"] == "A1"
    assert study["identifier"][1]["type"]["coding"][0]["code"] == "ACSN"
    assert study["subject"]["identifier"]["value"] == "P1"
    assert "reference" not in study["subject"]
    assert study["started"] == "2026-01-02"
    assert study["modality"] == [{"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "CT"}]
    assert study["referrer"] == {"display": "Ann B Hill"}
    assert (study["numberOfSeries"], study["numberOfInstances"]) == (2, 4)
    assert study["meta"] == {"lastUpdated": "2026-01-02T10:15:00+00:00"}
    first, second = study["series"]
    assert (first["uid"], first["number"], second["number"]) == ("1.2.1.2", 1, 2)
    assert first["modality"]["code"] == "CT"
    assert first["numberOfInstances"] == 2
    assert [instance["uid"] for instance in first["instance"]] == ["1.2.1.2.1", "1.2.1.2.2"]
    assert first["instance"][0]["sopClass"] == {
        "system": "urn:ietf:rfc:3986",
        "code": "urn:oid:1.2.840.10008.5.1.4.1.1.2",
    }


def test_a_study_is_valid_r5(site: FhirSite) -> None:
    answer = site.ask(ADA, "ImagingStudy/1.2.1", headers=R5)
    assert "fhirVersion=5.0" in answer.content_type
    assert answer.json is not None
    ImagingStudyR5.model_validate(answer.json)
    check_codes(answer.json)
    assert answer.json["modality"][0]["coding"][0]["code"] == "CT"
    assert answer.json["series"][0]["bodySite"] == {"concept": {"text": "CHEST"}}
    bundle = search(site, headers=R5, patient__identifier="P1", _include="ImagingStudy:endpoint").json
    BundleR5.model_validate(bundle)
    check_codes(bundle)
    assert bundle is not None
    EndpointR5.model_validate(bundle["entry"][-1]["resource"])


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/fhir+json;fhirVersion=4.0", 200),
        ("application/json, text/plain;q=0.5", 200),
        ("application/fhir+json; fhirVersion=3.0", 406),
        ("application/fhir+xml", 406),
        ("application/fhir+json;q=0, text/html", 406),
    ],
)
def test_what_is_not_spoken_is_refused(site: FhirSite, accept: str, status: int) -> None:
    assert site.ask(ADA, "ImagingStudy/1.2.1", headers={"Accept": accept}).status_code == status


def test_the_endpoint_is_our_dicomweb(site: FhirSite) -> None:
    answer = search(site, patient__identifier="P1", _include="ImagingStudy:endpoint")
    assert found(answer) == ["1.2.2", "1.2.1", "1.2.4"]
    assert found(answer, "include") == ["dicomweb"]
    assert answer.json is not None
    endpoint = answer.json["entry"][-1]["resource"]
    Endpoint.model_validate(endpoint)
    assert endpoint["address"] == f"{URL}/dicom-web"
    assert endpoint["connectionType"]["code"] == "dicom-wado-rs"
    assert endpoint["extension"][0]["valueBoolean"] is True
    assert endpoint["extension"][0]["url"].endswith("/requires-access-token")
    assert answer.json["entry"][0]["resource"]["endpoint"] == [{"reference": "Endpoint/dicomweb"}]
    assert site.ask(linked("1.2.1"), "Endpoint/dicomweb").json == endpoint
    refused(site.ask(ADA, "Endpoint/other"), 404, "not-found")
    refused(search(site, patient__identifier="P1", _include="ImagingStudy:subject"), 400, "invalid-parameter")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"patient__identifier": "P2"}, ["1.2.3"]),
        ({"patient__identifier": "urn:oid:1.2|P2"}, ["1.2.3"]),
        ({"patient__identifier": "p2"}, []),
        ({"identifier": f"{UID_SYSTEM}|urn:oid:1.2.3"}, ["1.2.3"]),
        ({"identifier": "urn:oid:1.2.3"}, ["1.2.3"]),
        ({"identifier": "urn:oid:1.2.1,urn:oid:1.2.3,A2"}, ["1.2.3", "1.2.2", "1.2.1"]),
        ({"identifier": "A2"}, ["1.2.2"]),
        ({"identifier": "other|A2"}, []),
        ({"identifier": "A9"}, []),
        ({"_id": "1.2.3"}, ["1.2.3"]),
        ({"patient__identifier": "P1", "identifier": "A3"}, []),
        ({"patient__identifier": "P1", "status": "available"}, ["1.2.2", "1.2.1", "1.2.4"]),
        ({"patient__identifier": "P1", "status": "cancelled"}, []),
        ({"patient__identifier": "P1", "modality": "MR,US"}, ["1.2.2"]),
        ({"patient__identifier": "P1", "modality": f"{DCM}|CT"}, ["1.2.1", "1.2.4"]),
        ({"patient__identifier": "P1", "modality": "elsewhere|CT"}, []),
        ({"patient__identifier": "P1", "started": "2026-01-02"}, ["1.2.1"]),
        ({"patient__identifier": "P1", "started": "gt2026-01-02"}, ["1.2.2"]),
        ({"patient__identifier": "P1", "started": "gt2026-01-02T09:00:00Z"}, ["1.2.2", "1.2.1"]),
        ({"patient__identifier": "P1", "started": "le2026-01"}, ["1.2.1"]),
        ({"patient__identifier": "P1", "started": "ne2026-02"}, ["1.2.1"]),
        ({"patient__identifier": "P1", "_lastUpdated": "gt2026-01-02T10:15:00Z"}, []),
        ({"patient__identifier": "P1", "_lastUpdated": "gt2026-01-02T10:14:59Z"}, ["1.2.2", "1.2.1", "1.2.4"]),
        ({"patient__identifier": "P1", "_lastUpdated": "2026-01-02"}, ["1.2.2", "1.2.1", "1.2.4"]),
        ({"patient__identifier": "P1", "_sort": "-started", "_summary": "true"}, ["1.2.2", "1.2.1", "1.2.4"]),
    ],
)  # fmt: skip
def test_searches(site: FhirSite, query: dict[str, str], expected: list[str]) -> None:
    assert found(search(site, **query)) == expected


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({}, "patient-required"),
        ({"status": "available"}, "patient-required"),
        ({"started": "ge2026"}, "patient-required"),
        ({"patient": "f1"}, "patient-identifier-required"),
        ({"patient__identifier": "P*"}, "invalid-parameter"),
        ({"patient__identifier": "P1\\P2"}, "invalid-parameter"),
        ({"identifier": "*"}, "invalid-parameter"),
        ({"identifier": ",".join(map(str, range(51)))}, "too-costly"),
        ({"patient": "Group/f1"}, "invalid-parameter"),
        ({"patient__identifier": "P1", "status": "there"}, "invalid-parameter"),
        ({"patient__identifier": "P1", "started": "yesterday"}, "invalid-parameter"),
        ({"patient__identifier": "P1", "started": "ap2026"}, "invalid-parameter"),
        ({"patient__identifier": "P1", "started": "2026-02-30"}, "invalid-parameter"),
        ({"patient__identifier": "P1", "_count": "many"}, "invalid-parameter"),
        ({"patient__identifier": "P1", "bodysite": "chest"}, "unknown-parameter"),
        ({"patient__identifier": "P1", "modality:not": "CT"}, "unknown-parameter"),
    ],
)
def test_searches_that_are_refused(site: FhirSite, query: dict[str, str], code: str) -> None:
    refused(search(site, **query), 400, code)


def test_pages(site: FhirSite) -> None:
    answer = search(site, patient__identifier="P1", _count="2", modality="CT,MR")
    assert found(answer) == ["1.2.2", "1.2.1"]
    assert answer.json is not None
    assert answer.json["total"] == 3
    links = {link["relation"]: link["url"] for link in answer.json["link"]}
    assert set(links) == {"self", "next"}
    assert links["next"].startswith(f"{URL}{FHIR}/ImagingStudy?")
    query = {name: values[0] for name, values in parse_qs(urlsplit(links["next"]).query).items()}
    assert query == {"patient.identifier": "P1", "modality": "CT,MR", "_count": "2", "_offset": "2"}
    rest = site.ask(ADA, "ImagingStudy", query_string=query)
    assert found(rest) == ["1.2.4"]
    assert rest.json is not None
    assert [link["relation"] for link in rest.json["link"]] == ["self", "previous"]
    counted = search(site, patient__identifier="P1", _count="0")
    assert (found(counted), counted.json["total"]) == ([], 3)  # type: ignore[index]


def test_a_search_by_form_keeps_its_values_out_of_the_address(site: FhirSite) -> None:
    form = {"patient.identifier": "P1", "started": ["ge2026-01-01", "le2026-01-31"]}
    answer = site.ask(ADA, "ImagingStudy/_search", "POST", data=form)
    assert found(answer) == ["1.2.1"]
    event = site.access.audit.page(1)[0]["event"]
    assert event["subtype"][1]["code"] == "search"
    assert any("query" in entity for entity in event["entity"])
    wrong = site.ask(ADA, "ImagingStudy/_search", "POST", json={"patient.identifier": "P1"})
    refused(wrong, 415, "unsupported-media-type")


def test_a_launch_sees_its_patients_studies(site: FhirSite) -> None:
    grant = site.launch("f1", "P1", ["1.2.1", "1.2.2"], held=["1.2.2"])
    answer = search(site, grant, patient="f1")
    assert found(answer) == ["1.2.1"]
    assert answer.json is not None
    subject = answer.json["entry"][0]["resource"]["subject"]
    assert subject["reference"] == f"{EHR}/Patient/f1"
    assert found(search(site, grant, patient=f"{EHR}/Patient/f1")) == ["1.2.1"]
    assert found(search(site, grant, identifier="urn:oid:1.2.3")) == []
    refused(search(site, grant, patient="f2"), 403, "patient-mismatch")
    refused(search(site, grant), 400, "patient-required")
    refused(site.ask(grant, "ImagingStudy/1.2.2"), 403, "forbidden")
    refused(site.ask(grant, "ImagingStudy/1.2.3"), 403, "forbidden")
    assert site.ask(grant, "ImagingStudy/1.2.1").json["subject"]["reference"] == f"{EHR}/Patient/f1"  # type: ignore[index]


def test_a_launch_as_the_site_keeps_it(site: FhirSite) -> None:
    """Not one of this test's making: begun, found by its session's grant, and ended."""
    fake = site.launch("f1", "P1", ["1.2.1", "1.2.2"], held=["1.2.2"])
    site.with_launches_of_its_own()
    begun, session = site.access.launching.begin(site.launches.all[fake.subject.removeprefix("launch:")], "", "test")
    assert found(search(site, session.grant, patient="f1")) == ["1.2.1"]
    refused(search(site, session.grant, patient="f2"), 403, "patient-mismatch")
    assert begun.issuer == EHR


def test_a_large_study_says_that_it_is_not_complete(site: FhirSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imaging_studies, "MOST_INSTANCES", 3)
    study = site.ask(ADA, "ImagingStudy/1.2.1").json
    ImagingStudy.model_validate(study)
    check_codes(study)
    assert study is not None
    assert study["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert [series["numberOfInstances"] for series in study["series"]] == [2, 2]
    assert not any("instance" in series for series in study["series"])


def test_a_launch_whose_patient_has_no_studies_yet(site: FhirSite) -> None:
    grant = site.launch("f1", "P1", [])
    assert found(search(site, grant, patient="f1")) == []
    refused(site.ask(grant, "ImagingStudy/1.2.1"), 403, "forbidden")


def test_two_launches_in_one_browser_are_kept_apart(site: FhirSite) -> None:
    both = union((site.launch("f1", "P1", ["1.2.1"]), site.launch("f2", "P2", ["1.2.3"])))
    assert found(search(site, both, patient="f1")) == ["1.2.1"]
    assert found(search(site, both, patient="f2")) == ["1.2.3"]
    assert site.ask(both, "ImagingStudy/1.2.3").json["subject"]["reference"] == f"{EHR}/Patient/f2"  # type: ignore[index]


def test_a_link_sees_its_study(site: FhirSite) -> None:
    assert found(search(site, linked("1.2.1"), identifier="urn:oid:1.2.1,urn:oid:1.2.3")) == ["1.2.1"]
    assert found(search(site, linked("1.2.1"), patient__identifier="P1")) == ["1.2.1"]
    refused(search(site, linked("1.2.1"), patient="f1"), 403, "patient-mismatch")
    refused(site.ask(linked("1.2.1"), "ImagingStudy/1.2.3"), 403, "forbidden")


def test_strangers_are_refused(site: FhirSite) -> None:
    for path in ("ImagingStudy?identifier=A1", "ImagingStudy/1.2.1", "Endpoint/dicomweb", "Binary/a.v1"):
        refused(site.ask(Grant("anonymous"), path), 401, "not-authenticated")
        refused(site.program("GET", f"{FHIR}/{path}", "link-service"), 403, "forbidden")
    assert site.events() == [("denial", "4")] * 8


def test_a_study_that_is_arriving(site: FhirSite) -> None:
    site.archive.arriving.add("1.2.2")
    for answer in (site.ask(ADA, "ImagingStudy/1.2.2"), search(site, patient__identifier="P1")):
        refused(answer, 503, "study-arriving")
        assert int(answer.headers["Retry-After"]) > 0
    assert found(search(site, patient__identifier="P1", modality="CT")) == ["1.2.1", "1.2.4"]
    site.archive.arriving.clear()
    assert found(search(site, patient__identifier="P1")) == ["1.2.2", "1.2.1", "1.2.4"]


def test_what_is_based_on_an_order(site: FhirSite) -> None:
    now = site.clock()
    site.orders.all["1.2.1"] = ImagingOrder(
        "A1", "1.2.1", "0042", 1, "71020", "Chest", f"fhir:{EHR}", "1", "P1", "Smith^John", "", "", "", "", "", "",
        "ROUTINE", "CT", "CT1", "", "", None, OrderStatus.COMPLETED, now, now, fhir_id="order-1",
    )  # fmt: skip
    for wish in ("order-1", "ServiceRequest/order-1", f"{EHR}/ServiceRequest/order-1"):
        answer = search(site, patient__identifier="P1", basedon=wish)
        assert found(answer) == ["1.2.1"]
        assert answer.json is not None
        (order,) = answer.json["entry"][0]["resource"]["basedOn"]
        assert order["reference"] == f"{EHR}/ServiceRequest/order-1"
        assert order["identifier"]["value"] == "0042"
    assert found(search(site, patient__identifier="P1", basedon="order-2")) == []
    refused(search(site, patient__identifier="P1", basedon="Task/order-1"), 400, "invalid-parameter")


def test_capability_statement_is_for_everybody(site: FhirSite) -> None:
    answer = site.ask(Grant("anonymous"), "metadata")
    assert answer.status_code == 200
    CapabilityStatement.model_validate(answer.json)
    check_codes(answer.json)
    assert answer.json is not None
    assert answer.json["fhirVersion"] == "4.0.1"
    assert answer.json["implementation"]["url"] == f"{URL}{FHIR}"
    newer = site.ask(Grant("anonymous"), "metadata", headers=R5)
    CapabilityR5.model_validate(newer.json)
    assert newer.json["fhirVersion"] == "5.0.0"  # type: ignore[index]


def test_addresses_that_are_not_there(site: FhirSite) -> None:
    refused(site.ask(ADA, "Patient/1"), 404, "not-found")
    refused(site.ask(ADA, "ImagingStudy/1.2.9"), 404, "study-unknown")
    refused(site.ask(ADA, "ImagingStudy", "DELETE"), 405, "method-not-allowed")
