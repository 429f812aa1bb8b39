"""A structured report for people: HTML without scripts or styles, and plain text. Runs in workers only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from pydicom import Dataset

from sightline.objects.content_tree import ContentItem, read_content
from sightline.rendering.value_text import clock_time, date_time, person


@dataclass(frozen=True)
class Report:
    """Title, who and when (pairs of label and value, none empty), and the content tree."""

    title: str
    heading: tuple[tuple[str, str], ...]
    content: ContentItem


def read_report(dataset: Dataset) -> Report:
    """Read a structured report (PS3.3 A.35)."""
    content = read_content(dataset)
    verified = ", ".join(
        f"{person(item.get('VerifyingObserverName'))}, {date_time(item.get('VerificationDateTime'))}"
        for item in dataset.get("VerifyingObserverSequence") or ()
    )
    heading = (
        ("Patient", person(dataset.get("PatientName"))),
        ("Patient ID", str(dataset.get("PatientID") or "")),
        ("Birth date", date_time(dataset.get("PatientBirthDate"))),
        ("Sex", str(dataset.get("PatientSex") or "")),
        ("Study", str(dataset.get("StudyDescription") or "")),
        ("Accession number", str(dataset.get("AccessionNumber") or "")),
        ("Date", f"{date_time(dataset.get('ContentDate'))} {clock_time(dataset.get('ContentTime'))}".strip()),
        ("Completion", str(dataset.get("CompletionFlag") or "").lower()),
        ("Verification", str(dataset.get("VerificationFlag") or "").lower()),
        ("Verified by", verified),
    )
    title = content.name or "Structured report"
    return Report(title, tuple((label, value) for label, value in heading if value), content)


def to_text(report: Report) -> str:
    """Write a report as lines, indented by level."""
    lines = [report.title, "", *(f"{label}: {value}" for label, value in report.heading), ""]
    for child in report.content.children:
        lines.extend(_text_lines(child, 0))
    return "\n".join(lines) + "\n"


def _text_lines(item: ContentItem, level: int) -> Iterator[str]:
    indent = "  " * level
    first, *others = item.value.splitlines() or [""]
    yield indent + (f"{item.name}: {first}" if item.name and first else item.name or first)
    for line in others:
        yield f"{indent}  {line}"
    for child in item.children:
        yield from _text_lines(child, level + 1)


def to_html(report: Report) -> str:
    """Write a report as an HTML page. Every value is escaped; the page refers to nothing outside of itself."""
    title = escape(report.title)
    heading = "".join(f"<dt>{escape(label)}</dt><dd>{escape(value)}</dd>\n" for label, value in report.heading)
    body = "".join(_html(child) for child in report.content.children)
    return (
        '<!doctype html>\n<html>\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{title}</title>\n</head>\n<body>\n<h1>{title}</h1>\n<dl>\n{heading}</dl>\n<ul>\n{body}</ul>\n"
        "</body>\n</html>\n"
    )


def _html(item: ContentItem) -> str:
    name = f"<strong>{escape(item.name)}</strong>" if item.name else ""
    value = "<br>".join(escape(line) for line in item.value.splitlines())
    children = "".join(_html(child) for child in item.children)
    nested = f"\n<ul>\n{children}</ul>\n" if children else ""
    return f"<li>{name}{': ' if name and value else ''}{value}{nested}</li>\n"
