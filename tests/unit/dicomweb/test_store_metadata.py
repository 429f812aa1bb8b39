"""Storing metadata with bulk data: what is stored is what was sent, and what does not fit together is refused alone."""

from __future__ import annotations

import base64
import json
from io import BytesIO
from typing import Any

import imagecodecs
import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset, dcmread
from pydicom.encaps import generate_frames
from werkzeug.test import TestResponse

from sightline.dicomweb.native_xml import native_xml
from sightline.dicomweb.store_reasons import (
    CANNOT_UNDERSTAND,
    CONTRADICTION,
    ELEMENTS_DISCARDED,
    MISSING_ATTRIBUTE,
    NO_BULK_DATA,
    OTHER_STUDY,
    SYNTAX_NOT_SUPPORTED,
    UNREFERENCED,
    WRONG_MEDIA_TYPE,
)
from tests.support.corpus import real_file
from tests.support.dicom_files import image_file
from tests.unit.dicomweb.conftest import Serve, Server
from tests.unit.dicomweb.test_frames import address, contents

pytestmark = pytest.mark.filterwarnings("ignore")

STUDY, SERIES = "1.2.826.0.1.1", "1.2.826.0.1.1.1"
CT = "1.2.840.10008.5.1.4.1.1.2"
JSON, XML, OCTETS = "application/dicom+json", "application/dicom+xml", "application/octet-stream"
EXPLICIT = "1.2.840.10008.1.2.1"
JPEG_LOSSLESS, JPEG_BASELINE = "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.50"
PIXELS = np.arange(12, dtype=np.uint16).reshape(3, 4) * 100
COLOUR = np.arange(36, dtype=np.uint8).reshape(3, 4, 3)

Bulk = tuple[str, str, bytes]
"""Content-Location, Content-Type, content."""


def metadata(number: int = 1, without: tuple[str, ...] = (), **attributes: Any) -> dict[str, Any]:
    """Return metadata of an image of 3 rows and 4 columns, whose pixels are at ``bulk/<number>``."""
    values: dict[str, tuple[str, Any]] = {
        "00080016": ("UI", CT),
        "00080018": ("UI", f"1.2.3.{number}"),
        "0020000D": ("UI", STUDY),
        "0020000E": ("UI", SERIES),
        "00100020": ("LO", "P1"),
        "00280002": ("US", 1),
        "00280004": ("CS", "MONOCHROME2"),
        "00280010": ("US", 3),
        "00280011": ("US", 4),
        "00280100": ("US", 16),
        "00280101": ("US", 16),
        "00280102": ("US", 15),
        "00280103": ("US", 0),
    }
    made: dict[str, Any] = {tag: {"vr": vr, "Value": [value]} for tag, (vr, value) in values.items()}
    made["7FE00010"] = {"vr": "OW", "BulkDataURI": f"bulk/{number}"}
    made |= {tag.removeprefix("x"): value for tag, value in attributes.items()}
    return {tag: value for tag, value in made.items() if tag not in without}


def multipart(kind: str, parts: list[bytes], bulk: list[Bulk]) -> tuple[bytes, str]:
    body = b"".join(b"--x\r\nContent-Type: %b\r\n\r\n%b\r\n" % (kind.encode(), part) for part in parts)
    for location, media_type, content in bulk:
        head = f"--x\r\nContent-Type: {media_type}\r\nContent-Location: {location}\r\n\r\n"
        body += head.encode() + content + b"\r\n"
    return body + b"--x--\r\n", f'multipart/related; type="{kind}"; boundary=x'


def post(
    server: Server, datasets: list[dict[str, Any]], *bulk: Bulk, kind: str = JSON, path: str = "/studies"
) -> TestResponse:
    parts = [json.dumps(datasets).encode()] if kind == JSON else [native_xml(dataset) for dataset in datasets]
    return server.post(path, *multipart(kind, parts, list(bulk)))


def stored(server: Server) -> dict[str, Dataset]:
    files = {record.sop_instance_uid: content for record, content, _ in server.archive._stored.values()}
    return {uid: dcmread(BytesIO(content)) for uid, content in files.items()}


def reasons(answer: TestResponse) -> list[int]:
    """Return the reasons of all failures, those with a UID first."""
    told = answer.json or {}
    items = [item for tag in ("00081198", "0008119A") for item in told.get(tag, {}).get("Value", ())]
    return [item["00081197"]["Value"][0] for item in items]


