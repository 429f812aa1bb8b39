"""Metadata: everything that the file says, compared with pydicom's own reading of the same file."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom import Dataset, dcmread

from sightline.dicomweb.attributes import INLINE_BYTES
from sightline.dicomweb.metadata import metadata_json, read_dataset
from sightline.dicomweb.retrieve_metadata import prepare_metadata
from tests.support.corpus import corpus_files, real_file
from tests.support.dicom_files import image_file
from tests.unit.dicomweb.conftest import Serve

PIXELS = np.arange(6, dtype=np.uint16).reshape(2, 3)
STUDY, SERIES = "1.2.826.0.1.1", "1.2.826.0.1.1.1"
BAD_VALUES = {"badVR.dcm"}
"""Files with values that pydicom's JSON leaves out and ours shows as text."""


def real_files() -> Iterator[Path]:
    """At most two files of each folder, among them every transfer syntax."""
    folders: dict[Path, list[Path]] = {}
    test_files = (Path(pydicom.__file__).parent / "data" / "test_files").rglob("*.dcm")
    for path in [*corpus_files(), *test_files]:
        folders.setdefault(path.parent, []).append(path)
    for folder, paths in folders.items():
        yield from paths if folder.name == "test_files" else paths[:2]


@pytest.mark.filterwarnings("ignore")
def test_every_attribute_of_real_files_agrees_with_pydicom() -> None:
    compared = 0
    for path in real_files():
        if "broken" in path.parts or path.name in BAD_VALUES:
            continue
        dataset = read_dataset({"path": str(path)}, ())
        assert dataset is not None, path
        ours = json.loads(metadata_json(dataset, "http://x"))
        theirs = dcmread(path, force=True)
        is_little = theirs.original_encoding[1] is not False
        expected = json.loads(theirs.to_json(INLINE_BYTES, lambda element: "http://x", suppress_invalid_tags=True))
        compared += compare(ours, expected, path.name, is_little)
    assert compared > 2_000


def compare(ours: dict[str, Any], theirs: dict[str, Any], where: str, is_little: bool) -> int:
    """Assert that all attributes of theirs are ours; the known differences are stated here, each with its reason."""
    count = 0
    for tag, expected in theirs.items():
        if tag.endswith("0000") or tag == "00080005":
            continue  # group lengths are not part of the model; our text is UTF-8 whatever the file's was
        found = ours[tag]
        assert found["vr"] == expected["vr"], (where, tag)
        if "BulkDataURI" in found or "BulkDataURI" in expected:
            continue
        if expected["vr"] == "SQ":
            pairs = zip(found.get("Value", ()), expected.get("Value", ()), strict=True)
            count += sum(compare(a, b, f"{where} {tag}", is_little) for a, b in pairs)
        elif "InlineBinary" in expected and not is_little:
            assert len(base64.b64decode(found["InlineBinary"])) % 2 == 0
        else:
            assert normal(found) == normal(expected), (where, tag)
        count += 1
    return count


def normal(attribute: dict[str, Any]) -> dict[str, Any]:
    """Empty values between others are null by PS3.18 F.2.5, and padding of each value means nothing."""
    values = [value.strip(" ") or None if isinstance(value, str) else value for value in attribute.get("Value", ())]
    return {**attribute, "Value": values if any(value is not None for value in values) else []}


def as_file(dataset: Dataset, **options: Any) -> dict[str, Any]:
    buffer = BytesIO()
    dataset.save_as(buffer, **options)
    read = read_dataset({"buffer": 0}, [buffer.getvalue()])
    assert read is not None
    found: dict[str, Any] = json.loads(metadata_json(read, "http://x"))
    return found


def test_values_that_json_has_no_number_for() -> None:
    dataset = Dataset()
    dataset.add_new(0x00189087, "FD", [1.5, float("nan"), float("inf"), float("-inf")])
    dataset.add_new(0x00280009, "AT", [0x00181063, 0x00540410])
    dataset.add_new(0x00283006, "US", [1, 65535])
    found = as_file(dataset, implicit_vr=False, little_endian=True)
    assert found["00189087"]["Value"] == [1.5, "NaN", "inf", "-inf"]
    assert found["00280009"]["Value"] == ["00181063", "00540410"]
    assert found["00283006"]["Value"] == [1, 65535]


def test_bad_numbers_stay_text() -> None:
    raw = (
        bytes.fromhex("20001300") + b"IS" + b"\x04\x001.5x" + bytes.fromhex("28003000") + b"DS" + b"\x08\x00a\\0.5\\  "
    )
    read = read_dataset({"buffer": 0}, [raw])
    assert read is not None
    found = json.loads(metadata_json(read, ""))
    assert found["00200013"] == {"vr": "IS", "Value": ["1.5x"]}
    assert found["00280030"] == {"vr": "DS", "Value": ["a", 0.5, None]}


def test_binary_values_are_little_endian_and_large_ones_named() -> None:
    dataset = Dataset()
    dataset.add_new(0x00281201, "OW", b"\x01\x02\x03\x04")
    dataset.add_new(0x00420011, "OB", b"x" * (INLINE_BYTES + 2))
    item = Dataset()
    item.add_new(0x54001010, "OW", b"y" * 2000)
    dataset.add_new(0x54000100, "SQ", [item])
    found = as_file(dataset, implicit_vr=False, little_endian=True)
    assert base64.b64decode(found["00281201"]["InlineBinary"]) == b"\x01\x02\x03\x04"
    assert found["00420011"] == {"vr": "OB", "BulkDataURI": "http://x/bulk/00420011"}
    nested = found["54000100"]["Value"][0]["54001010"]
    assert nested == {"vr": "OW", "BulkDataURI": "http://x/bulk/54000100/1/54001010"}


