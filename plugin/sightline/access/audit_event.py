"""What one audit event says, in the fields of IHE BALP (profiles of FHIR R4 AuditEvent).

The table below is the whole mapping from what happens here to the codes of BALP and DICOM (PS3.15 A.5, PS3.16 CID 400
and following).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sightline.access.grant import ANONYMOUS, Grant

_DCM = "http://dicom.nema.org/resources/ontology/DCM"
_REST = "http://hl7.org/fhir/restful-interaction"
_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
_OWN = "urn:sightline:audit"
MAXIMUM_TEXT = 512
"""Longer texts of a caller are cut, so that nobody can fill the log with one request."""


class AuditKind(StrEnum):
    """What happened. A route's `audit` is one of these."""

    READ = "read"
    SEARCH = "search"
    STORE = "store"
    DELETE = "delete"
    EXPORT = "export"
    LOGIN = "login"
    LOGOUT = "logout"
    DENIAL = "denial"
    LINK = "link"
    LINK_CREATE = "link-create"
    LINK_OPEN = "link-open"
    LINK_REVOKE = "link-revoke"
    LAUNCH = "launch"
    """An EHR has sent somebody here."""
    AUDIT_READ = "audit-read"
    CORE = "core"
    """An administrator used Orthanc's own REST API."""


class Outcome(StrEnum):
    """http://terminology.hl7.org/CodeSystem/audit-event-outcome, as FHIR R4 spells it."""

    SUCCESS = "0"
    MINOR_FAILURE = "4"
    SERIOUS_FAILURE = "8"


@dataclass(frozen=True)
class _Codes:
    """One row of the mapping: FHIR `type`, `subtype`, `action` and the roles of client and server."""

    type: tuple[str, str, str]
    subtype: tuple[str, str, str]
    action: str
    client: tuple[str, str, str]
    server: tuple[str, str, str]


_SOURCE = (_DCM, "110153", "Source Role ID")
_DESTINATION = (_DCM, "110152", "Destination Role ID")
_APPLICATION = (_DCM, "110150", "Application")
_CUSTODIAN = (f"{_TERMINOLOGY}/provenance-participant-type", "custodian", "Custodian")
_RESTFUL = (f"{_TERMINOLOGY}/audit-event-type", "rest", "RESTful Operation")
_AUTHENTICATION = (_DCM, "110114", "User Authentication")
_LOGIN = (_DCM, "110122", "Login")


def _interaction(code: str) -> tuple[str, str, str]:
    return (_REST, code, code)


_CODES = {
    AuditKind.READ: _Codes(_RESTFUL, _interaction("read"), "R", _DESTINATION, _SOURCE),
    AuditKind.SEARCH: _Codes(_RESTFUL, _interaction("search-type"), "E", _SOURCE, _DESTINATION),
    AuditKind.STORE: _Codes(_RESTFUL, _interaction("create"), "C", _SOURCE, _DESTINATION),
    AuditKind.DELETE: _Codes(_RESTFUL, _interaction("delete"), "D", _APPLICATION, _CUSTODIAN),
    AuditKind.EXPORT: _Codes((_DCM, "110106", "Export"), _interaction("read"), "R", _DESTINATION, _SOURCE),
    AuditKind.LOGIN: _Codes(_AUTHENTICATION, _LOGIN, "E", _APPLICATION, _CUSTODIAN),
    AuditKind.LOGOUT: _Codes(_AUTHENTICATION, (_DCM, "110123", "Logout"), "E", _APPLICATION, _CUSTODIAN),
    AuditKind.DENIAL: _Codes(
        (_DCM, "110113", "Security Alert"),
        (_DCM, "110132", "Use of Restricted Function"),
        "E",
        _APPLICATION,
        _CUSTODIAN,
    ),
    AuditKind.LINK: _Codes(_RESTFUL, _interaction("search-type"), "E", _SOURCE, _DESTINATION),
    AuditKind.LINK_CREATE: _Codes(_RESTFUL, _interaction("create"), "C", _SOURCE, _DESTINATION),
    AuditKind.LINK_OPEN: _Codes(_AUTHENTICATION, _LOGIN, "E", _APPLICATION, _CUSTODIAN),
    AuditKind.LAUNCH: _Codes(_AUTHENTICATION, _LOGIN, "E", _APPLICATION, _CUSTODIAN),
    AuditKind.LINK_REVOKE: _Codes(_RESTFUL, _interaction("delete"), "D", _APPLICATION, _CUSTODIAN),
    AuditKind.AUDIT_READ: _Codes(
        (_DCM, "110101", "Audit Log Used"), _interaction("search-type"), "R", _DESTINATION, _SOURCE
    ),
    AuditKind.CORE: _Codes(_RESTFUL, _interaction("operation"), "E", _SOURCE, _DESTINATION),
}


