"""The section ``"DicomWeb"`` of Orthanc's configuration, which the official DICOMweb plugin reads.

It is honoured where it means something here, so that a site can put Sightline in that plugin's place and leave its
configuration as it is.

`OPTIONS` says of every key what becomes of it; the documentation is made of the same table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sightline.configuration import ConfigurationError

SECTION = "DicomWeb"
ROOT, WADO_ROOT = "/dicom-web", "/wado"


@dataclass(frozen=True)
class OfficialOption:
    """One key of the official plugin's section.

    Parameters
    ----------
    key : str
        As it stands in the file.
    is_honoured : bool
        Whether it does here what it does there; where not, a start with it set says so in the log.
    explanation : str
        What it does here, or what to do instead.
    harmless : object
        A value that changes nothing and is therefore not named in the log.
    """

    key: str
    is_honoured: bool
    explanation: str
    harmless: object = None


OPTIONS = (
    OfficialOption("Enable", True, "`false`: no DICOMweb routes at all."),
    OfficialOption("Root", True, "Where the DICOMweb routes are."),
    OfficialOption("EnableWado", True, "`false`: no WADO-URI route."),
    OfficialOption("WadoRoot", True, "Where the WADO-URI route is."),
    OfficialOption(
        "PublicRoot", True, "Path of the DICOMweb routes as clients see it, where a reverse proxy has another one."
    ),
    OfficialOption(
        "Host",
        True,
        "Host of the addresses in answers where `Sightline.PublicUrl` is not set. `localhost`, as Debian ships it, "
        "counts as not set.",
    ),
    OfficialOption("Ssl", True, "Whether those addresses, made of `Host`, begin with `https`."),
    OfficialOption("QidoCaseSensitive", True, "`true`: searches tell capital from small letters."),
    OfficialOption("StudiesMetadata", False, "Metadata is always complete, as `Full` there.", "Full"),
    OfficialOption("SeriesMetadata", False, "Metadata is always complete, as `Full` there.", "Full"),
    OfficialOption("StudiesMetadataExtrapolatedTags", False, "No value is guessed from other instances.", []),
    OfficialOption("SeriesMetadataExtrapolatedTags", False, "No value is guessed from other instances.", []),
    OfficialOption("EnableMetadataCache", False, "Metadata is kept in memory, by the identity of its file.", True),
    OfficialOption("MetadataWorkerThreadsCount", False, "Set `Sightline.Workers.Count` instead."),
    OfficialOption("WadoRsLoaderThreadsCount", False, "Set `Sightline.Workers.Count` instead.", 0),
    OfficialOption("EnablePerformanceLogs", False, "There are none.", False),
    OfficialOption(
        "OtherBinaryMode",
        False,
        "Binary values up to 1,024 bytes stand in metadata as `InlineBinary`, longer ones as `BulkDataURI`.",
        "BulkDataURI",
    ),
    OfficialOption("Servers", False, "Sightline is no DICOMweb client.", {}),
    OfficialOption("ServersInDatabase", False, "Sightline is no DICOMweb client.", False),
    OfficialOption("StowMaxInstances", False, "Of the DICOMweb client; without effect in the official plugin, too."),
    OfficialOption("StowMaxSize", False, "Of the DICOMweb client; without effect in the official plugin, too."),
)
"""Every key that the official plugin has or had (releases up to 1.24)."""

_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+")
_HOST = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?")
_TAKEN = frozenset(
    {"app", "changes", "exports", "instances", "jobs", "modalities", "patients", "peers", "plugins", "queries"}
    | {"series", "sightline", "statistics", "storage-commitment", "studies", "system", "tools", "webdav"}
)
"""First parts of paths that Orthanc's own routes, or Sightline's pages, have."""


@dataclass(frozen=True)
class DicomwebSection:
    """Where the DICOMweb routes are, and what is said of their address. Paths begin with a slash and do not end in one.

    Parameters
    ----------
    is_enabled, is_wado_enabled : bool
        Whether there are DICOMweb routes, and a WADO-URI route.
    root, wado_root : str
        Paths of both.
    public_root : str
        Path of the DICOMweb routes as clients see it; empty where it is `root` below the public address.
    host_url : str
        Scheme and host of addresses in answers; empty where the section does not say.
    is_case_sensitive : bool
        Whether searches tell capital from small letters.
    is_read_only : bool
        Orthanc's own option ``ReadOnly``: nothing can be stored or deleted.
    """

    is_enabled: bool = True
    is_wado_enabled: bool = True
    root: str = ROOT
    wado_root: str = WADO_ROOT
    public_root: str = ""
    host_url: str = ""
    is_case_sensitive: bool = False
    is_read_only: bool = False

    @property
    def trees(self) -> tuple[str, ...]:
        """Return the path trees that are ours."""
        if not self.is_enabled:
            return ()
        return (self.root, self.wado_root) if self.is_wado_enabled else (self.root,)

    def url(self, base: str) -> str:
        """Return the address of the DICOMweb routes below an address of the server.

        >>> DicomwebSection().url("https://example.org/pacs")
        'https://example.org/pacs/dicom-web'
        >>> DicomwebSection(public_root="/images").url("https://example.org/pacs")
        'https://example.org/images'
        """
        if not self.public_root:
            return base + self.root
        return "/".join(base.split("/", 3)[:3]) + self.public_root


def read_section(configuration: Mapping[str, Any]) -> DicomwebSection:
    """Read the section of Orthanc's whole configuration.

    Raises
    ------
    ConfigurationError
        A path or a host cannot be used; the message names the key.
    """
    section = configuration.get(SECTION, {})
    if not isinstance(section, Mapping):
        raise _wrong("", section, "a section")
    root, wado_root = _path(section, "Root", ROOT), _path(section, "WadoRoot", WADO_ROOT)
    if wado_root == root:
        raise _wrong("WadoRoot", wado_root, "another path than that of Root")
    return DicomwebSection(
        is_enabled=_flag(section, "Enable", True),
        is_wado_enabled=_flag(section, "EnableWado", True),
        root=root,
        wado_root=wado_root,
        public_root=_path(section, "PublicRoot", "", free=True),
        host_url=_host_url(section),
        is_case_sensitive=_flag(section, "QidoCaseSensitive", configuration.get("CaseSensitivePN") is True),
        is_read_only=configuration.get("ReadOnly") is True,
    )


def unheeded(configuration: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each key of the section that is set and does nothing here."""
    section = configuration.get(SECTION, {})
    known = {option.key: option for option in OPTIONS}
    found = []
    for key, value in section.items():
        option = known.get(key)
        if option is None:
            found.append(f'"{SECTION}.{key}" is not known.')
        elif not option.is_honoured and value != option.harmless:
            found.append(f'"{SECTION}.{key}" is not heeded: {option.explanation}')
    return found


