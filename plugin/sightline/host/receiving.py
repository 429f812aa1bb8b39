"""What arrives, by the DICOM protocol or otherwise: checked, and written into the audit log, before it is stored."""

from __future__ import annotations

import threading
from collections.abc import Callable

import orthanc

from sightline.access.audit import AuditEvent, AuditKind
from sightline.access.grant import Grant
from sightline.archive.identifiers import orthanc_id
from sightline.archive.identity import Identity, identify
from sightline.archive.nesting import check_nesting
from sightline.errors import UnprocessableError

SUCCESS = 0x0000
OUT_OF_RESOURCES = 0xA700
"""DIMSE status by which a sender knows that it may try again (PS3.4 table B.2-1)."""


class Receiving:
    """Looks at what arrives, on the three occasions that Orthanc gives, all on one thread: before, meanwhile, after.

    Whose a file is, is found out once, and left under the thread's identity; what is found there is proven each time.

    Parameters
    ----------
    record : callable
        Writes an audit event, on a stack of its own, and returns whether that worked.
    """

    def __init__(self, record: Callable[[AuditEvent], bool]) -> None:
        self._record = record
        self._seen: dict[int, tuple[int, Identity]] = {}

    def on_received(self, content: bytes) -> tuple[int, None]:
        """Decide on a file before the core stores it, whichever way it came."""
        try:
            check_nesting(content)
        except UnprocessableError as error:
            if error.code != "not-dicom":
                orthanc.LogWarning(f"Sightline discarded a received file: {error.message}")
                return orthanc.ReceivedInstanceAction.DISCARD, None
        self._seen[threading.get_ident()] = len(content), identify(content)
        return orthanc.ReceivedInstanceAction.KEEP_AS_IS, None

    def on_c_store(self, instance: orthanc.DicomInstance) -> int:
        """Return the DIMSE status for an instance that a modality sends, which is let in once that is written down.

        Anything but success keeps it out of the archive.
        """
        if instance.GetInstanceOrigin() != orthanc.InstanceOrigin.DICOM_PROTOCOL:
            return SUCCESS
        size, found = self._seen.get(threading.get_ident(), (0, Identity()))
        if size != instance.GetInstanceSize():
            found = identify(instance.GetInstanceData())
        event = AuditEvent(
            AuditKind.STORE,
            Grant(f"aet:{instance.GetInstanceRemoteAet()}"),
            study_instance_uid=found.study_instance_uid,
            patient_id=found.patient_id,
            detail="C-STORE",
        )
        return SUCCESS if self._record(event) else OUT_OF_RESOURCES

    def stored_study(self, instance: orthanc.DicomInstance, identifier: str) -> str:
        """Return the study into which an instance has just been stored; empty where that cannot be told.

        Parameters
        ----------
        identifier : str
            Orthanc's id of the instance, which proves whose it is.
        """
        _, found = self._seen.pop(threading.get_ident(), (0, Identity()))
        uids = (found.study_instance_uid, found.series_instance_uid, found.sop_instance_uid)
        if orthanc_id(found.patient_id, *uids) != identifier:
            found = identify(instance.GetInstanceData())
        return found.study_instance_uid
