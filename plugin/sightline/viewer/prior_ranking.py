"""Which earlier studies are worth comparing with, in which order and why; and which series of theirs with which.

Only what the images say of themselves counts. What one of the two does not say neither speaks for a comparison nor
against it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

_ALIKE: Mapping[str, str] = MappingProxyType({"CR": "DX", "RG": "DX", "DR": "DX", "PET": "PT", "MRI": "MR"})
"""Modalities that are read alike."""
_AUXILIARY = frozenset({"SR", "PR", "KO", "OT", "DOC", "SEG", "REG"})
_EMPTY_WORDS = frozenset({"and", "of", "the", "for", "study", "exam", "examination", "series", "images", "image"})
_WORD = re.compile(r"[^\W_]+")
_DAYS_OF_MONTH, _DAYS_OF_YEAR = 30.4375, 365.25
_LONGEST_TEXT = 256


@dataclass(frozen=True)
class Examination:
    """What a study says of itself: sets are empty, and `moment` None, where it says nothing."""

    study_instance_uid: str
    moment: datetime | None
    modalities: frozenset[str]
    body_parts: frozenset[str]
    lateralities: frozenset[str]
    words: frozenset[str]


@dataclass(frozen=True)
class Prior:
    """One study to compare with; `agrees` says in what, `days` how long it is before the current one."""

    examination: Examination
    agrees: tuple[str, ...]
    days: int | None

    @property
    def why(self) -> str:
        """Return it as a sentence without its end.

        >>> nothing = frozenset()
        >>> Prior(Examination("1", None, nothing, nothing, nothing, nothing), ("body part", "modality"), 426).why
        'same body part and modality, 14 months before'
        """
        same = f"same {_joined(self.agrees)}" if self.agrees else "same patient"
        return f"{same}, {distance(self.days)}"


@dataclass(frozen=True)
class SeriesTraits:
    """What a series says of itself; empty, or None, where it says nothing. `plane` is axial, coronal or sagittal."""

    series_instance_uid: str
    modality: str
    plane: str = ""
    body_part: str = ""
    laterality: str = ""
    view: str = ""
    words: frozenset[str] = frozenset()
    contrast: bool | None = None
    frames: int = 0


@dataclass(frozen=True)
class SeriesMatch:
    """Two series to hang beside each other, and in what they agree."""

    current: str
    prior: str
    agrees: tuple[str, ...]


def words_of(*texts: str) -> frozenset[str]:
    """Return the words of descriptions that tell examinations apart.

    >>> sorted(words_of("CT Thorax/Abdomen", "Study of the lung"))
    ['abdomen', 'ct', 'lung', 'thorax']
    """
    found = (word.lower() for text in texts for word in _WORD.findall(text[:_LONGEST_TEXT]))
    return frozenset(word for word in found if word not in _EMPTY_WORDS)


def read_alike(modalities: Sequence[str]) -> frozenset[str]:
    """Return the modalities of a study as far as they are pictures, those that are read alike by one name."""
    return frozenset(_ALIKE.get(modality, modality) for modality in modalities if modality not in _AUXILIARY)


def rank(current: Examination, others: Sequence[Examination]) -> tuple[Prior, ...]:
    """Return other studies of the same patient, the best to compare with first.

    The same body part counts most, then modality, laterality and words of the descriptions; among equals the one that
    is nearest before comes first, and what is later than the current study last.
    """
    priors = [(_agreement(current, other), other) for other in others]
    ordered = sorted(priors, key=lambda pair: (*pair[0].order, _distance_order(current, pair[1])))
    return tuple(Prior(other, agreement.names, _days(current, other)) for agreement, other in ordered)


def match_series(current: Sequence[SeriesTraits], prior: Sequence[SeriesTraits]) -> tuple[SeriesMatch, ...]:
    """Return which series of a prior study goes with which of the current one: each at most once, best pairs first.

    Two series that contradict each other, as an axial and a coronal one do, or a left and a right one, never go
    together.
    """
    found = []
    for here, one in enumerate(current):
        for there, other in enumerate(prior):
            score = _likeness(one, other)
            if score is not None:
                found.append((-score[0], here, there, score[1]))
    matches: dict[int, SeriesMatch] = {}
    taken: set[int] = set()
    for _, here, there, agrees in sorted(found):
        if here not in matches and there not in taken:
            taken.add(there)
            matches[here] = SeriesMatch(current[here].series_instance_uid, prior[there].series_instance_uid, agrees)
    return tuple(matches[here] for here in sorted(matches))


def distance(days: int | None) -> str:
    """Return how far apart two studies are, as people say it.

    >>> distance(0), distance(1), distance(40), distance(426), distance(-800), distance(None)
    ('the same day', '1 day before', '40 days before', '14 months before', '2 years after', 'date unknown')
    """
    if days is None:
        return "date unknown"
    if days == 0:
        return "the same day"
    side, size = ("before" if days > 0 else "after"), abs(days)
    if size < 60:
        return f"{size} day{'s' if size > 1 else ''} {side}"
    if size < 2 * _DAYS_OF_YEAR:
        return f"{round(size / _DAYS_OF_MONTH)} months {side}"
    return f"{round(size / _DAYS_OF_YEAR)} years {side}"


@dataclass(frozen=True)
class _Agreement:
    """In what two studies agree. `order` sorts the better first."""

    names: tuple[str, ...]
    order: tuple[float, ...]


def _agreement(current: Examination, other: Examination) -> _Agreement:
    pairs = (
        ("body part", current.body_parts, other.body_parts),
        ("modality", current.modalities, other.modalities),
        ("side", current.lateralities, other.lateralities),
    )
    names = [name for name, one, two in pairs if one & two]
    common = current.words & other.words
    every = current.words | other.words
    likeness = len(common) / len(every) if every else 0.0
    if common:
        names.append("description" if current.words == other.words else "words")
    return _Agreement(tuple(names), (*(_rank(one, two) for _, one, two in pairs), -round(likeness, 2)))


def _rank(one: frozenset[str], other: frozenset[str]) -> float:
    """Return 0 where two agree, 2 where they do not, and 1 where one of them says nothing."""
    if not one or not other:
        return 1
    return 0 if one & other else 2


def _days(current: Examination, other: Examination) -> int | None:
    if current.moment is None or other.moment is None:
        return None
    day, other_day = date(*current.moment.timetuple()[:3]), date(*other.moment.timetuple()[:3])
    return (day - other_day).days


def _distance_order(current: Examination, other: Examination) -> tuple[int, float]:
    """Return what sorts nearest before first, then those without a date, then later ones, nearest first."""
    if current.moment is None or other.moment is None:
        return 1, 0.0
    seconds = (current.moment - other.moment).total_seconds()
    return (0, seconds) if seconds >= 0 else (2, -seconds)


def _likeness(one: SeriesTraits, other: SeriesTraits) -> tuple[float, tuple[str, ...]] | None:
    """Return how much two series are alike and in what; None where they contradict each other."""
    if _ALIKE.get(one.modality, one.modality) != _ALIKE.get(other.modality, other.modality):
        return None
    score, names = 1.0, ["modality"]
    for name, weight, here, there in (
        ("view", 4.0, one.view, other.view),
        ("orientation", 3.0, one.plane, other.plane),
        ("body part", 2.0, one.body_part, other.body_part),
        ("side", 3.0, one.laterality, other.laterality),
    ):
        if here and there:
            if here != there:
                return None
            score += weight
            names.append(name)
    if one.contrast is not None and one.contrast == other.contrast:
        score += 1.5
        names.append("contrast")
    if one.words and other.words:
        likeness = len(one.words & other.words) / len(one.words | other.words)
        score += 4 * likeness
        names += ["description"] if likeness == 1 else []
    if one.frames and other.frames:
        # A localiser of three images goes with another rather than with the scan.
        score += 2 * min(one.frames, other.frames) / max(one.frames, other.frames)
    return score, tuple(names)


def _joined(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