def test_encapsulated_pixels_are_named_however_short(serve: Serve) -> None:
    """Their value has delimiters and fragments in it, which no reader of InlineBinary expects."""
    path = real_file("JPEG2000.dcm")
    assert len(dcmread(path).PixelData) < INLINE_BYTES
    server = serve(path.read_bytes())
    dataset = dcmread(path)
    (found,) = server.get(f"/studies/{dataset.StudyInstanceUID}/metadata").json or ()
    assert found["7FE00010"]["BulkDataURI"].lower().endswith("7fe00010")


def test_an_instance_has_what_stands_behind_its_pixels(serve: Serve) -> None:
    server = serve(image_file(PIXELS, SOPInstanceUID="1.2.3", DataSetTrailingPadding=b"\0" * 4))
    answer = server.get(f"/studies/{STUDY}/series/{SERIES}/instances/1.2.3/metadata")
    (found,) = answer.json or ()
    assert found["FFFCFFFC"]["InlineBinary"] == "AAAAAA=="
    assert found["00100010"]["Value"] == [{"Alphabetic": "Test^Patient"}]
    assert found["7FE00010"]["vr"] == "OW"
    assert "00020010" not in found


@pytest.mark.parametrize("by_path", [True, False])
def test_series_and_study(serve: Serve, by_path: bool) -> None:
    files = [image_file(PIXELS, SOPInstanceUID=f"1.2.3.{n}", InstanceNumber=n) for n in range(70)]
    other = image_file(PIXELS, SOPInstanceUID="1.2.4", SeriesInstanceUID="1.9")
    server = serve(*files, other, by_path=by_path)
    series = server.get(f"/studies/{STUDY}/series/{SERIES}/metadata").json or ()
    assert {item["00080018"]["Value"][0] for item in series} == {f"1.2.3.{n}" for n in range(70)}
    assert all(item["00080018"]["Value"][0].endswith(f".{item['00200013']['Value'][0]}") for item in series)
    assert len(server.get(f"/studies/{STUDY}/metadata").json or ()) == 71
    assert server.get("/studies/9.9/metadata").status_code == 404
    assert server.get(f"/studies/{STUDY}/series/9.9/metadata").status_code == 404


def test_made_once_per_stored_file_and_never_stale(serve: Serve) -> None:
    server = serve(*(image_file(PIXELS, SOPInstanceUID=f"1.2.3.{n}") for n in range(3)))
    path = f"/studies/{STUDY}/series/{SERIES}/metadata"
    first = server.get(path)
    tag = first.headers["ETag"]
    assert len(server.engine.tasks) == 1
    assert server.get(path).data == first.data
    assert len(server.engine.tasks) == 1
    unchanged = server.get(path, headers={"If-None-Match": tag})
    assert (unchanged.status_code, unchanged.data, unchanged.headers["ETag"]) == (304, b"", tag)

    server.archive._put(image_file(PIXELS, SOPInstanceUID="1.2.3.1", SeriesDescription="overwritten"))
    again = server.get(path, headers={"If-None-Match": tag})
    assert again.status_code == 200
    assert [item.get("0008103E", {}).get("Value") for item in again.json or ()] == [None, ["overwritten"], None]
    server.archive.forget("1.2.3.0")
    assert len(server.get(path).json or ()) == 2


def test_compressed_where_the_client_takes_it(serve: Serve) -> None:
    server = serve(*(image_file(PIXELS, SOPInstanceUID=f"1.2.3.{n}") for n in range(20)))
    path = f"/studies/{STUDY}/series/{SERIES}/metadata"
    plain, zipped = server.get(path), server.get(path, headers={"Accept-Encoding": "gzip"})
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.data) == plain.data
    assert zipped.headers["ETag"] != plain.headers["ETag"]
    assert len(zipped.data) < len(plain.data) / 5


def test_prepared_before_anybody_asks(serve: Serve) -> None:
    """What was made when the series was complete is the same, needs no worker any more, and is of these files only."""
    files = [image_file(PIXELS, SOPInstanceUID=f"1.2.{number}") for number in range(3)]
    path = f"/studies/{STUDY}/series/{SERIES}/metadata"
    expected = serve(*files).get(path).get_data()
    server = serve(*files)
    prepare_metadata(server.grant, server.services, STUDY, SERIES)
    made = len(server.engine.tasks)
    assert made > 0
    prepare_metadata(server.grant, server.services, STUDY, SERIES)
    assert server.get(path).get_data() == expected
    zipped = server.get(path, headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(zipped.get_data()) == expected
    assert len(server.engine.tasks) == made
    assert len(server.get(f"{path}?includefield=Rows").get_data()) < len(expected)
    assert len(server.get(f"{path}?limit=2").json or ()) == 2
    server.archive.store(server.grant, image_file(PIXELS, SOPInstanceUID="1.2.9"))
    assert len(server.get(path).json or ()) == 4


def test_what_cannot_be_read_is_named_and_announced(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve(*(image_file(PIXELS, SOPInstanceUID=f"1.2.3.{n}") for n in range(2)))

    def failing(dataset: Dataset, url: str) -> bytes:
        if dataset.SOPInstanceUID == "1.2.3.1":
            raise ValueError("an attribute that nobody can read")
        return metadata_json(dataset, url)

    monkeypatch.setattr("sightline.dicomweb.metadata.metadata_json", failing)
    answer = server.get(f"/studies/{STUDY}/series/{SERIES}/metadata")
    broken = [item for item in answer.json or () if item["00080018"]["Value"] == ["1.2.3.1"]]
    assert broken and len(broken[0]) == 3
    assert answer.headers["Warning"].startswith("299")
    assert server.get(f"/studies/{STUDY}/series/{SERIES}/instances/1.2.3.1/metadata").status_code == 422