@dataclass(frozen=True)
class AuditEvent:
    """Something that has to be remembered.

    Parameters
    ----------
    kind : AuditKind
        What happened.
    grant : Grant
        Who did it, or tried to.
    outcome : Outcome
        Whether it worked.
    study_instance_uid, patient_id, link_id : str
        What it was done to, as far as known.
    detail : str
        A few words for a person: the reason of a refusal, the route, the purpose of a link.
    query : str
        What was searched for.
    count : int
        How many requests the event stands for.
    """

    kind: AuditKind
    grant: Grant = ANONYMOUS
    outcome: Outcome = Outcome.SUCCESS
    study_instance_uid: str = ""
    patient_id: str = ""
    link_id: str = ""
    detail: str = ""
    query: str = ""
    count: int = 1

    def document(self, event_id: str, recorded: datetime, server: str) -> dict[str, Any]:
        """Return the event as FHIR R4 AuditEvent, with BALP's agents and entities.

        Parameters
        ----------
        event_id : str
            Unique.
        recorded : datetime
            Timezone-aware.
        server : str
            Our own address.
        """
        codes = _CODES[self.kind]
        document = {
            "resourceType": "AuditEvent",
            "id": event_id,
            "type": _coding(codes.type),
            "subtype": [_coding(codes.subtype), {"system": _OWN, "code": self.kind.value}],
            "action": codes.action,
            "recorded": recorded.isoformat(timespec="milliseconds"),
            "outcome": self.outcome.value,
            "agent": [self._user(), self._client(codes.client), _server(codes.server, server)],
            "source": {
                "observer": {"display": "Sightline"},
                "type": [{"system": f"{_TERMINOLOGY}/security-source-type", "code": "4"}],
            },
            "entity": self._entities(),
        }
        if self.detail:
            document["outcomeDesc"] = _text(self.detail)
        return document

    def _user(self) -> dict[str, Any]:
        """Who asked; a link stands beside the name that its maker gave, since that name was not checked by us."""
        agent: dict[str, Any] = {
            "type": {"coding": [_coding((f"{_TERMINOLOGY}/v3-ParticipationType", "IRCP", "information recipient"))]},
            "who": {"identifier": {"value": _text(self.grant.subject)}},
            "requestor": True,
        }
        if self.grant.name and self.grant.name != self.grant.subject:
            agent["who"]["display"] = _text(self.grant.name)
        if self.grant.session:
            agent["policy"] = [f"urn:sightline:session:{part}" for part in self.grant.session.split("+")]
        return agent

    def _client(self, role: tuple[str, str, str]) -> dict[str, Any]:
        address = self.grant.address or "unknown"
        return {
            "type": {"coding": [_coding(role)]},
            "who": {"display": _text(address)},
            "requestor": False,
            "network": {"address": _text(address), "type": "2"},
        }

    def _entities(self) -> list[dict[str, Any]]:
        entities = []
        if self.patient_id:
            entities.append(_entity({"value": _text(self.patient_id)}, "1", "1"))
        if self.study_instance_uid:
            uid = {"system": "urn:dicom:uid", "value": f"urn:oid:{_text(self.study_instance_uid)}"}
            entity = _entity(uid, "2", "4")
            if self.count != 1:
                entity["detail"] = [{"type": "requests", "valueString": str(self.count)}]
            entities.append(entity)
        if self.link_id:
            entities.append(_entity({"system": "urn:sightline:link", "value": _text(self.link_id)}, "2", "4"))
        if self.query:
            entities.append(
                {
                    "type": _coding((f"{_TERMINOLOGY}/audit-entity-type", "2", "System Object")),
                    "role": _coding((f"{_TERMINOLOGY}/object-role", "24", "Query")),
                    "query": base64.b64encode(_text(self.query).encode()).decode(),
                }
            )
        return entities


_ENTITY_TYPES = {"1": "Person", "2": "System Object"}
_OBJECT_ROLES = {"1": "Patient", "4": "Domain Resource"}


def _entity(identifier: dict[str, str], kind: str, role: str) -> dict[str, Any]:
    return {
        "what": {"identifier": identifier},
        "type": _coding((f"{_TERMINOLOGY}/audit-entity-type", kind, _ENTITY_TYPES[kind])),
        "role": _coding((f"{_TERMINOLOGY}/object-role", role, _OBJECT_ROLES[role])),
    }


def _server(role: tuple[str, str, str], server: str) -> dict[str, Any]:
    return {
        "type": {"coding": [_coding(role)]},
        "who": {"display": "Sightline"},
        "requestor": False,
        "network": {"address": server, "type": "5"},
    }


def _coding(code: tuple[str, str, str]) -> dict[str, str]:
    return {"system": code[0], "code": code[1], "display": code[2]}


def _text(value: str) -> str:
    """Return a caller's text as it can be kept: bounded, and control characters replaced (they could forge lines)."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in value[:MAXIMUM_TEXT]
    )
