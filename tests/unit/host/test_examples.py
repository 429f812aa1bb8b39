"""The examples in the documentation of the host's modules give what they say they give."""

from __future__ import annotations

import doctest
from importlib import import_module
from types import ModuleType


def test_examples_of_the_bridge(orthanc_module: ModuleType) -> None:
    found = doctest.testmod(import_module("sightline.host.bridge"))
    assert found.attempted > 0
    assert found.failed == 0
