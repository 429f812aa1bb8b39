"""Where a study's measurement reports of ours are."""

from __future__ import annotations

from uuid import NAMESPACE_OID, uuid5


def report_series(study: str) -> str:
    """Return the UID of the one series of a study that our measurement reports are in; the same wherever it is asked.

    >>> report_series("1.2.3") == report_series("1.2.3"), len(report_series("1.2.3")) <= 64
    (True, True)
    """
    return f"2.25.{uuid5(NAMESPACE_OID, f'findings {study}').int}"
