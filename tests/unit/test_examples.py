"""The examples in the documentation of modules give what they say they give (the host's: `tests/unit/host`)."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import sightline

ROOT = Path(sightline.__file__).parent
MODULES = sorted(
    ".".join(("sightline", *path.relative_to(ROOT).with_suffix("").parts))
    for path in ROOT.rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8") and "host" not in path.relative_to(ROOT).parts
)


def test_there_are_examples() -> None:
    assert "sightline.kernels.geometry" in MODULES


@pytest.mark.parametrize("name", MODULES)
def test_examples_give_what_they_say(name: str) -> None:
    found = doctest.testmod(import_module(name))
    assert found.attempted > 0
    assert found.failed == 0
