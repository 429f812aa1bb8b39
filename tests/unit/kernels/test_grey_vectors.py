"""The greys that the viewer's own table is tested with."""

from __future__ import annotations

import json

from tests.support.grey_vectors import FILE, everything


def test_the_greys_that_the_viewer_is_tested_with_are_those_of_the_kernel_today() -> None:
    stored = json.loads(FILE.read_text(encoding="utf-8"))
    assert stored == json.loads(json.dumps(everything()))
    assert len(stored["tables"]) == 128
