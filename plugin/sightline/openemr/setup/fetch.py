"""Asks an address that an administrator has typed: only the machine that was checked, bounded, and led nowhere else."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import SplitResult, urlsplit

import requests
from requests.adapters import HTTPAdapter

from sightline.errors import BadRequestError
from sightline.openemr.ehr.client import CONNECT_SECONDS, READ_SECONDS, EhrAnswerError, EhrError, Limits, bounded
from sightline.openemr.ehr.trust import trusted
from sightline.openemr.setup.address import resolve
from sightline.web.json_body import parse_json

LIMITS = Limits(4 << 20, 25)
"""OpenEMR's CapabilityStatement has some hundred kilobytes."""
_DEEPEST = 64


class Problem(StrEnum):
    """Why there is no answer that could be read."""

    NONE = ""
    NAME = "name"
    TLS = "tls"
    CONNECTION = "connection"
    TIME = "time"
    TOO_LONG = "too-long"
    NOT_JSON = "not-json"


@dataclass(frozen=True)
class Fetched:
    """What came back.

    Parameters
    ----------
    problem : Problem
    status : int
        HTTP status; 0 without an answer.
    headers : Mapping[str, str]
        By lower-case name.
    document : Mapping[str, Any]
        The JSON object of a 2xx answer; empty otherwise.
    """

    problem: Problem = Problem.NONE
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    document: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        """Whether there is a document."""
        return self.problem is Problem.NONE and 200 <= self.status < 300


class _Pinned(HTTPAdapter):
    """Connects to a network address and expects there the certificate of a name."""

    def __init__(self, name: str) -> None:
        self._name = name
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options, server_hostname=self._name, assert_hostname=self._name)


def fetch(url: str, certificate_authority: str = "", origin: str = "") -> Fetched:
    """Read a JSON object.

    The name is looked up once, and only what was found is asked: one that points elsewhere later leads nowhere.

    Parameters
    ----------
    url : str
        http or https.
    certificate_authority : str
        File of the authority to trust instead of the machine's.
    origin : str
        Sent as header ``Origin``, to see what scripts of that site would be allowed.

    Raises
    ------
    BadRequestError
        It is an address that is never asked.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        addresses = resolve(host, port)
    except OSError:
        return Fetched(Problem.NAME)
    fetched = Fetched(Problem.NAME)
    for address in addresses:
        literal = f"[{address}]" if ":" in address else address
        fetched = _ask(f"{parts.scheme}://{literal}:{port}{parts.path}", parts, certificate_authority, origin)
        if fetched.problem is not Problem.CONNECTION:
            break
    return fetched


def _ask(url: str, named: SplitResult, certificate_authority: str, origin: str) -> Fetched:
    headers = {"Accept": "application/fhir+json, application/json;q=0.9", "Host": named.netloc}
    if origin:
        headers["Origin"] = origin
    try:
        with requests.Session() as session:
            session.trust_env = False
            session.mount("https://", _Pinned(named.hostname or ""))
            with session.get(
                url,
                headers=headers,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
                verify=trusted(certificate_authority),
            ) as answer:
                return _read(answer)
    except requests.exceptions.SSLError:
        return Fetched(Problem.TLS)
    except requests.exceptions.ConnectTimeout:
        return Fetched(Problem.CONNECTION)
    except requests.exceptions.Timeout:
        return Fetched(Problem.TIME)
    except (requests.exceptions.RequestException, OSError):
        return Fetched(Problem.CONNECTION)


def _read(answer: requests.Response) -> Fetched:
    begun = time.monotonic()
    headers = {name.lower(): value for name, value in answer.headers.items()}
    try:
        content = bounded(answer, LIMITS, begun)
    except EhrAnswerError:
        return Fetched(Problem.TOO_LONG, answer.status_code, headers)
    except EhrError:
        return Fetched(Problem.TIME, answer.status_code, headers)
    if not 200 <= answer.status_code < 300:
        return Fetched(Problem.NONE, answer.status_code, headers)
    try:
        document = parse_json(content, _DEEPEST)
    except BadRequestError:
        document = None
    if not isinstance(document, dict):
        return Fetched(Problem.NOT_JSON, answer.status_code, headers)
    return Fetched(Problem.NONE, answer.status_code, headers, document)
