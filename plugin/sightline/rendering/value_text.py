"""Values of names, dates and times as people read them."""

from __future__ import annotations

import re
from typing import Any


def person(value: Any) -> str:
    """Write a person's name: components in their order, groups of other scripts in brackets.

    >>> person("Yamada^Tarou=山田^太郎"), person("")
    ('Yamada Tarou (山田 太郎)', '')
    """
    groups = [" ".join(part for part in group.split("^") if part.strip()) for group in str(value or "").split("=")]
    first, *others = [group for group in groups if group] or [""]
    return first + "".join(f" ({group})" for group in others)


def date_time(value: Any) -> str:
    """Write a DA, TM or DT value as ISO 8601 does; what cannot be read stays as it is.

    >>> date_time("20260102"), date_time("20260102101500.5+0100"), date_time("someday")
    ('2026-01-02', '2026-01-02 10:15:00.5+0100', 'someday')
    """
    text = str(value or "").strip()
    found = re.fullmatch(r"(\d{4})(\d\d)(\d\d)(.*)", text, re.ASCII)
    if not found:
        return text
    time = clock_time(found[4])
    return f"{found[1]}-{found[2]}-{found[3]}" + (f" {time}" if time else "")


def clock_time(value: Any) -> str:
    """Write a TM value.

    >>> clock_time("1015"), clock_time("101500.25"), clock_time("")
    ('10:15', '10:15:00.25', '')
    """
    text = str(value or "").strip()
    found = re.fullmatch(r"(\d\d)(\d\d)(?:(\d\d)(.*))?", text, re.ASCII)
    if not found:
        return text
    return f"{found[1]}:{found[2]}" + (f":{found[3]}{found[4]}" if found[3] else "")
