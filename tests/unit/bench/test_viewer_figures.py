"""Medians, bars and tables of `bench.viewer`, and how its line shares what it lets through."""

from __future__ import annotations

import re
from dataclasses import asdict, replace

import pytest
from bench.viewer.figures import (
    DWV,
    EXACT,
    OHIF,
    ORTHANC_WEB_VIEWER,
    PREVIEW,
    SIGHTLINE,
    Hand,
    Settled,
    Visit,
    bars,
    medians,
    percentile_95,
    visit_of,
)
from bench.viewer.line import FOURTH_GENERATION, RURAL, UNLIMITED, Direction, Passed, Speed, Traffic
from bench.viewer.table import lines

OURS = Visit(SIGHTLINE, RURAL.name, 1.5, 100_000, 60_000, 9, 80 << 20, Settled(50_000_000, 315, 300 << 20))
THEIRS = Visit(OHIF, RURAL.name, 20.0, 4_000_000, 3_000_000, 60, 400 << 20)


def cleared(visits: list[Visit], hands: list[Hand]) -> dict[str, bool]:
    return {bar.name: bar.cleared for bar in bars(visits, hands)}


def test_the_median_of_each_figure_by_viewer_and_speed() -> None:
    others = [replace(OURS, seconds=9.0, bytes=80_000, settled=None), replace(OURS, seconds=1.0, bytes=300_000)]
    assert medians([OURS, THEIRS, *others]) == [replace(OURS, seconds=1.5, bytes=100_000), THEIRS]


def test_what_was_kept_reads_back() -> None:
    assert [visit_of(asdict(one)) for one in (OURS, THEIRS)] == [OURS, THEIRS]


def test_the_95th_percentile_is_no_outlier() -> None:
    assert percentile_95([*[1.0] * 99, 1000.0]) == 1.0
    assert percentile_95([*[1.0] * 9, 1000.0]) > 500


@pytest.mark.parametrize(("seconds", "holds"), [(2.0, True), (2.1, False)])
def test_a_tenth_of_ohifs_time_on_the_slowest_line(seconds: float, holds: bool) -> None:
    name = f"time to the first image, {RURAL.name}, against {OHIF}"
    assert cleared([replace(OURS, seconds=seconds), THEIRS], [])[name] is holds


@pytest.mark.parametrize(("seconds", "holds"), [(1.0, True), (1.1, False)])
def test_a_sixth_of_ohifs_time_and_no_more_than_orthanc_web_viewers(seconds: float, holds: bool) -> None:
    visits = [
        replace(OURS, speed=FOURTH_GENERATION.name, seconds=seconds),
        replace(THEIRS, speed=FOURTH_GENERATION.name, seconds=6.0),
        replace(THEIRS, speed=FOURTH_GENERATION.name, seconds=1.0, viewer=ORTHANC_WEB_VIEWER),
    ]
    of_times = {name: value for name, value in cleared(visits, []).items() if name.startswith("time")}
    assert len(of_times) == 2
    assert set(of_times.values()) == {holds}


def test_the_dearest_visit_counts_for_bytes_and_requests() -> None:
    dear = replace(OURS, speed=UNLIMITED.name, bytes=260_000, application_bytes=121_000, requests=11, memory=151 << 20)
    names = (
        "application",
        "requests to the first image",
        "all bytes to the first image",
        "memory at the first image",
    )
    assert {cleared([OURS], [])[name] for name in names} == {True}
    assert {cleared([OURS, dear], [])[name] for name in names} == {False}


def test_a_hand_may_wait_for_one_round_trip_only_before_exact_frames_are_there() -> None:
    slow = Hand(SIGHTLINE, "scroll", FOURTH_GENERATION.name, PREVIEW, 60.0, 79.0)
    exact = replace(slow, source=EXACT)
    assert list(cleared([], [slow, exact, replace(exact, viewer=DWV)]).values()) == [True, False]


def test_the_table_names_viewers_once_and_says_what_was_missed() -> None:
    text = "\n".join(lines([OURS, THEIRS], [], bars([replace(OURS, seconds=5.0), THEIRS], [])))
    assert f"| {OHIF} |  |  | 20.00 s (13.3x) | 4.0 MB | 3.0 MB | 60 | 400 MiB |  |  |" in text
    assert text.count(f"| {SIGHTLINE} |") == 1
    assert "| 0.25 of its time | 0.1 of its time | **missed** |" in text


def test_a_line_is_shared_and_delays() -> None:
    direction = Direction(Speed("slow", megabits=0.8, round_trip_ms=100))
    assert direction.reserve(10_000, now=5.0) == pytest.approx(5.0 + 0.1 + 0.05)
    assert direction.reserve(10_000, now=5.0) == pytest.approx(5.0 + 0.2 + 0.05)
    assert direction.reserve(10_000, now=9.0) == pytest.approx(9.0 + 0.1 + 0.05)
    assert Direction(UNLIMITED).reserve(1 << 30, now=5.0) == 5.0


def test_traffic_until_a_moment_and_without_pixels() -> None:
    traffic = Traffic([Passed(1, "/a", 9), Passed(2, "/view/1", 9)], [Passed(2, "/a", 100), Passed(3, "/view/1", 50)])
    assert traffic.until(2).size() == 100
    assert len(traffic.until(1.5).requests) == 1
    assert traffic.without(re.compile("/view/")).size() == 100
