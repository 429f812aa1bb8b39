"""The Modality Worklist (PS3.4 K): which orders answer a query of a modality."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta, tzinfo
from io import BytesIO
from zoneinfo import ZoneInfo

from pydicom import Dataset, dcmread
from pydicom.multival import MultiValue

from sightline.access.audit import AuditEvent, AuditKind
from sightline.access.grant import Grant
from sightline.archive.nesting import check_nesting
from sightline.archive.wildcards import is_like
from sightline.openemr.orders.letters import CODECS, fit
from sightline.openemr.orders.worklist_item import encoded, worklist_item
from sightline.state.order import ImagingOrder
from sightline.web.services import Services

_KEYS = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyInstanceUID",
    "RequestedProcedureID", "RequestedProcedurePriority", "ReferringPhysicianName", "RequestingPhysician",
    "PlacerOrderNumberImagingServiceRequest",
)  # fmt: skip
_STEP_KEYS = (
    "Modality", "ScheduledStationAETitle", "ScheduledStationName", "ScheduledProcedureStepStartDate",
    "ScheduledProcedureStepStartTime", "ScheduledProcedureStepID",
)  # fmt: skip
"""What is compared. Other keys with a value are return keys only, as PS3.4 K.2.2 allows for optional ones."""


def worklist(services: Services, content: bytes, aet: str) -> list[bytes]:
    """Return the items that answer a query, as DICOM files, once the audit log has it.

    Parameters
    ----------
    content : bytes
        The query's identifier, as DICOM file.
    aet : str
        Of the modality that asks.

    Raises
    ------
    UnprocessableError
        The query is no DICOM, or nested too deeply.
    UnavailableError
        The orders cannot be read, or the audit log cannot be written.
    """
    check_nesting(content)
    query = dcmread(BytesIO(content), force=True)
    options, now = services.configuration.orders, services.clock()
    known = services.orders.scheduled(
        now - timedelta(hours=options.worklist_hours_before), now + timedelta(hours=options.worklist_hours_after)
    )
    zone = ZoneInfo(options.time_zone) if options.time_zone else None
    items = matching(query, known, zone, services.configuration.order_issuer, aet)
    asked = "&".join(f"{name}={value}" for name, value in _asked(query))
    services.audit.record(
        AuditEvent(AuditKind.SEARCH, Grant(f"aet:{aet}"), detail=f"worklist: {len(items)} items", query=asked)
    )
    codec = CODECS.get(str(services.site.get("dicom_encoding")), "utf-8")
    for item in items:
        fit(item, codec)
    return [encoded(item) for item in items]


def matching(
    query: Dataset, known: Iterable[ImagingOrder], zone: tzinfo | None, issuer: str = "", aet: str = ""
) -> list[Dataset]:
    """Return the items that match a query, whole: what of them is returned is not decided here."""
    step_keys = query.get("ScheduledProcedureStepSequence") or []
    wanted_step = step_keys[0] if step_keys else Dataset()
    found = []
    for order in known:
        item = worklist_item(order, zone, issuer)
        step = item.ScheduledProcedureStepSequence[0]
        if not order.station_aet:
            # Any station may do it. So it is that one which is asked about, or which asks.
            asked = str(wanted_step.get("ScheduledStationAETitle") or "")
            step.ScheduledStationAETitle = asked if re.fullmatch(r"[^*?\\]{1,16}", asked) else aet
            if asked and "*" in asked:
                step.ScheduledStationAETitle = aet if is_like(aet, asked, True) else ""
        if all(_is_met(query, item, key) for key in _KEYS) and all(
            _is_met(wanted_step, step, key) for key in _STEP_KEYS
        ):
            found.append(item)
    return found


def _is_met(query: Dataset, item: Dataset, keyword: str) -> bool:
    """Whether an attribute is as a query's key says (PS3.4 C.2.2.2)."""
    if keyword not in query or query[keyword].is_empty:
        return True
    element = query[keyword]
    wanted = element.value if isinstance(element.value, MultiValue) else [element.value]
    value = str(item.get(keyword, "") or "")
    return any(_matches(element.VR, value, str(one).strip()) for one in wanted)


def _matches(vr: str, value: str, wanted: str) -> bool:
    """Whether one value matches one key; an empty value matches none but a universal one.

    >>> _matches("PN", "Müller^Jörg", "mül*"), _matches("DA", "20260110", "20260101-"), _matches("SH", "A1", "a1")
    (True, True, False)
    """
    if wanted.strip("*") == "":
        return True
    if not value:
        return False
    if vr in ("DA", "TM"):
        return _is_in_range(value, wanted)
    if vr == "PN":
        # Trailing carets say nothing (PS3.5 6.2.1).
        return any(is_like(part.rstrip("^"), wanted.rstrip("^"), False) for part in (value, *value.split("=")))
    if vr == "UI":
        return value == wanted
    return is_like(value, wanted, True)


def _is_in_range(value: str, wanted: str) -> bool:
    """Whether a date or time is in a range, or the same as far as both say (PS3.4 C.2.2.2.5)."""
    first, dash, last = (part.strip().replace(":", "").replace(".", "") for part in wanted.partition("-"))
    if not dash:
        last = first
    value = value.replace(".", "")
    width = 14
    return (not first or value.ljust(width, "0") >= first.ljust(width, "0")) and (
        not last or value.ljust(width, "0") <= last.ljust(width, "9")
    )


def _asked(query: Dataset) -> Iterable[tuple[str, str]]:
    """Give the keys that have a value, for the audit log."""
    steps = query.get("ScheduledProcedureStepSequence") or [Dataset()]
    for dataset, keys in ((query, _KEYS), (steps[0], _STEP_KEYS)):
        for keyword in keys:
            if keyword in dataset and not dataset[keyword].is_empty:
                yield keyword, str(dataset[keyword].value)