def _path(section: Mapping[str, Any], key: str, default: str, free: bool = False) -> str:
    """Return a path with a slash in front and none behind; a `free` one is nobody's route on this server."""
    value = section.get(key, default)
    path = "/" + value.strip("/") if isinstance(value, str) and value.strip("/") else value
    if path == default:
        return default
    parts = path.split("/")[1:] if isinstance(path, str) else []
    if not isinstance(path, str) or not _PATH.fullmatch(path) or {".", ".."} & set(parts):
        raise _wrong(key, value, "a path such as /dicom-web, of letters, digits, '.', '_', '~' and '-'")
    if not free and parts[0] in _TAKEN:
        raise _wrong(key, value, f"a path that does not begin with /{parts[0]}, which is taken")
    return path


def _host_url(section: Mapping[str, Any]) -> str:
    host = section.get("Host", "")
    scheme = "https" if _flag(section, "Ssl", False) else "http"
    if host in ("", "localhost"):
        return ""
    if not isinstance(host, str) or not _HOST.fullmatch(host):
        raise _wrong("Host", host, "a host such as images.example.org or 192.0.2.1:8042")
    return f"{scheme}://{host}"


def _flag(section: Mapping[str, Any], key: str, default: bool) -> bool:
    value = section.get(key, default)
    if not isinstance(value, bool):
        raise _wrong(key, value, "true or false")
    return value


def _wrong(key: str, value: object, allowed: str) -> ConfigurationError:
    path = f"{SECTION}.{key}" if key else SECTION
    return ConfigurationError(f'Orthanc\'s configuration is wrong: "{path}" is {value!r}; it should be {allowed}.')
