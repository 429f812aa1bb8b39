"""Keys compared with values of files, by the rules of PS3.4 C.2.2.2."""

from __future__ import annotations

import pytest

from sightline.dicomweb.matching import matches, parse_range


@pytest.mark.parametrize(
    ("vr", "value", "wanted", "expected"),
    [
        ("LO", "anything", "", True),
        ("LO", "", "*", True),
        ("LO", "", "?*", False),
        ("SH", "ABC", "AB?", True),
        ("SH", "ABC", "abc", False),
        ("LO", "a[b]c", "a[b]*", True),
        ("PN", "Yamada^Tarou=山田^太郎", "山田*", True),
        ("PN", "Buc^Anna", "BUC^a*", True),
        ("UI", "1.2.3", "1.2.4\\1.2.3", True),
        ("UI", "1.2.3", "1.2", False),
        ("IS", "12", "012", True),
        ("DS", "0.50", "5e-1", True),
        ("DS", "x", "5", False),
        ("DA", "20260215", "20260201-20260228", True),
        ("DA", "", "20260201-", False),
        ("DA", "20260301", "-20260228", False),
        ("TM", "101530.5", "1015", True),
        ("TM", "101600", "1015", False),
        ("TM", "113059.999999", "10-1130", True),
        ("TM", "1131", "10-1130", False),
        ("DT", "20260215101500+0100", "202602150915", True),
        ("DT", "20260215101500+0100", "20260215091500", True),
        ("DT", "20260215101500", "20260215-20260216", True),
        ("DT", "20260228235959", "202602", True),
        ("DT", "20260301", "202602", False),
        ("DT", "20260215101500", "20260215111500+0100-", True),
        ("DT", "20260215101459", "20260215111500+0100-", False),
        ("DT", "20260215101500", "20260215051500-0500-20260215051500-0500", True),
    ],
)
def test_rules(vr: str, value: str, wanted: str, expected: bool) -> None:
    assert matches(vr, [value], wanted) is expected


@pytest.mark.parametrize(
    ("vr", "text"),
    [("DA", "20260231"), ("DA", "2026"), ("DA", "-"), ("TM", "24"), ("TM", "1060"), ("DT", "2026133"), ("DT", "")],
)
def test_malformed(vr: str, text: str) -> None:
    assert parse_range(vr, text) is None


def test_ends_of_a_range() -> None:
    assert parse_range("DA", "20240229") == ("20240229", "20240229")
    assert parse_range("DT", "202402") == ("20240201000000000000", "20240229235959999999")
    assert parse_range("TM", "-1015") == ("000000000000", "101559999999")


def test_stars_do_not_take_time_without_end() -> None:
    assert not matches("LO", ["a" * 60], "*" * 40 + "b")
