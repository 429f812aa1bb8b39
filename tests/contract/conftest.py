"""One contract for every Archive: in memory, over HTTP, and through the SDK inside Orthanc."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sightline.archive.orthanc_archive import OrthancArchive
from sightline.archive.protocol import Archive
from sightline.archive.register import SeriesRegister
from sightline.archive.rest import HttpRest
from tests.support.fake_archive import FakeArchive
from tests.support.orthanc_server import PASSWORD, OrthancServer

INSIDE = os.environ.get("SIGHTLINE_CONTRACT_INSIDE") == "1"
"""Set by the script that runs this folder inside Orthanc's own interpreter."""

KINDS = (
    ["sdk", "sdk-remembering", "sdk-registering"]
    if INSIDE
    else ["memory", pytest.param("remote", marks=pytest.mark.integration)]
)


@pytest.fixture(params=KINDS)
def archive(request: pytest.FixtureRequest) -> Iterator[Archive]:
    """Return an archive; real ones are shared and never empty, so tests use identifiers of their own."""
    if request.param == "memory":
        yield FakeArchive()
    elif INSIDE:
        from sightline.host.sdk_rest import SdkRest

        archive = None
        if request.param != "sdk":
            storage, folder = Path(os.environ["SIGHTLINE_STORAGE"]), request.getfixturevalue("tmp_path")
            register = SeriesRegister(folder) if request.param == "sdk-registering" else None
            archive = OrthancArchive(SdkRest(), storage, True, register)
        told: list[OrthancArchive] = sys.modules["__main__"].__dict__.setdefault("sightline_told", [])
        told[:] = [archive] if archive else []
        yield archive or OrthancArchive(SdkRest())
    else:
        server: OrthancServer = request.getfixturevalue("orthanc")
        rest = HttpRest(server.url, "admin", PASSWORD)
        yield OrthancArchive(rest)
        rest.close()
