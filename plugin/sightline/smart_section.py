"""The section ``Sightline.Ehr``: which EHRs people are sent here from, which are asked, and whose numbers they have."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints, model_validator

from sightline.section import Origin, Section

SCOPES = r"^([!#-\[\]-~]+( [!#-\[\]-~]+)*)?$"
"""RFC 6749 3.3."""


class PatientIdRule(Section):
    """How DICOM PatientID (0010,0020) is made of a number in the EHR."""

    source: Literal["pubpid", "pid"] = Field(
        description="`pubpid`: the number that people see, FHIR Patient.identifier of type `PT` (OpenEMR) or else "
        "`MR`. `pid`: OpenEMR's internal number, which its HL7 orders carry; asked of its standard API (scopes "
        "`api:oemr user/patient.read`). A social security number is never taken."
    )
    prefix: str = Field(
        "", max_length=32, pattern=r"^[^\\*?\s]*$", description="What stands in DICOM before the number."
    )
    issuer_of_patient_id: str = Field(
        "",
        max_length=64,
        pattern=r"^[^\\\r\n]*$",
        description="Issuer of Patient ID (0010,0021) of this EHR's numbers. A study that names another issuer is held "
        "back, or not linked to an order; what is copied from the chart gets this one. Empty: studies of one number "
        "that name different issuers are all held back.",
    )
    identifier_system: str = Field(
        "",
        description="`system` of the identifier to take, where the EHR gives several of the same type. Empty: there is "
        "one, or the launch is refused.",
    )


class Backend(Section):
    """The account under which Sightline itself asks an EHR: for orders, for patients' numbers, for chart documents.

    Without `ClientSecret`, `KeyFile` and `RefreshToken` it proves who it is by its own key (SMART Backend Services),
    whose public half is at `<PublicUrl>/sightline/openemr/jwks`.
    """

    client_id: str = Field(min_length=1, description="What the EHR gave at the registration of this account.")
    client_secret: str = Field("", repr=False, description="Its secret, if it has one.")
    key_file: str = Field("", description="File of an RSA private key (PEM) to prove with instead of Sightline's own.")
    refresh_token: str = Field(
        "",
        repr=False,
        description="With it tokens are renewed for the user who has allowed it. Empty: client credentials.",
    )
    scopes: str = Field(
        "",
        pattern=SCOPES,
        description="What to ask for, instead of what each purpose needs. With a refresh token, empty asks for all "
        "that it has.",
    )
    document_categories: tuple[str, ...] = Field(
        ("/medical_record",),
        strict=False,
        description="Categories of OpenEMR that are looked into for DICOM documents where FHIR tells none, as paths in "
        "small letters with `_` for spaces.",
    )

    @property
    def is_by_key(self) -> bool:
        """Whether a signed assertion says who asks."""
        return bool(self.key_file) or not (self.client_secret or self.refresh_token)

    @property
    def is_by_own_key(self) -> bool:
        """Whether that is signed with the key that Sightline has made."""
        return self.is_by_key and not self.key_file


class Issuer(Section):
    """One EHR: as a client of launches, as an account of Sightline's own, or both."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")] = Field(
        description="Short name: small letters, digits and hyphens. In the address of standalone launches and in the "
        "audit log."
    )
    issuer: Annotated[str, StringConstraints(pattern=r"^https?://[^\s?#]+[^\s?#/]$")] = Field(
        description="FHIR base address, which the EHR sends as `iss`: `https://<emr>/apis/default/fhir` for OpenEMR. "
        "Compared exactly."
    )
    client_id: str = Field(
        "", description="What the EHR gave at registration for launches. Empty: there are none, only a `Backend`."
    )
    client_secret: str = Field(
        "", repr=False, description="What the EHR gave at registration. Empty: a public client, without a secret."
    )
    client_authentication: Literal["", "post", "basic"] = Field(
        "",
        description="How the secret is sent to the token endpoint: `post` or `basic`. Empty: `post`, or what the EHR "
        "says that it takes.",
    )
    scopes: str = Field(
        "",
        pattern=SCOPES,
        description="What to ask for, instead of what is made of the EHR's capabilities. `launch/patient` is added to "
        "standalone launches by itself.",
    )
    verbs: tuple[Literal["view", "download", "annotate", "report"], ...] = Field(
        ("view", "download", "annotate", "report"),
        strict=False,
        min_length=1,
        description="What a launch allows on the patient's studies.",
    )
    patient_id: PatientIdRule | None = Field(
        None,
        description="How DICOM PatientID is made of this EHR's numbers. Not set: every launch is refused, and no "
        "document is read or filed.",
    )
    backend: Backend | None = Field(
        None, description="The account under which Sightline itself asks this EHR. Not set: it does not."
    )
    rest_url: str = Field(
        "",
        pattern=r"^(https?://[^\s?#]+[^\s?#/])?$",
        description="Address of OpenEMR's standard API, where it is not `api` beside the FHIR base's `fhir`.",
    )
    accept_tokens: bool = Field(
        False,
        description="Let access tokens of this EHR open DICOMweb and FHIR, for the one patient whom each can read "
        "there. [What that takes](fhir.md#tokens-of-an-ehr).",
    )
    token_clients: tuple[str, ...] = Field(
        (),
        strict=False,
        description="With `AcceptTokens`: client ids of the apps whose tokens are taken; no other's are.",
    )
    standalone_only: bool = Field(
        False,
        description="This client is for launches that begin here; launches from the chart use another client of the "
        "same EHR. OpenEMR needs that where it skips its consent page.",
    )
    trusted_origins: tuple[Origin, ...] = Field(
        (),
        strict=False,
        description="Where else the EHR's authorization server may be; its own address is always trusted. What it "
        "names elsewhere is refused.",
    )
    id_token_issuer: str = Field(
        "",
        description="What ID tokens name as their issuer, where that is not what the EHR's own OpenID configuration "
        "names. The public SMART launcher needs that.",
    )
    certificate_authority: str = Field(
        "", description="File of the authority that signed the EHR's certificate. Empty: those that the machine trusts."
    )

    @model_validator(mode="after")
    def _is_known_there(self) -> Issuer:
        """Refuse an EHR that nobody can come from and nothing is asked of."""
        if not (self.client_id or self.backend):
            raise ValueError('"ClientId", a "Backend" or both are needed')
        if self.backend and self.standalone_only:
            raise ValueError('"Backend" belongs to the entry without "StandaloneOnly"')
        return self

    @model_validator(mode="after")
    def _tokens_are_bounded(self) -> Issuer:
        """Refuse to take anybody's tokens, or to guess whose studies they open."""
        if self.accept_tokens and not (self.token_clients and self.patient_id):
            raise ValueError('"AcceptTokens" needs "TokenClients" and "PatientId"')
        return self

    @property
    def origins(self) -> frozenset[str]:
        """Scheme, host and port of all addresses that may be asked."""
        parts = urlsplit(self.issuer)
        return frozenset({f"{parts.scheme}://{parts.netloc}", *self.trusted_origins})

    @property
    def rest_base(self) -> str:
        """Address of OpenEMR's standard API; empty where nobody has said it and it cannot be told."""
        is_openemr = self.issuer.endswith("/fhir")
        return self.rest_url or (f"{self.issuer.removesuffix('/fhir')}/api" if is_openemr else "")


