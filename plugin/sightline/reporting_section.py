"""How reports are written and signed, as the configuration says it."""

from __future__ import annotations

from pydantic import Field

from sightline.section import Section


class Reporting(Section):
    """Reports that readers write and sign in the viewer."""

    organization: str = Field(
        "",
        max_length=64,
        description="Name of the organization in whose name reports are signed. It stands in their DICOM objects.",
    )
    language: str = Field(
        "en",
        pattern=r"^([A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*)?$",
        description="Language that reports are written in (RFC 5646), such as `en` or `pt-BR`. Empty: not stated.",
    )
    template_directory: str = Field(
        "",
        description="Folder with the site's own templates (`*.j2`) beside those that come with Sightline; one of the "
        "same file name takes its place. [How they are written](reporting.md#templates).",
    )
