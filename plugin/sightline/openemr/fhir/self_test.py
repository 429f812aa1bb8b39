"""Whether FHIR works here, tried with a patient who does not exist."""

from __future__ import annotations

from urllib.parse import urlsplit

from sightline.access.grant import Grant, Permission, Verb
from sightline.errors import SightlineError
from sightline.openemr.ehr.client import EhrError
from sightline.openemr.ehr.discovery import discover
from sightline.openemr.fhir.answers import FhirVersion
from sightline.openemr.fhir.imaging_studies import endpoint, search_imaging_studies
from sightline.openemr.self_test_result import SelfTestResult
from sightline.web.fhir import FHIR_TREE
from sightline.web.request import GRANT_KEY, Request
from sightline.web.services import Services

NOBODY = "SIGHTLINE-SELF-TEST"
"""PatientID of nobody; a site that has such a patient has it for tests."""

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def self_test(services: Services) -> SelfTestResult:
    """Search for nobody's studies as FHIR does, and see whether each EHR whose tokens are taken publishes its keys."""
    grant = Grant("sightline:self-test", (Permission(frozenset({Verb.SEARCH, Verb.VIEW})),))
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": f"{FHIR_TREE}/ImagingStudy",
        "QUERY_STRING": f"patient.identifier={NOBODY}",
        GRANT_KEY: grant,
    }
    try:
        answer = search_imaging_studies(Request(environ), services)
    except SightlineError as error:
        return SelfTestResult(False, f"A search by FHIR fails ({error.code}).", "See the log of Orthanc.")
    if answer.status_code != 200:
        return SelfTestResult(False, f"A search by FHIR is answered with {answer.status_code}.")
    address = endpoint(services, FhirVersion.R4)["address"]
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        return SelfTestResult(
            False,
            "Studies are found by FHIR, but apps are sent to DICOMweb without TLS.",
            "Set PublicUrl to the address that begins with https.",
        )
    issuers = [issuer for issuer in services.configuration.ehr.issuers if issuer.accept_tokens]
    for issuer in issuers:
        try:
            if not discover(issuer, services.clock()).jwks_uri:
                raise EhrError("It publishes no keys.", "no-keys")
        except EhrError as error:
            return SelfTestResult(
                False,
                f"Tokens of {issuer.name} cannot be checked ({error.code}).",
                "The EHR has to be reached from here, and to publish its keys (OpenID Connect discovery, jwks_uri).",
            )
    tokens = f" Tokens of {', '.join(issuer.name for issuer in issuers)} can be checked." if issuers else ""
    return SelfTestResult(True, f"Studies are found by FHIR; their images are at {address}.{tokens}")
