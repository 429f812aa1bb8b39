"""What arrives by the DICOM protocol: checked and written into the audit log before it is stored."""

from __future__ import annotations

import logging
from collections.abc import Callable

import orthanc

from sightline.access.audit import AuditEvent, AuditKind
from sightline.access.grant import Grant
from sightline.archive.identity import identify
from sightline.archive.nesting import check_nesting
from sightline.errors import UnprocessableError

log = logging.getLogger(__name__)

SUCCESS = 0x0000
OUT_OF_RESOURCES = 0xA700
"""DIMSE status by which a sender knows that it may try again (PS3.4 table B.2-1)."""


def on_received(content: bytes) -> tuple[int, None]:
    """Decide on what arrives by any way but our own (C-STORE, WebDAV), before the core stores it."""
    try:
        check_nesting(content)
    except UnprocessableError as error:
        if error.code != "not-dicom":
            orthanc.LogWarning(f"Sightline discarded a received file: {error.message}")
            return orthanc.ReceivedInstanceAction.DISCARD, None
    return orthanc.ReceivedInstanceAction.KEEP_AS_IS, None


class Receiving:
    """Lets an instance in that a modality sends, once that is written down.

    Parameters
    ----------
    record : callable
        Writes an audit event, on a stack of its own, and returns whether that worked.
    """

    def __init__(self, record: Callable[[AuditEvent], bool]) -> None:
        self._record = record

    def on_c_store(self, instance: orthanc.DicomInstance) -> int:
        """Return the DIMSE status for an instance; anything but success keeps it out of the archive."""
        if instance.GetInstanceOrigin() != orthanc.InstanceOrigin.DICOM_PROTOCOL:
            return SUCCESS
        found = identify(instance.GetInstanceData())
        sender = Grant(f"aet:{instance.GetInstanceRemoteAet()}")
        event = AuditEvent(
            AuditKind.STORE,
            sender,
            study_instance_uid=found.study_instance_uid,
            patient_id=found.patient_id,
            detail="C-STORE",
        )
        return SUCCESS if self._record(event) else OUT_OF_RESOURCES