@pytest.mark.parametrize("kind", [JSON, XML])
def test_several_instances_with_native_pixels(serve: Serve, kind: str) -> None:
    server = serve()
    bulk = [(f"bulk/{number}", OCTETS, (PIXELS + number).tobytes()) for number in (2, 1)]
    answer = post(server, [metadata(1), metadata(2)], *bulk, kind=kind)
    assert answer.status_code == 200, answer.text
    found = stored(server)
    assert set(found) == {"1.2.3.1", "1.2.3.2"}
    for number in (1, 2):
        dataset = found[f"1.2.3.{number}"]
        assert dataset.file_meta.TransferSyntaxUID == EXPLICIT
        assert (dataset.file_meta.MediaStorageSOPClassUID, dataset.file_meta.MediaStorageSOPInstanceUID) == (
            CT,
            f"1.2.3.{number}",
        )
        assert np.array_equal(dataset.pixel_array, PIXELS + number)
    assert server.engine.tasks.count("sightline.dicomweb.store_tasks:compose_instance") == 2


@pytest.mark.parametrize("kind", [JSON, XML])
def test_metadata_alone_as_the_body(serve: Serve, kind: str) -> None:
    server = serve()
    inline = {"vr": "OW", "InlineBinary": base64.b64encode(PIXELS.tobytes()).decode()}
    dataset = metadata(x7FE00010=inline)
    body = json.dumps([dataset]).encode() if kind == JSON else native_xml(dataset)
    assert server.post("/studies", body, kind).status_code == 200
    assert np.array_equal(stored(server)["1.2.3.1"].pixel_array, PIXELS)
    without = metadata(2, without=("7FE00010",))
    body = json.dumps(without).encode() if kind == JSON else native_xml(without)
    assert server.post(f"/studies/{STUDY}", body, kind).status_code == 200
    assert "PixelData" not in stored(server)["1.2.3.2"]


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("MR_small.dcm", OCTETS),
        ("MR_small_RLE.dcm", "image/dicom-rle"),
        ("SC_rgb_rle_2frame.dcm", "image/dicom-rle"),
        ("JPEG2000.dcm", "image/jp2"),
        ("SC_rgb_jpeg_gdcm.dcm", "image/jpeg"),
        ("JPGExtended.dcm", "image/jpeg"),
        ("MR_small_jpeg_ls_lossless.dcm", "image/jls"),
        ("emri_small_jpeg_2k_lossless.dcm", "image/jp2"),
        ("rtplan.dcm", OCTETS),
        ("reportsi.dcm", OCTETS),
        ("waveform_ecg.dcm", OCTETS),
        ("reportsi_with_empty_number_tags.dcm", OCTETS),
    ],
)
@pytest.mark.parametrize("kind", [JSON, XML])
def test_what_another_server_retrieves_can_be_stored_again(serve: Serve, name: str, media_type: str, kind: str) -> None:
    """Metadata and bulk data as our own routes give them, stored in an empty archive, are the same instance."""
    base, original = address(real_file(name))
    source = serve(real_file(name).read_bytes())
    (dataset,) = source.get(f"{base}/metadata").json or ()
    bulk: list[Bulk] = []
    for attribute in dataset.values():
        _collect(source, attribute, media_type, bulk)
    target = serve()
    answer = post(target, [dataset], *bulk, kind=kind)
    assert answer.status_code == 200, (answer.text, name)
    (found,) = stored(target).values()
    if "PixelData" in original:
        assert found.file_meta.TransferSyntaxUID == (
            EXPLICIT if media_type == OCTETS else original.file_meta.TransferSyntaxUID
        )
        count = int(original.get("NumberOfFrames", 1))
        if media_type != OCTETS:
            pairs = zip(
                generate_frames(found.PixelData, number_of_frames=count),
                generate_frames(original.PixelData, number_of_frames=count),
                strict=True,
            )
            assert all(ours.rstrip(b"\0") == theirs.rstrip(b"\0") for ours, theirs in pairs)
        else:
            assert found.PixelData == original.PixelData
    again = target.get(f"{base}/metadata").json or ()
    assert _comparable(again[0]) == _comparable(dataset)


