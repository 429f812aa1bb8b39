"""A stand-in for the `orthanc` module: whatever a test did not set raises, so that nothing passes by doing nothing."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator

import pytest


class _FakeOrthanc(types.ModuleType):
    def __getattr__(self, name: str) -> object:
        raise AttributeError(f"the test did not provide orthanc.{name}")


class OrthancException(Exception):  # noqa: N818 - the SDK's own name
    """The SDK's error: code and text."""


@pytest.fixture
def orthanc_module(monkeypatch: pytest.MonkeyPatch) -> Iterator[types.ModuleType]:
    """Return the stand-in, importable as `orthanc` while the test runs."""
    module = _FakeOrthanc("orthanc")
    module.__dict__["OrthancException"] = OrthancException
    module.__dict__["RestOutput"] = object
    monkeypatch.setitem(sys.modules, "orthanc", module)
    loaded = [name for name in sys.modules if name.startswith("sightline.host")]
    for name in loaded:
        monkeypatch.delitem(sys.modules, name)
    yield module
    for name in [name for name in sys.modules if name.startswith("sightline.host")]:
        sys.modules.pop(name)
