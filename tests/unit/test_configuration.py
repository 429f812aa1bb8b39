"""The section `Sightline`: nothing unknown, nothing of the wrong type, and the reason said."""

from __future__ import annotations

from typing import Any

import pytest

from sightline.configuration import Configuration, ConfigurationError

EMR = {"Name": "emr", "Issuer": "https://emr.example/apis/default/fhir", "ClientId": "abc", "ClientSecret": "geheim"}


def test_empty_section_is_complete() -> None:
    """Everything has a default."""
    settings = Configuration.parse({})
    assert (settings.workers.deadline_seconds, settings.links.default_expiry_hours) == (30, 8)
    assert 2 <= settings.workers.count <= 8 and settings.frame_ancestors == ()


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"Wokers": {}}, ['"Sightline.Wokers" is not an option', "Workers"]),
        ({"Workers": {"Cuont": 1}}, ['"Sightline.Workers.Cuont" is not an option', "Count, MemoryMegabytes"]),
        ({"Workers": {"Count": "2"}}, ["\"Sightline.Workers.Count\" is '2'", "valid integer"]),
        ({"Workers": {"Count": 0}}, ['"Sightline.Workers.Count" is 0', "greater than or equal to 1"]),
        ({"VolumeMegabytes": True}, ['"Sightline.VolumeMegabytes" is True']),
        ({"PublicUrl": "pacs.example"}, ["\"Sightline.PublicUrl\" is 'pacs.example'"]),
        ({"PublicUrl": "https://pacs.example/"}, ["Sightline.PublicUrl"]),
        ({"FrameAncestors": ["https://emr.example/path"]}, ["Sightline.FrameAncestors.0"]),
        ({"FrameAncestors": "https://emr.example"}, ["Sightline.FrameAncestors"]),
        ({"Links": {"ServiceKeySha256": "secret"}}, ["Sightline.Links.ServiceKeySha256"]),
        ({"Workers": {"DaskScheduler": "10.0.0.5"}}, ["\"Sightline.Workers.DaskScheduler\" is '10.0.0.5'"]),
        ({"Workers": {"DaskScheduler": "tls://10.0.0.5:8786"}}, ["Sightline.Workers", "DaskCa", "all three"]),
        (
            {
                "Workers": {
                    "DaskScheduler": "tcp://10.0.0.5:8786",
                    "DaskCa": "a",
                    "DaskCertificate": "b",
                    "DaskKey": "c",
                }
            },
            ["Sightline.Workers", "tls://"],
        ),
        ({"Workers": {"DaskScheduler": "tls://10.0.0.5:8786", "DaskCa": "a", "DaskKey": "c"}}, ["all three"]),
        ({"A": 1, "B": 2}, ["Sightline.A", "Sightline.B"]),
        ({"Ehr": {"Issuers": [{"Nam": "a"}]}}, ['"Sightline.Ehr.Issuers.0.Name" is missing', "Issuer, ClientId"]),
        ({"Ehr": {"Issuers": [EMR | {"PatientId": {"Sauce": 1}}]}}, ["PatientId.Sauce", "Source, Prefix"]),
        ({"Ehr": {"Issuers": [EMR, EMR]}}, ["Sightline.Ehr", "a name of its own"]),
        ({"Ehr": {"Issuers": [EMR | {"ClientId": ""}]}}, ["Issuers.0", '"ClientId", a "Backend" or both']),
        (
            {"Ehr": {"Issuers": [EMR | {"StandaloneOnly": True, "Backend": {"ClientId": "b"}}]}},
            ['"Backend" belongs to the entry without "StandaloneOnly"'],
        ),
        ({"Ehr": {"Issuers": [EMR | {"Backend": {"Key": "k"}}]}}, ["Backend.Key", "ClientId, ClientSecret, KeyFile"]),
        ({"Ehr": {"Issuers": [EMR | {"Verbs": ["delete"]}]}}, ["Sightline.Ehr.Issuers.0.Verbs.0"]),
    ],
)
def test_wrong_sections(section: dict[str, Any], words: list[str]) -> None:
    """The message has the path of the key, what was found and what is allowed."""
    with pytest.raises(ConfigurationError) as refusal:
        Configuration.parse(section)
    for word in words:
        assert word in str(refusal.value)


@pytest.mark.parametrize("issuers", [[EMR, EMR], [{"ClientSecret": "geheim"}], [EMR | {"Verbs": []}]])
def test_a_wrong_section_does_not_tell_its_secret(issuers: list[dict[str, Any]]) -> None:
    """What stops the start ends up in a log."""
    with pytest.raises(ConfigurationError) as refusal:
        Configuration.parse({"Ehr": {"Issuers": issuers}})
    assert "geheim" not in str(refusal.value)


def test_a_cluster_with_and_without_certificates() -> None:
    """Certificates come with `tls://`, and only with it."""
    files = {"DaskCa": "/a", "DaskCertificate": "/b", "DaskKey": "/c"}
    for section in ({"DaskScheduler": "tcp://render:8786"}, {"DaskScheduler": "tls://render:8786", **files}):
        workers = Configuration.parse({"Workers": section}).workers
        assert (workers.dask_scheduler, workers.dask_tasks) == (section["DaskScheduler"], 8)


def test_right_values() -> None:
    """A filled section is taken as it is."""
    settings = Configuration.parse(
        {
            "PublicUrl": "https://pacs.example/imaging",
            "FrameAncestors": ["https://emr.example", "http://localhost:9300"],
            "TrustedProxies": ["127.0.0.1"],
            "Workers": {"Count": 4, "DeadlineSeconds": 10},
            "Links": {"ServiceKeySha256": "a" * 64},
        }
    )
    assert settings.public_url == "https://pacs.example/imaging"
    assert settings.workers.deadline_seconds == 10
