"""Frames and bulk data: stored bytes as they are, decoded ones equal to an independent decoder's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.encaps import generate_frames
from werkzeug.http import parse_options_header
from werkzeug.test import TestResponse

from sightline.dicomweb.multipart import Part, parse_multipart
from tests.support.corpus import corpus_folder, real_file
from tests.support.dicom_files import image_file
from tests.unit.dicomweb.conftest import PUBLIC_URL, Serve

STUDY, SERIES = "1.2.826.0.1.1", "1.2.826.0.1.1.1"
BASE = f"/studies/{STUDY}/series/{SERIES}/instances/1.2.3"
OCTETS = 'multipart/related; type="application/octet-stream"'
EXPLICIT = "1.2.840.10008.1.2.1"
pytestmark = pytest.mark.filterwarnings("ignore")


def parts(answer: TestResponse) -> list[Part]:
    assert answer.status_code == 200, answer.get_data(as_text=True)
    kind, options = parse_options_header(answer.headers["Content-Type"])
    assert kind == "multipart/related"
    return parse_multipart(answer.data, options["boundary"])


def contents(answer: TestResponse) -> list[bytes]:
    return [bytes(part.content) for part in parts(answer)]


def address(path: str | Path) -> tuple[str, Any]:
    dataset = dcmread(path)
    ids = (dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID)
    return "/studies/{}/series/{}/instances/{}".format(*ids), dataset


@pytest.mark.parametrize("by_path", [True, False])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16"])
def test_native_frames_in_any_order(serve: Serve, by_path: bool, dtype: str) -> None:
    pixels = np.arange(4 * 6, dtype=dtype).reshape(4, 2, 3)
    server = serve(image_file(pixels, SOPInstanceUID="1.2.3", NumberOfFrames=4), by_path=by_path)
    answer = server.get(f"{BASE}/frames/3,1,3", OCTETS)
    assert contents(answer) == [pixels[index].tobytes() for index in (2, 0, 2)]
    first = parts(answer)[0].headers
    assert first["content-type"] == f"application/octet-stream; transfer-syntax={EXPLICIT}"
    assert first["content-location"] == f"{PUBLIC_URL}/dicom-web{BASE}/frames/3"
    assert server.engine.tasks == []


def test_one_frame_as_it_is(serve: Serve) -> None:
    pixels = np.arange(6, dtype=np.uint16).reshape(2, 3)
    server = serve(image_file(pixels, SOPInstanceUID="1.2.3"))
    answer = server.get(f"{BASE}/frames/1", "application/octet-stream")
    assert answer.headers["Content-Type"] == f"application/octet-stream; transfer-syntax={EXPLICIT}"
    assert answer.data == pixels.tobytes()
    for accept in ("", "*/*", "multipart/related", 'multipart/related; type="*/*"', f"{OCTETS}; transfer-syntax=*"):
        assert contents(server.get(f"{BASE}/frames/1", accept)) == [pixels.tobytes()], accept


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("MR_small_RLE.dcm", "image/dicom-rle"),
        ("SC_rgb_jpeg_gdcm.dcm", "image/jpeg"),
        ("JPEG2000.dcm", "image/jp2"),
        ("MR_small_jpeg_ls_lossless.dcm", "image/jls"),
        ("emri_small_RLE.dcm", "image/dicom-rle"),
    ],
)
def test_encapsulated_frames_as_stored(serve: Serve, name: str, media_type: str) -> None:
    path = real_file(name)
    base, dataset = address(path)
    server = serve(path.read_bytes())
    expected = list(generate_frames(dataset.PixelData, number_of_frames=int(dataset.get("NumberOfFrames") or 1)))
    numbers = ",".join(str(number) for number in range(1, len(expected) + 1))
    syntax = dataset.file_meta.TransferSyntaxUID
    for accept in (
        f"{OCTETS}; transfer-syntax=*",
        f"{OCTETS}; transfer-syntax={syntax}",
        f'multipart/related; type="{media_type}"',
        f"multipart/related; type={media_type}; transfer-syntax={syntax}",
    ):
        answer = server.get(f"{base}/frames/{numbers}", accept)
        assert contents(answer) == expected, accept
        kind = media_type if media_type in accept else "application/octet-stream"
        assert parts(answer)[0].headers["content-type"] == f"{kind}; transfer-syntax={syntax}"
    assert server.get(f"{base}/frames/1", media_type).data == expected[0]


@pytest.mark.parametrize(
    ("compressed", "native"),
    [
        ("MR_small_RLE.dcm", "MR_small.dcm"),
        ("MR_small_jp2klossless.dcm", "MR_small.dcm"),
        ("MR_small_jpeg_ls_lossless.dcm", "MR_small.dcm"),
        ("MR_small_bigendian.dcm", "MR_small.dcm"),
        ("emri_small_RLE.dcm", "emri_small.dcm"),
        ("emri_small_jpeg_2k_lossless.dcm", "emri_small.dcm"),
    ],
)
def test_decoded_frames_equal_the_native_original(serve: Serve, compressed: str, native: str) -> None:
    base, dataset = address(real_file(compressed))
    server = serve(real_file(compressed).read_bytes())
    count = int(dataset.get("NumberOfFrames") or 1)
    original = dcmread(real_file(native)).PixelData
    size = len(original) // count
    numbers = range(1, min(count, 3) + 1)
    answer = server.get(f"{base}/frames/{','.join(map(str, numbers))}", OCTETS)
    assert contents(answer) == [original[(n - 1) * size : n * size] for n in numbers]
    assert parts(answer)[0].headers["content-type"].endswith(EXPLICIT)


def test_single_bit_frames_are_packed_each_for_itself(serve: Serve) -> None:
    base, dataset = address(real_file("liver_nonbyte_aligned.dcm"))
    server = serve(real_file("liver_nonbyte_aligned.dcm").read_bytes())
    bits = np.unpackbits(np.frombuffer(dataset.PixelData, np.uint8), bitorder="little")
    size = dataset.Rows * dataset.Columns
    for number in (1, 2, 3):
        (frame,) = contents(server.get(f"{base}/frames/{number}", OCTETS))
        expected = bits[(number - 1) * size : number * size]
        assert np.array_equal(np.unpackbits(np.frombuffer(frame, np.uint8), bitorder="little")[:size], expected)


def test_a_new_file_for_the_same_uids_is_seen_at_once(serve: Serve) -> None:
    pixels = np.arange(6, dtype=np.uint16).reshape(2, 3)
    server = serve(image_file(pixels, SOPInstanceUID="1.2.3"))
    tag = server.get(f"{BASE}/frames/1", OCTETS).headers["ETag"]
    assert server.get(f"{BASE}/frames/1", OCTETS, headers={"If-None-Match": tag}).status_code == 304
    server.archive._put(image_file(pixels + 100, SOPInstanceUID="1.2.3"))
    answer = server.get(f"{BASE}/frames/1", OCTETS, headers={"If-None-Match": tag})
    assert contents(answer) == [(pixels + 100).tobytes()]
    server.archive.forget("1.2.3")
    assert server.get(f"{BASE}/frames/1", OCTETS, headers={"If-None-Match": tag}).status_code == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("frames/2", 404),
        ("frames/1,9", 404),
        ("frames/0", 400),
        ("frames/-1", 400),
        ("frames/1,,1", 400),
        ("frames/one", 400),
        ("frames/1%2C1", 200),
        (f"frames/{','.join(['1'] * 1001)}", 400),
        ("bulkdata/00100010", 404),
        ("bulkdata/99999999", 404),
        ("bulkdata/..", 404),
        ("bulkdata/7FE00010.1.7FE00010", 404),
    ],
)
def test_what_there_is_not(serve: Serve, path: str, status: int) -> None:
    server = serve(image_file(np.zeros((2, 3), np.uint8), SOPInstanceUID="1.2.3"))
    assert server.get(f"{BASE}/{path}", "*/*").status_code == status


def test_refusals_name_what_there_is(serve: Serve) -> None:
    base, _ = address(real_file("MR_small_RLE.dcm"))
    server = serve(real_file("MR_small_RLE.dcm").read_bytes())
    refused = server.get(f"{base}/frames/1", 'multipart/related; type="image/jxl"')
    assert refused.status_code == 406
    assert refused.json and 'multipart/related; type="image/dicom-rle"' in refused.json["message"]


def test_an_instance_without_pixels_has_no_frames(serve: Serve) -> None:
    base, _ = address(real_file("reportsi.dcm"))
    server = serve(real_file("reportsi.dcm").read_bytes())
    assert server.get(f"{base}/frames/1").status_code == 404


def test_truncated_pixels_are_refused(serve: Serve) -> None:
    content = image_file(np.zeros((20, 30), np.uint16), SOPInstanceUID="1.2.3")[:-100]
    assert serve(content).get(f"{BASE}/frames/1").status_code == 422


@pytest.mark.parametrize("by_path", [True, False])
def test_bulk_data_that_metadata_names(serve: Serve, by_path: bool) -> None:
    path = real_file("waveform_ecg.dcm")
    base, dataset = address(path)
    server = serve(path.read_bytes(), by_path=by_path)
    (metadata,) = server.get(f"{base}/metadata").json or ()
    uri = metadata["54000100"]["Value"][1]["54001010"]["BulkDataURI"]
    assert uri == f"{PUBLIC_URL}/dicom-web{base}/bulk/54000100/2/54001010"
    relative = uri.removeprefix(f"{PUBLIC_URL}/dicom-web")
    expected = dataset.WaveformSequence[1].WaveformData
    assert contents(server.get(relative)) == [expected]
    assert contents(server.get(relative, 'multipart/related; type="*/*"')) == [expected]
    single = server.get(relative, "application/octet-stream")
    assert single.data == expected
    known = server.get(relative, "application/octet-stream", headers={"If-None-Match": single.headers["ETag"]})
    assert known.status_code == 304
    assert single.headers["Content-Location"] == uri
    former = server.get(f"{base}/bulkdata/54000100.2.54001010", "application/octet-stream")
    assert (former.data, former.headers["ETag"]) == (expected, single.headers["ETag"])


def test_pixel_data_as_bulk_data(serve: Serve) -> None:
    base, dataset = address(real_file("MR_small.dcm"))
    server = serve(real_file("MR_small.dcm").read_bytes())
    assert server.get(f"{base}/bulkdata/7FE00010", "application/octet-stream").data == dataset.PixelData
    base, dataset = address(real_file("emri_small_RLE.dcm"))
    server = serve(real_file("emri_small_RLE.dcm").read_bytes())
    answer = server.get(f"{base}/bulkdata/7FE00010", f"{OCTETS}; transfer-syntax=*")
    assert contents(answer) == list(generate_frames(dataset.PixelData, number_of_frames=10))


@pytest.mark.skipif(corpus_folder() is None, reason="there is no corpus")
def test_one_image_in_nine_syntaxes_decodes_to_the_same_bytes(serve: Serve) -> None:
    folder = corpus_folder()
    assert folder is not None
    decoded = set()
    for path in sorted((folder / "ts" / "same-image-9").iterdir()):
        base, _ = address(path)
        decoded.add(contents(serve(path.read_bytes()).get(f"{base}/frames/1", OCTETS))[0])
    assert len(decoded) == 1
