"""ImagingStudy and Endpoint: what there is of a study, and where its images are (FHIR R4 and R5)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sightline.access.launch import EhrPatient
from sightline.archive.protocol import LAST_UPDATE, Level, Query, Row
from sightline.errors import BadRequestError, NotFoundError
from sightline.openemr.fhir.answers import (
    FhirVersion,
    Resource,
    answer_resource,
    searchset,
    version_of,
    without_empty,
)
from sightline.openemr.fhir.parameters import DICOM_UID, Parameters, codes
from sightline.openemr.fhir.readers import Reader, settled_page
from sightline.state.order import ImagingOrder
from sightline.web.request import Request, Response
from sightline.web.services import Services

DCM = "http://dicom.nema.org/resources/ontology/DCM"
V2_0203 = "http://terminology.hl7.org/CodeSystem/v2-0203"
CONNECTION_TYPE = "http://terminology.hl7.org/CodeSystem/endpoint-connection-type"
ACCESS_EXTENSION = "http://hl7.org/fhir/smart-app-launch/StructureDefinition/requires-access-token"
STATUS_SYSTEM = "http://hl7.org/fhir/imagingstudy-status"
STATUSES = ("registered", "available", "cancelled", "entered-in-error", "unknown")
ENDPOINT_ID = "dicomweb"
MOST_INSTANCES = 2000
"""Instances of larger studies are left out, and the resource says so; series and numbers are always complete."""

_SERIES_ATTRIBUTES = (
    "SeriesNumber", "SeriesDescription", "Modality", "BodyPartExamined", "Laterality", "NumberOfSeriesRelatedInstances",
)  # fmt: skip
_SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
    "display": "subsetted",
}


def read_imaging_study(request: Request, services: Services, study: str) -> Response:
    """Send one study; its id is the Study Instance UID."""
    version = version_of(request)
    reader = Reader(request, services)
    return answer_resource(imaging_study(services, reader, reader.study(study), version), version)


def search_imaging_studies(request: Request, services: Services) -> Response:
    """Search the studies of one patient, or under one identifier."""
    version, parameters, reader = version_of(request), Parameters(request), Reader(request, services)
    rows = reader.studies(parameters, [*parameters.any_of("identifier"), *parameters.studies("_id")])
    with_endpoint = parameters.includes("ImagingStudy:endpoint")
    statuses, modalities = parameters.any_of("status"), parameters.any_of("modality")
    days, order = parameters.days("started"), parameters.reference("basedon", "ServiceRequest")
    changed, paging = parameters.instants("_lastUpdated"), parameters.paging()
    for some in statuses:
        if not codes(some, STATUS_SYSTEM) <= set(STATUSES):
            raise BadRequestError(f"'status' is one of {', '.join(STATUSES)}.", "invalid-parameter")
    query = parameters.used()
    rows = [
        row
        for row in rows
        if all("available" in codes(some, STATUS_SYSTEM) for some in statuses)
        and all(codes(some, DCM) & set(row.get("ModalitiesInStudy", "").split("\\")) for some in modalities)
        and all(one.includes(row.get("StudyDate", "")) for one in days)
        and all(one.includes(last_update(row)) for one in changed)
        and (not order or _order_id(services, row) == order)
    ]
    page = settled_page(rows[paging.offset : paging.offset + paging.count])
    found = [imaging_study(services, reader, row, version) for row in page]
    included = [endpoint(services, version)] if with_endpoint and found else []
    return answer_resource(searchset(services, query, "ImagingStudy", found, len(rows), paging, included), version)


def read_endpoint(request: Request, services: Services, endpoint_id: str) -> Response:
    """Send where images are."""
    if endpoint_id != ENDPOINT_ID:
        raise NotFoundError("There is no such endpoint.")
    version = version_of(request)
    return answer_resource(endpoint(services, version), version)


def endpoint(services: Services, version: FhirVersion) -> Resource:
    """Return our DICOMweb service; ``/studies/<uid>`` is appended to its address (WADO-RS)."""
    connection = {"system": CONNECTION_TYPE, "code": "dicom-wado-rs", "display": "DICOM WADO-RS"}
    resource: Resource = {
        "resourceType": "Endpoint",
        "id": ENDPOINT_ID,
        "extension": [{"url": ACCESS_EXTENSION, "valueBoolean": True}],
        "status": "active",
        "connectionType": connection,
        "name": "DICOMweb",
        "payloadType": [{"text": "DICOM"}],
        "payloadMimeType": ["application/dicom"],
        "address": services.dicomweb_url,
    }
    if version is FhirVersion.R5:
        resource["connectionType"] = [{"coding": [connection]}]
        resource["payload"] = [{"type": resource.pop("payloadType"), "mimeType": resource.pop("payloadMimeType")}]
    return resource


def imaging_study(services: Services, reader: Reader, row: Row, version: FhirVersion) -> Resource:
    """Return a study with its series and instances."""
    uid = row["StudyInstanceUID"]
    order, changed = services.orders.of_study(uid), last_update(row)
    total = _count(row, "NumberOfStudyRelatedInstances")
    instances = _instances(services, reader, uid) if total is not None and total <= MOST_INSTANCES else None
    series = services.archive.search(
        reader.grant, Query(Level.SERIES, study_instance_uid=uid, attributes=_SERIES_ATTRIBUTES)
    ).rows
    resource: Resource = {
        "resourceType": "ImagingStudy",
        "id": uid,
        "meta": without_empty(
            {
                "lastUpdated": changed.isoformat() if changed else "",
                "tag": [_SUBSETTED] if instances is None else [],
            }
        ),
        "identifier": _identifiers(row),
        "status": "available",
        "modality": [_modality(name, version) for name in row.get("ModalitiesInStudy", "").split("\\") if name],
        "subject": subject(row, reader.subject_base(uid)),
        "started": day(row.get("StudyDate", "")),
        "basedOn": _based_on(order),
        "referrer": _display(row.get("ReferringPhysicianName", "")),
        "endpoint": [{"reference": f"Endpoint/{ENDPOINT_ID}"}],
        "numberOfSeries": len(series),
        "numberOfInstances": total,
        "description": row.get("StudyDescription", ""),
        "series": [
            _series(one, (instances or {}).get(one["SeriesInstanceUID"], ()), version)
            for one in sorted(series, key=_by_number("SeriesNumber", "SeriesInstanceUID"))
        ],
    }
    return without_empty(resource)


def subject(row: Row, ehr: tuple[str, EhrPatient] | None) -> Resource:
    """Return whose study it is: the number in DICOM, and the EHR's own patient for whom came from there."""
    number = row.get("PatientID", "").strip()
    identifier: Resource = {
        "type": {"coding": [{"system": V2_0203, "code": "MR", "display": "Medical record number"}]},
        "value": number,
    }
    issuer = row.get("IssuerOfPatientID", "").strip()
    if issuer:
        identifier["assigner"] = {"display": issuer}
    reference: Resource = {"type": "Patient"}
    if number:
        reference["identifier"] = identifier
    if ehr is not None:
        reference["reference"] = f"{ehr[0]}/Patient/{ehr[1].fhir_id}"
    elif not number:
        reference["display"] = "Patient without a number"
    return reference


