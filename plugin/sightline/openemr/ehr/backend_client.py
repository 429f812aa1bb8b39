"""An EHR's FHIR and REST interfaces, as Sightline itself asks them: with a token of its own, below their addresses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from sightline.openemr.ehr.backend_tokens import BackendTokens
from sightline.openemr.ehr.client import EhrAnswerError, EhrClient, EhrRefusedError, Limits, bearer, parsed
from sightline.smart_section import Issuer
from sightline.state.backend_credentials import BackendCredentials
from sightline.web.services import Services

SECONDS = 300
"""Until the end of an answer: nobody waits, and documents of a chart are large."""
JSON = Limits(8 << 20, SECONDS)
_UNAUTHORIZED = 401


class BackendClient:
    """One EHR, asked in Sightline's own name for one purpose. Safe between threads.

    Parameters
    ----------
    issuer : Issuer
    tokens : BackendTokens
    scopes : str
        What the purpose needs of client credentials.
    """

    def __init__(self, issuer: Issuer, tokens: BackendTokens, scopes: str) -> None:
        self.issuer = issuer
        self.fhir, self.api = issuer.issuer, issuer.rest_base
        self._client = EhrClient(issuer)
        self._tokens, self._scopes = tokens, scopes

    def resource(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return a FHIR resource, by its path below the base or as an absolute address below it. Raises `EhrError`."""
        value = self.json(path if path.startswith(f"{self.fhir}/") else f"{self.fhir}/{path}", query)
        if not isinstance(value, dict) or "resourceType" not in value:
            raise EhrAnswerError("The EHR's FHIR server answered with something else than a resource.")
        return value

    def json(self, url: str, query: Mapping[str, str] | None = None) -> Any:
        """Return the JSON answer to a GET. Raises `EhrError`."""
        return parsed(self._ask("GET", url, JSON, "application/fhir+json, application/json;q=0.9", params=query))

    def content(self, url: str, most_bytes: int) -> bytes:
        """Return what a GET gives, at most so many bytes. Raises `EhrError`."""
        return self._ask("GET", url, Limits(most_bytes, SECONDS), "*/*")

    def post_file(self, url: str, query: Mapping[str, str], field: str, name: str, content: bytes) -> Any:
        """Upload a PDF as a form does, and return the JSON answer. Raises `EhrError`."""
        files = {field: (name, content, "application/pdf")}
        return parsed(self._ask("POST", url, JSON, "application/json", params=query, files=files))

    def is_ours(self, url: str) -> bool:
        """Whether an address is below that of the EHR's interfaces: the token goes nowhere else."""
        return any(base and url.startswith(f"{base}/") for base in (self.fhir, self.api)) and ".." not in url

    def _ask(self, method: str, url: str, limits: Limits, accept: str, **more: Any) -> bytes:
        if not self.is_ours(url):
            raise EhrAnswerError("An address in an answer is another server's; it is not asked.", "ehr-address")
        token, headers = self._tokens.token(self._scopes), {"Accept": accept}
        try:
            return self._client.ask(method, url, limits, bearer(token), headers, **more)
        except EhrRefusedError as error:
            if error.answered != _UNAUTHORIZED:
                raise
        again = self._tokens.token(self._scopes, refused=token)  # it may have been revoked; once
        return self._client.ask(method, url, limits, bearer(again), headers, **more)


def backend_client(services: Services, issuer: Issuer | None, scopes: str) -> BackendClient | None:
    """Return who asks an EHR in Sightline's own name; None where there is no such EHR, or we have no account there."""
    if issuer is None or issuer.backend is None:
        return None
    return BackendClient(issuer, _tokens(issuer, services.backend_credentials, services.clock), scopes)


@lru_cache(maxsize=16)
def _tokens(issuer: Issuer, credentials: BackendCredentials, clock: Callable[[], datetime]) -> BackendTokens:
    """Return the same for all: a refresh token is good for once."""
    assert issuer.backend is not None  # noqa: S101 - looked at before
    return BackendTokens(issuer, issuer.backend, credentials, clock)
