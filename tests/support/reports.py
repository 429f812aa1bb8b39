"""Drafts and signed reports for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sightline.state.report import ReportSection, Signature, SignedReport

FINDINGS, IMPRESSION, ADDENDUM = "59776-5", "19005-8", "55107-7"
MOMENT = datetime(2026, 11, 27, 10, 15, tzinfo=UTC)


def draft(findings: str = "Lungs are clear.", impression: str = "Normal.", **more: Any) -> dict[str, Any]:
    """A draft of a report, as the page sends it."""
    return {
        "follows": 0,
        "template": "ct_chest",
        "title": "CT Chest Report",
        "sections": [
            {"code": FINDINGS, "heading": "Findings", "text": findings},
            {"code": IMPRESSION, "heading": "Impression", "text": impression},
        ],
        "keyFrames": [],
    } | more


def addendum(text: str, follows: int = 1, **more: Any) -> dict[str, Any]:
    """A draft of an addendum."""
    sections = [{"code": ADDENDUM, "heading": "Addendum", "text": text}]
    return {"follows": follows, "template": "", "title": "Addendum", "sections": sections, "keyFrames": []} | more


def signed_report(study: str = "1.2.3", version: int = 1, **more: Any) -> SignedReport:
    """A signed version, not yet in its place."""
    known: dict[str, Any] = {
        "id": "0c9b8a6e-0000-4000-8000-000000000001", "version": version, "sequence": 0, "study_instance_uid": study,
        "accession_number": "A1", "patient_id": "P1", "patient_name": "Müller^Änne", "patient_birth_date": "19700102",
        "patient_sex": "F", "study_date": "20261127", "study_description": "CT chest", "modality": "CT",
        "title": "CT Chest Report",
        "sections": (
            ReportSection(FINDINGS, "Findings", "Lungs are clear."), ReportSection(IMPRESSION, "Impression", "Normal."),
        ),
        "key_frames": (), "author": "Dr Ada", "author_subject": "ada", "signed": MOMENT, "requester": "Doe^Jane",
        "signatures": (Signature("Dr Ada", MOMENT),),
    }  # fmt: skip
    return SignedReport(**known | more)
