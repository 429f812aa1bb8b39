"""Who is at the other end, when a reverse proxy stands in between."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from sightline.access.headers import Headers
from sightline.configuration import ConfigurationError

MAXIMUM_HOPS = 8


class ClientAddress:
    """Finds a caller's address. Memory only; never raises once made.

    Parameters
    ----------
    trusted_proxies : Sequence[str]
        Addresses or networks (``10.0.0.0/24``) whose ``X-Forwarded-For`` is believed.

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
        address = _normal(peer)
        hops = headers.get("x-forwarded-for", "").rsplit(",", MAXIMUM_HOPS)[-MAXIMUM_HOPS:]
        while hops and self._is_trusted(address):
            hop = _normal(hops.pop().strip())
            if not hop:
                break
            address = hop
        return address

    def _is_trusted(self, address: str) -> bool:
        if not self._trusted or not address:
            return False
        parsed = ipaddress.ip_address(address)
        return any(parsed.version == network.version and parsed in network for network in self._trusted)


def _normal(address: str) -> str:
    """Return the usual spelling of an address, IPv4 also where it came as IPv6; empty when it is none."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(mapped or parsed)
