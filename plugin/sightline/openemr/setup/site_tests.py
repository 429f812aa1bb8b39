"""Self-tests of what every leg needs: a state that can be written, an archive, an address, a DICOM port, known EHRs.

Nothing is stored in the archive for them: rules of the site may send on whatever comes.
"""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from sightline.access.audit import AuditEvent, AuditKind
from sightline.access.grant import internal
from sightline.archive.protocol import Level, Query
from sightline.errors import SightlineError
from sightline.openemr.ehr.discovery import discover
from sightline.openemr.self_test_result import SelfTestResult
from sightline.openemr.setup.fetch import Problem, fetch
from sightline.web.services import Services

_GRANT = internal("self-test")
_CONNECT_SECONDS = 3


def state(services: Services) -> SelfTestResult:
    """Write into the audit log, which is kept where everything of ours is, and find it there."""
    services.audit.record(AuditEvent(AuditKind.AUDIT_READ, _GRANT, detail="self-test"))
    newest = services.audit.page(1)
    if not newest:
        return SelfTestResult(False, "What was written was not found again.", "Check the disk of StateDirectory.")
    return SelfTestResult(True, "A line was written into the audit log and found again.")


def archive(services: Services) -> SelfTestResult:
    """Count the studies."""
    count = services.archive.count(_GRANT, Query(Level.STUDY))
    return SelfTestResult(True, f"The archive answers; studies in it: {count}.")


def address(services: Services) -> SelfTestResult:
    """Ask ourselves at the address that people and EHRs know.

    An authority that a site has of its own, and has named with its EHR, has mostly signed both certificates.
    """
    url = services.public_url
    fetched = fetch(f"{url}/sightline/health")
    for authority in {one.certificate_authority for one in services.configuration.ehr.issuers} - {""}:
        if fetched.problem is Problem.TLS:
            trusting = fetch(f"{url}/sightline/health", authority)
            fetched = trusting if trusting.status else fetched
    if fetched.status in (200, 503):
        return SelfTestResult(True, f"Sightline answers at {url}.")
    if fetched.problem is Problem.TLS:
        return SelfTestResult(
            False,
            f"The certificate at {url} is not trusted by this server.",
            "Browsers have to trust it: EHRs cannot show the images otherwise.",
        )
    reason = fetched.problem.value or f"status {fetched.status}"
    return SelfTestResult(
        False,
        f"Sightline does not answer at {url} from here ({reason}).",
        "Set PublicUrl to the address that browsers use, and let the reverse proxy pass it on.",
    )


def dicom(services: Services) -> SelfTestResult:
    """Connect to the DICOM port, to which modalities send and of which they ask the worklist."""
    port = int(services.site.get("dicom_port", 0))
    if not port:
        return SelfTestResult(False, "Orthanc's DICOM server is off.", "Set DicomServerEnabled in Orthanc.")
    try:
        socket.create_connection(("127.0.0.1", port), _CONNECT_SECONDS).close()
    except OSError:
        return SelfTestResult(False, f"Nothing listens on DICOM port {port}.", "See Orthanc's log.")
    return SelfTestResult(True, f"AE title {services.site.get('dicom_aet', '')} listens on port {port}.")


def issuers(services: Services) -> SelfTestResult:
    """Ask each configured EHR what it says of itself."""
    configured = services.configuration.ehr.issuers
    if not configured:
        return SelfTestResult(False, "No EHR is configured yet.", "Follow the steps above, then restart Orthanc.")
    failed = []
    for issuer in configured:
        try:
            discover(issuer, services.clock())
        except SightlineError as error:
            failed.append(f"{issuer.name} ({urlsplit(issuer.issuer).hostname}): {error.message}")
    if failed:
        return SelfTestResult(False, " ".join(failed), "Enter its address above and see what the checks say.")
    return SelfTestResult(True, f"Known and answering: {', '.join(issuer.name for issuer in configured)}.")
