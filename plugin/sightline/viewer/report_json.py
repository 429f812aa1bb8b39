"""Signed reports as pages show them."""

from __future__ import annotations

from typing import Any

from sightline.state.report import SignedReport
from sightline.web.services import Services


def versions_json(services: Services, study: str) -> list[dict[str, Any]]:
    """Return what was signed of a study, with what keeps it from being stored if anything does."""
    waiting = services.reports.waiting.problems(study)
    return [
        {**report_json(version), "stored": version.sequence not in waiting, "problem": waiting.get(version.sequence)}
        for version in services.reports.versions_of(study)
    ]


def report_json(signed: SignedReport) -> dict[str, Any]:
    """Return a signed version as pages show it."""
    return {
        "id": signed.id,
        "version": signed.version,
        "title": signed.title,
        "sections": [
            {"code": section.code, "heading": section.heading, "text": section.text} for section in signed.sections
        ],
        "keyFrames": [
            {"series": key.series_instance_uid, "instance": key.sop_instance_uid, "frame": key.frame}
            for key in signed.key_frames
        ],
        "author": signed.author,
        "signed": signed.signed.isoformat(timespec="seconds"),
        "signatures": [
            {"author": one.author, "signed": one.signed.isoformat(timespec="seconds")} for one in signed.signatures
        ],
        "study": signed.study_instance_uid,
        "studyDate": signed.study_date,
        "studyDescription": signed.study_description,
    }
