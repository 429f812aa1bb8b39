"""The findings that the viewer's own measuring is tested with."""

from __future__ import annotations

import json

import pytest

from tests.support.measure_vectors import FILE, everything


def test_what_the_viewer_is_tested_with_is_what_the_server_measures_today() -> None:
    stored, today = json.loads(FILE.read_text(encoding="utf-8")), everything()
    assert stored["kinds"] == today["kinds"]
    assert len(stored["cases"]) == len(today["cases"]) > 300
    for before, now in zip(stored["cases"], today["cases"], strict=True):
        old, new = before.pop("measured"), now.pop("measured")
        assert before == now
        assert {**old, "quantities": None} == {**new, "quantities": None}
        for stated, found in zip(old["quantities"], new["quantities"], strict=True):
            # Another processor may round the last digit otherwise.
            for number in ("value", "uncertainty"):
                assert (found[number] is None) == (stated[number] is None)
                assert (found.pop(number) or 0) == pytest.approx(stated.pop(number) or 0, rel=1e-12, abs=1e-12)
            assert found == stated