def _collect(server: Server, attribute: dict[str, Any], media_type: str, bulk: list[Bulk]) -> None:
    """Retrieve all bulk data below an attribute."""
    if "BulkDataURI" in attribute:
        uri = attribute["BulkDataURI"]
        path = uri.split("/dicom-web", 1)[1]
        pixels = path.lower().endswith("/7fe00010")
        accept = f'multipart/related; type="{media_type if pixels else OCTETS}"; transfer-syntax=*'
        for content in contents(server.get(path, accept)):
            bulk.append((uri, media_type if pixels else OCTETS, content))
    for item in attribute.get("Value", ()):
        if isinstance(item, dict) and attribute["vr"] == "SQ":
            for inner in item.values():
                _collect(server, inner, media_type, bulk)


def _comparable(dataset: dict[str, Any]) -> dict[str, Any]:
    """Leave out what may differ: addresses, the VR of pixels, and that text is in UTF-8."""
    found = {}
    for tag, attribute in dataset.items():
        if tag in ("00080005", "7FE00010"):
            continue
        if attribute["vr"] == "SQ":
            found[tag] = {"vr": "SQ", "Value": [_comparable(item) for item in attribute.get("Value", ())]}
        elif "BulkDataURI" in attribute:
            found[tag] = {"vr": attribute["vr"]}
        else:
            found[tag] = attribute
    return found


def encoded(pixels: np.ndarray[Any, Any], kind: str) -> bytes:
    encoders = {
        "lossless": lambda: imagecodecs.jpeg8_encode(pixels, lossless=True, predictor=1, bitspersample=16),
        "baseline": lambda: imagecodecs.jpeg8_encode(pixels, level=95),
        "jls": lambda: imagecodecs.jpegls_encode(pixels),
        "jls-near": lambda: imagecodecs.jpegls_encode(pixels, level=2),
        "j2k": lambda: imagecodecs.jpeg2k_encode(pixels, level=0, reversible=True, codecformat="j2k"),
        "j2k-lossy": lambda: imagecodecs.jpeg2k_encode(pixels, level=70, reversible=False, codecformat="j2k"),
        "jp2": lambda: imagecodecs.jpeg2k_encode(pixels, level=0, reversible=True, codecformat="jp2"),
        "htj2k": lambda: imagecodecs.htj2k_encode(pixels, reversible=True),
    }
    return bytes(encoders[kind]())


BIG16 = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)
BIG8 = (np.arange(64 * 64 * 3) % 251).astype(np.uint8).reshape(64, 64, 3)
SIZE = {"x00280010": {"vr": "US", "Value": [64]}, "x00280011": {"vr": "US", "Value": [64]}}


@pytest.mark.parametrize(
    ("kind", "media_type", "expected", "lossy"),
    [
        ("lossless", "image/jpeg", "1.2.840.10008.1.2.4.70", False),
        ("jls", "image/jls", "1.2.840.10008.1.2.4.80", False),
        ("jls", "image/x-jls", "1.2.840.10008.1.2.4.80", False),
        ("jls-near", "image/jls", "1.2.840.10008.1.2.4.81", True),
        ("j2k", "image/jp2", "1.2.840.10008.1.2.4.90", False),
        ("j2k", 'image/jp2; transfer-syntax="1.2.840.10008.1.2.4.91"', "1.2.840.10008.1.2.4.91", False),
        ("j2k-lossy", "image/jp2", "1.2.840.10008.1.2.4.91", True),
        ("htj2k", "image/jphc", "1.2.840.10008.1.2.4.201", False),
        ("j2k", f"{OCTETS}; transfer-syntax=1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.90", False),
    ],
)
def test_a_compressed_frame_stands_in_the_syntax_of_its_code_stream(
    serve: Serve, kind: str, media_type: str, expected: str, lossy: bool
) -> None:
    server = serve()
    answer = post(server, [metadata(**SIZE)], ("bulk/1", media_type, encoded(BIG16, kind)))
    assert answer.status_code == 200, answer.text
    found = stored(server)["1.2.3.1"]
    assert found.file_meta.TransferSyntaxUID == expected
    assert found.get("LossyImageCompression") == ("01" if lossy else None)
    frame = server.get(
        f"/studies/{STUDY}/series/{SERIES}/instances/1.2.3.1/frames/1", f"{OCTETS}; transfer-syntax={EXPLICIT}"
    )
    pixels = np.frombuffer(frame.data, np.uint16).reshape(64, 64)
    assert np.array_equal(pixels, BIG16) if not lossy else np.abs(pixels.astype(int) - BIG16).max() < 200


