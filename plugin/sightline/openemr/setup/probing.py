"""Asks an OpenEMR what can be asked without a login."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

from sightline.openemr.setup.address import EmrAddress
from sightline.openemr.setup.checks import Probe
from sightline.openemr.setup.fetch import Fetched, fetch


def probe(
    address: EmrAddress, public_url: str, clock: Callable[[], datetime], certificate_authority: str = ""
) -> Probe:
    """Return what it answers. Where it cannot be reached at all, it is asked no more.

    Raises
    ------
    BadRequestError
        It is at an address that is never asked.
    """
    ours = urlsplit(public_url)
    metadata = fetch(f"{address.fhir}/metadata", certificate_authority, f"{ours.scheme}://{ours.netloc}")
    asked = clock()
    if not metadata.status:
        return Probe(address, metadata, Fetched(metadata.problem), Fetched(metadata.problem), asked)
    smart = fetch(f"{address.fhir}/.well-known/smart-configuration", certificate_authority)
    openid = fetch(f"{address.oauth}/.well-known/openid-configuration", certificate_authority)
    return Probe(address, metadata, smart, openid, asked)
