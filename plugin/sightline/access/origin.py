"""Against cross-site request forgery: a state change that a browser makes has to come from our own pages."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from sightline.access.headers import Headers
from sightline.errors import ForbiddenError

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_DEFAULT_PORTS = {"http": 80, "https": 443}


def check_origin(
    method: str, headers: Headers, public_url: str, by_cookie: bool, cors_origins: Sequence[str] = ()
) -> None:
    """Refuse a state change that another site may have caused.

    Parameters
    ----------
    method : str
        HTTP method; safe methods always pass.
    headers : Headers
        Asked for by lower-case names.
    public_url : str
        Our own address.
    by_cookie : bool
        The request is authorised by a cookie or asks for one (login, opening a link), so it has to prove where it
        comes from. A client that sends its credentials by itself need not.
    cors_origins : sequence of str
        Other web sites whose scripts may call us with credentials of their own, never by a cookie.

    Raises
    ------
    ForbiddenError
        With the code ``cross-origin``.
    """
    if method in SAFE_METHODS:
        return
    origin, site = headers.get("origin", ""), headers.get("sec-fetch-site", "")
    if origin:
        accepted = _is_own(origin, headers.get("host", ""), public_url) or (not by_cookie and origin in cors_origins)
    elif site:
        accepted = site == "same-origin" or (site == "none" and not by_cookie)
    else:
        accepted = not by_cookie
    if not accepted:
        raise ForbiddenError(
            "This request came from another web site, or does not say where it comes from (header Origin).",
            "cross-origin",
        )


def _is_own(origin: str, host: str, public_url: str) -> bool:
    """Whether an ``Origin`` header is the public URL's, or that of the host which was asked."""
    presented = _origin(origin)
    if presented is None:
        return False
    if presented == _origin(public_url):
        return True
    # Whoever strips TLS from our own site is another origin: plain HTTP only where that is our address.
    schemes = ("https", "http") if urlsplit(public_url).scheme == "http" else ("https",)
    return any(presented == _origin(f"{scheme}://{host}") for scheme in schemes)


def _origin(url: str) -> tuple[str, str, int] | None:
    """Return scheme, host and port (RFC 6454 section 4); None for anything that has no such origin."""
    if not url.isascii():  # also keeps urlsplit from importing anything on a small stack
        return None
    try:
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None
    if not parts.hostname or port is None or "@" in parts.netloc:
        return None
    return parts.scheme, parts.hostname, port