DESCRIPTION = ("00280002", "00280004", "00280010", "00280011", "00280100", "00280101", "00280102", "00280103")


@pytest.mark.parametrize(
    ("kind", "media_type", "pixels", "photometric"),
    [
        ("baseline", "image/jpeg", BIG8, ("YBR_FULL_422", "YBR_FULL")),
        ("lossless", "image/jpeg", BIG16, ("MONOCHROME2",)),
        ("j2k", "image/jp2", BIG8, ("YBR_RCT", "RGB")),
        ("jls", "image/jls", BIG16, ("MONOCHROME2",)),
    ],
)
def test_the_description_of_compressed_pixels_may_be_left_out(
    serve: Serve, kind: str, media_type: str, pixels: np.ndarray[Any, Any], photometric: tuple[str, ...]
) -> None:
    """PS3.18 section 10.5.2: the server takes it from the compressed octets."""
    server = serve()
    answer = post(server, [metadata(without=DESCRIPTION)], ("bulk/1", media_type, encoded(pixels, kind)))
    assert answer.status_code == 200, answer.text
    found = stored(server)["1.2.3.1"]
    assert (found.Rows, found.Columns, found.SamplesPerPixel) == (64, 64, pixels.shape[2] if pixels.ndim == 3 else 1)
    assert (found.BitsAllocated, found.BitsStored, found.HighBit) == (
        pixels.itemsize * 8,
        pixels.itemsize * 8,
        pixels.itemsize * 8 - 1,
    )
    assert found.PhotometricInterpretation in photometric


def test_several_frames_are_several_parts_of_one_location(serve: Serve) -> None:
    server = serve()
    frames = [encoded(BIG16 + number, "jls") for number in range(3)]
    many = metadata(x00280008={"vr": "IS", "Value": [3]}, **SIZE)
    bulk: list[Bulk] = [("bulk/1", "image/jls", frame) for frame in frames]
    assert post(server, [many], *bulk).status_code == 200
    found = stored(server)["1.2.3.1"]
    assert [frame.rstrip(b"\0") for frame in generate_frames(found.PixelData, number_of_frames=3)] == [
        frame.rstrip(b"\0") for frame in frames
    ]
    assert reasons(post(serve(), [many], *bulk[:2])) == [CONTRADICTION]


@pytest.mark.parametrize(
    ("pixels", "kind", "photometric"),
    [(BIG8, "PNG", "RGB"), (BIG8[:, :, 0], "PNG", "MONOCHROME2"), (BIG16, "PNG", "MONOCHROME2")],
)
def test_png_becomes_native_pixels(serve: Serve, pixels: np.ndarray[Any, Any], kind: str, photometric: str) -> None:
    server = serve()
    file = BytesIO()
    Image.fromarray(pixels).save(file, kind)
    answer = post(server, [metadata(without=DESCRIPTION)], ("bulk/1", "image/png", file.getvalue()))
    assert answer.status_code == 200, answer.text
    found = stored(server)["1.2.3.1"]
    assert found.PhotometricInterpretation == photometric
    assert np.array_equal(found.pixel_array, pixels)
    transparent = BytesIO()
    Image.fromarray(np.dstack([BIG8, BIG8[:, :, :1]])).save(transparent, "PNG")
    refused = post(serve(), [metadata(without=DESCRIPTION)], ("bulk/1", "image/png", transparent.getvalue()))
    assert reasons(refused) == [WRONG_MEDIA_TYPE]


def test_a_video_says_which_syntax_it_is_in(serve: Serve) -> None:
    dataset = metadata(x00280008={"vr": "IS", "Value": [25]})
    server = serve()
    video = b"\0\0\0\x18ftypmp42" + bytes(101)
    mp4 = "video/mp4; transfer-syntax=1.2.840.10008.1.2.4.102"
    assert post(server, [dataset], ("bulk/1", mp4, video)).status_code == 200
    found = stored(server)["1.2.3.1"]
    assert found.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.4.102"
    assert next(generate_frames(found.PixelData, number_of_frames=1)).rstrip(b"\0") == video.rstrip(b"\0")
    assert reasons(post(serve(), [dataset], ("bulk/1", "video/mp4", video))) == [MISSING_ATTRIBUTE]
    wrong = "video/mp4; transfer-syntax=1.2.840.10008.1.2.4.100"
    assert reasons(post(serve(), [dataset], ("bulk/1", wrong, video))) == [SYNTAX_NOT_SUPPORTED]


