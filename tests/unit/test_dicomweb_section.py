"""The section of the official DICOMweb plugin, read for Sightline."""

from __future__ import annotations

from typing import Any

import pytest

from sightline.configuration import ConfigurationError
from sightline.dicomweb_section import OPTIONS, DicomwebSection, read_section, unheeded

DEBIAN = {
    "Enable": True,
    "Root": "/dicom-web/",
    "EnableWado": True,
    "WadoRoot": "/wado",
    "Host": "localhost",
    "Ssl": False,
}


def section(**keys: Any) -> DicomwebSection:
    return read_section({"DicomWeb": keys})


def test_without_a_section_and_with_that_of_debian() -> None:
    assert read_section({}) == section(**DEBIAN) == DicomwebSection()
    assert unheeded({"DicomWeb": DEBIAN}) == []
    assert DicomwebSection().trees == ("/dicom-web", "/wado")


@pytest.mark.parametrize("root", ["/images/web/", "images/web", "/images/web"])
def test_roots(root: str) -> None:
    found = section(Root=root, WadoRoot="uri", PublicRoot="/outside/web")
    assert (found.root, found.wado_root, found.public_root) == ("/images/web", "/uri", "/outside/web")
    assert found.url("https://a.example/pacs") == "https://a.example/outside/web"
    assert section(Root=root).url("https://a.example/pacs") == "https://a.example/pacs/images/web"


def test_switched_off() -> None:
    assert section(Enable=False).trees == ()
    assert section(EnableWado=False).trees == ("/dicom-web",)
    assert read_section({"ReadOnly": True}).is_read_only
    assert read_section({"CaseSensitivePN": True}).is_case_sensitive
    assert not read_section({"CaseSensitivePN": True, "DicomWeb": {"QidoCaseSensitive": False}}).is_case_sensitive


@pytest.mark.parametrize(
    ("host", "ssl", "url"),
    [("a.example", True, "https://a.example"), ("192.0.2.1:8042", False, "http://192.0.2.1:8042"), ("", True, "")],
)
def test_host(host: str, ssl: bool, url: str) -> None:
    assert section(Host=host, Ssl=ssl).host_url == url


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Root", ""),
        ("Root", "/"),
        ("Root", "/a b"),
        ("Root", "/a/../b"),
        ("Root", "/instances/web"),
        ("Root", "/sightline"),
        ("Root", "/(.*)"),
        ("Root", 5),
        ("WadoRoot", "/dicom-web"),
        ("WadoRoot", "/tools/wado"),
        ("PublicRoot", "https://a.example/"),
        ("Host", "a.example/x"),
        ("Host", 5),
        ("Ssl", "yes"),
        ("Enable", 1),
    ],
)
def test_what_cannot_be_used_stops_the_start(key: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=f'"DicomWeb.{key}" is '):
        read_section({"DicomWeb": {key: value}})


def test_what_does_nothing_is_named() -> None:
    said = unheeded(
        {"DicomWeb": {"StudiesMetadata": "MainDicomTags", "SeriesMetadata": "Full", "Servers": {"a": []}, "X": 1}}
    )
    assert said == [
        '"DicomWeb.StudiesMetadata" is not heeded: Metadata is always complete, as `Full` there.',
        '"DicomWeb.Servers" is not heeded: Sightline is no DICOMweb client.',
        '"DicomWeb.X" is not known.',
    ]


def test_every_honoured_key_changes_something() -> None:
    """A key that the table calls honoured is read: another value of it gives another section."""
    values: dict[str, Any] = {
        "Enable": False,
        "Root": "/x",
        "EnableWado": False,
        "WadoRoot": "/y",
        "PublicRoot": "/z",
        "Host": "a.example",
        "Ssl": True,
        "QidoCaseSensitive": True,
    }
    assert set(values) == {option.key for option in OPTIONS if option.is_honoured}
    for key, value in values.items():
        with_host = {"Host": "b.example"}
        assert section(**{**with_host, key: value}) != section(**with_host), key
