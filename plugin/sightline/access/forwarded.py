"""What reverse proxies say of the request that they pass on: ``Forwarded`` (RFC 7239) and the ``X-Forwarded`` headers.

Read on a small stack for requests that come from a trusted proxy; whatever is malformed counts as not there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sightline.access.headers import Headers

MAXIMUM_LENGTH = 2048
"""Longer headers are not read."""

_PIECE = re.compile(
    r"[ \t]*(?:([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(\"(?:[^\"\\]|\\.)*+\"|[^ \t;,\"]*+))?[ \t]*([;,]|\Z)", re.ASCII
)
_QUOTED = re.compile(r"\\(.)")
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]+)*+/?")


def parse_forwarded(header: str) -> tuple[Mapping[str, str], ...]:
    """Return the elements of a ``Forwarded`` header, oldest first, with names in lower case; none if it is malformed.

    >>> parse_forwarded('for="[2001:db8::1]:4711";Proto=https, for=192.0.2.7')
    ({'for': '[2001:db8::1]:4711', 'proto': 'https'}, {'for': '192.0.2.7'})
    >>> parse_forwarded('for="192.0.2.7'), parse_forwarded("for=a;for=b")
    ((), ())
    """
    elements: list[dict[str, str]] = [{}]
    position = 0
    while len(header) <= MAXIMUM_LENGTH:
        match = _PIECE.match(header, position)
        if match is None:
            return ()
        name = (match[1] or "").lower()
        if name in elements[-1]:
            return ()
        if name:
            value = match[2]
            elements[-1][name] = _QUOTED.sub(r"\1", value[1:-1]) if value.startswith('"') else value
        if not match[3]:
            return tuple(element for element in elements if element)
        if match[3] == ",":
            elements.append({})
        position = match.end()
    return ()


def node_address(node: str) -> str:
    """Return the address of a node (RFC 7239 section 6) without its port and brackets.

    >>> node_address("[2001:db8::1]:4711"), node_address("192.0.2.7:80"), node_address("2001:db8::1")
    ('2001:db8::1', '192.0.2.7', '2001:db8::1')
    """
    if node.startswith("["):
        return node[1:].partition("]")[0]
    return node.partition(":")[0] if node.count(":") == 1 else node


def forwarded_for(headers: Headers) -> list[str]:
    """Return the addresses that the request came through, oldest first, as far as proxies say."""
    listed = headers.get("x-forwarded-for", "")
    if listed:
        return [node_address(node.strip()) for node in listed.split(",")]
    header = headers.get("forwarded", "")
    return [node_address(element.get("for", "")) for element in parse_forwarded(header)] if header else []


def forwarded_base(headers: Headers, hops: int, default_prefix: str) -> str:
    """Return the address that the outermost trusted proxy was asked under, without trailing slash; else empty.

    As in Orthanc's own DICOMweb plugin, ``X-Forwarded-Host`` and ``X-Forwarded-Proto`` count first, both together.

    Parameters
    ----------
    headers : Headers
        Asked for by lower-case names.
    hops : int
        How many proxies are trusted, counted from the nearest: each adds one value, and what stands before was sent by
        somebody else.
    default_prefix : str
        Path below which we are where no proxy names one (``X-Forwarded-Prefix``).
    """
    host, scheme = headers.get("x-forwarded-host", ""), headers.get("x-forwarded-proto", "")
    if host and scheme:
        host, scheme = _outermost(host.split(","), hops), _outermost(scheme.split(","), hops)
    else:
        elements = parse_forwarded(headers.get("forwarded", ""))
        element = elements[-min(hops, len(elements))] if elements else {}
        host, scheme = element.get("host", ""), element.get("proto", "")
    named = headers.get("x-forwarded-prefix", "")
    prefix = _outermost(named.split(","), hops) if named else default_prefix
    return _base(scheme.lower(), host, prefix)


def _base(scheme: str, host: str, prefix: str) -> str:
    is_well_formed = scheme in ("http", "https") and len(host) + len(prefix) <= MAXIMUM_LENGTH
    if not is_well_formed or not _HOST.fullmatch(host) or not _PREFIX.fullmatch(prefix):
        return ""
    if not {".", ".."}.isdisjoint(prefix.split("/")):
        return ""
    return f"{scheme}://{host}{prefix.rstrip('/')}"


def _outermost(values: Sequence[str], hops: int) -> str:
    """Return what the outermost of the trusted proxies said: each adds one value, or replaces all by its own."""
    return values[-min(hops, len(values))].strip()
