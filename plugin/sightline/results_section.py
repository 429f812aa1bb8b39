"""The section ``Results``: where signed reports are sent."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from sightline.section import Section
from sightline.sftp_section import SftpFolder

_Address = Annotated[str, StringConstraints(pattern=re.compile(r"^((\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):\d{1,5})?$"))]


def host_and_port(address: str) -> tuple[str, int]:
    """Return both parts of ``host:port``.

    >>> host_and_port("[::1]:2575"), host_and_port("emr.example:22")
    (('::1', 2575), ('emr.example', 22))
    """
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


class Results(Section):
    """Signed reports on their way to the EHR."""

    transport: Literal["", "folder", "sftp", "mllp", "document"] = Field(
        "",
        description="How reports leave: as HL7 ORU files in a `folder` or by `sftp`, as HL7 messages by `mllp`, or as "
        "a `document` of the patient by OpenEMR's REST API (the EHR in `Ehr.Documents`). Empty: reports stay here.",
    )
    folder: str = Field("", description="With `folder`: where OpenEMR looks for results.")
    sftp: SftpFolder = Field(SftpFolder(), description="With `sftp`: where to.")
    mllp: _Address = Field("", description="With `mllp`: host and port of the receiver.")
    sending_application: str = Field(
        "", description="MSH-3 of results. Empty: the application that the order was sent to, or `SIGHTLINE`."
    )
    sending_facility: str = Field(
        "", description="MSH-4 of results. Empty: the facility that the order was sent to, or `RAD`."
    )
    receiving_application: str = Field(
        "", description="MSH-5 of results. Empty: the application that sent the order, or `OPENEMR`."
    )
    receiving_facility: str = Field("", description="MSH-6 of results. Empty: the facility that sent the order.")
    direction: Literal["B", "R"] = Field(
        "B",
        description="As the procedure provider in OpenEMR has it. `B`: a report answers an order, by its number. `R`: "
        "OpenEMR finds the patient by name and birth date, and makes a new one where there is none.",
    )
    link_hours: float = Field(
        0,
        ge=0,
        le=87_600,
        description="How long the link in a report opens the study without a login. 0: it asks for a login.",
    )
    document_category: str = Field(
        "/medical_record",
        pattern=r"^(/[^/\s?#]+)+$",
        description="With `document`: the category that reports are filed under, in small letters with `_` for spaces.",
    )
    retry_seconds: float = Field(
        30, ge=1, le=3600, description="A delivery that failed is tried again after so long, then later each time."
    )

    @model_validator(mode="after")
    def _is_whole(self) -> Results:
        """Refuse a transport that does not know where to."""
        needed = {
            "folder": (self.folder, '"Folder"'),
            "mllp": (self.mllp, '"Mllp"'),
            "sftp": (self.sftp.url, '"Sftp" with a "Url"'),
        }
        value, name = needed.get(self.transport, ("-", ""))
        if not value:
            raise ValueError(f'"Transport" {self.transport} needs {name}')
        return self
