"""Who a patient number means in OpenEMR's charts, by FHIR and by OpenEMR's own API, which knows `pid`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sightline.openemr.ehr.backend_client import BackendClient, backend_client
from sightline.openemr.ehr.client import EhrAnswerError
from sightline.openemr.ehr.resources import birth_date, fhir_date, human_name, resources, sex
from sightline.openemr.patient_number import ehr_number, fhir_number, internal_number, patient_id
from sightline.smart_section import PatientIdRule
from sightline.web.services import Services

_SCOPES = "system/Patient.read system/DocumentReference.read system/Binary.read"
_UUID = re.compile(r"[0-9A-Za-z-]{1,64}")


@dataclass(frozen=True)
class ChartPatient:
    """One patient of the EHR.

    Parameters
    ----------
    uuid : str
        Logical id of the FHIR Patient.
    pubpid : str
        The number that people see.
    pid : str
        The internal number, which REST addresses and HL7 orders have; empty where it was not asked for.
    name : str
        DICOM PN.
    birth_date, sex : str
        YYYYMMDD, and M, F or O; may be empty.
    """

    uuid: str
    pubpid: str
    pid: str
    name: str
    birth_date: str
    sex: str


class Charts:
    """The patients of one EHR.

    Parameters
    ----------
    client : BackendClient
    rule : PatientIdRule
        The EHR's.
    """

    def __init__(self, client: BackendClient, rule: PatientIdRule) -> None:
        self.client, self.rule = client, rule

    def of_patient_id(self, dicom_patient_id: str, name: str = "", born: str = "") -> ChartPatient | None:
        """Return the one patient that a PatientID means by the rule; None: there is none, or several.

        Where PatientID is the internal `pid`, which FHIR does not know, the patient is looked for by family name and
        birth date, and the `pid` compared.

        Raises
        ------
        EhrError
            The EHR does not answer, or refuses.
        """
        number = ehr_number(self.rule, dicom_patient_id)
        if not number:
            return None
        if self.rule.source == "pubpid":
            return self.of_number(number)
        family = name.split("^")[0].strip()
        if not (family and born):
            return None
        found = [
            patient
            for one in self._search({"family": family, "birthdate": fhir_date(born)})
            if (patient := self._with_pid(one)).pid == number
        ]
        return found[0] if len(found) == 1 else None

    def of_number(self, pubpid: str) -> ChartPatient | None:
        """Return the one patient with the number that the chart shows. Raises `EhrError`."""
        found = [one for one in self._search({"identifier": pubpid}) if one.pubpid == pubpid]
        return self._with_pid(found[0]) if len(found) == 1 else None

    def patient_id(self, patient: ChartPatient) -> str:
        """Return the DICOM PatientID (0010,0020) of a patient. Raises `EhrError` where there can be none."""
        made = patient_id(self.rule, patient.pubpid if self.rule.source == "pubpid" else patient.pid)
        if not made:
            raise EhrAnswerError("The patient's number cannot be a DICOM PatientID.", "patient-number")
        return made

    def _with_pid(self, patient: ChartPatient) -> ChartPatient:
        """Return the same with its `pid`, which OpenEMR's own API tells."""
        answer = self.client.json(f"{self.client.api}/patient/{patient.uuid}")
        return replace(patient, pid=internal_number(answer, patient.uuid, patient.pubpid))

    def _search(self, parameters: Mapping[str, str]) -> Iterator[ChartPatient]:
        for resource in resources(self.client.resource("Patient", parameters), "Patient"):
            patient = self._patient(resource)
            if patient is not None:
                yield patient

    def _patient(self, resource: Mapping[str, Any]) -> ChartPatient | None:
        uuid, number = str(resource.get("id", "")), fhir_number(resource, self.rule)
        if not _UUID.fullmatch(uuid) or not number:
            return None
        name = "^".join(human_name(resource)).rstrip("^")
        return ChartPatient(uuid, number, "", name, birth_date(resource), sex(resource))


def charts_of(services: Services) -> Charts | None:
    """Return the charts whose documents are read and filed; None where the site has told no such EHR."""
    issuer = services.configuration.ehr.documents_issuer
    client = backend_client(services, issuer, _SCOPES)
    rule = issuer.patient_id if issuer is not None else None
    return Charts(client, rule) if client is not None and rule is not None else None
