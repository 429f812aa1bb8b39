"""Pieces of frames and bulk data, by the examples of RFC 9110 section 14."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.corpus import real_file
from tests.support.dicom_files import image_file
from tests.unit.dicomweb.conftest import Serve
from tests.unit.dicomweb.test_frames import BASE, OCTETS, address, contents

pytestmark = pytest.mark.filterwarnings("ignore")
PIXELS = np.arange(50, dtype=np.uint16).reshape(5, 10)
WHOLE = PIXELS.tobytes()
SINGLE = "application/octet-stream"


@pytest.mark.parametrize("resource", ["frames/1", "bulkdata/7FE00010", "bulk/7fe00010", "pixeldata"])
@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=10-19", 10, 19),
        ("bytes=90-", 90, 99),
        ("bytes=-7", 93, 99),
        ("bytes=-1000", 0, 99),
        ("bytes=95-1000", 95, 99),
    ],
)
def test_one_range(serve: Serve, resource: str, wanted: str, first: int, last: int) -> None:
    server = serve(image_file(PIXELS, SOPInstanceUID="1.2.3"))
    answer = server.get(f"{BASE}/{resource}", SINGLE, headers={"Range": wanted})
    assert answer.status_code == 206
    assert answer.data == WHOLE[first : last + 1]
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/100"
    assert answer.headers["Content-Length"] == str(last + 1 - first)
    assert answer.mimetype == SINGLE


@pytest.mark.parametrize("wanted", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_behind_the_end(serve: Serve, wanted: str) -> None:
    server = serve(image_file(PIXELS, SOPInstanceUID="1.2.3"))
    answer = server.get(f"{BASE}/frames/1", SINGLE, headers={"Range": wanted})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == "bytes */100"


@pytest.mark.parametrize("wanted", ["bytes=5-4", "bytes=0-1,4-5", "bytes=-", "frames=1-2", "bytes=a-b", ""])
def test_what_is_no_single_range_gives_the_whole(serve: Serve, wanted: str) -> None:
    server = serve(image_file(PIXELS, SOPInstanceUID="1.2.3"))
    answer = server.get(f"{BASE}/frames/1", SINGLE, headers={"Range": wanted})
    assert (answer.status_code, answer.data) == (200, WHOLE)
    assert answer.headers["Accept-Ranges"] == "bytes"


def test_only_of_the_same_representation(serve: Serve) -> None:
    server = serve(image_file(PIXELS, SOPInstanceUID="1.2.3"))
    path, part = f"{BASE}/frames/1", {"Range": "bytes=2-3"}
    tag = server.get(path, SINGLE).headers["ETag"]
    assert server.get(path, SINGLE, headers={**part, "If-Range": tag}).data == WHOLE[2:4]
    for other in ('"another"', f"W/{tag}", "Sat, 21 Nov 2026 00:00:00 GMT"):
        assert server.get(path, SINGLE, headers={**part, "If-Range": other}).data == WHOLE
    known = server.get(path, SINGLE, headers={**part, "If-None-Match": tag})
    assert (known.status_code, known.data) == (304, b"")
    server.archive._put(image_file(PIXELS + 1, SOPInstanceUID="1.2.3"))
    assert server.get(path, SINGLE, headers={**part, "If-Range": tag}).data == (PIXELS + 1).tobytes()


def test_multipart_bodies_come_whole(serve: Serve) -> None:
    server = serve(image_file(PIXELS, SOPInstanceUID="1.2.3"))
    answer = server.get(f"{BASE}/frames/1", OCTETS, headers={"Range": "bytes=0-3"})
    assert contents(answer) == [WHOLE]
    assert "Accept-Ranges" not in answer.headers


def test_addresses_of_the_official_plugin(serve: Serve) -> None:
    base, dataset = address(real_file("waveform_ecg.dcm"))
    server = serve(real_file("waveform_ecg.dcm").read_bytes())
    answer = server.get(f"{base}/bulk/54000100/2/54001010", SINGLE)
    assert answer.data == dataset.WaveformSequence[1].WaveformData
    for wrong in ("54000100/0/54001010", "54000100/3/54001010", "54000100", "54000100/1", "x"):
        assert server.get(f"{base}/bulk/{wrong}", SINGLE).status_code == 404, wrong


def test_pixel_data_of_any_kind(serve: Serve) -> None:
    base, dataset = address(real_file("parametric_map_float.dcm"))
    server = serve(real_file("parametric_map_float.dcm").read_bytes())
    assert server.get(f"{base}/pixeldata", SINGLE).data == dataset.FloatPixelData
    base, _ = address(real_file("reportsi.dcm"))
    assert serve(real_file("reportsi.dcm").read_bytes()).get(f"{base}/pixeldata").status_code == 404
