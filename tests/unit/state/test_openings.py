"""What each user has opened is kept, and told to nobody else."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sightline.state.database import open_database, sqlite_url
from sightline.state.openings import StoredOpenings
from tests.support.clock import Clock


def test_the_last_opening_of_each_study_is_known_to_its_user_only(tmp_path: Path) -> None:
    clock = Clock()
    database = open_database(sqlite_url(tmp_path), clock)
    openings = StoredOpenings(database)
    for study in ("1.1", "1.2", "1.1"):
        openings.note("ada", study)
        clock.advance(minutes=1)
    openings.note("bob", "1.3")
    assert openings.latest("ada", 10) == ("1.1", "1.2")
    assert openings.latest("ada", 1) == ("1.1",)
    found = openings.of("ada", [f"1.{n}" for n in range(2_000)])
    assert found.keys() == {"1.1", "1.2"}
    assert found["1.1"] - found["1.2"] == timedelta(minutes=1)
    assert openings.of("bob", ["1.1"]) == {}
    database.close()
