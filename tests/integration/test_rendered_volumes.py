"""Inside a real Orthanc, volumes are cut, projected and rendered for those who may see them, and say where they lie."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pytest
import requests
from PIL import Image

from tests.support.dicom_files import slices_of
from tests.support.orthanc_server import OrthancServer

STUDY, SERIES = "1.2.826.0.1.228", "1.2.826.0.1.228.1"
VOXELS = np.zeros((40, 48, 48), np.int16)
VOXELS[8:32, 12:36, 12:36] = 1500
"""A block of bone in air."""
WINDOW = "window=750,1500,linear"
URL = f"/dicom-web/studies/{STUDY}/series/{SERIES}"


@pytest.fixture(scope="module")
def stored(orthanc: OrthancServer, admin: requests.Session) -> Iterator[str]:
    """The address of an Orthanc that holds the block."""
    uids = {"StudyInstanceUID": STUDY, "SeriesInstanceUID": SERIES}
    for content in slices_of(VOXELS, [(-24.0, -24.0, float(k)) for k in range(40)], spacing=(1.0, 1.0), **uids):
        answer = admin.post(
            f"{orthanc.url}/dicom-web/studies", content, headers={"Content-Type": "application/dicom"}, timeout=30
        )
        assert answer.status_code == 200
    yield orthanc.url
    admin.delete(f"{orthanc.url}/dicom-web/studies/{STUDY}", timeout=30)


def picture(answer: requests.Response) -> np.ndarray:
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(io.BytesIO(answer.content)))


@pytest.mark.parametrize("spelling", ["renderedmpr", "renderedMPR"])
def test_a_cut_shows_the_block_where_it_lies(stored: str, admin: requests.Session, spelling: str) -> None:
    shown = picture(
        admin.get(f"{stored}{URL}/{spelling}?{WINDOW}&viewport=96,96", headers={"Accept": "image/png"}, timeout=60)
    )
    assert shown[48, 48] == 255 and shown[2, 2] == 0
    assert 0.15 < (shown > 127).mean() < 0.35


@pytest.mark.parametrize("method", ["maximum_ip", "average_ip", "volume_rendered"])
@pytest.mark.parametrize("spelling", ["rendered3d", "rendered3D"])
def test_the_block_is_seen_from_the_front(stored: str, admin: requests.Session, method: str, spelling: str) -> None:
    window = f"&{WINDOW}" if method != "volume_rendered" else ""
    query = f"renderingmethod={method}&viewport=96,96{window}"
    shown = picture(admin.get(f"{stored}{URL}/{spelling}?{query}", headers={"Accept": "image/png"}, timeout=60))
    assert shown.shape[:2] == (96, 96)
    assert shown[48, 48].max() > 60 and shown[2, 2].max() == 0
    assert shown.ndim == (3 if method == "volume_rendered" else 2)


def test_a_swivel_is_an_animation(stored: str, admin: requests.Session) -> None:
    query = "swivelrange=60&animationstepsize=20&viewport=48,48"
    answer = admin.get(f"{stored}{URL}/rendered3d?{query}", headers={"Accept": "image/gif"}, timeout=60)
    assert answer.status_code == 200, answer.text
    assert Image.open(io.BytesIO(answer.content)).n_frames == 3


def test_nobody_sees_nothing_and_what_is_wrong_is_named(
    stored: str, admin: requests.Session, nobody: requests.Session
) -> None:
    assert nobody.get(f"{stored}{URL}/rendered3d", timeout=30).status_code == 401
    refused = admin.get(f"{stored}{URL}/renderedmpr?mprslab=-1", timeout=30)
    assert (refused.status_code, "mprslab" in refused.text) == (400, True)
    assert admin.get(f"{stored}{URL}9/renderedmpr", timeout=30).status_code == 404
