"""Session cookies: one for whoever logged in, one for each link that was opened and each launch from an EHR.

The names carry the prefix ``__Host-`` (RFC 6265bis 4.1.3.2), with which a browser accepts them from this very host,
over TLS (or on loopback) and for the whole site only. A link's or launch's cookie is ``Partitioned`` (CHIPS): it works
inside a frame on the EHR's site when third-party cookies are blocked, and exists there only.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from sightline.access.headers import Headers

LINK_COOKIES = 8
"""How many links' and launches' cookies of one request are read; browsers send the newest ones last."""

FLOW_SECONDS = 600
"""How long a browser keeps what ties it to a launch that it has begun."""

MAXIMUM_HEADER = 16_384
_SECRET_LENGTH = 43  # of secrets.token_urlsafe(32)
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


class Cookies:
    """Writes and reads the cookies of one site.

    Parameters
    ----------
    public_url : str
        Address of the site. Over plain HTTP to another machine a browser would drop a ``Secure`` cookie; there, and
        only there, cookies go without it, and links do not work inside another site's frame.
    """

    def __init__(self, public_url: str) -> None:
        self.secure = _is_trustworthy(public_url)
        self._login = "__Host-sightline" if self.secure else "sightline"
        self._link, self._launch = f"{self._login}-link-", f"{self._login}-launch-"
        self._flow = f"{self._login}-flow"

    def login(self, secret: str) -> str:
        """Return the ``Set-Cookie`` value of a login session. Lax: a link in the EHR has to find it."""
        return f"{self._login}={secret}; Path=/; HttpOnly; SameSite=Lax{'; Secure' if self.secure else ''}"

    def link(self, link_id: str, secret: str) -> str:
        """Return the ``Set-Cookie`` value of a link's session."""
        return f"{_short(self._link, link_id)}={secret}; Path=/; HttpOnly; {self._framed}"

    def launch(self, launch_id: str, secret: str) -> str:
        """Return the ``Set-Cookie`` value of a launch's session."""
        return f"{_short(self._launch, launch_id)}={secret}; Path=/; HttpOnly; {self._framed}"

    def surplus(self, headers: Headers) -> tuple[str, ...]:
        """Return the ``Set-Cookie`` values that remove what would not be read any more beside one more cookie.

        Somebody who opens a chart after the other would else send ever more of them, until a header is too long.
        """
        names = [name for name, _ in _pairs(headers) if name.startswith((self._link, self._launch))]
        old = [name for name in names[: -(LINK_COOKIES - 1)] if _ID.fullmatch(name)]
        return tuple(f"{name}=; Path=/; HttpOnly; {self._framed}; Max-Age=0" for name in old)

    def flow(self, secret: str) -> str:
        """Return the ``Set-Cookie`` value that ties a browser to the launches that it begins."""
        return f"{self._flow}={secret}; Path=/; HttpOnly; Max-Age={FLOW_SECONDS}; {self._framed}"

    def flow_secret(self, headers: Headers) -> str:
        """Return what ties a browser to its launches; empty without it."""
        found = [value for name, value in _pairs(headers) if name == self._flow and _SECRET.fullmatch(value)]
        return found[0] if found else ""

    def cleared(self, headers: Headers) -> tuple[str, ...]:
        """Return the ``Set-Cookie`` values that remove every session cookie of a request."""
        values = []
        for name, _ in _pairs(headers):
            if name == self._login:
                values.append(f"{self.login('')}; Max-Age=0")
            elif name.startswith((self._link, self._launch)) and _ID.fullmatch(name):
                values.append(f"{name}=; Path=/; HttpOnly; {self._framed}; Max-Age=0")
        return tuple(values)

    def login_secret(self, headers: Headers) -> str:
        """Return the secret of the login cookie; empty without one."""
        found = [value for name, value in _pairs(headers) if name == self._login and len(value) == _SECRET_LENGTH]
        return found[0] if found else ""

    def link_secrets(self, headers: Headers) -> tuple[str, ...]:
        """Return the secrets of the newest links' and launches' cookies."""
        prefixes = (self._link, self._launch)
        found = [value for name, value in _pairs(headers) if name.startswith(prefixes) and len(value) == _SECRET_LENGTH]
        return tuple(found[-LINK_COOKIES:])

    def present(self, headers: Headers) -> bool:
        """Whether a request carries a session cookie, right or wrong."""
        prefixes = (self._link, self._launch)
        return any(name == self._login or name.startswith(prefixes) for name, _ in _pairs(headers))

    @property
    def _framed(self) -> str:
        return "SameSite=None; Secure; Partitioned" if self.secure else "SameSite=Lax"


def _short(prefix: str, identifier: str) -> str:
    # Enough of the id to tell one browser's links apart; opening the same link again replaces its cookie.
    return f"{prefix}{identifier[:12]}"


def _pairs(headers: Headers) -> list[tuple[str, str]]:
    """Split the ``Cookie`` header (RFC 6265 5.4). Nothing in it can be malformed enough to raise."""
    header = headers.get("cookie", "")
    if not header or len(header) > MAXIMUM_HEADER:
        return []
    pairs = []
    for piece in header.split(";"):
        name, separator, value = piece.strip().partition("=")
        if separator:
            pairs.append((name, value.strip('"')))
    return pairs


def _is_trustworthy(public_url: str) -> bool:
    """Whether browsers keep ``Secure`` cookies of that site: TLS, or the same machine."""
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    if parts.scheme == "https" or host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
