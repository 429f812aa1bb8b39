"""FHIR answers: which version the client reads, resources, and Bundles of search results."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from sightline.errors import BadRequestError, NotAcceptableError
from sightline.web.request import Request, Response
from sightline.web.services import Services

Resource = dict[str, Any]
"""A FHIR resource as JSON."""

_JSON_TYPES = frozenset({"application/fhir+json", "application/json", "text/json", "application/*", "*/*", "json"})


class FhirVersion(StrEnum):
    """A version of FHIR, as the media type parameter ``fhirVersion`` names it."""

    R4 = "4.0"
    R5 = "5.0"

    @property
    def full(self) -> str:
        """As CapabilityStatement.fhirVersion has it."""
        return {"4.0": "4.0.1", "5.0": "5.0.0"}[self.value]


def version_of(request: Request) -> FhirVersion:
    """Return the version that the client asks for, R4 where it does not say (FHIR R4 section 2.21.0.14).

    Raises
    ------
    NotAcceptableError
        It takes no JSON, or no version that there is.
    """
    asked = request.args.get("_format") or request.headers.get("Accept") or "*/*"
    refused = ""
    for wish in asked.replace(" ", "").lower().split(","):
        name, *parameters = wish.split(";")
        # A plus sign in a query that was not encoded arrives as a space.
        if name not in _JSON_TYPES and name != "application/fhirjson":
            continue
        values = dict(parameter.partition("=")[::2] for parameter in parameters)
        if values.get("q", "1").strip("0.") == "" and "q" in values:
            continue
        version = values.get("fhirversion", "4.0")
        if version in ("4.0", "4.0.1"):
            return FhirVersion.R4
        if version in ("5.0", "5.0.0"):
            return FhirVersion.R5
        refused = version
    if refused:
        raise NotAcceptableError("FHIR 4.0 and 5.0 are spoken here.", "fhir-version")
    raise NotAcceptableError("FHIR is sent as JSON (application/fhir+json) only.")


def answer_resource(resource: Resource, version: FhirVersion) -> Response:
    """Send one resource."""
    text = json.dumps(resource, ensure_ascii=False, separators=(",", ":"))
    return Response(text, content_type=f"application/fhir+json; fhirVersion={version.value}; charset=utf-8")


@dataclass(frozen=True)
class Paging:
    """Which part of what was found is sent."""

    count: int
    offset: int


def searchset(
    services: Services,
    query: Sequence[tuple[str, str]],
    kind: str,
    found: Sequence[Resource],
    total: int,
    paging: Paging,
    included: Sequence[Resource] = (),
) -> Resource:
    """Return a Bundle of one page of search results, with links to itself and to the next page.

    Parameters
    ----------
    query : sequence of (str, str)
        The search parameters that were used, without those of the page.
    kind : str
        Resource type.
    found : sequence of dict
        What is on this page.
    total : int
        How many there are on all pages.
    paging : Paging
        Where the page begins, and how long it may be.
    included : sequence of dict
        What was asked for beside them (`_include`).
    """
    root = services.fhir_url

    def page(offset: int) -> str:
        parameters = [*query, ("_count", str(paging.count)), *([("_offset", str(offset))] if offset else [])]
        return f"{root}/{kind}?{urlencode(parameters)}"

    links = [{"relation": "self", "url": page(paging.offset)}]
    if paging.count and paging.offset + paging.count < total:
        links.append({"relation": "next", "url": page(paging.offset + paging.count)})
    if paging.offset and paging.count:
        links.append({"relation": "previous", "url": page(max(0, paging.offset - paging.count))})
    bundle: Resource = {"resourceType": "Bundle", "type": "searchset", "total": total, "link": links}
    entries = [_entry(root, resource, "match") for resource in found]
    entries += [_entry(root, resource, "include") for resource in included]
    if entries:
        bundle["entry"] = entries
    return bundle


def _entry(root: str, resource: Resource, mode: str) -> Resource:
    url = f"{root}/{resource['resourceType']}/{resource['id']}"
    return {"fullUrl": url, "resource": resource, "search": {"mode": mode}}


def without_empty(resource: Resource) -> Resource:
    """Leave out what is empty, which FHIR does not allow.

    >>> without_empty({"id": "1", "series": [], "description": ""})
    {'id': '1'}
    """
    return {key: value for key, value in resource.items() if value not in ("", None, [], {})}


def number(text: str, name: str, default: int, most: int) -> int:
    """Return a search parameter that is a whole number, at most `most`. Raises `BadRequestError`."""
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= 6):
        raise BadRequestError(f"'{name}' is a whole number.", "invalid-parameter")
    return min(int(text), most)
