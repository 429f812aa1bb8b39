"""What an OpenEMR has answered, judged: each check says what was seen, and what to do in OpenEMR's own words. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from sightline.openemr.ehr.client import EhrError
from sightline.openemr.ehr.discovery import SmartConfiguration, parse
from sightline.openemr.setup.address import EmrAddress
from sightline.openemr.setup.fetch import Fetched, Problem

CONNECTORS = "Administration > Config > Connectors"
SITE_ADDRESS = "Site Address (required for OAuth2 and FHIR)"
FHIR_SWITCH = "Enable OpenEMR Standard FHIR REST API"
REST_SWITCH = "Enable OpenEMR Standard REST API"
SYSTEM_SWITCH = "Enable OpenEMR FHIR System Scopes"

_CLOSE_SECONDS, _APART_SECONDS = 10, 60


class State(StrEnum):
    """How a check went."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"
    """What it needs was not there; an earlier check says why."""


@dataclass(frozen=True)
class Check:
    """One check.

    Parameters
    ----------
    id : str
        Its title is the message ``setup.check.<id>``.
    state : State
    seen : str
        What was seen.
    advice : str
        What to do; empty where nothing is.
    """

    id: str
    state: State
    seen: str
    advice: str = ""


@dataclass(frozen=True)
class Probe:
    """What was asked and answered.

    Parameters
    ----------
    address : EmrAddress
    metadata, smart, openid : Fetched
        Its CapabilityStatement, SMART configuration and OpenID discovery.
    asked : datetime
        When, by our clock.
    """

    address: EmrAddress
    metadata: Fetched
    smart: Fetched
    openid: Fetched
    asked: datetime


@dataclass(frozen=True)
class OurSite:
    """What of our own configuration matters to the EHR.

    Parameters
    ----------
    public_url : str
    frame_ancestors : tuple of str
    issuers : tuple of str
        FHIR bases that are configured.
    """

    public_url: str
    frame_ancestors: tuple[str, ...]
    issuers: tuple[str, ...]


def check(probe: Probe, ours: OurSite) -> tuple[Check, ...]:
    """Return all checks in the order in which they make sense to mend."""
    known = _configuration(probe.smart)
    return (
        _reach(probe),
        _tls(probe),
        _metadata(probe),
        _smart(probe, known),
        _scopes(known),
        _pkce(probe.smart, known),
        _site_address(probe, known),
        _openid(probe, known),
        _clock(probe),
        _cors(probe),
        _public_url(probe, ours),
        _frame(probe, ours),
        _configured(probe, ours),
    )


def _reach(probe: Probe) -> Check:
    host = probe.address.origin
    advice = {
        Problem.NAME: "Check the name, and whether this server's DNS knows it.",
        Problem.CONNECTION: "Check address and port, and whether a firewall lets this server through.",
        Problem.TIME: "Check whether a firewall lets this server through.",
        Problem.TLS: "",
    }
    problem = probe.metadata.problem
    if problem in advice and problem is not Problem.TLS:
        return Check("reach", State.FAILED, f"{host} does not answer this server ({problem.value}).", advice[problem])
    return Check("reach", State.OK, f"{host} answers this server.")


def _tls(probe: Probe) -> Check:
    if probe.metadata.problem is Problem.TLS:
        return Check(
            "tls",
            State.FAILED,
            "This server does not trust the certificate.",
            "Name the file of the authority that signed it, here and as CertificateAuthority of the issuer; or give "
            "OpenEMR a certificate of a public authority.",
        )
    if probe.address.scheme == "http":
        return Check(
            "tls",
            State.WARNING,
            "Plain HTTP: who is in between can read and change everything.",
            "Use https. OpenEMR's own OAuth2 wants it too.",
        )
    if not probe.metadata.status:
        return _skipped("tls")
    return Check("tls", State.OK, "The certificate is trusted by this server.")


