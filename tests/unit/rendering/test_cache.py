"""The cache makes a value once, and forgets the least recently used first."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from sightline.rendering.cache import Cache


def test_however_many_ask_a_value_is_made_once() -> None:
    cache: Cache[str, int] = Cache(10, lambda value: 1)
    calls: list[int] = []
    start = threading.Event()

    def make() -> int:
        calls.append(1)
        start.wait(5)
        return 7

    with ThreadPoolExecutor(8) as threads:
        futures = [threads.submit(cache.get_or_make, "key", make) for _ in range(8)]
        start.set()
        assert [future.result(5) for future in futures] == [7] * 8
    assert len(calls) == 1


def test_a_failure_reaches_all_who_wait_and_is_forgotten() -> None:
    cache: Cache[str, int] = Cache(10, lambda value: 1)

    def fail() -> int:
        raise KeyError("gone")

    with pytest.raises(KeyError):
        cache.get_or_make("key", fail)
    assert cache.get("key") is None
    assert cache.get_or_make("key", lambda: 3) == 3


def test_the_least_recently_used_goes_first() -> None:
    cache: Cache[str, bytes] = Cache(10, len)
    for key in "abc":
        cache.get_or_make(key, lambda: b"123")
    assert cache.get("a") == b"123"
    cache.get_or_make("d", lambda: b"12")
    assert [key for key in "abcd" if cache.get(key)] == ["a", "c", "d"]


def test_what_is_larger_than_the_bound_is_not_kept_and_drops_nothing() -> None:
    cache: Cache[str, bytes] = Cache(10, len)
    cache.get_or_make("small", lambda: b"123")
    assert cache.get_or_make("large", lambda: b"x" * 11) == b"x" * 11
    assert cache.get("large") is None
    assert cache.get("small") == b"123"
