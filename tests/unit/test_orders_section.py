"""Options of orders: off by default, and none that would make a site trust or guess."""

from __future__ import annotations

from typing import Any

import pytest

from sightline.configuration import Configuration, ConfigurationError
from tests.support.ehr_section import asked_ehr

SFTP = {"Url": "sftp://a@emr.example/out", "HostKey": "ssh-ed25519 AAAA", "KeyFile": "/key"}
FOLDER = {"Folder": {"Path": "/in"}}
POLL = {"Fhir": {"PollSeconds": 30}}
EHR = asked_ehr("https://emr.example/fhir")
PID = asked_ehr("https://emr.example/fhir", {"Source": "pid", "Prefix": "E"})
(ISSUER,) = EHR["Issuers"]
TWO = {"Issuers": [ISSUER, PID["Issuers"][0] | {"Name": "other", "Issuer": "https://other.example/fhir"}]}
UNASKED = {"Issuers": [ISSUER | {"ClientId": "c", "Backend": None}]}


def test_nothing_is_on_by_default() -> None:
    assert not Configuration.parse({}).orders.is_on
    assert not Configuration.parse({"Orders": {"PatientId": {"Source": "pid", "Prefix": "A-"}}}).orders.is_on


@pytest.mark.parametrize(
    "orders",
    [
        {"Folder": {"Path": "/in"}},
        {"Folder": {"Sftp": SFTP}},
        {"Mllp": {"Port": 2575}},
        POLL,
    ],
)
def test_each_way_switches_orders_on(orders: dict[str, Any]) -> None:
    assert Configuration.parse({"Orders": orders, "Ehr": EHR}).orders.is_on


@pytest.mark.parametrize(
    ("orders", "named"),
    [
        ({"Folder": {"Sftp": SFTP | {"HostKey": ""}}}, "HostKey"),
        ({"Folder": {"Sftp": SFTP | {"KeyFile": ""}}}, "PasswordFile"),
        ({"Folder": {"Sftp": SFTP | {"PasswordFile": "/password"}}}, "PasswordFile"),
        ({"Folder": {"Sftp": SFTP | {"Url": "sftp://a:secret@emr.example/out"}}}, "Url"),
        ({"Mllp": {"Port": 70_000}}, "Port"),
        ({"Mllp": {"Peers": ["everybody"]}}, "Peers"),
        (POLL, '"Backend"'),
        (FOLDER | {"PatientId": {"Source": "pubpid"}}, '"Backend"'),
        ({"Fhir": {"Issuer": "clinic"}}, '"Orders.Fhir.Issuer" names none'),
        ({"PatientId": {"Prefix": "A-"}}, "Source"),
        ({"PatientId": {"Source": "ssn"}}, "Source"),
        ({"PatientId": {"Source": "pid", "Prefix": "a\\b"}}, "Prefix"),
        ({"TimeZone": "Mars/Olympus"}, "TimeZone"),
    ],
)
def test_what_would_not_be_safe_or_clear_is_refused(orders: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        Configuration.parse({"Orders": orders})


@pytest.mark.parametrize(
    ("orders", "ehr", "rule"),
    [
        (FOLDER, {}, ("pid", "")),
        (FOLDER, EHR, ("pubpid", "")),
        (FOLDER, PID, ("pid", "E")),
        (FOLDER | {"PatientId": {"Source": "pid"}}, UNASKED, ("pid", "")),
        (FOLDER | {"Fhir": {"Issuer": "other"}}, TWO, ("pid", "E")),
    ],
)
def test_orders_have_the_numbers_of_their_ehr(
    orders: dict[str, Any], ehr: dict[str, Any], rule: tuple[str, str]
) -> None:
    found = Configuration.parse({"Orders": orders, "Ehr": ehr}).order_rule
    assert found is not None
    assert (found.source, found.prefix) == rule


@pytest.mark.parametrize(
    ("orders", "ehr", "named"),
    [
        (FOLDER, UNASKED, '"Backend"'),
        (FOLDER, TWO, '"Orders.PatientId" is needed'),
        (POLL, PID, '"Source" pubpid'),
        (POLL | {"PatientId": {"Source": "pubpid"}}, TWO, '"Orders.Fhir.Issuer"'),
    ],
)
def test_whose_a_number_is_is_never_guessed(orders: dict[str, Any], ehr: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        Configuration.parse({"Orders": orders, "Ehr": ehr})
