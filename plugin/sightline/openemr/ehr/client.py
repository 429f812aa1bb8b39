"""Asks an EHR: bounded in time and size, at configured addresses only, and led nowhere else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

from sightline.errors import BadRequestError, SightlineError, UnavailableError
from sightline.openemr.ehr.trust import trusted
from sightline.smart_section import Issuer
from sightline.web.json_body import parse_json

CONNECT_SECONDS, READ_SECONDS = 5, 20
AT_ONCE, PATIENCE_SECONDS = 12, 2
"""So many questions are open at a time: fewer than there are threads, all of which a silent EHR would hold else."""
_PIECE = 1 << 16
_LAST_FOR_GOOD = 500
"""OpenEMR spells some refusals 500; what comes after it is a trouble that passes."""

_asking = threading.BoundedSemaphore(AT_ONCE)

Authorize = Callable[[requests.PreparedRequest], requests.PreparedRequest]


@dataclass(frozen=True)
class Limits:
    """How large an answer may be, and how long it may take to its end."""

    most_bytes: int
    seconds: float


SMALL = Limits(1 << 20, 30)
"""While somebody waits."""


class EhrError(SightlineError):
    """The EHR cannot be asked, or does not answer as it should (502).

    `is_final` where it does not help to ask once more.
    """

    status, code = 502, "ehr-unreachable"
    is_final = False


class EhrRefusedError(EhrError):
    """The EHR has answered that it will not (502). OpenEMR spells some refusals 500, so any status but 2xx is one."""

    code = "ehr-refused"

    def __init__(self, message: str, answered: int) -> None:
        super().__init__(message)
        self.answered = answered
        self.is_final = answered <= _LAST_FOR_GOOD


class EhrAnswerError(EhrError):
    """What the EHR answers can never be used (502)."""

    code, is_final = "ehr-answer", True


class EhrClient:
    """One EHR, as far as it has to be asked something.

    Parameters
    ----------
    issuer : Issuer
        Which, and at which addresses.
    """

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer
        self._scheme = urlsplit(issuer.issuer).scheme

    def check(self, url: str) -> str:
        """Return an address that may be asked, or that a browser may be sent to.

        Raises
        ------
        EhrError
            It is at none of the configured origins; nothing was asked.
        """
        parts = urlsplit(url)
        is_safe = parts.scheme == "https" or parts.scheme == self._scheme == "http"
        if not is_safe or parts.fragment or f"{parts.scheme}://{parts.netloc}" not in self._issuer.origins:
            raise EhrError("The EHR names an address that is not configured (TrustedOrigins).", "ehr-address")
        return url

    def get(self, url: str, token: str = "") -> dict[str, Any]:
        """Read a JSON object.

        Parameters
        ----------
        url : str
        token : str
            Access token, sent as RFC 6750 says; none when empty.

        Raises
        ------
        EhrError
            As the class says.
        EhrRefusedError
            The answer is not 2xx.
        """
        headers = {"Accept": "application/fhir+json, application/json;q=0.9"}
        return _object(self.ask("GET", url, SMALL, bearer(token), headers=headers))

    def post(self, url: str, form: Mapping[str, str], basic: tuple[str, str] | None = None) -> dict[str, Any]:
        """Send a form, with HTTP Basic if given, and read a JSON object; raises as `get` does."""
        authorize: Authorize = requests.auth.HTTPBasicAuth(*basic) if basic else bearer("")
        return _object(self.ask("POST", url, SMALL, authorize, headers={"Accept": "application/json"}, data=form))

    def ask(
        self, method: str, url: str, limits: Limits, authorize: Authorize, headers: Mapping[str, str], **more: Any
    ) -> bytes:
        """Return the body of an answer; `more` is what `requests` takes as ``params``, ``data`` and ``files``.

        Raises as `get` does.
        """
        self.check(url)
        if not _asking.acquire(timeout=PATIENCE_SECONDS):
            raise UnavailableError("Too many are asking the EHR. Try again soon.", "ehr-busy")
        try:
            status, content = self._fetch(method, url, limits, auth=authorize, headers=headers, **more)
        finally:
            _asking.release()
        if not 200 <= status < 300:
            raise EhrRefusedError(f"The EHR refused ({status}).", status)
        return content

    def _fetch(self, method: str, url: str, limits: Limits, **more: Any) -> tuple[int, bytes]:
        """Return status and body.

        What the machine's own settings say of proxies and passwords is left aside: a password in a ``.netrc`` would
        take the token's place.
        """
        begun = time.monotonic()
        more["headers"] = {**more["headers"], "Accept-Encoding": "identity"}  # what is compressed has no bound yet
        try:
            with requests.Session() as session:
                session.trust_env = False
                with session.request(
                    method,
                    url,
                    timeout=(CONNECT_SECONDS, READ_SECONDS),
                    allow_redirects=False,
                    stream=True,
                    verify=trusted(self._issuer.certificate_authority),
                    **more,
                ) as answer:
                    return answer.status_code, bounded(answer, limits, begun)
        except (requests.RequestException, OSError) as error:
            raise EhrError(f"The EHR cannot be reached ({type(error).__name__}).") from error


def bounded(answer: requests.Response, limits: Limits, begun: float) -> bytes:
    """Return the body of an answer to what was asked at that moment of the monotonic clock.

    Raises
    ------
    EhrAnswerError
        It is too large.
    EhrError
        It takes too long.
    """
    content = bytearray()
    for piece in answer.iter_content(_PIECE):
        content += piece
        if len(content) > limits.most_bytes:
            raise EhrAnswerError(f"The EHR's answer is larger than {limits.most_bytes} bytes.")
        if time.monotonic() > begun + limits.seconds:
            raise EhrError("The EHR's answer takes too long.")
    return bytes(content)


def bearer(token: str) -> Authorize:
    """Return what puts a token into a request, if there is one."""

    def authorize(request: requests.PreparedRequest) -> requests.PreparedRequest:
        if token:
            request.headers["Authorization"] = f"Bearer {token}"
        return request

    return authorize


def parsed(content: bytes) -> Any:
    """Return the JSON of an answer. Raises `EhrError`."""
    try:
        return parse_json(content)
    except BadRequestError:
        raise EhrError("The EHR's answer is no JSON.", "ehr-answer") from None


def _object(content: bytes) -> dict[str, Any]:
    value = parsed(content)
    if not isinstance(value, dict):
        raise EhrError("The EHR's answer is no JSON object.", "ehr-answer")
    return value
