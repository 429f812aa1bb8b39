"""Which way out the site has switched on."""

from __future__ import annotations

from functools import partial

from sightline.openemr.chart_patient import charts_of
from sightline.openemr.results.document import DocumentTarget
from sightline.openemr.results.file_drop import FileDrop
from sightline.openemr.results.folder import open_folder
from sightline.openemr.results.mllp import MllpTarget
from sightline.openemr.results.sftp import open_sftp
from sightline.openemr.results.target import DeliveryError, Target
from sightline.web.services import Services


def target_name(services: Services) -> str:
    """Return what deliveries are counted by, so that a site may change the way on which its HL7 messages go."""
    transport = services.configuration.results.transport
    return "document" if transport == "document" else "oru" if transport else ""


def target_of(services: Services) -> Target:
    """Return the configured target.

    Raises
    ------
    DeliveryError
        Documents are to be filed, and nobody has said in which OpenEMR.
    """
    settings = services.configuration.results
    if settings.transport == "folder":
        return FileDrop(partial(open_folder, settings.folder))
    if settings.transport == "sftp":
        return FileDrop(partial(open_sftp, settings.sftp))
    if settings.transport == "mllp":
        return MllpTarget(settings.mllp)
    charts = charts_of(services)
    if charts is None:
        raise DeliveryError("no-ehr")
    return DocumentTarget(charts, settings.document_category)
