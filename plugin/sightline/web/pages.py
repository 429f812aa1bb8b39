"""Pages from templates: escaped, strict about what is missing, with their text from the one message file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from sightline.web.build import Build, load_build
from sightline.web.request import Request, Response
from sightline.web.services import Services

_PACKAGE = Path(__file__).resolve().parents[1]


def page(
    request: Request, services: Services, name: str, values: Mapping[str, Any] | None = None, status: int = 200
) -> Response:
    """Render one page.

    Parameters
    ----------
    name : str
        Of the template, and of the script entry that it loads if it has one.
    values : Mapping[str, Any], optional
        What the template shows. ``data``, if given, reaches the script as JSON.
    """
    build = load_build(services.viewer_directory)
    html = (
        _environment()
        .get_template(f"{name}.html")
        .render({"data": None, **(values or {})}, **_common(request, services, build, name))
    )
    return Response(html, status=status, content_type="text/html; charset=utf-8")


def root_of(path: str, public_url: str) -> str:
    """Return the way from `path` to Orthanc's root: relative, so that pages work below any prefix of a proxy.

    Orthanc drops a trailing slash before anybody sees it. So we cannot know whether the browser is at ``/sightline`` or
    at ``/sightline/``, from where relative ways differ; there the way is the path of the site's own address.

    >>> root_of("/sightline/studies/1.2", "https://pacs.example/images")
    '../../'
    >>> root_of("/sightline", "https://pacs.example/images"), root_of("/sightline/", "http://127.0.0.1:8042")
    ('/images/', '/')
    """
    above = path.rstrip("/").count("/") - 1
    return "../" * above if above else urlsplit(public_url).path.rstrip("/") + "/"


def message(messages: Mapping[str, str], key: str, **values: object) -> str:
    """Return the text for `key` with ``{name}`` replaced by values. An unknown key is an error, not an empty text."""
    text = messages[key]
    for name, value in values.items():
        text = text.replace("{" + name + "}", str(value))
    return text


def _common(request: Request, services: Services, build: Build, name: str) -> dict[str, Any]:
    """Return what every template has at hand."""
    root = root_of(request.path, services.public_url)
    assets = f"{root}sightline/assets/"
    return {
        "root": root,
        "assets": assets,
        "build": build,
        "entry": build.entries.get(name),
        "sprite": Markup(build.sprite),  # noqa: S704 - our own build's file, not a user's text
        "t": lambda key, **values: message(build.messages, key, **values),
    }


@lru_cache(maxsize=1)
def _environment() -> Environment:
    """Return the template environment: everything escaped, nothing undefined."""
    return Environment(
        loader=FileSystemLoader([_PACKAGE / room / "templates" for room in ("viewer", "openemr")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
