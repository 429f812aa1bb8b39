"""The ``"Sightline"`` section of Orthanc's configuration, validated: nothing unknown, nothing of the wrong type.

Options are spelled as Orthanc spells its own (``PascalCase``). `docs/configuration.md` is generated from this model.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, StringConstraints, ValidationError, model_validator

from sightline.orders_section import Orders
from sightline.reporting_section import Reporting
from sightline.results_section import Results
from sightline.section import ConfigurationError, Origin, Section, section_of
from sightline.smart_section import Ehr, PatientIdRule

__all__ = ["Configuration", "ConfigurationError", "Links", "Sessions", "Workers"]


class Links(Section):
    """Capability links: one study, some verbs, an expiry."""

    default_expiry_hours: float = Field(8, gt=0, description="How long a link lives when its maker does not say.")
    maximum_expiry_hours: float = Field(720, gt=0, description="The longest life that a maker may ask for.")
    service_key_sha256: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")] = Field(
        "",
        description="SHA-256 in hexadecimal of the link-service key, which may create and revoke links and do nothing "
        "else. Empty: there is no such key. Make one with `openssl rand -hex 32`, hash it with `sha256sum`.",
    )
    service_lists_studies: bool = Field(
        False,
        description="Whoever has that key, and knows a patient's number, birth date and family name, may ask which "
        "studies the patient has, with small pictures: for the Imaging card of the module for OpenEMR.",
    )


class Sessions(Section):
    """Sessions of people in a browser."""

    idle_minutes: float = Field(15, gt=0, description="A session ends by itself after so long without a request.")
    maximum_hours: float = Field(12, gt=0, description="A session ends after so long in any case.")


class Workers(Section):
    """Processes that decode and render, outside Orthanc's own process."""

    count: int = Field(
        # A container may see more cores than it may use.
        default_factory=lambda: min(len(os.sched_getaffinity(0)) + 1, 8),
        ge=1,
        le=64,
        description="How many processes. By default one more than there are cores, at most eight: so no core waits "
        "while a worker is told what comes next.",
    )
    memory_megabytes: int = Field(2048, ge=256, description="Address space that one of them may use beside volumes.")
    deadline_seconds: float = Field(30, gt=0, description="A task that takes longer is ended and answered with 503.")
    dask_scheduler: Annotated[str, StringConstraints(pattern=r"^((tcp|tls)://[^\s/]+:\d+)?$")] = Field(
        "",
        description="Address of a `dask.distributed` scheduler whose cluster renders, such as `tls://10.0.0.5:8786`. "
        "Empty: this machine renders by itself. [What that takes](operations.md#more-machines-for-rendering).",
    )
    dask_tasks: int = Field(
        8, ge=1, le=1024, description="How many tasks the cluster is given at a time: its threads, at least."
    )
    dask_ca: str = Field("", description="With `tls://`: file of the authority that has signed the certificates.")
    dask_certificate: str = Field("", description="With `tls://`: file of Sightline's own certificate.")
    dask_key: str = Field("", description="With `tls://`: file of that certificate's key.")

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Workers:
        """Refuse to go without the protection that somebody meant to have."""
        files = [bool(name) for name in (self.dask_ca, self.dask_certificate, self.dask_key)]
        if any(files) != self.dask_scheduler.startswith("tls://") or any(files) != all(files):
            raise ValueError('"DaskCa", "DaskCertificate" and "DaskKey" belong to a scheduler at tls://, all three')
        return self


