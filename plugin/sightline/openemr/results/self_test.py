"""Tries whether a report could be sent now, without sending one."""

from __future__ import annotations

from sightline.openemr.results.target import DeliveryError
from sightline.openemr.results.targets import target_name, target_of
from sightline.openemr.self_test_result import SelfTestResult
from sightline.web.services import Services

_ADVICE = {
    "folder": "Make the folder in Results.Folder, and let the account that Orthanc runs as write into it.",
    "sftp": "Check Results.Sftp.Url, and whether the account may write there.",
    "sftp-login": "Check the user in Results.Sftp.Url, and KeyFile or PasswordFile.",
    "sftp-host-key": "Results.Sftp.HostKey is not the key that the server shows. Find out why before you change it.",
    "mllp": "Check Results.Mllp, and that the receiver is running.",
    "document": "Check Backend in Ehr.Issuers, and that the client is enabled in OpenEMR.",
    "no-ehr": "Give an EHR in Ehr.Issuers a Backend and a PatientId: documents are filed by its REST API.",
}


def self_test(services: Services) -> SelfTestResult:
    """Write a hidden file and remove it, or connect, or ask for a token: what the configured way out needs."""
    if not target_name(services):
        return SelfTestResult(False, "Reports are not sent anywhere.", "Set Results.Transport.")
    try:
        return SelfTestResult(True, target_of(services).check())
    except DeliveryError as error:
        seen = f"It did not work: {error.detail}." if error.detail else "It did not work."
        return SelfTestResult(False, seen, _ADVICE.get(error.reason, ""))
