"""What is checked before Sightline starts: it refuses where it would not be safe, and warns where it would be weak."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sightline.configuration import ConfigurationError
from sightline.dicomweb_section import read_section

OLDEST_CORE = (1, 12, 7)
SAFER_CORE = (1, 12, 11)
"""Cores before it have published flaws that matter once other machines can reach them."""


def refuse_unsafe(configuration: Mapping[str, Any], core_is_at_least: Any) -> None:
    """Raise `ConfigurationError`, with what to do, where Sightline must not start.

    Parameters
    ----------
    configuration : Mapping[str, Any]
        Orthanc's whole configuration.
    core_is_at_least : callable
        ``core_is_at_least(major, minor, revision) -> bool``.
    """
    if not core_is_at_least(*OLDEST_CORE):
        raise ConfigurationError(f"Sightline needs Orthanc {_version(OLDEST_CORE)} or newer.")
    python = configuration.get("Python", {})
    if not (isinstance(python, Mapping) and python.get("AllowThreads") is True):
        raise ConfigurationError(
            'Set "Python": {"AllowThreads": true} in Orthanc\'s configuration: without it one client that stops '
            "reading its answer stops every page for everybody."
        )
    if configuration.get("AuthenticationEnabled") is not False:
        raise ConfigurationError(
            'Set "AuthenticationEnabled": false in Orthanc\'s configuration: Sightline does the login itself, for the '
            'users of "RegisteredUsers". With the core\'s own login on, no link and no login page could be reached.'
        )
    if configuration.get("RemoteAccessAllowed") is True and not configuration.get("RegisteredUsers"):
        raise ConfigurationError(
            '"RemoteAccessAllowed" is on, but nobody can log in: add a user to "RegisteredUsers" or switch it off.'
        )


def warnings(configuration: Mapping[str, Any], core_is_at_least: Any) -> list[str]:
    """Return what an administrator should know, a sentence each."""
    found = []
    if configuration.get("RemoteAccessAllowed") is True:
        if not core_is_at_least(*SAFER_CORE):
            found.append(
                f"Remote access is on with an Orthanc older than {_version(SAFER_CORE)}, which has published flaws."
            )
        if not configuration.get("Sightline", {}).get("TrustedProxies"):
            found.append(
                "Remote access is on without a reverse proxy (Sightline.TrustedProxies): no TLS, and a slow client can "
                "occupy all of Orthanc's connections."
            )
    if configuration.get("DicomServerEnabled", True) and configuration.get("DicomAlwaysAllowStore", True):
        found.append("DicomAlwaysAllowStore is on: any machine that reaches the DICOM port can store files.")
    takes_orders = bool(configuration.get("Sightline", {}).get("Orders"))
    if takes_orders and configuration.get("DefaultEncoding", "Latin1") != "Utf8":
        found.append(
            'Orders are taken, but "DefaultEncoding" is not "Utf8": on the worklist, letters that it lacks are written '
            "without accents, or as question marks."
        )
    if takes_orders and configuration.get("DicomAlwaysAllowFindWorklist") is True:
        found.append("DicomAlwaysAllowFindWorklist is on: any machine that reaches the DICOM port can see the orders.")
    return found


def official_dicomweb_trees(configuration: Mapping[str, Any], plugins: list[str]) -> tuple[str, ...]:
    """Return the path trees of the official DICOMweb plugin, if it is loaded beside us."""
    if "dicom-web" not in plugins:
        return ()
    return read_section(configuration).trees


def _version(parts: tuple[int, int, int]) -> str:
    return ".".join(str(part) for part in parts)
