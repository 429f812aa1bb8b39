"""Inside a real Orthanc, why the server refuses something stands on the page in the server's own words."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import numpy as np
import pytest
from playwright.sync_api import Browser, expect
from pydicom import dcmread, dcmwrite

from tests.browser.people import administrators_page
from tests.support.dicom_files import image_file
from tests.support.orthanc_server import OrthancServer

STUDY = "1.2.826.0.7.79"


@pytest.fixture
def damaged(site: OrthancServer) -> Iterator[str]:
    """Path of the page of an image of which most pixels are missing."""
    dataset = dcmread(BytesIO(image_file(np.zeros((64, 64), np.int16), StudyInstanceUID=STUDY, PatientID="DAMAGED")))
    dataset.PixelData = dataset.PixelData[:100]
    target = BytesIO()
    dcmwrite(target, dataset)
    with site.session() as admin:
        assert admin.post(f"{site.url}/instances", data=target.getvalue()).status_code == 200
        yield f"/sightline/studies/{STUDY}"
        assert admin.delete(f"{site.url}/dicom-web/studies/{STUDY}").ok


def test_why_an_image_cannot_be_shown(browser: Browser, site: OrthancServer, damaged: str) -> None:
    with administrators_page(browser, site, path=damaged, meant="422") as page:
        notice = page.get_by_text("This picture cannot be shown").locator("..")
        expect(notice).to_contain_text("The pixels of this image cannot be decoded.")
