"""Signed reports and orders, made on the spot, and stores of them in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sightline.state.order import ImagingOrder, OrderStatus
from sightline.state.report import ReportSection, SignedReport

MOMENT = datetime(2026, 11, 21, 11, 59, tzinfo=UTC)
STUDY = "1.2.826.0.8.1"
PDF = b"%PDF-1.7\nreport\n%%EOF\n"


def signed_report(sequence: int = 1, **values: Any) -> SignedReport:
    """Return a report of a chest film, signed shortly before the test's noon."""
    report = SignedReport(
        id=f"report-{sequence}", version=1, sequence=sequence, study_instance_uid=STUDY, accession_number="0042-1",
        patient_id="7", patient_name="Smith^John", patient_birth_date="19800101", patient_sex="M",
        study_date="20261120", study_description="Chest", modality="DX", title="DX Chest Report",
        sections=(ReportSection("121070", "Findings", "Clear lungs.\nT&N | ^ ~ \\ unremarkable."),
                  ReportSection("121072", "Impression", "Normal.")),
        key_frames=(), author="Dr Ada", author_subject="ada", signed=MOMENT,
    )  # fmt: skip
    return replace(report, **values)


def imaging_order(**values: Any) -> ImagingOrder:
    """Return the order that it answers, as OpenEMR sent it."""
    order = ImagingOrder(
        accession_number="0042-1", study_instance_uid=STUDY, placer_order_number="0042", line=1, code="71020",
        code_text="Chest XR", sender="OPENEMR|CLINIC|SIGHTLINE|RAD", ehr_patient_id="7", patient_id="7",
        patient_name="Smith^John", birth_date="19800101", sex="M", encounter="12", requester="Doe^Jane",
        requester_id="1234567890", reason="", priority="ROUTINE", modality="DX", station_aet="", station_name="",
        description="", scheduled=None, status=OrderStatus.COMPLETED, received=MOMENT, changed=MOMENT,
    )  # fmt: skip
    return replace(order, **values)


class RememberedReports:
    """What others ask of `StoredReports`, in memory."""

    def __init__(self, *reports: SignedReport) -> None:
        self.all = list(reports)

    def signed_after(self, sequence: int, limit: int = 100) -> tuple[SignedReport, ...]:
        return tuple(report for report in self.all if report.sequence > sequence)[:limit]

    def signed(self, report_id: str, version: int = 0) -> SignedReport | None:
        own = [report for report in self.all if report.id == report_id and version in (0, report.version)]
        return own[-1] if own else None

    def signed_of(self, study_instance_uids: tuple[str, ...]) -> tuple[SignedReport, ...]:
        return tuple(report for report in reversed(self.all) if report.study_instance_uid in study_instance_uids)


class RememberedOrders:
    """What others ask of `StoredOrders`, in memory."""

    def __init__(self, *orders: ImagingOrder) -> None:
        self.all = list(orders)

    def of_study(self, study_instance_uid: str) -> ImagingOrder | None:
        return next((order for order in self.all if order.study_instance_uid == study_instance_uid), None)

    def of_accession(self, accession_number: str) -> ImagingOrder | None:
        return next((order for order in self.all if order.accession_number == accession_number), None)
