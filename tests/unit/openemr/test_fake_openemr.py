"""The fake OpenEMR refuses what the real one refuses: else tests would pass against something more lenient."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sightline.openemr.smart.registration import registration
from tests.support.openemr.server import FakeOpenEmr

OURS = "https://pacs.example"


@pytest.fixture(scope="module")
def emr() -> Iterator[FakeOpenEmr]:
    with FakeOpenEmr() as server:
        yield server


def register(emr: FakeOpenEmr, body: dict[str, Any], content_type: str = "application/json") -> requests.Response:
    return requests.post(
        f"{emr.url}/oauth2/default/registration",
        data=requests.models.complexjson.dumps(body),
        headers={"Content-Type": content_type},
        timeout=5,
    )


def authorize(emr: FakeOpenEmr, client_id: str, redirect_uri: str) -> int:
    query = {"client_id": client_id, "redirect_uri": redirect_uri, "aud": emr.fhir, "scope": "openid", "state": "s"}
    return requests.get(f"{emr.url}/oauth2/default/authorize", params=query, timeout=5).status_code


def test_a_client_is_disabled_until_somebody_enables_it(emr: FakeOpenEmr) -> None:
    answer = register(emr, registration(OURS))
    assert answer.status_code == 200  # not 201
    client = emr.clients[answer.json()["client_id"]]
    assert client.secret == answer.json()["client_secret"]
    back = f"{OURS}/sightline/smart/callback"
    assert authorize(emr, client.client_id, back) == 401
    client.is_enabled = True
    assert authorize(emr, client.client_id, back) == 200
    assert authorize(emr, client.client_id, f"{back}/") == 401  # compared letter by letter


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"token_endpoint_auth_method": "none"}, 400),
        ({"scope": "openid  launch"}, 400),
        ({"scope": "openid patient/ImagingStudy.read"}, 400),
        ({"redirect_uris": []}, 400),
        ({"post_logout_redirect_uris": []}, 400),
        ({"scope": "openid system/Patient.read"}, 400),  # without keys
        ({"application_type": "web"}, 400),  # public: no user/ scopes
    ],
)
def test_what_registration_refuses(emr: FakeOpenEmr, change: dict[str, Any], status: int) -> None:
    assert register(emr, registration(OURS) | change).status_code == status


def test_what_registration_trips_over(emr: FakeOpenEmr) -> None:
    body = registration(OURS)
    assert register(emr, body, "application/json; charset=utf-8").status_code == 400
    del body["contacts"]
    assert register(emr, body).status_code == 500


def test_a_public_client_that_launches_is_disabled_too(emr: FakeOpenEmr) -> None:
    body = registration(OURS) | {"application_type": "web", "scope": "openid launch patient/Patient.read"}
    del body["token_endpoint_auth_method"]
    answer = register(emr, body).json()
    assert "client_secret" not in answer
    assert not emr.clients[answer["client_id"]].is_enabled


def test_old_configurations_are_odd(emr: FakeOpenEmr) -> None:
    found = requests.get(f"{emr.fhir}/.well-known/smart-configuration", timeout=5).json()
    assert isinstance(found["scopes_supported"][0], list)
    assert "issuer" not in found and "jwks_uri" not in found


def test_introspection_is_of_no_use(emr: FakeOpenEmr) -> None:
    assert requests.post(f"{emr.url}/oauth2/default/introspect", data={"token": "x"}, timeout=5).json() == {
        "active": False
    }
