"""FHIR resources (R4) as EHRs send them: nothing in them is believed to have the type that it should."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

SEXES = {"male": "M", "female": "F", "other": "O"}
"""Patient.gender -> PatientSex (0010,0040)."""
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_PREFERRED = ("official", "usual", "")


def member(resource: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the object of that name; an empty one where there is none."""
    value = resource.get(name)
    return value if isinstance(value, dict) else {}


def members(resource: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the objects of the list of that name."""
    value = resource.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def codes(concept: Mapping[str, Any]) -> frozenset[str]:
    """Return the codes of a CodeableConcept."""
    return frozenset(str(coding.get("code", "")) for coding in members(concept, "coding"))


def resources(bundle: Any, kind: str) -> Iterator[dict[str, Any]]:
    """Yield the resources of one type in a Bundle."""
    for entry in members(bundle, "entry") if isinstance(bundle, dict) else ():
        resource = member(entry, "resource")
        if resource.get("resourceType") == kind:
            yield resource


def next_page(bundle: Any) -> str:
    """Return the address of a Bundle's next page; empty where there is none."""
    links = members(bundle, "link") if isinstance(bundle, dict) else []
    return next((str(link.get("url", "")) for link in links if link.get("relation") == "next"), "")


def human_name(resource: Mapping[str, Any]) -> tuple[str, str]:
    """Return family name and given names of a Patient: the official ones, else those in use; never former ones."""
    names = [name for name in members(resource, "name") if name.get("use", "") in _PREFERRED]
    name = min(names, key=lambda one: _PREFERRED.index(one.get("use", "")), default={})
    family, given = name.get("family"), name.get("given")
    parts = [part for part in given if isinstance(part, str)] if isinstance(given, list) else []
    return (family if isinstance(family, str) else ""), " ".join(parts)


def birth_date(resource: Mapping[str, Any]) -> str:
    """Return YYYYMMDD; empty where the whole date is not known."""
    date = resource.get("birthDate")
    day = _DATE.match(date) if isinstance(date, str) else None
    return "".join(day.groups()) if day else ""


def sex(resource: Mapping[str, Any]) -> str:
    """Return PatientSex; empty where it is not known."""
    return SEXES.get(str(resource.get("gender")), "")


def fhir_date(day: str) -> str:
    """Return a FHIR date for YYYYMMDD."""
    return f"{day[:4]}-{day[4:6]}-{day[6:]}"
