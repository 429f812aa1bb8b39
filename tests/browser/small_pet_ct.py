"""A small PET/CT of the phantom, with its pages over an archive in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from demo import phantom
from demo.identity import STUDY_INSTANCE_UID
from tests.support.fake_archive import FakeArchive
from tests.support.viewer_server import DIST, serve


@contextmanager
def planes_address() -> Iterator[str]:
    """Serve it; the three planes of the CT are at the address."""
    if not (DIST / "manifest.json").is_file():
        pytest.fail("The viewer has not been built: run 'make viewer'.")
    files = [phantom.encoded(one) for one in (*phantom.chest_ct(40, 128), *phantom.chest_pet(20, 64))]
    with serve(FakeArchive(files)) as url:
        yield f"{url}/sightline/studies/{STUDY_INSTANCE_UID}?layout=planes"


def open_planes(page: Page, address: str) -> None:
    """Wait until each of the three shows a picture."""
    page.goto(address)
    expect(page.locator(".planes .picture[data-slice]:not([data-slice=''])")).to_have_count(3)
