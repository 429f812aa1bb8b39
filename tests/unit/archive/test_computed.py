"""Counts are remembered only while a study is surely the same."""

from __future__ import annotations

from sightline.archive.computed import ComputedAttributes

ONE, TWO = {"NumberOfStudyRelatedInstances": "1"}, {"NumberOfStudyRelatedInstances": "2"}


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0  # 2027-01-15T08:00:00Z

    def __call__(self) -> float:
        return self.now


def test_nothing_within_the_second_of_a_change() -> None:
    """What was counted then may be of before or after a further change, and bears the same time."""
    clock = Clock()
    computed = ComputedAttributes(clock)
    assert computed.get("a", "20270115T075951") is None
    computed.put("a", "20270115T075951", ONE)
    assert computed.get("a", "20270115T075951") is None
    clock.now += 1.9
    computed.put("a", "20270115T075951", ONE)
    assert computed.get("a", "20270115T075951") is None
    clock.now += 0.2
    computed.put("a", "20270115T075951", TWO)
    assert computed.get("a", "20270115T075951") == TWO


def test_another_update_makes_it_unknown() -> None:
    clock = Clock()
    computed = ComputedAttributes(clock)
    computed.get("a", "20270115T075951")
    clock.now += 3
    computed.put("a", "20270115T075951", ONE)
    assert computed.get("a", "20270115T075952") is None
    computed.put("a", "20270115T075951", ONE)  # counted before, told late
    clock.now += 3
    assert computed.get("a", "20270115T075952") is None
    computed.put("a", "20270115T075952", TWO)
    assert computed.get("a", "20270115T075952") == TWO
    computed.put("b", "20270115T075951", ONE)  # never found
    assert computed.get("b", "20270115T075951") is None


def test_what_is_old_is_settled() -> None:
    """Whatever time zone the core's clock is in; what has no time never is at once."""
    computed = ComputedAttributes(Clock())
    for last_update, expected in (("20270114T010000", ONE), ("20270114T030000", None), ("", None)):
        computed.get("a", last_update)
        computed.put("a", last_update, ONE)
        assert computed.get("a", last_update) == expected


def test_bounded() -> None:
    clock = Clock()
    computed = ComputedAttributes(clock, maximum=2)
    for name in ("a", "b", "c"):
        computed.get(name, "20270115T075951")
    clock.now += 3
    for name in ("a", "b", "c"):
        computed.put(name, "20270115T075951", ONE)
    assert [computed.get(name, "20270115T075951") for name in ("c", "b")] == [ONE, ONE]
    assert computed.get("a", "20270115T075951") is None
