"""Writes docs/configuration.md from what the program itself reads: the variables of ``make run`` and the options."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from deploy.settings import VARIABLES
from sightline.configuration import Configuration
from sightline.section import section_of

PAGE = Path(__file__).resolve().parent.parent / "docs" / "configuration.md"

HEAD = """<!-- Written by `make docs` from deploy/settings.py and sightline/configuration.py: change it there. -->

# Configuration

## Variables of `make run`

Set them on the command line (`make run HTTP_PORT=8043`) or in the environment. An empty one counts as not set.

"""

MIDDLE = """
`ORTHANC_CONFIG` may hold any of
[Orthanc's own options](https://orthanc.uclouvain.be/book/users/configuration.html), with comments. In a private root
Orthanc sees the data directory as `/var/lib/sightline` and nothing else of the machine, so name files in it that way.
`Plugins` may add plugins, but Sightline's own stays the first. What `make run` starts from is
[orthanc-config/orthanc.json](../orthanc-config/orthanc.json).

## Options of Sightline

They are the section `"Sightline"` of Orthanc's configuration. An unknown key or a value of the wrong type stops the
start, with its path, what was found and what is allowed.

```json
{
  "Sightline": {
    "PublicUrl": "https://images.example.org",
    "TrustedProxies": ["127.0.0.1"],
    "FrameAncestors": ["https://ehr.example.org"],
    "Links": { "DefaultExpiryHours": 4 }
  }
}
```

"""


def text() -> str:
    """Return the whole page."""
    variables = "".join(f"| `{v.name}` | {_code(v.default)} | {v.description} |\n" for v in VARIABLES)
    table = f"| variable | default | what it does |\n|---|---|---|\n{variables}"
    return HEAD + table + MIDDLE + "\n".join(_sections(Configuration, "")).rstrip() + "\n"


def _sections(model: type[BaseModel], path: str) -> Iterator[str]:
    """Give one table per section, the options of the section itself first."""
    fields = list(model.model_fields.values())
    plain = [field for field in fields if section_of(field.annotation) is None]
    if path:
        yield f"### {path}\n\n{(model.__doc__ or '').strip()}\n"
    if plain:
        yield "| option | type | default | what it does |\n|---|---|---|---|"
    for field in plain:
        yield f"| `{field.alias}` | {_type(field)} | {_default(field)} | {field.description} |"
    if plain:
        yield ""
    for field in fields:
        section = section_of(field.annotation)
        if section is not None:
            many = "[]" if get_origin(field.annotation) is tuple else ""
            yield from _sections(section, f"{path}.{field.alias}{many}" if path else f"{field.alias}{many}")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "has to be set"
    # What is counted where it runs is no one number; the description says how.
    return "counted" if field.default_factory else _code(json.dumps(field.get_default()))


def _type(field: FieldInfo) -> str:
    """Name the JSON type, with the bounds."""
    if get_origin(field.annotation) is tuple:
        inner = get_args(field.annotation)[0]
        return "list of strings" if inner is str or get_origin(inner) is not None else "list"
    names = {int: "whole number", float: "number", bool: "true or false"}
    kind = next((name for python_type, name in names.items() if field.annotation is python_type), "string")
    return kind + "".join(_bound(rule) for rule in field.metadata)


def _bound(rule: object) -> str:
    """Say what one of pydantic's rules allows, where a reader needs it."""
    for name, sign in (("gt", ">"), ("ge", ">="), ("lt", "<"), ("le", "<=")):
        value = getattr(rule, name, None)
        if value is not None:
            return f", {sign} {value:g}"
    return ""


def _code(value: str) -> str:
    return f"`{value}`" if value else ""


def main() -> None:
    """Write the page."""
    PAGE.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
