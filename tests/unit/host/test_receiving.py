"""What arrives is checked once, and what a modality sends is written down before it is stored, or is not stored."""

from __future__ import annotations

import types
from typing import Any

import pytest

from sightline.access.audit import AuditEvent, AuditKind
from sightline.archive.identifiers import orthanc_id
from tests.unit.archive.test_nesting import EXPLICIT, element, nested, part10

DICOM_PROTOCOL, REST_API = 2, 3
KEEP, DISCARD = 1, 3


def file_of(patient: str, study: str) -> bytes:
    value = element(EXPLICIT, (0x10, 0x20), "LO", patient.encode())
    return part10(EXPLICIT, value + element(EXPLICIT, (0x20, 0xD), "UI", study.encode() + b"\0"))


class Instance:
    """What the SDK tells of an instance, and how often its bytes were asked for."""

    def __init__(self, origin: int, content: bytes = file_of("P7", "1.2.3")) -> None:
        self.origin, self.content, self.reads = origin, content, 0

    def GetInstanceOrigin(self) -> int:  # noqa: N802 - the SDK's own name
        return self.origin

    def GetInstanceSize(self) -> int:  # noqa: N802 - the SDK's own name
        return len(self.content)

    def GetInstanceRemoteAet(self) -> str:  # noqa: N802 - the SDK's own name
        return "CT_1"

    def GetInstanceData(self) -> bytes:  # noqa: N802 - the SDK's own name
        self.reads += 1
        return self.content


@pytest.fixture
def sdk(orthanc_module: types.ModuleType) -> types.ModuleType:
    orthanc_module.__dict__.update(
        InstanceOrigin=types.SimpleNamespace(DICOM_PROTOCOL=DICOM_PROTOCOL),
        ReceivedInstanceAction=types.SimpleNamespace(KEEP_AS_IS=KEEP, DISCARD=DISCARD),
        DicomInstance=Instance,
        LogWarning=lambda _message: None,
    )
    return orthanc_module


def receiving(events: list[AuditEvent], writable: bool = True) -> Any:
    from sightline.host.receiving import Receiving

    def record(event: AuditEvent) -> bool:
        events.append(event)
        return writable

    return Receiving(record)


@pytest.mark.parametrize(("writable", "status"), [(True, 0x0000), (False, 0xA700)])
def test_written_down_or_refused(sdk: object, writable: bool, status: int) -> None:
    """The event names sender, patient and study; without it the sender is told to try again."""
    events: list[AuditEvent] = []
    target = receiving(events, writable)
    assert target.on_c_store(Instance(DICOM_PROTOCOL)) == status
    (event,) = events
    assert (event.kind, event.grant.subject) == (AuditKind.STORE, "aet:CT_1")
    assert (event.patient_id, event.study_instance_uid) == ("P7", "1.2.3")
    assert target.on_c_store(Instance(REST_API)) == 0x0000
    assert len(events) == 1  # our own routes write their events themselves


def test_looked_at_once(sdk: object) -> None:
    """What was found before the store serves meanwhile and after it, if it is of that very instance."""
    events: list[AuditEvent] = []
    target, instance = receiving(events), Instance(DICOM_PROTOCOL)
    assert target.on_received(instance.content) == (KEEP, None)
    assert target.on_c_store(instance) == 0x0000
    assert target.stored_study(instance, orthanc_id("P7", "1.2.3", "", "1.2.3.45")) == "1.2.3"
    assert instance.reads == 0
    assert events[0].study_instance_uid == "1.2.3"


def test_never_of_another_instance(sdk: object) -> None:
    """Where the two do not fit together, the instance itself is looked at."""
    events: list[AuditEvent] = []
    target, instance = receiving(events), Instance(DICOM_PROTOCOL, file_of("P8", "1.2.888"))
    target.on_received(file_of("P7", "1.2.3"))
    target.on_c_store(instance)
    assert (events[0].patient_id, events[0].study_instance_uid) == ("P8", "1.2.888")
    assert target.stored_study(instance, orthanc_id("P8", "1.2.888", "", "1.2.3.45")) == "1.2.888"
    assert instance.reads == 2
    assert target.stored_study(instance, "anything") == "1.2.888"


def test_too_deep_is_discarded(sdk: object) -> None:
    assert receiving([]).on_received(part10(EXPLICIT, nested(EXPLICIT, 60, True))) == (DISCARD, None)
    assert receiving([]).on_received(b"no DICOM") == (KEEP, None)
