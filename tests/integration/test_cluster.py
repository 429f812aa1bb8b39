"""Inside a real Orthanc, pictures come from a cluster, and from Orthanc's own machine when the cluster goes."""

from __future__ import annotations

import io
import time
from pathlib import Path

import numpy as np
import pytest
import requests
from PIL import Image

from tests.support.dask_cluster import DaskCluster
from tests.support.dicom_files import slices_of
from tests.support.orthanc_server import REPOSITORY, OrthancServer
from tests.support.processes import children

VOXELS = np.random.default_rng(3).integers(100, 1000, (6, 10, 8)).astype(np.int16)
STUDY, SERIES = "1.2.826.0.1.1", "1.2.826.0.1.1.1"
WINDOW = "window=500,1000,LINEAR&format=png"


def grey(stored: np.ndarray) -> np.ndarray:
    """PS3.3 C.11.2.1.2.1, LINEAR."""
    return np.floor(np.clip((stored - 499.5) / 999 + 0.5, 0, 1) * 255 + 0.5).astype(np.uint8)


class Reader:
    """Who looks at the study."""

    def __init__(self, server: OrthancServer, http: requests.Session) -> None:
        self._url, self._http = server.url, http

    def sees(self, path: str, expected: np.ndarray) -> None:
        """The picture is exact."""
        answer = self._http.get(f"{self._url}{path}", headers={"Accept": "image/png"})
        assert answer.status_code == 200, answer.text
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(answer.content))), expected)

    def health(self) -> dict[str, int]:
        """Return the statistics of the workers."""
        workers: dict[str, int] = self._http.get(f"{self._url}/sightline/health").json()["workers"]
        return workers


def test_pictures_come_from_the_cluster_and_without_it(tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="dask.distributed is not installed here")
    (tmp_path / "cluster").mkdir()
    with DaskCluster(tmp_path / "cluster", REPOSITORY / "plugin", tls=True) as cluster:
        place = cluster.scheduler
        names = ("DaskScheduler", "DaskCa", "DaskCertificate", "DaskKey")
        values = (place.address, place.ca_file, place.certificate_file, place.key_file)
        workers = dict(zip(names, values, strict=True))
        with OrthancServer(tmp_path, {"Sightline": {"Workers": workers}}) as server, server.session() as http:
            reader = Reader(server, http)
            for content in slices_of(VOXELS, [(0, 0, 2.0 * k) for k in range(6)]):
                headers = {"Content-Type": "application/dicom"}
                assert http.post(f"{server.url}/dicom-web/studies", content, headers=headers).status_code == 200
            planes = f"/sightline/view/{STUDY}/{SERIES}/sagittal"
            assert reader.health()["cluster"] == 1
            first = http.get(f"{server.url}/dicom-web/studies/{STUDY}/series/{SERIES}/instances").json()[0]
            frame = f"/dicom-web/studies/{STUDY}/series/{SERIES}/instances/{first['00080018']['Value'][0]}/rendered"
            index = first["00200013"]["Value"][0] - 1
            reader.sees(f"{frame}?window=500,1000,linear", grey(VOXELS[index]))
            reader.sees(f"{planes}/3?{WINDOW}", grey(VOXELS[::-1, :, 3]))
            assert children(cluster.pid("worker")), "its processes were started for these pictures"
            cluster.kill("scheduler")
            until = time.monotonic() + 20
            while reader.health()["cluster"] and time.monotonic() < until:
                time.sleep(0.2)
            reader.sees(f"{planes}/4?{WINDOW}", grey(VOXELS[::-1, :, 4]))
            assert server.stop() == 0
