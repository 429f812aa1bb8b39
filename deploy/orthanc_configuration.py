"""Orthanc's configuration for Sightline: the template, what this machine adds, and what the administrator adds."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TEMPLATE = Path(__file__).resolve().parent.parent / "orthanc-config" / "orthanc.json"
"""The configuration for one machine."""

ADMINISTRATOR = "admin"
"""The user whose password is generated at the first start."""

_STRING_OR_COMMENT = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\n]*|/\*.*?\*/', re.DOTALL)

Json = dict[str, Any]


class ConfigurationFileError(Exception):
    """A configuration file cannot be used. The message says which and why."""


def read(path: Path) -> Json:
    """Read a JSON file with ``//`` and ``/* */`` comments, as Orthanc reads its own.

    Raises
    ------
    ConfigurationFileError
        There is no such file, it is not JSON, or it is not an object.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationFileError(f"{path} cannot be read: {error}") from error
    try:
        content = json.loads(without_comments(text))
    except json.JSONDecodeError as error:
        raise ConfigurationFileError(f"{path} is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise ConfigurationFileError(f"{path} must hold one object in braces.")
    return content


def without_comments(text: str) -> str:
    """Return `text` with comments blanked, lines kept, so that positions in later errors stay right.

    >>> without_comments('{"url": "http://a" /* b */}')
    '{"url": "http://a"        }'
    """

    def blank(match: re.Match[str]) -> str:
        found = match.group()
        return found if found.startswith('"') else re.sub(r"[^\n]", " ", found)

    return _STRING_OR_COMMENT.sub(blank, text)


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> Json:
    """Return `base` with `over` laid over it: objects deeply, everything else (lists too) replaced.

    >>> merged({"A": {"B": 1, "C": [1, 2]}}, {"A": {"C": [3]}})
    {'A': {'B': 1, 'C': [3]}}
    """
    result = copy.deepcopy(dict(base))
    for key, value in over.items():
        below = result.get(key)
        if isinstance(below, dict) and isinstance(value, Mapping):
            result[key] = merged(below, value)
        else:
            result[key] = copy.deepcopy(value)
    return result


def build(
    configuration_template: Path,
    *,
    http_port: int,
    dicom_port: int,
    data_directory: Path | str,
    script: Path | str,
    environment: Path | str,
    python_plugin: Path | str,
    admin_password: str,
    extra: Mapping[str, Any] | None = None,
) -> Json:
    """Return the complete configuration. All paths are as Orthanc will see them, and absolute.

    Parameters
    ----------
    configuration_template : Path
        Usually `TEMPLATE`.
    http_port, dicom_port : int
        TCP ports; a `dicom_port` of 0 switches DICOM off.
    data_directory : Path or str
        Holds ``orthanc`` (stored files and index) and ``sightline`` (Sightline's own state).
    script : Path or str
        ``sightline_plugin.py``.
    environment : Path or str
        Python environment with the locked requirements, made for the Python that `python_plugin` links.
    python_plugin : Path or str
        ``libOrthancPython.so`` by its own name: a plugin in a folder can go missing unnoticed and leave all open.
    admin_password : str
        Password of `ADMINISTRATOR`, unless `extra` names another.
    extra : Mapping, optional
        The administrator's additions, merged last.

    Raises
    ------
    ConfigurationFileError
        The template cannot be read.
    """
    computed: Json = {
        "HttpPort": http_port,
        "DicomServerEnabled": dicom_port != 0,
        "StorageDirectory": f"{data_directory}/orthanc",
        "IndexDirectory": f"{data_directory}/orthanc",
        "Plugins": [str(python_plugin)],
        "PythonScript": str(script),
        "RegisteredUsers": {ADMINISTRATOR: admin_password},
        "Sightline": {"Environment": str(environment), "StateDirectory": f"{data_directory}/sightline"},
    }
    if dicom_port:
        computed["DicomPort"] = dicom_port
    result = merged(merged(read(configuration_template), computed), extra or {})
    # A list of further plugins replaces ours like any list. But nobody would be asked for a password without this one,
    # and routes belong to whoever registers them first.
    others = [entry for entry in result["Plugins"] if entry != str(python_plugin)]
    result["Plugins"] = [str(python_plugin), *others]
    return result
