"""The cache of ready answers stays within its bound and forgets what was used longest ago."""

from __future__ import annotations

import threading

from sightline.web.cache import ByteCache


def test_what_was_used_last_stays() -> None:
    cache = ByteCache(4_000)
    for key in "abc":
        cache.put(key, bytes(1_000))
    assert cache.get("a") == bytes(1_000)
    cache.put("d", bytes(1_000))
    assert [key for key in "abcd" if cache.get(key) is not None] == ["a", "c", "d"]


def test_what_is_too_large_is_not_kept_and_costs_nothing_else() -> None:
    cache = ByteCache(4_000)
    cache.put("a", b"1")
    cache.put("huge", bytes(1_001))
    assert cache.get("huge") is None
    assert cache.get("a") == b"1"


def test_putting_again_replaces() -> None:
    cache = ByteCache(4_000)
    for number in range(100):
        cache.put("a", b"%d" % number)
    cache.put("b", bytes(900))
    assert cache.get("a") == b"99"


def test_many_threads_at_once() -> None:
    cache = ByteCache(10_000)

    def work(name: int) -> None:
        for number in range(500):
            cache.put((name, number % 7), b"x" * 100)
            assert cache.get((name, number % 7)) in (None, b"x" * 100)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
