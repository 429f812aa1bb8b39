"""What an administrator enters where: in OpenEMR by its own field names, and in Orthanc's configuration."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sightline.openemr.ehr.routes import KEYS
from sightline.openemr.setup.address import EmrAddress
from sightline.openemr.setup.checks import CONNECTORS, FHIR_SWITCH, REST_SWITCH, SITE_ADDRESS, SYSTEM_SWITCH
from sightline.openemr.smart.registration import registration
from sightline.smart_section import PatientIdRule

CLIENT_ID_TO_COME = "PASTE-THE-CLIENT-ID"
SECRET_TO_COME = "PASTE-THE-CLIENT-SECRET"  # noqa: S105 - stands where one goes
BACKEND_ID_TO_COME = "PASTE-THE-CLIENT-ID-OF-SIGHTLINE-BACKEND"
_PROVIDER = "Procedures > Providers > Add New"


@dataclass(frozen=True)
class Wishes:
    """What the site wants.

    Parameters
    ----------
    address : EmrAddress
    name : str
        Short name of the issuer.
    rule : PatientIdRule
        How PatientID is made of OpenEMR's numbers.
    is_v2 : bool
        Whether OpenEMR knows the scopes of SMART 2.
    client_id, backend_id : str
        Of the client that is launched and of the one that asks for orders; empty until they are known.
    contact : str
        An address of mail for the registration.
    orders_folder, results_folder : str
        Folders that both servers see; empty for none.
    certificate_authority : str
        File of the authority of OpenEMR's certificate; empty where the machine trusts it.
    """

    address: EmrAddress
    name: str
    rule: PatientIdRule
    is_v2: bool = False
    client_id: str = ""
    backend_id: str = ""
    contact: str = "admin@example.org"
    orders_folder: str = ""
    results_folder: str = ""
    certificate_authority: str = ""

    @property
    def needs_backend(self) -> bool:
        """Whether orders have to be completed by FHIR: OpenEMR writes the internal number only into them."""
        return bool(self.orders_folder) and self.rule.source == "pubpid"


@dataclass(frozen=True)
class Entry:
    """One thing to enter: `place` in OpenEMR's menu, `label` as OpenEMR writes it, and the value."""

    place: str
    label: str
    value: str


def plan(wishes: Wishes, public_url: str, frame_ancestors: Sequence[str]) -> dict[str, Any]:
    """Return everything to enter, as JSON values.

    Parameters
    ----------
    wishes : Wishes
    public_url : str
        Our own address, without trailing slash.
    frame_ancestors : sequence of str
        Those that are configured, and stay.
    """
    body = registration(public_url, contact=wishes.contact, needs_pid=wishes.rule.source == "pid", is_v2=wishes.is_v2)
    text = json.dumps(body, indent=2)
    entries = (*_connectors(wishes), *_provider(wishes), *_clients(wishes))
    # Orthanc writes its worklist in this, and leaves out what it cannot write.
    encoding = {"DefaultEncoding": "Utf8"} if wishes.orders_folder else {}
    configuration = encoding | {"Sightline": section(wishes, public_url, frame_ancestors)}
    return {
        "registration": text,
        "curl": _curl(wishes.address, body),
        "backend": _curl(wishes.address, _backend(wishes, public_url)) if wishes.needs_backend else None,
        "entries": [{"place": entry.place, "label": entry.label, "value": entry.value} for entry in entries],
        "configuration": json.dumps(configuration, indent=2),
    }


def section(wishes: Wishes, public_url: str, frame_ancestors: Sequence[str]) -> dict[str, Any]:
    """Return what the section ``Sightline`` needs beside what it has."""
    rule = wishes.rule.model_dump(by_alias=True, exclude_defaults=True) | {"Source": wishes.rule.source}
    issuer: dict[str, Any] = {
        "Name": wishes.name,
        "Issuer": wishes.address.fhir,
        "ClientId": wishes.client_id or CLIENT_ID_TO_COME,
        "ClientSecret": SECRET_TO_COME,
        "PatientId": rule,
    }
    if wishes.certificate_authority:
        issuer["CertificateAuthority"] = wishes.certificate_authority
    if wishes.needs_backend:
        issuer["Backend"] = {"ClientId": wishes.backend_id or BACKEND_ID_TO_COME}
    ancestors = dict.fromkeys((*frame_ancestors, wishes.address.origin))
    found: dict[str, Any] = {
        "PublicUrl": public_url,
        "FrameAncestors": list(ancestors),
        "Ehr": {"Issuers": [issuer]},
    }
    if wishes.orders_folder:
        found["Orders"] = {"Folder": {"Path": wishes.orders_folder}}
    if wishes.results_folder:
        found["Results"] = {"Transport": "folder", "Folder": wishes.results_folder}
    return found


def _backend(wishes: Wishes, public_url: str) -> dict[str, Any]:
    """Return the registration of the client that asks by itself; OpenEMR gives `system/` scopes to keys only."""
    scopes = ["openid", "api:fhir", "system/Patient.read", *(["system/ServiceRequest.read"] if wishes.is_v2 else [])]
    return {
        "application_type": "private",
        "client_name": "Sightline backend",
        "redirect_uris": [f"{public_url}/sightline/"],
        "token_endpoint_auth_method": "client_secret_post",
        "contacts": [wishes.contact],
        "jwks_uri": public_url + KEYS,
        "scope": " ".join(scopes),
    }


def _connectors(wishes: Wishes) -> tuple[Entry, ...]:
    entries = [
        Entry(CONNECTORS, SITE_ADDRESS, wishes.address.base),
        Entry(CONNECTORS, FHIR_SWITCH, "on"),
    ]
    if wishes.rule.source == "pid":
        entries.append(Entry(CONNECTORS, REST_SWITCH, "on"))
    if wishes.needs_backend:
        entries.append(Entry(CONNECTORS, SYSTEM_SWITCH, "on"))
    return tuple(entries)


def _clients(wishes: Wishes) -> tuple[Entry, ...]:
    names = ("Sightline", "Sightline backend") if wishes.needs_backend else ("Sightline",)
    place = "Administration > System > API Clients"
    return tuple(
        Entry(f"{place} > {name}", "Enable Client", "press it: clients are registered disabled") for name in names
    )


def _provider(wishes: Wishes) -> tuple[Entry, ...]:
    """Return the fields of the procedure provider that stands for the imaging department."""
    if not (wishes.orders_folder or wishes.results_folder):
        return ()
    host = urlsplit(wishes.address.base).hostname or "CLINIC"
    fields = (
        ("Name", "the organisation of your imaging department (Address Book, type Imaging Service)"),
        ("Usage", "Production"),
        ("Sender IDs", f"Application OPENEMR, Facility {host.split('.')[0].upper()[:20]}"),
        ("Receiver IDs", "Application SIGHTLINE, Facility RAD"),
        ("Protocol", "Local Filesystem, Bidirectional"),
        ("Orders Path", wishes.orders_folder or "(none)"),
        ("Results Path", wishes.results_folder or "(none)"),
    )
    return tuple(Entry(_PROVIDER, label, value) for label, value in fields)


def _curl(address: EmrAddress, body: Mapping[str, Any]) -> str:
    """Return the line that registers us, for a shell."""
    return (
        f"curl -sS -H 'Content-Type: application/json' --data {shlex.quote(json.dumps(body))} "
        f"{shlex.quote(f'{address.oauth}/registration')}"
    )
