"""What the core counts for each study at each search, remembered while the study is the same.

Counting takes most of a search's time. Orthanc sets a study's `LastUpdate` whenever something below it is stored or
deleted, to the second: what was counted more than a second after that holds for as long as `LastUpdate` stays. Whether
a second has passed is judged by our own clock, unless a whole day has, whatever time zone Orthanc's clock is in.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

COMPUTED = ("ModalitiesInStudy", "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances")
"""Attributes of a study that are in none of its files (PS3.4 table C.6-5)."""

MAXIMUM_STUDIES = 50_000
"""Some 20 MB."""

_SETTLED_SECONDS = 2.0
"""Longer than the second that `LastUpdate` is told to."""

_OLD_SECONDS = 30 * 3600


@dataclass
class _Known:
    last_update: str
    first_seen: float
    values: Mapping[str, str] | None = None


class ComputedAttributes:
    """Values of `COMPUTED` by study. Safe between threads.

    Parameters
    ----------
    clock : callable
        Seconds since 1970.
    maximum : int
        How many studies are remembered; those that were found longest ago go first.
    """

    def __init__(self, clock: Callable[[], float] = time.time, maximum: int = MAXIMUM_STUDIES) -> None:
        self._clock, self._maximum = clock, maximum
        self._studies: OrderedDict[str, _Known] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, identifier: str, last_update: str) -> Mapping[str, str] | None:
        """Return the values of a study that was just found with this `LastUpdate`; None if they have to be counted."""
        with self._lock:
            known = self._studies.get(identifier)
            if known is None or known.last_update != last_update:
                self._studies[identifier] = _Known(last_update, self._clock())
                self._studies.move_to_end(identifier)
                if len(self._studies) > self._maximum:
                    self._studies.popitem(last=False)
                return None
            return known.values

    def put(self, identifier: str, last_update: str, values: Mapping[str, str]) -> None:
        """Remember what was counted, if `LastUpdate` is a while ago and still the same."""
        with self._lock:
            known = self._studies.get(identifier)
            if known is not None and known.last_update == last_update and self._is_settled(known):
                known.values = values

    def _is_settled(self, known: _Known) -> bool:
        now = self._clock()
        old = time.strftime("%Y%m%dT%H%M%S", time.gmtime(now - _OLD_SECONDS))
        return now - known.first_seen >= _SETTLED_SECONDS or "" < known.last_update < old
