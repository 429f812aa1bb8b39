"""What Orthanc is told, and that nobody can open it by accident."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deploy.orthanc_configuration import TEMPLATE, ConfigurationFileError, build, merged, read, without_comments

PLUGIN = "/usr/lib/orthanc/libOrthancPython.so.5.0"


def built(extra: dict[str, Any] | None = None, dicom_port: int = 4242) -> dict[str, Any]:
    """Build from the shipped template."""
    return build(
        TEMPLATE,
        http_port=8042,
        dicom_port=dicom_port,
        data_directory="/data",
        script="/opt/sightline/plugin/sightline_plugin.py",
        environment="/opt/environment",
        python_plugin=PLUGIN,
        admin_password="secret",
        extra=extra,
    )


def test_comments_go_and_strings_stay() -> None:
    text = '{"a": "// no /* comment */", /* one\n two */ "b": 1 // end\n}'
    plain = without_comments(text)
    assert plain.count("\n") == text.count("\n")
    assert len(plain) == len(text)
    assert '"// no /* comment */"' in plain
    assert "two" not in plain
    assert "end" not in plain


def test_an_escaped_quote_does_not_end_a_string() -> None:
    assert without_comments(r'{"a": "\" // in"} // out') == r'{"a": "\" // in"}       '


@pytest.mark.parametrize(
    ("content", "reason"),
    [("{", "is not JSON"), ("[1]", "one object"), (None, "cannot be read"), ('{"a": 1,}', "not JSON")],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, content: str | None, reason: str) -> None:
    path = tmp_path / "further.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigurationFileError, match=reason) as caught:
        read(path)
    assert str(path) in str(caught.value)


def test_objects_merge_deeply_and_lists_are_replaced() -> None:
    base = {"A": {"B": {"C": 1, "D": [1, 2]}}, "E": [1], "F": {"G": 1}}
    over = {"A": {"B": {"D": [3]}}, "E": [], "F": 2}
    assert merged(base, over) == {"A": {"B": {"C": 1, "D": [3]}}, "E": [], "F": 2}
    assert base == {"A": {"B": {"C": 1, "D": [1, 2]}}, "E": [1], "F": {"G": 1}}


def test_it_is_closed_by_default() -> None:
    configuration = built()
    assert configuration["RemoteAccessAllowed"] is False
    assert configuration["HttpBindAddresses"] == ["127.0.0.1"]
    for service in ("Echo", "Store", "Find", "FindWorklist", "Get", "Move"):
        assert configuration[f"DicomAlwaysAllow{service}"] is False
    assert configuration["AuthenticationEnabled"] is False
    assert configuration["Python"]["AllowThreads"] is True
    assert configuration["Plugins"] == [PLUGIN]
    assert configuration["ExecuteLuaEnabled"] is False
    assert configuration["RestApiWriteToFileSystemEnabled"] is False


def test_the_password_is_beside_other_users() -> None:
    assert built({"RegisteredUsers": {"ann": "x"}})["RegisteredUsers"] == {"admin": "secret", "ann": "x"}


def test_a_dicom_port_of_zero_switches_dicom_off() -> None:
    assert built(dicom_port=0)["DicomServerEnabled"] is False
    assert built()["DicomServerEnabled"] is True
    assert built()["DicomPort"] == 4242


def test_further_plugins_cannot_push_ours_out() -> None:
    """Without it nobody would be asked for a password."""
    assert built({"Plugins": ["/other.so"]})["Plugins"] == [PLUGIN, "/other.so"]
    assert built({"Plugins": ["/other.so", PLUGIN]})["Plugins"] == [PLUGIN, "/other.so"]


def test_paths_are_where_orthanc_sees_them() -> None:
    configuration = built({"Sightline": {"VolumeMegabytes": 512}})
    assert configuration["StorageDirectory"] == "/data/orthanc"
    assert configuration["Sightline"] == {
        "Environment": "/opt/environment",
        "StateDirectory": "/data/sightline",
        "VolumeMegabytes": 512,
    }
