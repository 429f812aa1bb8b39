"""The options under which imaging orders come in, and how the worklist is answered."""

from __future__ import annotations

import zoneinfo
from ipaddress import ip_network

from pydantic import Field, field_validator

from sightline.section import Section
from sightline.sftp_section import SftpFolder
from sightline.smart_section import PatientIdRule

LARGEST_PORT = 65_535


class OrderFolder(Section):
    """A folder into which an EHR writes orders, on this machine or on an SFTP server.

    What was taken is moved into its subfolder `done`, what could not be read into `quarantine`.
    """

    path: str = Field("", description="Folder that is looked into, such as `/var/spool/orders`. Empty: none.")
    sftp: SftpFolder = Field(SftpFolder(), description="A folder on an SFTP server.")
    poll_seconds: float = Field(5, ge=0.1, description="How often folders are looked into.")


class OrderMllp(Section):
    """Orders over the network by the Minimal Lower Layer Protocol (HL7 MLLP). It has no encryption of its own."""

    port: int = Field(0, ge=0, le=LARGEST_PORT, description="TCP port that is listened on. 0: none.")
    address: str = Field("127.0.0.1", description="Address that is listened on.")
    peers: tuple[str, ...] = Field(
        ("127.0.0.1",), strict=False, description="Addresses or networks that may send. All others are hung up on."
    )
    idle_seconds: float = Field(300, gt=0, description="A connection over which nothing comes for so long is ended.")

    @field_validator("peers")
    @classmethod
    def _are_networks(cls, peers: tuple[str, ...]) -> tuple[str, ...]:
        for peer in peers:
            ip_network(peer)
        return peers


class OrderFhir(Section):
    """Orders asked for by FHIR: ServiceRequests of category imaging (OpenEMR 8 and later)."""

    poll_seconds: int = Field(0, ge=0, description="Seconds until the EHR is asked again. 0: it is not asked.")
    issuer: str = Field(
        "",
        description="Name of the EHR in `Ehr.Issuers` that is asked for orders, and for patients' numbers. Empty: the "
        "only one with a `Backend`.",
    )


class Orders(Section):
    """Imaging orders: how they come in, and what modalities are told of them."""

    folder: OrderFolder = Field(OrderFolder(), description="A folder of HL7 files.")
    mllp: OrderMllp = Field(OrderMllp(), description="HL7 over the network.")
    fhir: OrderFhir = Field(OrderFhir(), description="FHIR ServiceRequests.")
    patient_id: PatientIdRule | None = Field(
        None,
        description="How DICOM PatientID is made of the numbers in orders: `pid` is the one in HL7 orders (PID-3); "
        "`pubpid` is looked up by FHIR, where exactly one patient of that name, birth date and sex is known. Not set: "
        "as in `Ehr.Issuers`, or `pid` where no EHR is there.",
    )
    time_zone: str = Field(
        "", description="Of times that an order tells without one, such as `Europe/Paris`. Empty: this machine's."
    )
    worklist_hours_before: float = Field(
        168, gt=0, description="An order stays on the worklist for so long after it was due."
    )
    worklist_hours_after: float = Field(
        168, gt=0, description="An order comes onto the worklist so long before it is due."
    )
    mapping_file: str = Field(
        "",
        description="JSON file that says where the messages of other systems than OpenEMR hold what. "
        "[How it is written](orders.md#other-systems).",
    )

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        if name:
            try:
                zoneinfo.ZoneInfo(name)
            except (KeyError, OSError, ValueError):
                raise ValueError("it is a time zone such as Europe/Paris") from None
        return name

    @property
    def is_on(self) -> bool:
        """Whether orders come in by any way."""
        return bool(self.folder.path or self.folder.sftp.url or self.mllp.port or self.fhir.poll_seconds)
