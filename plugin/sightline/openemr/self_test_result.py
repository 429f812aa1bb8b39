"""What a self-test of one leg of the round trip has seen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SelfTestResult:
    """The outcome of one self-test.

    Parameters
    ----------
    is_ok : bool
    seen : str
        What was seen, as one sentence for a person; no patient data and no secret.
    advice : str
        What to do where it is not well; empty where it is.
    """

    is_ok: bool
    seen: str
    advice: str = ""
