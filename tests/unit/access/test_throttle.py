"""Whoever guesses has to wait."""

from __future__ import annotations

import pytest

from sightline.access import throttle as throttle_module
from sightline.access.throttle import Throttle
from sightline.errors import TooManyRequestsError
from tests.support.clock import Clock


def test_ten_failures_within_a_minute_are_enough() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    for _ in range(9):
        throttle.failed("192.0.2.1")
        clock.advance(seconds=5)
    throttle.require("192.0.2.1")
    throttle.failed("192.0.2.1")
    with pytest.raises(TooManyRequestsError) as caught:
        throttle.require("192.0.2.1")
    assert caught.value.headers == {"Retry-After": "15"}
    throttle.require("192.0.2.2")
    clock.advance(seconds=15)
    throttle.require("192.0.2.1")


def test_an_ipv6_network_counts_as_one() -> None:
    throttle = Throttle(Clock())
    for number in range(10):
        throttle.failed(f"2001:db8::{number:x}")
    assert throttle.wait_seconds("2001:db8::ffff") == 60
    assert throttle.wait_seconds("2001:db8:1::1") == 0


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle_module, "CAPACITY", 100)
    throttle = Throttle(Clock())
    for _ in range(10):
        throttle.failed("192.0.2.1")
    for number in range(99):
        throttle.failed(f"198.51.100.{number}")
    assert throttle.wait_seconds("192.0.2.1") == 60
    throttle.failed("203.0.113.1")
    assert throttle.wait_seconds("192.0.2.1") == 0
    assert len(throttle._failures) == 100
