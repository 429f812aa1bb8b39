"""What is worth comparing with comes first, and what contradicts never hangs beside each other."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.viewer.prior_ranking import (
    Examination,
    SeriesTraits,
    distance,
    match_series,
    rank,
    read_alike,
    words_of,
)

NOW = datetime(2026, 3, 1, 10)


def examination(uid: str, days: float = 0, modality: str = "", part: str = "", side: str = "", text: str = "") -> Any:
    def known(value: str) -> frozenset[str]:
        return frozenset({value} if value else ())

    moment = NOW - timedelta(days=days)
    return Examination(uid, moment, known(modality), known(part), known(side), words_of(text))


def ranked(current: Examination, *others: Examination) -> list[str]:
    return [prior.examination.study_instance_uid for prior in rank(current, others)]


CHEST = examination("now", 0, "CT", "CHEST", text="CT chest with contrast")


def test_the_same_body_part_counts_more_than_the_same_modality() -> None:
    other_part, other_modality = examination("1", 5, "CT", "HEAD"), examination("2", 900, "DX", "CHEST")
    assert ranked(CHEST, other_part, other_modality) == ["2", "1"]


def test_what_says_nothing_is_neither_agreement_nor_contradiction() -> None:
    same, silent, other = (
        examination("same", 9, "CT", "CHEST"),
        examination("silent", 1, "CT"),
        examination("other", 1, "CT", "HEAD"),
    )
    assert ranked(CHEST, other, silent, same) == ["same", "silent", "other"]


def test_the_side_and_then_the_words_decide() -> None:
    knee = examination("now", 0, "MR", "KNEE", "L", "MR knee left")
    right, left = examination("right", 1, "MR", "KNEE", "R"), examination("left", 800, "MR", "KNEE", "L")
    worded = examination("worded", 900, "MR", "KNEE", "L", "MR knee left")
    assert ranked(knee, right, left, worded) == ["worded", "left", "right"]


def test_among_equals_the_nearest_before_comes_first_and_later_ones_last() -> None:
    days = {"near": 30, "far": 700, "soon": -2, "later": -90}
    others = [examination(uid, number, "CT", "CHEST") for uid, number in days.items()]
    undated = Examination("undated", None, *(others[0].modalities, others[0].body_parts), frozenset(), frozenset())
    assert ranked(CHEST, *others, undated) == ["near", "far", "undated", "soon", "later"]


def test_each_prior_says_why() -> None:
    (prior,) = rank(CHEST, [examination("1", 426, "CT", "CHEST", text="CT chest")])
    assert prior.agrees == ("body part", "modality", "words")
    assert (prior.days, prior.why) == (426, "same body part, modality and words, 14 months before")
    (nothing,) = rank(CHEST, [examination("1", 1, "MR", "HEAD")])
    assert nothing.why == "same patient, 1 day before"


@given(
    st.permutations([examination(str(n), 7 * n, "CT" if n % 2 else "MR", "CHEST" if n % 3 else "") for n in range(8)])
)
def test_the_order_does_not_depend_on_where_it_starts(others: list[Examination]) -> None:
    assert ranked(CHEST, *others) == ranked(CHEST, *sorted(others, key=lambda each: each.study_instance_uid))


def test_pictures_that_are_read_alike_are_of_one_modality() -> None:
    assert read_alike(["CR", "SR", "DX"]) == {"DX"}


@pytest.mark.parametrize(("days", "text"), [(59, "59 days before"), (-61, "2 months after"), (4000, "11 years before")])
def test_distances_are_said_as_people_say_them(days: int, text: str) -> None:
    assert distance(days) == text


def series(uid: str, **traits: Any) -> SeriesTraits:
    return SeriesTraits(uid, **{"modality": "MR"} | traits)


def pairs(current: list[SeriesTraits], prior: list[SeriesTraits]) -> list[tuple[str, str]]:
    return [(match.current, match.prior) for match in match_series(current, prior)]


def test_series_go_with_those_of_the_same_orientation_and_description() -> None:
    current = [
        series("t1", plane="axial", words=words_of("T1 axial")),
        series("t2", plane="axial", words=words_of("T2 axial")),
        series("cor", plane="coronal", words=words_of("T2 coronal")),
    ]
    prior = [
        series("old cor", plane="coronal", words=words_of("T2 cor")),
        series("old t2", plane="axial", words=words_of("T2 axial FS")),
        series("old t1", plane="axial", words=words_of("T1 axial")),
    ]
    assert pairs(current, prior) == [("t1", "old t1"), ("t2", "old t2"), ("cor", "old cor")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"plane": "axial"}, {"plane": "sagittal"}),
        ({"laterality": "L"}, {"laterality": "R"}),
        ({"view": "CC"}, {"view": "MLO"}),
        ({"body_part": "KNEE"}, {"body_part": "HIP"}),
        ({"modality": "CT"}, {"modality": "MR"}),
    ],
)
def test_what_contradicts_never_goes_together(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert pairs([series("1", **one)], [series("2", **other)]) == []
    assert pairs([series("1", **one)], [series("2", **one)]) == [("1", "2")]


def test_contrast_and_length_decide_among_the_like() -> None:
    current = [series("1", plane="axial", contrast=True, frames=120)]
    native = series("native", plane="axial", contrast=False, frames=120)
    enhanced = series("enhanced", plane="axial", contrast=True, frames=110)
    assert pairs(current, [native, enhanced]) == [("1", "enhanced")]
    scan, scout = series("scan", frames=100), series("scout", frames=3)
    assert pairs([series("1", frames=3), series("2", frames=90)], [scan, scout]) == [("1", "scout"), ("2", "scan")]


def test_a_series_hangs_once() -> None:
    assert len(pairs([series("1"), series("2")], [series("3")])) == 1
