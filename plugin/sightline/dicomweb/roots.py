"""Where the DICOMweb routes are: the paths that the configuration gives them, in place of those of the tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sightline.dicomweb.urls import BASE_PATH, WADO_PATH
from sightline.dicomweb_section import DicomwebSection
from sightline.web.routing import Route

_READING = ("GET", "OPTIONS")


def placed(routes: Sequence[Route], section: DicomwebSection) -> tuple[Route, ...]:
    """Return those routes that the configuration wants, at the paths that it wants."""
    return tuple(_placed(routes, section))


def _placed(routes: Sequence[Route], section: DicomwebSection) -> Iterator[Route]:
    if not section.is_enabled:
        return
    for route in routes:
        if section.is_read_only and route.method not in _READING:
            continue
        if _is_below(route.path, BASE_PATH):
            yield replace(route, path=section.root + route.path.removeprefix(BASE_PATH))
        elif not _is_below(route.path, WADO_PATH):
            yield route
        elif section.is_wado_enabled:
            yield replace(route, path=section.wado_root + route.path.removeprefix(WADO_PATH))


def _is_below(path: str, root: str) -> bool:
    return path == root or path.startswith(root + "/")
