"""Who is at the other end, when a reverse proxy stands in between."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

from sightline.access.forwarded import forwarded_base, forwarded_for
from sightline.access.headers import Headers
from sightline.configuration import ConfigurationError

MAXIMUM_HOPS = 8


class ClientAddress:
    """Finds a caller's address, and ours as the caller knows it. Memory only; never raises once made.

    Parameters
    ----------
    trusted_proxies : Sequence[str]
        Addresses or networks (``10.0.0.0/24``) whose ``Forwarded`` and ``X-Forwarded`` headers are believed.

    Raises
    ------
    ConfigurationError
        One of them is neither.
    """

    def __init__(self, trusted_proxies: Sequence[str]) -> None:
        try:
            self._trusted = tuple(ipaddress.ip_network(proxy) for proxy in trusted_proxies)
        except ValueError as error:
            raise ConfigurationError(
                f'Orthanc\'s configuration is wrong: "Sightline.TrustedProxies": {error}; addresses and networks '
                "such as 10.0.0.0/24 are allowed."
            ) from None

    def of(self, headers: Headers, peer: str) -> str:
        """Return the caller's address.

        Parameters
        ----------
        headers : Headers
            Asked for by lower-case names.
        peer : str
            Address of the other end of the connection.
        """
        return self._trace(headers, peer)[0]

    def base_url(self, headers: Headers, peer: str, default_prefix: str = "") -> str:
        """Return the address that a trusted proxy was asked under, without trailing slash; empty where none says so.

        Parameters
        ----------
        headers, peer
            As for `of`.
        default_prefix : str
            Path below which we are where no proxy names one.
        """
        if not self._trusted or not (headers.get("forwarded", "") or headers.get("x-forwarded-host", "")):
            return ""
        hops = self._trace(headers, peer)[1]
        return forwarded_base(headers, hops, default_prefix) if hops else ""

    def _trace(self, headers: Headers, peer: str) -> tuple[str, int]:
        """Return the first address that is no trusted proxy, and how many proxies stand between it and us."""
        address, trusted = _normal(peer), 0
        if not self._is_trusted(address):
            return address, trusted
        hops = forwarded_for(headers)[-MAXIMUM_HOPS:]
        while self._is_trusted(address):
            trusted += 1
            hop = _normal(hops.pop()) if hops else ""
            if not hop:
                break
            address = hop
        return address, trusted

    def _is_trusted(self, address: str) -> bool:
        if not self._trusted or not address:
            return False
        parsed = ipaddress.ip_address(address)
        return any(parsed.version == network.version and parsed in network for network in self._trusted)


@lru_cache(1000)
def _normal(address: str) -> str:
    """Return the usual spelling of an address, IPv4 also where it came as IPv6; empty when it is none."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(mapped or parsed)
