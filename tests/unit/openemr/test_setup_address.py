"""Where an OpenEMR is, and what is never asked, whoever types it."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from sightline.errors import BadRequestError
from sightline.openemr.setup.address import EmrAddress, resolve


@pytest.mark.parametrize(
    ("typed", "fhir", "base"),
    [
        ("https://emr.example", "https://emr.example/apis/default/fhir", "https://emr.example"),
        (" https://emr.example/ ", "https://emr.example/apis/default/fhir", "https://emr.example"),
        ("https://emr.example:443", "https://emr.example/apis/default/fhir", "https://emr.example"),
        ("https://emr.example:8443/openemr", "https://emr.example:8443/openemr/apis/default/fhir", None),
        ("https://emr.example/apis/clinic/fhir/", "https://emr.example/apis/clinic/fhir", "https://emr.example"),
        ("http://[::1]:9300/apis/default/fhir/metadata", "http://[::1]:9300/apis/default/fhir", "http://[::1]:9300"),
    ],
)
def test_addresses_as_people_copy_them(typed: str, fhir: str, base: str | None) -> None:
    address = EmrAddress.parse(typed)
    assert address.fhir == fhir
    assert base in (None, address.base)


@pytest.mark.parametrize(
    "typed",
    [
        "", "emr.example", "ftp://emr.example", "file:///etc/passwd", "https://user:secret@emr.example",
        "https://emr.example/?a=1", "https://emr.example/#x", "https://emr.example/../x", "https://emr.example:99999",
        "https://a b.example", "https://emr.example/%2e%2e/", "https://" + "a" * 600, "https://emr_example\r\nX: y",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(BadRequestError) as refused:
        EmrAddress.parse(typed)
    assert refused.value.code == "emr-address"


NEVER = (
    "169.254.169.254", "fe80::1", "0.0.0.0", "224.0.0.1", "::ffff:169.254.169.254", "100.100.100.200",  # noqa: S104
    "2852039166",
)  # fmt: skip
"""The last one is 169.254.169.254 as one number."""


@pytest.mark.parametrize("host", NEVER)
def test_what_only_a_machine_itself_is_told_is_not_asked(host: str) -> None:
    with pytest.raises(BadRequestError):
        resolve(host, 80)


def test_a_name_that_leads_there_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(*_arguments: Any, **_options: Any) -> list[Any]:
        return [(2, 1, 6, "", ("93.184.216.34", 80)), (2, 1, 6, "", ("169.254.169.254", 80))]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    with pytest.raises(BadRequestError):
        resolve("emr.example", 80)


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.7", "::1"])
def test_this_machine_and_its_neighbours_may_be_asked(host: str) -> None:
    assert resolve(host, 80) == (host,)
