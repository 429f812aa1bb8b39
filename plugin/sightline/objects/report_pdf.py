"""A signed report as a PDF that prints well."""

from __future__ import annotations

from typing import Any

from sightline import __version__
from sightline.access.grant import internal
from sightline.errors import SightlineError
from sightline.rendering.channel import Buffer
from sightline.rendering.engine import RenderingEngine
from sightline.rendering.value_text import date_time, person
from sightline.rendering.view import FrameOf, View
from sightline.state.report import KeyFrame, SignedReport

_TASK = "sightline.objects.report_pages:make_pages"
_LONGEST_SIDE = 700
"""Pixels of a key image: it fills half of the width of the page at 200 per inch."""
_MOST_PICTURES = 24


def report_pdf(engine: RenderingEngine, report: SignedReport, image_link: str = "") -> bytes:
    """Return the report as PDF, made by a worker; the same bytes for the same report, images and link.

    Parameters
    ----------
    engine : RenderingEngine
        Whose workers make it, and its pictures.
    report : SignedReport
    image_link : str
        Address that opens the study; a link annotation, and its text in full. Empty: none.

    Raises
    ------
    UnavailableError
        No worker could make it now.
    """
    buffers: list[Buffer] = []
    pictures = []
    for number, key in enumerate(report.key_frames[:_MOST_PICTURES], 1):
        picture: dict[str, Any] = {"caption": _caption(number, key), "buffer": None}
        found = _picture(engine, report.study_instance_uid, key)
        if found is not None:
            picture["buffer"] = len(buffers)
            buffers.append(found)
        pictures.append(picture)
    arguments = {
        "title": report.title,
        "version": report.version,
        "facts": _facts(report),
        "sections": [[section.code, section.heading, section.text] for section in report.sections],
        "pictures": pictures,
        "signatures": _signatures(report),
        "image_link": image_link,
        "running": f"{person(report.patient_name)} · {report.patient_id} · {report.title}",
        "author": report.author,
        "moment": f"D:{report.signed:%Y%m%d%H%M%S}Z",
        "producer": f"Sightline {__version__}",
    }
    reply = engine.run(_TASK, arguments, buffers)
    return bytes(reply.buffers[0])


def _picture(engine: RenderingEngine, study: str, key: KeyFrame) -> bytes | None:
    """Return a key image; None where it cannot be shown any more, which the document says."""
    source = FrameOf(key.sop_instance_uid, key.frame)
    view = View(study, key.series_instance_uid, source, max_size=_LONGEST_SIDE, quality=92)
    try:
        return engine.render(internal("report"), view).content
    except SightlineError as error:
        if error.status not in (404, 409, 422):
            raise
        return None


def _caption(number: int, key: KeyFrame) -> str:
    return f"{number}. {key.label or f'Instance {key.sop_instance_uid}, frame {key.frame}'}"


def _facts(report: SignedReport) -> list[list[list[str]]]:
    """Return the head of the document: rows of two pairs of label and value."""
    signed = f"{report.signed.astimezone():%Y-%m-%d %H:%M %z}"
    born = " ".join(part for part in (date_time(report.patient_birth_date), report.patient_sex) if part)
    study = report.study_description
    if report.modality not in study.split():
        study = f"{report.modality} {study}".strip()
    pairs = [
        ["Patient", person(report.patient_name)],
        ["Patient ID", report.patient_id],
        ["Born, sex", born],
        ["Accession", report.accession_number],
        ["Study", study],
        ["Study date", date_time(report.study_date)],
        ["Requester", person(report.requester)],
        ["Signed", f"{report.author}, {signed}"],
    ]
    known = [[label, value or "–"] for label, value in pairs]
    return [known[start : start + 2] for start in range(0, len(known), 2)]


def _signatures(report: SignedReport) -> list[str]:
    """Return a line for each signature: of the report, then of its addenda."""
    lines = []
    for number, signature in enumerate(report.signatures):
        what = f"Addendum {number} signed" if number else "Report signed"
        lines.append(f"{what} by {signature.author}, {signature.signed.astimezone():%Y-%m-%d %H:%M %z}")
    return lines or [f"Signed by {report.author}, {report.signed.astimezone():%Y-%m-%d %H:%M %z}"]
