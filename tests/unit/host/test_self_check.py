"""Where Sightline must not start, and where it warns."""

from __future__ import annotations

from typing import Any

import pytest

from sightline.configuration import ConfigurationError

SAFE: dict[str, Any] = {
    "Python": {"AllowThreads": True},
    "AuthenticationEnabled": False,
    "DicomAlwaysAllowStore": False,
}


def core(*version: int) -> Any:
    """Return the SDK's version check of a core of that version."""
    return lambda *wanted: version >= wanted


@pytest.mark.parametrize(
    ("change", "version", "sentence"),
    [
        ({}, (1, 12, 6), "1.12.7 or newer"),
        ({"Python": {}}, (1, 13, 0), "AllowThreads"),
        ({"Python": {"AllowThreads": "yes"}}, (1, 13, 0), "AllowThreads"),
        ({"AuthenticationEnabled": True}, (1, 13, 0), "AuthenticationEnabled"),
        ({"AuthenticationEnabled": None}, (1, 13, 0), "AuthenticationEnabled"),
        ({"RemoteAccessAllowed": True}, (1, 13, 0), "nobody can log in"),
    ],
)
def test_refusals(orthanc_module: object, change: dict[str, Any], version: tuple[int, ...], sentence: str) -> None:
    """Each says what to do."""
    from sightline.host import self_check

    with pytest.raises(ConfigurationError, match=sentence):
        self_check.refuse_unsafe({**SAFE, **change}, core(*version))


def test_safe_configuration(orthanc_module: object) -> None:
    """Nothing to refuse, nothing to warn of."""
    from sightline.host import self_check

    self_check.refuse_unsafe(SAFE, core(1, 12, 7))
    assert self_check.warnings(SAFE, core(1, 12, 7)) == []


def test_a_worklist_that_strangers_see_or_that_lacks_letters(orthanc_module: object) -> None:
    from sightline.host import self_check

    orders = {"Sightline": {"Orders": {"Mllp": {"Port": 2575}}}}
    exposed = {**SAFE, **orders, "DefaultEncoding": "Utf8", "DicomAlwaysAllowFindWorklist": True}
    assert ["DicomAlwaysAllowFindWorklist" in one for one in self_check.warnings(exposed, core(1, 12, 11))] == [True]
    plain = {**SAFE, **orders}
    assert ["DefaultEncoding" in one for one in self_check.warnings(plain, core(1, 12, 11))] == [True]
    assert self_check.warnings({**plain, "DefaultEncoding": "Utf8"}, core(1, 12, 11)) == []


def test_warnings(orthanc_module: object) -> None:
    """Old core and no proxy with remote access; unknown modalities, which is also Orthanc's default."""
    from sightline.host import self_check

    found = self_check.warnings({"RemoteAccessAllowed": True}, core(1, 12, 10))
    assert [sentence.split()[0] for sentence in found] == ["Remote", "Remote", "DicomAlwaysAllowStore"]
    proxied = {**SAFE, "RemoteAccessAllowed": True, "Sightline": {"TrustedProxies": ["192.0.2.1"]}}
    assert self_check.warnings(proxied, core(1, 12, 11)) == []


def test_official_dicomweb(orthanc_module: object) -> None:
    """Its trees are known only where it is loaded."""
    from sightline.host import self_check

    assert self_check.official_dicomweb_trees({}, ["python"]) == ()
    assert self_check.official_dicomweb_trees({}, ["dicom-web"]) == ("/dicom-web", "/wado")
    moved = {"DicomWeb": {"Root": "/other/", "WadoRoot": "wado2"}}
    assert self_check.official_dicomweb_trees(moved, ["dicom-web"]) == ("/other", "/wado2")