def _metadata(probe: Probe) -> Check:
    fetched = probe.metadata
    if not fetched.status:
        return _skipped("metadata")
    if not fetched.is_good:
        return Check(
            "metadata",
            State.FAILED,
            f"{probe.address.fhir}/metadata answers with status {fetched.status}, and not with a CapabilityStatement.",
            f'In OpenEMR, {CONNECTORS}: switch on "{FHIR_SWITCH}". If it is on, check the address: with several sites '
            "it ends in /apis/<site>/fhir.",
        )
    document = fetched.document
    version = str(document.get("fhirVersion", ""))[:16]
    software = document.get("software")
    name = f"{software.get('name', '')} {software.get('version', '')}".strip() if isinstance(software, dict) else ""
    seen = f"{name[:80] or 'The server'} speaks FHIR {version or 'of an unknown version'}."
    if document.get("resourceType") != "CapabilityStatement" or not version.startswith("4.0"):
        return Check("metadata", State.FAILED, seen, "Sightline needs FHIR R4 (4.0.1), as OpenEMR 7.0.3 and later has.")
    if "Patient" not in set(_resources(document)):
        return Check("metadata", State.WARNING, f"{seen} It does not list Patient.", f'Check "{FHIR_SWITCH}".')
    return Check("metadata", State.OK, seen)


def _smart(probe: Probe, known: SmartConfiguration | None) -> Check:
    if known is None:
        return Check(
            "smart",
            State.FAILED,
            f"There is no SMART configuration below {probe.address.fhir}.",
            f'In OpenEMR, {CONNECTORS}: switch on "{FHIR_SWITCH}" and set "{SITE_ADDRESS}".',
        )
    if "launch-ehr" not in known.capabilities:
        return Check(
            "smart",
            State.WARNING,
            "It does not say that it launches apps from a chart (launch-ehr).",
            "Sightline can still be opened by links, and by a standalone launch.",
        )
    version = "2 (permission-v2)" if "permission-v2" in known.capabilities else "1"
    return Check("smart", State.OK, f"Apps are launched from the chart; scopes of SMART {version}.")


def _scopes(known: SmartConfiguration | None) -> Check:
    if known is None:
        return _skipped("scopes")
    read = {"patient/Patient.read", "patient/Patient.rs"}
    missing = sorted({"openid", "fhirUser", "launch"} - known.scopes)
    if not read & known.scopes:
        missing.append("patient/Patient.read")
    if not known.scopes:
        return Check("scopes", State.WARNING, "It does not say which scopes it knows.")
    if missing:
        return Check(
            "scopes",
            State.WARNING,
            f"It does not list {', '.join(missing)}.",
            "Old builds leave some out and grant them all the same: go on, and see whether the registration is taken.",
        )
    return Check("scopes", State.OK, "All scopes that a launch needs are offered.")


def _pkce(smart: Fetched, known: SmartConfiguration | None) -> Check:
    if known is None:
        return _skipped("pkce")
    methods = smart.document.get("code_challenge_methods_supported")
    if isinstance(methods, list) and "S256" in methods:
        return Check("pkce", State.OK, "PKCE with S256 is taken.")
    return Check(
        "pkce", State.WARNING, "It does not say that it takes PKCE with S256.", "Sightline sends it in any case."
    )


def _site_address(probe: Probe, known: SmartConfiguration | None) -> Check:
    if known is None:
        return _skipped("site-address")
    named = {_origin(known.authorization_endpoint), _origin(known.token_endpoint)}
    if named == {probe.address.origin}:
        return Check("site-address", State.OK, f"Its addresses begin with {probe.address.origin}, as yours does.")
    return Check(
        "site-address",
        State.FAILED,
        f"It names addresses at {' and '.join(sorted(named))}, but was reached at {probe.address.origin}.",
        f'In OpenEMR, {CONNECTORS}: set "{SITE_ADDRESS}" to {probe.address.base}; or enter its own address above. '
        "Launches carry that address as `iss`, and one that differs is refused.",
    )


