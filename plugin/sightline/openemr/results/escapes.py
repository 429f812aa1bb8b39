"""Text inside HL7 v2 fields, with the default delimiters ``|^~\\&`` (HL7 v2.3 chapter 2.10)."""

from __future__ import annotations

import re

_ESCAPES = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\", "\n": "\\.br\\"}
_SPECIAL = re.compile(r"[\\|^&~\n]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def escaped(text: str) -> str:
    r"""Return a text as it stands inside a component; lines end in ``\.br\``, control characters go.

    >>> escaped("T&N ^ 5\nline")
    'T\\T\\N \\S\\ 5\\.br\\line'
    """
    plain = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " "))
    return _SPECIAL.sub(lambda found: _ESCAPES[found[0]], plain)


def components(name: str) -> str:
    """Return a DICOM PN, or another value of components between carets, as HL7 has it: each component escaped.

    >>> components("Smith^Tom & Ann")
    'Smith^Tom \\\\T\\\\ Ann'
    """
    return "^".join(escaped(part) for part in name.split("=")[0].split("^"))
