"""What an EHR has to be told of us, as its registration wants it (RFC 7591, with what OpenEMR makes of it)."""

from __future__ import annotations

from typing import Any

from sightline.openemr.smart.authorization import CALLBACK, wanted_scopes

_OPENEMR_SCOPES = frozenset({"api:fhir", "user/Practitioner.read", "user/Practitioner.rs"})


def registration(
    public_url: str,
    contact: str = "admin@example.org",
    name: str = "Sightline",
    is_standalone: bool = False,
    needs_pid: bool = False,
    is_v2: bool = False,
) -> dict[str, Any]:
    """Return the body to send to the EHR's registration endpoint; OpenEMR wants it as ``application/json`` exactly.

    Parameters
    ----------
    public_url : str
        Our own address, without trailing slash.
    contact : str
        OpenEMR 7 reads it unasked whether it is there.
    name : str
        What the button in the chart says.
    is_standalone : bool
        A client for launches that begin here. It is one of its own: OpenEMR gives an EHR launch all that was
        registered, and with `launch/patient` would ask for the patient once more.
    needs_pid : bool
        Whether PatientID is made of OpenEMR's internal number.
    is_v2 : bool
        Whether the EHR knows the scopes of SMART 2.0 (``permission-v2``).
    """
    scope = wanted_scopes(
        "launch/patient" if is_standalone else "launch",
        knows_users=True,
        is_v2=is_v2,
        supported=_OPENEMR_SCOPES,
        is_confidential=True,
        needs_pid=needs_pid,
    )
    body = {
        "application_type": "private",
        "client_name": name,
        "redirect_uris": [public_url + CALLBACK],
        "post_logout_redirect_uris": [f"{public_url}/sightline/"],
        "token_endpoint_auth_method": "client_secret_post",
        "contacts": [contact],
        "scope": scope,
    }
    # The address may have no query: OpenEMR puts "?launch=..." behind it.
    return body if is_standalone else body | {"initiate_login_uri": f"{public_url}/sightline/smart/launch"}
