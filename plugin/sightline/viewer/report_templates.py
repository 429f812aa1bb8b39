"""Templates of reports: files with a head that says what they are for, and sections that Jinja fills in."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from sightline.errors import NotFoundError, UnprocessableError
from sightline.objects.report_codes import ADDENDUM, HEADINGS
from sightline.viewer.prior_ranking import read_alike, words_of

_OURS = Path(__file__).with_name("report_templates")
_LARGEST_FILE = 65_536
_HEAD = re.compile(r"---\n(.*?)\n---\n(.*)", re.DOTALL)
_SECTION = re.compile(r"^== ([0-9]{1,6}-[0-9]) +(\S.*)$", re.MULTILINE)
_KEYS = frozenset({"name", "modality", "body_part", "title"})
_HYBRID = frozenset({"PT", "NM"})
"""What these say is reported; the CT or MR of the same study says where it is."""
_log = logging.getLogger("sightline.reporting")


@dataclass(frozen=True)
class ReportTemplate:
    """One template.

    Parameters
    ----------
    id : str
        The name of its file without ``.j2``.
    name : str
        What readers choose it by.
    modalities, body_parts : frozenset of str
        What it is for, as Modality (0008,0060) and Body Part Examined (0018,0015) say it; empty: for any.
    title : str
        Of the report.
    sections : tuple of (str, str, str)
        Code (PS3.16 CID 7001), heading, and the Jinja source of the text.
    """

    id: str
    name: str
    modalities: frozenset[str]
    body_parts: frozenset[str]
    title: str
    sections: tuple[tuple[str, str, str], ...]


def templates_of(directory: str) -> tuple[ReportTemplate, ...]:
    """Return ours and the site's, by name. One that cannot be read is left out, and the log says why."""
    found: dict[str, ReportTemplate] = {}
    for folder in (_OURS, *([Path(directory)] if directory else [])):
        try:
            files = sorted(folder.glob("*.j2"))
        except OSError as error:
            _log.warning("The templates in %s cannot be read: %s", folder, error)
            continue
        for file in files:
            try:
                found[file.stem] = parse_template(file.stem, file.read_bytes()[:_LARGEST_FILE].decode())
            except (OSError, ValueError) as error:
                _log.warning("The template %s cannot be used: %s", file, error)
    return tuple(sorted(found.values(), key=lambda template: template.name.casefold()))


def parse_template(identifier: str, text: str) -> ReportTemplate:
    """Read a template.

    Raises
    ------
    ValueError
        It has no head, or a section with a code that is none; the sentence says what.
    """
    parts = _HEAD.fullmatch(text.replace("\r\n", "\n"))
    if parts is None:
        raise ValueError("it does not begin with a head between two lines of ---")
    head: dict[str, str] = {}
    for line in parts[1].splitlines():
        key, colon, value = line.partition(":")
        if not colon or key.strip() not in _KEYS:
            raise ValueError(f"its head has lines with {', '.join(sorted(_KEYS))} only")
        head[key.strip()] = value.strip()
    if not head.get("name") or not head.get("title"):
        raise ValueError("its head has no name or no title")
    pieces = _SECTION.split(parts[2])
    sections = tuple(zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True))
    if not sections or pieces[0].strip():
        raise ValueError("it has no section, or text before the first one")
    for code, _, _ in sections:
        if code not in HEADINGS or code == ADDENDUM:
            raise ValueError(f"{code} is no code of a section (PS3.16 CID 7001)")
    return ReportTemplate(
        identifier, head["name"], _values(head, "modality"), _values(head, "body_part"), head["title"], sections
    )


def _values(head: Mapping[str, str], key: str) -> frozenset[str]:
    return frozenset(value.strip().upper() for value in head.get(key, "").split(",") if value.strip())


def suggested(
    templates: Sequence[ReportTemplate], modalities: Sequence[str], body_parts: Sequence[str], description: str
) -> str:
    """Return the id of the template that fits best to what images say of themselves; empty where there is none.

    One for another modality or another part of the body never fits. Where no series names a part of the body, the words
    of the study's description do.
    """
    here = read_alike([modality for modality in modalities if modality])
    here = here & _HYBRID or here
    parts = {part.strip().upper() for part in body_parts if part.strip()}
    words = {word.upper() for word in words_of(description)}

    def rank(template: ReportTemplate) -> int:
        wanted = read_alike(sorted(template.modalities))
        if wanted and wanted.isdisjoint(here):
            return -1
        if not template.body_parts:
            return 1 + bool(wanted)
        if template.body_parts.isdisjoint(parts) and template.body_parts.isdisjoint(words):
            return -1
        return 3 + bool(wanted)

    best = max(templates, key=rank, default=None)
    return best.id if best is not None and rank(best) >= 0 else ""


def filled_in(templates: Sequence[ReportTemplate], identifier: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return a template with its text: ``template``, ``title`` and ``sections``.

    Raises
    ------
    NotFoundError
        There is no such template.
    UnprocessableError
        It cannot be filled in.
    """
    template = next((one for one in templates if one.id == identifier), None)
    if template is None:
        raise NotFoundError("There is no such template any more. Choose another one.", "no-such-template")
    environment = SandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    try:
        sections = [
            {"code": code, "heading": heading.strip(), "text": environment.from_string(source).render(known).strip()}
            for code, heading, source in template.sections
        ]
    except (TemplateError, TypeError, ArithmeticError, LookupError) as error:
        _log.warning("The template %s cannot be filled in: %s", identifier, error)
        raise UnprocessableError(
            f"The template '{template.name}' has an error and cannot be filled in. Choose another one.", "bad-template"
        ) from error
    return {"template": template.id, "title": template.title, "sections": sections}