@pytest.mark.parametrize(
    ("photometric", "samples", "bits", "length", "fits"),
    [
        ("MONOCHROME2", 1, 16, 24, True),
        ("MONOCHROME2", 1, 16, 23, False),
        ("MONOCHROME2", 1, 16, 25, False),
        ("MONOCHROME2", 1, 16, 26, False),
        ("MONOCHROME2", 1, 8, 12, True),
        ("MONOCHROME2", 1, 8, 24, False),
        ("MONOCHROME2", 1, 1, 2, True),
        ("MONOCHROME2", 1, 1, 3, False),
        ("RGB", 3, 8, 36, True),
        ("YBR_FULL_422", 3, 8, 24, True),
        ("YBR_FULL_422", 3, 8, 36, False),
        ("MONOCHROME2", 1, 12, 18, False),
    ],
)
def test_native_pixels_are_as_long_as_their_description_says(
    serve: Serve, photometric: str, samples: int, bits: int, length: int, fits: bool
) -> None:
    dataset = metadata(
        x00280002={"vr": "US", "Value": [samples]},
        x00280004={"vr": "CS", "Value": [photometric]},
        x00280100={"vr": "US", "Value": [bits]},
    )
    server = serve()
    answer = post(server, [dataset], ("bulk/1", OCTETS, bytes(length)))
    assert (answer.status_code, reasons(answer)) == ((200, []) if fits else (409, [CONTRADICTION]))
    assert len(stored(server)) == int(fits)


def test_an_odd_number_of_octets_is_padded(serve: Serve) -> None:
    odd = {"vr": "US", "Value": [3]}
    server = serve()
    dataset = metadata(x00280011=odd, x00280100={"vr": "US", "Value": [8]})
    assert post(server, [dataset], ("bulk/1", OCTETS, bytes(range(9)))).status_code == 200
    assert stored(server)["1.2.3.1"].PixelData == bytes([*range(9), 0])


NATIVE: Bulk = ("bulk/1", OCTETS, PIXELS.tobytes())
JLS: Bulk = ("bulk/1", "image/jls", encoded(BIG16, "jls"))


@pytest.mark.parametrize(
    ("dataset", "bulk", "reason"),
    [
        (metadata(without=("00080016",)), [NATIVE], MISSING_ATTRIBUTE),
        (metadata(without=("0020000E",)), [NATIVE], MISSING_ATTRIBUTE),
        (metadata(without=("00280010",)), [NATIVE], MISSING_ATTRIBUTE),
        (metadata(without=("00280004",)), [NATIVE], MISSING_ATTRIBUTE),
        (metadata(), [], NO_BULK_DATA),
        (metadata(), [("bulk/2", OCTETS, PIXELS.tobytes())], NO_BULK_DATA),
        (metadata(x00420011={"vr": "OB", "BulkDataURI": "no"}), [NATIVE], NO_BULK_DATA),
        (metadata(x00281201={"vr": "OW", "BulkDataURI": "a"}), [NATIVE, ("a", "image/jpeg", b"")], WRONG_MEDIA_TYPE),
        (metadata(), [("bulk/1", "text/plain", PIXELS.tobytes())], WRONG_MEDIA_TYPE),
        (metadata(), [("bulk/1", f"{OCTETS}; transfer-syntax=1.2.840.10008.1.2.2", b"")], SYNTAX_NOT_SUPPORTED),
        (metadata(), [("bulk/1", f"{OCTETS}; transfer-syntax=1.2.3", b"")], SYNTAX_NOT_SUPPORTED),
        (metadata(), [NATIVE, NATIVE], CONTRADICTION),
        (metadata(), [JLS], CONTRADICTION),
        (metadata(**SIZE), [("bulk/1", "image/jpeg", encoded(BIG16, "jls"))], CONTRADICTION),
        (metadata(**SIZE), [("bulk/1", "image/jls", b"\xff\xd8\xff")], CANNOT_UNDERSTAND),
        (metadata(**SIZE), [("bulk/1", "image/jp2", encoded(BIG16, "jp2"))], CANNOT_UNDERSTAND),
        (metadata(**SIZE), [("bulk/1", "image/jls; transfer-syntax=1.2.840.10008.1.2.4.90", JLS[2])], CONTRADICTION),
        (metadata(**SIZE), [("bulk/1", "image/jls; transfer-syntax=1.2.3", JLS[2])], SYNTAX_NOT_SUPPORTED),
        (metadata(**SIZE, x00280100={"vr": "US", "Value": [8]}), [JLS], CONTRADICTION),
        (metadata(), [("bulk/1", "image/dicom-rle", bytes(100))], CONTRADICTION),
        (metadata(x00280010={"vr": "US", "Value": ["three"]}), [NATIVE], CANNOT_UNDERSTAND),
        (metadata(x00280010={"vr": "US", "Value": 3}), [NATIVE], CANNOT_UNDERSTAND),
        (metadata(x00280010=3), [NATIVE], CANNOT_UNDERSTAND),
        (metadata(x00280030={"vr": "DS", "Value": ["1,5"]}), [NATIVE], CANNOT_UNDERSTAND),
        (metadata(x00080060={"vr": "CS", "Value": ["A\\B"]}), [NATIVE], CANNOT_UNDERSTAND),
        (metadata(x00080060={"vr": "ZZ", "Value": ["A"]}), [NATIVE], CANNOT_UNDERSTAND),
        (metadata(xPatientName={"vr": "PN"}), [NATIVE], CANNOT_UNDERSTAND),
        (metadata(x00100010={"vr": "PN", "Value": [{"Alphabetic": "a=b"}]}), [NATIVE], CANNOT_UNDERSTAND),
    ],
)
def test_what_does_not_fit_is_refused_with_its_reason_and_costs_nothing_else(
    serve: Serve, dataset: dict[str, Any], bulk: list[Bulk], reason: int
) -> None:
    server = serve()
    good = ("good", OCTETS, PIXELS.tobytes())
    other = metadata(2, x7FE00010={"vr": "OW", "BulkDataURI": "good"})
    answer = post(server, [dataset, other], *bulk, good)
    unreferenced = [UNREFERENCED] * (reasons(answer).count(UNREFERENCED))
    assert answer.status_code == 202
    assert reasons(answer) == [reason, *unreferenced]
    assert set(stored(server)) == {"1.2.3.2"}
    assert post(serve(), [dataset], *bulk).status_code == 409


