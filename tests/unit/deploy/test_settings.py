"""The variables of ``make run``."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy import settings
from deploy.machine import Problem


def test_everything_has_a_default() -> None:
    found = settings.read({})
    assert (found.http_port, found.dicom_port) == (8042, 4242)
    assert found.data_directory == Path("data").resolve()
    assert (found.orthanc, found.demo, found.admin_password, found.extra) == ("auto", "1", "", {})


def test_an_empty_variable_counts_as_not_set() -> None:
    assert settings.read({"HTTP_PORT": "", "ORTHANC_CONFIG": " "}) == settings.read({})


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("HTTP_PORT", "0", "from 1 to 65535"),
        ("HTTP_PORT", "65536", "from 1 to 65535"),
        ("HTTP_PORT", "80a", "not a port"),
        ("HTTP_PORT", "٣", "not a port"),
        ("DICOM_PORT", "-1", "from 0 to 65535"),
        ("DICOM_PORT", "8042", "two different ports"),
        ("ORTHANC", "bookworm", "auto, trixie, sid, host"),
        ("DEMO", "/no/such/folder", "neither 0 nor 1 nor a folder"),
        ("ORTHANC_CONFIG", "/no/such/file.json", "/no/such/file.json cannot be read"),
    ],
)
def test_a_wrong_value_is_explained(name: str, value: str, reason: str) -> None:
    with pytest.raises(Problem, match=reason):
        settings.read({name: value})


def test_a_folder_of_demo_studies_and_a_further_configuration(tmp_path: Path) -> None:
    further = tmp_path / "further.json"
    further.write_text('{"Name": "Mine"} // mine')
    found = settings.read({"DEMO": str(tmp_path), "ORTHANC_CONFIG": str(further), "DICOM_PORT": "0"})
    assert (found.demo, found.extra, found.dicom_port) == (str(tmp_path), {"Name": "Mine"}, 0)


def test_the_makefile_has_the_same_variables_and_defaults() -> None:
    lines = Path("Makefile").read_text().splitlines()
    of_make = dict(line.split(" ?=", 1) for line in lines if " ?=" in line)
    ours = {variable.name: variable.default for variable in settings.VARIABLES if variable.name in of_make}
    assert {name: value.strip() for name, value in of_make.items()} == ours
    assert {variable.name for variable in settings.VARIABLES} - set(of_make) == {"SIGHTLINE_CACHE"}
