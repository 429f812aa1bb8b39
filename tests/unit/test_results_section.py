"""Where reports go and which OpenEMR is asked: nothing by default, and nothing half."""

from __future__ import annotations

from typing import Any

import pytest

from sightline.configuration import Configuration, ConfigurationError
from tests.support.ehr_section import asked_ehr

KEY = "ssh-ed25519 AAAA"
(EMR,) = asked_ehr("https://emr.example.org/apis/default/fhir")["Issuers"]
OTHER = EMR | {"Name": "other", "Issuer": "https://other.example.org/fhir"}
URL = "sftp://results@emr.example.org/inbox"


def test_nothing_is_sent_by_default() -> None:
    settings = Configuration.parse({})
    assert (settings.results.transport, settings.results.direction, settings.ehr.documents_issuer) == ("", "B", None)


@pytest.mark.parametrize(("section", "words"), [
    ({"Results": {"Transport": "fax"}}, "Sightline.Results.Transport"),
    ({"Results": {"Transport": "folder"}}, '"Folder"'),
    ({"Results": {"Transport": "mllp"}}, '"Mllp"'),
    ({"Results": {"Transport": "mllp", "Mllp": "emr"}}, "Sightline.Results.Mllp"),
    ({"Results": {"Transport": "sftp", "Sftp": {"Url": URL, "KeyFile": "/k"}}}, '"HostKey"'),
    ({"Results": {"Transport": "sftp", "Sftp": {"Url": URL, "HostKey": KEY}}}, '"PasswordFile"'),
    ({"Results": {"Transport": "sftp", "Sftp": {"Url": URL, "HostKey": KEY, "KeyFile": "/k", "PasswordFile": "/p"}}},
     "one of"),
    ({"Results": {"Sftp": {"Url": "sftp://a:secret@emr/inbox"}}}, "Sightline.Results.Sftp.Url"),
    ({"Results": {"Direction": "X"}}, "Sightline.Results.Direction"),
    ({"Results": {"DocumentCategory": "medical record"}}, "Sightline.Results.DocumentCategory"),
    ({"Results": {"Transport": "document"}}, '"Backend" and "PatientId"'),
    ({"Results": {"Transport": "document"}, "Ehr": {"Issuers": [EMR | {"PatientId": None}]}}, '"PatientId"'),
    ({"Results": {"Transport": "document"}, "Ehr": {"Issuers": [EMR, OTHER]}}, '"Ehr.Documents"'),
    ({"Results": {"Transport": "document"}, "Ehr": {"Issuers": [EMR | {"Issuer": "https://e.example/R4"}]}}, "RestUrl"),
    ({"Ehr": {"Documents": "third", "Issuers": [EMR, OTHER]}}, '"Ehr.Documents" names none'),
    ({"Ehr": {"Issuers": [EMR | {"Backend": {}}]}}, "Backend.ClientId"),
])  # fmt: skip
def test_what_is_refused_names_what_is_missing(section: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        Configuration.parse(section)


def test_what_is_whole() -> None:
    sftp = {"Url": URL, "HostKey": KEY, "KeyFile": "/k"}
    for results in (
        {"Transport": "folder", "Folder": "/srv/results"},
        {"Transport": "sftp", "Sftp": sftp},
        {"Transport": "mllp", "Mllp": "[::1]:2575"},
        {"Transport": "document", "DocumentCategory": "/medical_record/imaging_reports"},
    ):
        settings = Configuration.parse({"Results": results, "Ehr": {"Issuers": [EMR, OTHER], "Documents": "other"}})
        assert settings.results.transport == results["Transport"]
        assert settings.ehr.documents_issuer == settings.ehr.issuers[1]