def test_bulk_data_that_nothing_references_is_told(serve: Serve) -> None:
    server = serve()
    answer = post(server, [metadata()], NATIVE, ("other", OCTETS, b"12"))
    assert (answer.status_code, reasons(answer)) == (202, [UNREFERENCED])
    assert set(stored(server)) == {"1.2.3.1"}


def test_posted_to_a_study(serve: Serve) -> None:
    server = serve()
    other = metadata(2, x0020000D={"vr": "UI", "Value": ["1.9"]})
    bulk: list[Bulk] = [(f"bulk/{number}", OCTETS, PIXELS.tobytes()) for number in (1, 2)]
    answer = post(server, [metadata(), other], *bulk, path=f"/studies/{STUDY}")
    assert (answer.status_code, reasons(answer)) == (202, [OTHER_STUDY])
    assert set(stored(server)) == {"1.2.3.1"}


def test_what_is_no_part_of_a_data_set_is_left_out_with_a_warning(serve: Serve) -> None:
    server = serve()
    meta = {"vr": "UI", "Value": ["1.2.840.10008.1.2.4.50"]}
    answer = post(server, [metadata(x00020010=meta, x00080000={"vr": "UL", "Value": [4]})], NATIVE)
    assert answer.status_code == 202
    (item,) = (answer.json or {})["00081199"]["Value"]
    assert item["00081196"] == {"vr": "US", "Value": [ELEMENTS_DISCARDED]}
    assert stored(server)["1.2.3.1"].file_meta.TransferSyntaxUID == EXPLICIT


def test_an_encapsulated_document_in_its_own_media_type(serve: Serve) -> None:
    server = serve()
    pdf = b"%PDF-1.7 an odd number of bytes"
    dataset = metadata(without=("7FE00010",), x00420011={"vr": "OB", "BulkDataURI": "doc"})
    assert post(server, [dataset], ("doc", "application/pdf", pdf)).status_code == 200
    found = stored(server)["1.2.3.1"]
    assert (found.MIMETypeOfEncapsulatedDocument, found.EncapsulatedDocumentLength) == ("application/pdf", len(pdf))
    assert found.EncapsulatedDocument == pdf + b"\0"
    contradicting = {**dataset, "00420012": {"vr": "LO", "Value": ["text/xml"]}}
    assert reasons(post(serve(), [contradicting], ("doc", "application/pdf", pdf))) == [CONTRADICTION]


