"""Fixtures that every kind of test shares."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
import requests
from hypothesis import settings

from tests.support.orthanc_server import OrthancServer

# The same examples in every run: a test that fails, fails for everybody. Deadlines would measure the machine.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrthancServer]:
    """One running Orthanc with the plugin, shared by all tests that leave it running. Not for tests that end it."""
    if shutil.which("Orthanc") is None:
        pytest.skip("Orthanc is not installed here")
    with OrthancServer(tmp_path_factory.mktemp("orthanc")) as server:
        yield server


@pytest.fixture(scope="session")
def admin(orthanc: OrthancServer) -> Iterator[requests.Session]:
    """An administrator's client of the shared Orthanc."""
    with orthanc.session() as client:
        yield client


@pytest.fixture(scope="session")
def nobody(orthanc: OrthancServer) -> Iterator[requests.Session]:
    """A client without credentials."""
    with orthanc.session(None) as client:
        yield client
