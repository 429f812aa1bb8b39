"""What a modality sends is written down before it is stored, or is not stored."""

from __future__ import annotations

import types

import pytest

from sightline.access.audit import AuditEvent, AuditKind
from tests.unit.archive.test_nesting import EXPLICIT, element, part10

DICOM_PROTOCOL, REST_API = 2, 3


class Instance:
    """What the SDK tells of an instance."""

    def __init__(self, origin: int) -> None:
        self.origin = origin

    def GetInstanceOrigin(self) -> int:  # noqa: N802 - the SDK's own name
        return self.origin

    def GetInstanceRemoteAet(self) -> str:  # noqa: N802 - the SDK's own name
        return "CT_1"

    def GetInstanceData(self) -> bytes:  # noqa: N802 - the SDK's own name
        patient = element(EXPLICIT, (0x10, 0x20), "LO", b"P7")
        return part10(EXPLICIT, patient + element(EXPLICIT, (0x20, 0xD), "UI", b"1.2.3\0"))


@pytest.mark.parametrize(("writable", "status"), [(True, 0x0000), (False, 0xA700)])
def test_written_down_or_refused(orthanc_module: types.ModuleType, writable: bool, status: int) -> None:
    """The event names sender, patient and study; without it the sender is told to try again."""
    orthanc_module.__dict__["InstanceOrigin"] = types.SimpleNamespace(DICOM_PROTOCOL=DICOM_PROTOCOL)
    orthanc_module.__dict__["DicomInstance"] = Instance
    from sightline.host.receiving import Receiving

    events: list[AuditEvent] = []

    def record(event: AuditEvent) -> bool:
        events.append(event)
        return writable

    receiving = Receiving(record)
    assert receiving.on_c_store(Instance(DICOM_PROTOCOL)) == status
    (event,) = events
    assert (event.kind, event.grant.subject) == (AuditKind.STORE, "aet:CT_1")
    assert (event.patient_id, event.study_instance_uid) == ("P7", "1.2.3")
    assert receiving.on_c_store(Instance(REST_API)) == 0x0000
    assert len(events) == 1  # our own routes write their events themselves