class Configuration(Section):
    """Everything that an administrator can set in the section `Sightline`."""

    environment: str = Field(
        "",
        description="Folder of the Python environment with Sightline's requirements, made for the Python that the "
        "plugin links. Empty: `environment` beside the plugin folder.",
    )
    viewer_directory: str = Field("", description="Folder of the built viewer. Empty: `viewer-assets/dist`.")
    state_directory: str = Field(
        "", description="Folder for Sightline's own database. Empty: `sightline` below Orthanc's storage directory."
    )
    public_url: str = Field(
        "",
        pattern=r"^(https?://[^\s?#]+[^\s?#/])?$",
        description="Address under which users reach Orthanc, without trailing slash. Links are made of it. Empty: "
        "`http://127.0.0.1:<HttpPort>`.",
    )
    frame_ancestors: tuple[Origin, ...] = Field(
        (), strict=False, description="Web sites, such as the EHR, that may show Sightline inside a frame."
    )
    cors_origins: tuple[Origin, ...] = Field(
        (),
        strict=False,
        description="Web sites whose scripts may use DICOMweb and FHIR, with credentials that they send by themselves "
        "(header `Authorization`), never with the cookies of a person who is logged in here.",
    )
    trusted_proxies: tuple[str, ...] = Field(
        (),
        strict=False,
        description="Addresses or networks of reverse proxies whose `Forwarded` or `X-Forwarded-For`, `-Proto`, "
        "`-Host` and `-Prefix` are believed. They have to set or to remove each of these headers.",
    )
    immutable_caching: bool = Field(
        False,
        description="Clients that send credentials by themselves may keep what DICOMweb gave them: an instance for a "
        "week without asking, a study or a series as long as its ETag stands. Only where stored instances never "
        "change.",
    )
    maximum_upload_megabytes: int = Field(
        1024, ge=1, description="Larger uploads are refused before their body is read."
    )
    allow_chunked_uploads: bool = Field(
        False, description="Accept uploads that do not declare their length. Their size cannot be bounded beforehand."
    )
    cache_megabytes: int = Field(
        128, ge=8, description="Memory for answers and pictures that are kept ready, beside that for volumes."
    )
    volume_megabytes: int = Field(2048, ge=64, description="Shared memory for assembled volumes.")
    links: Links = Field(Links(), description="Capability links.")
    sessions: Sessions = Field(Sessions(), description="Sessions of people in a browser.")
    workers: Workers = Field(Workers(), description="Processes that decode and render.")
    ehr: Ehr = Field(Ehr(), description="EHRs that people are sent here from, and that are asked.")
    reporting: Reporting = Field(Reporting(), description="Reports that readers write and sign in the viewer.")
    orders: Orders = Field(Orders(), description="Imaging orders and the worklist.")
    results: Results = Field(Results(), description="Signed reports on their way to the EHR.")

    @model_validator(mode="after")
    def _ehrs_are_told(self) -> Configuration:
        """Refuse what would have to guess which EHR is meant, or whose a number is."""
        ehr, orders = self.ehr, self.orders
        for option, name in (("Ehr.Documents", ehr.documents), ("Orders.Fhir.Issuer", orders.fhir.issuer)):
            if name and ehr.with_backend(name) is None:
                raise ValueError(f'"{option}" names none of "Ehr.Issuers" that has a "Backend"')
        if self.results.transport == "document" and ehr.documents_issuer is None:
            raise ValueError(
                '"Results.Transport" document needs one of "Ehr.Issuers" with "Backend" and "PatientId" (and '
                '"RestUrl" where its FHIR base does not end in /fhir); of several, name one in "Ehr.Documents"'
            )
        if orders.is_on:
            self._orders_are_told()
        return self

    def _orders_are_told(self) -> None:
        rule, is_asked = self.order_rule, self.ehr.with_backend(self.orders.fhir.issuer) is not None
        if rule is None:
            raise ValueError('"Orders.PatientId" is needed: "Ehr.Issuers" have different rules')
        if (self.orders.fhir.poll_seconds or rule.source == "pubpid") and not is_asked:
            why = "are asked for by FHIR" if self.orders.fhir.poll_seconds else "do not tell a patient's pubpid"
            raise ValueError(
                f'orders {why}: give one of "Ehr.Issuers" a "Backend" (of several, name one in "Orders.Fhir.Issuer"), '
                'or set "Orders.PatientId" with "Source" pid where that number is in the archive'
            )
        if self.orders.fhir.poll_seconds and rule.source == "pid":
            raise ValueError('"Orders.Fhir" needs "PatientId" with "Source" pubpid: FHIR tells no other number')

    @property
    def order_rule(self) -> PatientIdRule | None:
        """How PatientID is made of orders' numbers; None where it would have to be guessed."""
        named = self.ehr.with_backend(self.orders.fhir.issuer) if self.orders.fhir.issuer else None
        if self.orders.patient_id is not None:
            return self.orders.patient_id
        if named is not None and named.patient_id is not None:
            return named.patient_id
        has_rules = any(issuer.patient_id for issuer in self.ehr.issuers)
        return self.ehr.only_rule if has_rules else PatientIdRule(Source="pid")

    @property
    def order_issuer(self) -> str:
        """Issuer of Patient ID (0010,0021) of orders' patients; empty where nobody has said it."""
        rule = self.order_rule
        return rule.issuer_of_patient_id if rule is not None else ""

    @classmethod
    def parse(cls, section: Mapping[str, Any]) -> Configuration:
        """Validate the section as Orthanc read it.

        Raises
        ------
        ConfigurationError
            Names the path of the key, what was found and what is allowed.
        """
        try:
            return cls.model_validate(section)
        except ValidationError as error:
            raise ConfigurationError(_explain(error)) from None


def _explain(error: ValidationError) -> str:
    """Make one sentence per problem: path, value found, what is allowed."""
    sentences = []
    for problem in error.errors(include_url=False):
        path = ".".join(["Sightline", *(str(part) for part in problem["loc"])])
        if problem["type"] == "extra_forbidden":
            allowed = ", ".join(_known_keys(problem["loc"][:-1]))
            sentences.append(f'"{path}" is not an option; allowed here are {allowed}')
        elif problem["type"] == "missing":  # what was found is the whole section, secrets and all
            sentences.append(f'"{path}" is missing')
        elif isinstance(problem["input"], Mapping | Section):
            sentences.append(f'"{path}": {problem["msg"].removeprefix("Value error, ")}')
        else:
            sentences.append(f'"{path}" is {problem["input"]!r}; {problem["msg"][0].lower()}{problem["msg"][1:]}')
    return "Orthanc's configuration is wrong: " + "; ".join(sentences) + "."


def _known_keys(path: tuple[int | str, ...]) -> list[str]:
    """Return the option names of the section at `path`, as written in the file."""
    model: type[Section] = Configuration
    for part in path:
        if isinstance(part, int):  # of a list, whose members are all of one kind
            continue
        found = next(section_of(field.annotation) for field in model.model_fields.values() if field.alias == part)
        assert found is not None  # noqa: S101 - only sections have keys below them
        model = found
    return [str(field.alias) for field in model.model_fields.values()]
