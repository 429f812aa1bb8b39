"""Where an OpenEMR is, of what somebody typed; and which addresses are never asked."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from sightline.errors import BadRequestError

_LONGEST = 512
_MOST_ADDRESSES = 3
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}|[0-9A-Fa-f:.]{2,45}")
_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*")
_FHIR = re.compile(r"(?P<base>.*)/apis/(?P<site>[A-Za-z0-9_-]+)(/.*)?")
_METADATA = frozenset(map(ipaddress.ip_address, ("100.100.100.200", "fd00:ec2::254", "192.0.0.192")))
"""Where clouds tell machines their own secrets, beside the link-local addresses."""


@dataclass(frozen=True)
class EmrAddress:
    """An OpenEMR.

    Parameters
    ----------
    scheme, host : str
    port : int
    path : str
        Where it is installed below that, without trailing slash; mostly empty.
    site : str
        Its multi-site name.
    """

    scheme: str
    host: str
    port: int
    path: str = ""
    site: str = "default"

    @property
    def origin(self) -> str:
        """Scheme, host and port as a browser writes them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = {"https": 443, "http": 80}[self.scheme]
        return f"{self.scheme}://{host}" + ("" if self.port == usual else f":{self.port}")

    @property
    def base(self) -> str:
        """What "Site Address (required for OAuth2 and FHIR)" has to be in OpenEMR."""
        return self.origin + self.path

    @property
    def fhir(self) -> str:
        """FHIR base, which is `iss` of its launches."""
        return f"{self.base}/apis/{self.site}/fhir"

    @property
    def oauth(self) -> str:
        """Where its authorization server is."""
        return f"{self.base}/oauth2/{self.site}"

    @classmethod
    def parse(cls, text: str) -> EmrAddress:
        """Read an address: of the server, of its folder, or of anything below ``/apis/<site>/``.

        >>> EmrAddress.parse(" https://emr.example/openemr/ ").fhir
        'https://emr.example/openemr/apis/default/fhir'
        >>> EmrAddress.parse("https://EMR.example:8443/apis/clinic/fhir").oauth
        'https://emr.example:8443/oauth2/clinic'

        Raises
        ------
        BadRequestError
            ``emr-address``: it is none.
        """
        try:
            parts = urlsplit(text.strip()[: _LONGEST + 1])
            port, host = parts.port, parts.hostname or ""
        except ValueError:
            parts, port, host = urlsplit(""), None, ""
        path, site = parts.path.rstrip("/"), "default"
        if found := _FHIR.fullmatch(path):
            path, site = found["base"], found["site"]
        is_plain = parts.username is None and not parts.query and not parts.fragment
        is_written = parts.scheme in ("http", "https") and bool(_HOST.fullmatch(host)) and bool(_PATH.fullmatch(path))
        if not (is_plain and is_written and ".." not in path and len(text.strip()) <= _LONGEST):
            raise BadRequestError(
                "Write the address of OpenEMR as a browser shows it, such as https://emr.example.org.", "emr-address"
            )
        return cls(parts.scheme, host, port or (443 if parts.scheme == "https" else 80), path, site)


def resolve(host: str, port: int) -> tuple[str, ...]:
    """Return the network addresses to connect to, the one to try first in front.

    This machine and its neighbours may be asked: that is where an EHR is. What only a machine itself is told, may not.

    Raises
    ------
    OSError
        The name is not known.
    BadRequestError
        ``emr-address``: it is an address that is never asked.
    """
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if any(_is_never_asked(address) for address in found):
        raise BadRequestError("This address is never asked: it is link-local, or no single machine's.", "emr-address")
    return tuple(dict.fromkeys(found))[:_MOST_ADDRESSES]


def _is_never_asked(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    address = mapped or address
    return address.is_link_local or address.is_multicast or address.is_unspecified or address in _METADATA
