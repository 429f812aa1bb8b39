"""Writes the generated tables of docs/conformance.md, from the tables that the code works with. Run by `make docs`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from sightline.dicomweb.conformance import (
    reason_rows,
    route_rows,
    search_attributes,
    syntax_rows,
    volume_parameter_rows,
)
from sightline.dicomweb.deviations import DEVIATIONS
from sightline.dicomweb.routes import ROUTES
from sightline.dicomweb_section import OPTIONS, DicomwebSection

PAGE = Path(__file__).resolve().parents[1] / "docs" / "conformance.md"

_BLOCK = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->\n)", re.DOTALL)
_LEVELS = {"study": "Study", "series": "Series", "instance": "Instance"}


def text(page: str) -> str:
    """Return the page with its generated tables made anew; everything between them stays."""
    return _BLOCK.sub(lambda match: f"{match[1]}{_TABLES[match[2]]()}{match[3]}", page)


def _routes() -> str:
    rows = (
        (r["method"], f"`{r['path']}`", r["permission"], r["purpose"]) for r in route_rows(ROUTES, DicomwebSection())
    )
    return _table(("Method", "Path below `/dicom-web`", "Permission", "Purpose"), rows)


def _attributes() -> str:
    rows = []
    for level, names in search_attributes().items():
        more = [name for name in names["all"] if name not in names["always"]]
        indexed = [name for name in names["superset"] if name not in names["always"]]
        rows.append(
            (
                _LEVELS[level],
                *(", ".join(f"`{name}`" for name in listed) for listed in (names["always"], more, indexed)),
            )
        )
    return _table(("Level", "Always", "More with `includefield=all`", "More where repeated keys are lost"), rows)


def _syntaxes() -> str:
    rows = ((f"`{row['uid']}`", row["name"], f"`{row['mediaType']}`") for row in syntax_rows())
    return _table(("Transfer syntax", "Name", "A frame as stored"), rows)


def _deviations() -> str:
    rows = ((row.what, row.inside, row.outside, row.proxied, row.why) for row in DEVIATIONS)
    return _table(("What", "Inside Orthanc", "Outside", "Inside, through nginx", "Why"), rows)


def _official() -> str:
    rows = ((f"`{row.key}`", "yes" if row.is_honoured else "no", row.explanation) for row in OPTIONS)
    return _table(("Key", "Heeded", "What it does here, or what to do instead"), rows)


def _reasons() -> str:
    rows = ((row["kind"], f"`{row['code']}`", row["meaning"]) for row in reason_rows())
    return _table(("Answered as", "Code", "When"), rows)


def _volumes() -> str:
    return _table(("Parameter", "Value"), ((f"`{row['name']}`", row["meaning"]) for row in volume_parameter_rows()))


_TABLES: dict[str, Callable[[], str]] = {
    "routes": _routes,
    "attributes": _attributes,
    "syntaxes": _syntaxes,
    "deviations": _deviations,
    "official": _official,
    "reasons": _reasons,
    "volumes": _volumes,
}


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = (heads, ("---",) * len(heads), *rows)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> None:
    """Write the page."""
    PAGE.write_text(text(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