def last_update(row: Row) -> datetime | None:
    """Return when something of a study was last stored or deleted, if the archive tells."""
    try:
        return datetime.strptime(row.get(LAST_UPDATE, ""), "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def day(value: str) -> str:
    """Return a DICOM date as FHIR writes it; empty where it is none. Times have no zone, so they are left out.

    >>> day("20260131"), day("2026")
    ('2026-01-31', '')
    """
    return f"{value[:4]}-{value[4:6]}-{value[6:]}" if len(value) == 8 and value.isdecimal() else ""


def _identifiers(row: Row) -> list[Resource]:
    found: list[Resource] = [{"use": "official", "system": DICOM_UID, "value": f"urn:oid:{row['StudyInstanceUID']}"}]
    accession = row.get("AccessionNumber", "").strip()
    if accession:
        coding = {"system": V2_0203, "code": "ACSN", "display": "Accession ID"}
        found.append({"use": "usual", "type": {"coding": [coding]}, "value": accession})
    return found


def _based_on(order: ImagingOrder | None) -> list[Resource]:
    """Return the order that a study answers, as its sender can find it."""
    if order is None:
        return []
    reference: Resource = {"type": "ServiceRequest"}
    if order.placer_order_number:
        coding = {"system": V2_0203, "code": "PLAC", "display": "Placer Identifier"}
        reference["identifier"] = {"type": {"coding": [coding]}, "value": order.placer_order_number}
    if order.fhir_id:
        reference["reference"] = f"{order.sender.removeprefix('fhir:')}/ServiceRequest/{order.fhir_id}"
    return [reference] if len(reference) > 1 else []


def _order_id(services: Services, row: Row) -> str:
    order = services.orders.of_study(row["StudyInstanceUID"])
    return order.fhir_id if order else ""


def _series(row: Row, instances: Sequence[Resource], version: FhirVersion) -> Resource:
    body, side = row.get("BodyPartExamined", ""), row.get("Laterality", "")
    site: Resource = {"display": body} if version is FhirVersion.R4 else {"concept": {"text": body}}
    laterality: Any = {"display": side} if version is FhirVersion.R4 else {"text": side}
    return without_empty(
        {
            "uid": row["SeriesInstanceUID"],
            "number": _count(row, "SeriesNumber"),
            "modality": _modality(row.get("Modality") or "OT", version),
            "description": row.get("SeriesDescription", ""),
            "numberOfInstances": _count(row, "NumberOfSeriesRelatedInstances"),
            "bodySite": site if body else None,
            "laterality": laterality if side else None,
            "instance": list(instances),
        }
    )


def _instances(services: Services, reader: Reader, study: str) -> dict[str, list[Resource]]:
    """Return the instances of each series of a study."""
    query = Query(Level.INSTANCE, study_instance_uid=study, attributes=("SOPClassUID", "InstanceNumber"))
    rows = services.archive.search(reader.grant, query).rows
    found: dict[str, list[Resource]] = {}
    for row in sorted(rows, key=_by_number("InstanceNumber", "SOPInstanceUID")):
        if row.get("SOPClassUID"):
            sop_class = {"system": "urn:ietf:rfc:3986", "code": f"urn:oid:{row['SOPClassUID']}"}
            instance = {"uid": row["SOPInstanceUID"], "sopClass": sop_class, "number": _count(row, "InstanceNumber")}
            found.setdefault(row["SeriesInstanceUID"], []).append(without_empty(instance))
    return found


def _modality(code: str, version: FhirVersion) -> Resource:
    coding = {"system": DCM, "code": code}
    return coding if version is FhirVersion.R4 else {"coding": [coding]}


def _display(person_name: str) -> Resource | None:
    """Return a person as people read the name of a DICOM PN."""
    family, _, given = person_name.partition("=")[0].partition("^")
    text = " ".join(part for part in (*given.split("^")[:2], family) if part).strip()
    return {"display": text} if text else None


def _count(row: Row, keyword: str) -> int | None:
    text = row.get(keyword, "").strip()
    return int(text) if text.isascii() and text.isdecimal() and int(text) < 1 << 31 else None


def _by_number(keyword: str, otherwise: str) -> Any:
    def key(row: Row) -> tuple[int, str]:
        number = _count(row, keyword)
        return (1 << 31 if number is None else number, row.get(otherwise, ""))

    return key