class Ehr(Section):
    """EHRs that people are sent here from by SMART App Launch, and that Sightline asks by itself."""

    issuers: tuple[Issuer, ...] = Field((), strict=False, description="All of them.")
    documents: str = Field(
        "",
        description="Name of the EHR whose chart documents are read, and filed with `Results.Transport` `document`. "
        "Empty: the only one with a `Backend`.",
    )

    @model_validator(mode="after")
    def _names_differ(self) -> Ehr:
        """Refuse two that could be taken for one another."""
        names = [issuer.name for issuer in self.issuers]
        bases = [issuer.issuer for issuer in self.issuers if not issuer.standalone_only]
        if len(set(names)) < len(names) or len(set(bases)) < len(bases):
            raise ValueError(
                "each issuer needs a name of its own, and one per FHIR base is for launches from the chart"
            )
        return self

    def of_base(self, fhir_base: str) -> Issuer | None:
        """Return who a launch from a chart comes from; None for anybody who is not on the list."""
        own = (one for one in self.issuers if one.client_id and not one.standalone_only)
        return next((one for one in own if one.issuer == fhir_base.removesuffix("/")), None)

    def named(self, name: str) -> Issuer | None:
        """Return who people may be launched by, by its short name."""
        return next((one for one in self.issuers if one.client_id and one.name == name), None)

    def with_backend(self, name: str) -> Issuer | None:
        """Return whom Sightline asks by itself: the named one, or, where no name is given, the only one."""
        found = [one for one in self.issuers if one.backend and name in ("", one.name)]
        return found[0] if len(found) == 1 else None

    @property
    def documents_issuer(self) -> Issuer | None:
        """The EHR whose charts' documents are read and filed; None where it is not told how and by which rule."""
        found = self.with_backend(self.documents)
        return found if found is not None and found.patient_id is not None and found.rest_base else None

    @property
    def only_rule(self) -> PatientIdRule | None:
        """The rule that all EHRs which have one share."""
        rules = {one.patient_id for one in self.issuers if one.patient_id is not None}
        return rules.pop() if len(rules) == 1 else None