def _openid(probe: Probe, known: SmartConfiguration | None) -> Check:
    if known is None:
        return _skipped("openid")
    document = probe.openid.document
    if not probe.openid.is_good or not document.get("jwks_uri"):
        return Check(
            "openid",
            State.FAILED,
            f"{probe.address.oauth}/.well-known/openid-configuration does not name the keys that logins are signed by.",
            f'In OpenEMR, {CONNECTORS}: check "{SITE_ADDRESS}".',
        )
    if document.get("issuer") != probe.address.oauth:
        return Check(
            "openid",
            State.WARNING,
            f"Logins are signed in the name of {str(document.get('issuer'))[:200]}, not of {probe.address.oauth}.",
            f'In OpenEMR, {CONNECTORS}: check "{SITE_ADDRESS}".',
        )
    return Check("openid", State.OK, "It says who somebody is, and by which keys that is signed.")


def _clock(probe: Probe) -> Check:
    try:
        theirs = parsedate_to_datetime(probe.metadata.headers.get("date", ""))
        apart = abs((theirs - probe.asked).total_seconds())
    except (TypeError, ValueError):
        return _skipped("clock") if not probe.metadata.status else Check("clock", State.WARNING, "It tells no time.")
    seen = f"The clocks are {round(apart)} s apart."
    if apart <= _CLOSE_SECONDS:
        return Check("clock", State.OK, seen)
    state = State.FAILED if apart > _APART_SECONDS else State.WARNING
    return Check("clock", state, seen, "Let both servers set their clocks by NTP: logins and codes live a minute.")


def _cors(probe: Probe) -> Check:
    if not probe.metadata.status:
        return _skipped("cors")
    allowed = probe.metadata.headers.get("access-control-allow-origin", "")
    seen = f"Scripts of {allowed[:200]} may ask it." if allowed else "Scripts of other sites may not ask it."
    seen = "Scripts of any site may ask it, if they have a token." if allowed == "*" else seen
    return Check("cors", State.OK, f"{seen} Sightline needs neither: its server asks.")


def _public_url(probe: Probe, ours: OurSite) -> Check:
    scheme = urlsplit(ours.public_url).scheme
    if scheme == "https":
        return Check("public-url", State.OK, f"People reach Sightline at {ours.public_url}.")
    blocked = probe.address.scheme == "https"
    return Check(
        "public-url",
        State.FAILED if blocked else State.WARNING,
        f"People reach Sightline at {ours.public_url}, without TLS.",
        "Put a reverse proxy with a certificate before Orthanc and set PublicUrl to its address: browsers keep no "
        "session for a page inside another site's without TLS"
        + (", and do not show it inside a page that has TLS." if blocked else "."),
    )


def _frame(probe: Probe, ours: OurSite) -> Check:
    origin = probe.address.origin
    if origin in ours.frame_ancestors:
        return Check("frame", State.OK, f"Pages of {origin} may show Sightline inside them.")
    return Check(
        "frame",
        State.WARNING,
        f"Pages of {origin} may not show Sightline inside them yet.",
        "Take FrameAncestors from the configuration below: OpenEMR opens apps in a frame.",
    )


def _configured(probe: Probe, ours: OurSite) -> Check:
    if probe.address.fhir in ours.issuers:
        return Check("configured", State.OK, "Orthanc's configuration names it.")
    return Check(
        "configured",
        State.WARNING,
        "Orthanc's configuration does not name it yet.",
        "Go through the steps below, then restart Orthanc and check again.",
    )


def _configuration(smart: Fetched) -> SmartConfiguration | None:
    try:
        return parse(smart.document) if smart.is_good else None
    except EhrError:
        return None


def _resources(statement: Any) -> Iterator[str]:
    for server in statement.get("rest") or ():
        for resource in server.get("resource") or () if isinstance(server, dict) else ():
            if isinstance(resource, dict):
                yield str(resource.get("type"))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"[:200]


def _skipped(name: str) -> Check:
    return Check(name, State.SKIPPED, "Not looked at, since the server did not say enough.")
