"""The viewer places planes in the patient as the kernels do."""

from __future__ import annotations

import json

from tests.support.plane_vectors import FILE, text


def test_the_viewers_planes_are_those_of_the_kernels() -> None:
    written = json.loads(FILE.read_text(encoding="utf-8"))
    assert written == json.loads(text()), "run python -m tests.support.plane_vectors"