def test_float_pixels(serve: Serve) -> None:
    server = serve()
    values = np.linspace(0, 1, 12, dtype=np.float32)
    dataset = metadata(without=("7FE00010", "00280002"), x7FE00008={"vr": "OF", "BulkDataURI": "f"})
    assert post(server, [dataset], ("f", OCTETS, values.tobytes())).status_code == 200
    assert stored(server)["1.2.3.1"].FloatPixelData == values.tobytes()
    assert reasons(post(serve(), [dataset], ("f", OCTETS, values.tobytes()[:-4]))) == [CONTRADICTION]


def deep(levels: int) -> dict[str, Any]:
    dataset = metadata(without=("7FE00010",))
    inner = dataset
    for _ in range(levels):
        item: dict[str, Any] = {}
        inner["0040A730"] = {"vr": "SQ", "Value": [item]}
        inner = item
    return dataset


@pytest.mark.parametrize("kind", [JSON, XML])
def test_depth_is_bounded_before_anything_is_parsed(serve: Serve, kind: str) -> None:
    server = serve()
    assert post(server, [deep(32)], kind=kind).status_code == 200
    answer = post(serve(), [deep(33)], kind=kind)
    assert (answer.status_code, reasons(answer)) == (409, [CANNOT_UNDERSTAND])
    body = b'[{"00080005":' * 100_000 if kind == JSON else b"<NativeDicomModel><DicomAttribute>" * 100_000
    assert serve().post("/studies", body, kind).status_code == 400


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", JSON),
        (b"[]", JSON),
        (b'[{"a":1}', JSON),
        (b'[{"00080018":{"vr":"UI"},"00080018":{"vr":"UI"}}]', JSON),
        (b"\xff\xfe", JSON),
        (b"", XML),
        (b"<html/>", XML),
        (b'<!DOCTYPE NativeDicomModel [<!ENTITY a "b">]><NativeDicomModel>&a;</NativeDicomModel>', XML),
        (b'<!DOCTYPE N SYSTEM "file:///etc/passwd"><NativeDicomModel/>', XML),
        (b"<NativeDicomModel>&undefined;</NativeDicomModel>", XML),
        (b'<NativeDicomModel><DicomAttribute tag="00080005" vr="CS"><Value>x</Value></DicomAttribute>', XML),
        (
            b'<NativeDicomModel><DicomAttribute tag="00080005" vr="CS"><Value number="99999999">x</Value>'
            b"</DicomAttribute></NativeDicomModel>",
            XML,
        ),
    ],
)
def test_metadata_that_cannot_be_read_is_refused_as_a_whole(serve: Serve, body: bytes, kind: str) -> None:
    server = serve()
    assert server.post("/studies", body, kind).status_code == 400
    assert server.post("/studies", *multipart(kind, [body], [NATIVE])).status_code == 400
    assert stored(server) == {}


@pytest.mark.parametrize(
    "content_type",
    [
        'multipart/related; type="text/plain"; boundary=x',
        'multipart/related; type="application/dicom+xml"; boundary=x',
    ],
)
def test_parts_of_another_type_are_refused(serve: Serve, content_type: str) -> None:
    body, _ = multipart(JSON, [json.dumps([metadata()]).encode()], [NATIVE])
    assert serve().post("/studies", body, content_type).status_code == 415


def test_an_item_that_is_no_data_set_fails_alone(serve: Serve) -> None:
    server = serve()
    body = json.dumps([metadata(without=("7FE00010",)), 5, "x", {"bad": {}}]).encode()
    answer = server.post("/studies", body, JSON)
    assert (answer.status_code, reasons(answer)) == (202, [CANNOT_UNDERSTAND] * 3)
    assert set(stored(server)) == {"1.2.3.1"}


def test_image_file_and_metadata_make_the_same_image(serve: Serve) -> None:
    """Against an independent writer: pydicom's file of the same image, attribute for attribute."""
    original = dcmread(BytesIO(image_file(PIXELS, SOPInstanceUID="1.2.3.1")))
    dataset = json.loads(original.to_json())
    dataset["7FE00010"] = {"vr": "OW", "BulkDataURI": "bulk/1"}
    server = serve()
    assert post(server, [dataset], NATIVE).status_code == 200
    found = stored(server)["1.2.3.1"]
    assert found == original
