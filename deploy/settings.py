"""The variables of ``make run``: read once, checked, explained where they are wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy import orthanc_configuration
from deploy.machine import Problem


@dataclass(frozen=True)
class Variable:
    """One variable of ``make run``, as `docs/configuration.md` lists it."""

    name: str
    default: str
    description: str


VARIABLES = (
    Variable("HTTP_PORT", "8042", "TCP port of the study list, DICOMweb and everything else on HTTP."),
    Variable("DICOM_PORT", "4242", "TCP port for DICOM; `0` switches DICOM off."),
    Variable("DATA_DIR", "./data", "Folder of the archive, of Sightline's own state, the log and the password."),
    Variable(
        "ORTHANC",
        "auto",
        "Which Orthanc: `host` is the one installed on this machine, `trixie` a private Debian 13, `sid` a private "
        "Debian sid; `auto` takes the machine's own where it is new enough, else `trixie`.",
    ),
    Variable("DEMO", "1", "`1` loads demo studies into an empty archive, `0` none, a folder loads what lies in it."),
    Variable(
        "SIGHTLINE_ADMIN_PASSWORD", "", "Password of the user `admin`; empty: one is generated at the first start."
    ),
    Variable(
        "ORTHANC_CONFIG",
        "",
        "A further JSON file of Orthanc options, merged over ours: objects deeply, lists replaced.",
    ),
    Variable("SIGHTLINE_CACHE", "/var/cache/sightline", "Folder for private roots and other things that are reused."),
)

ORTHANC_CHOICES = ("auto", "trixie", "sid", "host")


@dataclass(frozen=True)
class Settings:
    """What to start. `demo` is ``"0"``, ``"1"`` or a folder; `admin_password` is empty when one is to be generated."""

    http_port: int
    dicom_port: int
    data_directory: Path
    orthanc: str
    demo: str
    admin_password: str
    extra: Mapping[str, Any]


def read(variables: Mapping[str, str]) -> Settings:
    """Read the variables; an empty one counts as not set.

    Raises
    ------
    Problem
        One of them is wrong. The message says what is allowed.
    """
    values = {variable.name: variables.get(variable.name, "").strip() or variable.default for variable in VARIABLES}
    http_port, dicom_port = _port(values, "HTTP_PORT", lowest=1), _port(values, "DICOM_PORT", lowest=0)
    if http_port == dicom_port:
        raise Problem(f"HTTP_PORT and DICOM_PORT are both {http_port}: choose two different ports.")
    if values["ORTHANC"] not in ORTHANC_CHOICES:
        raise Problem(f"ORTHANC={values['ORTHANC']} is not one of {', '.join(ORTHANC_CHOICES)}.")
    if values["DEMO"] not in ("0", "1") and not Path(values["DEMO"]).is_dir():
        raise Problem(f"DEMO={values['DEMO']} is neither 0 nor 1 nor a folder.")
    return Settings(
        http_port=http_port,
        dicom_port=dicom_port,
        data_directory=Path(values["DATA_DIR"]).resolve(),
        orthanc=values["ORTHANC"],
        demo=values["DEMO"],
        admin_password=values["SIGHTLINE_ADMIN_PASSWORD"],
        extra=_extra(values["ORTHANC_CONFIG"]),
    )


def _port(values: Mapping[str, str], name: str, lowest: int) -> int:
    text = values[name]
    if not text.isascii() or not text.isdigit() or not lowest <= int(text) <= 65535:
        raise Problem(f"{name}={text} is not a port: use a whole number from {lowest} to 65535.")
    return int(text)


def _extra(path: str) -> Mapping[str, Any]:
    try:
        return orthanc_configuration.read(Path(path)) if path else {}
    except orthanc_configuration.ConfigurationFileError as error:
        raise Problem(f"ORTHANC_CONFIG: {error}") from error
