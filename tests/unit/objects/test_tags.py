"""The attributes of a file as rows: everything is told, nothing without bounds."""

from __future__ import annotations

import random
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.sequence import Sequence
from pydicom.uid import ImplicitVRLittleEndian

from sightline.errors import UnprocessableError
from sightline.objects import tags
from sightline.objects.tags import read_tags
from tests.support.dicom_files import image_file, part_10, volume_file

PIXELS = np.zeros((4, 6), np.int16)


def told(content: bytes, frame: int = 1) -> dict[str, Any]:
    return read_tags({"file": {"buffer": 0}, "frame": frame}, (content,), ()).values


def rows_of(content: bytes, frame: int = 1) -> dict[str, dict[str, Any]]:
    return {row["tag"]: row for row in told(content, frame)["attributes"]}


def changed(content: bytes, **attributes: Any) -> Dataset:
    dataset = dcmread(BytesIO(content))
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def test_a_row_says_tag_vr_name_and_values() -> None:
    rows = rows_of(image_file(PIXELS, PixelSpacing=("0.50", "0.75"), ImageType=["ORIGINAL", "PRIMARY"], StudyID=""))
    assert rows["00100010"] == {
        "tag": "00100010", "vr": "PN", "name": "Patient's Name", "keyword": "PatientName", "value": ["Test^Patient"],
    }  # fmt: skip
    assert rows["00280030"]["value"] == ["0.50", "0.75"]
    assert rows["00080008"]["value"] == ["ORIGINAL", "PRIMARY"]
    assert rows["00200010"]["value"] == []
    assert rows["00080016"]["meaning"] == "CT Image Storage"
    assert rows["00020010"]["meaning"] == "Explicit VR Little Endian"
    assert "meaning" not in rows["0020000D"]
    assert list(rows) == sorted(rows)


def test_pixels_are_a_size() -> None:
    assert rows_of(image_file(PIXELS))["7FE00010"] == {
        "tag": "7FE00010", "vr": "OW", "name": "Pixel Data", "keyword": "PixelData", "size": PIXELS.nbytes,
    }  # fmt: skip


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", ImplicitVRLittleEndian])
def test_private_attributes_name_their_creator(syntax: str) -> None:
    dataset = changed(image_file(PIXELS))
    block = dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True)
    block.add_new(0x0C, "IS", 1000)
    dataset.private_block(0x0043, "SOMEBODY", create=True).add_new(0x01, "LO", "known to us")
    rows = rows_of(part_10(dataset, syntax))
    assert rows["00190010"]["name"] == "Private Creator"
    assert rows["0019100C"] | {"vr": "IS"} == {
        "tag": "0019100C", "vr": "IS", "name": "B_value", "creator": "SIEMENS MR HEADER", "value": ["1000"],
    }  # fmt: skip
    assert rows["00431001"]["creator"] == "SOMEBODY"
    assert rows["00431001"]["value"] == ["known to us"]


def test_sequences_are_nested_rows() -> None:
    code = Dataset()
    code.CodeValue, code.CodeMeaning = "113", "Chest"
    (item,) = rows_of(image_file(PIXELS, ProcedureCodeSequence=Sequence([code])))["00081032"]["items"]
    assert [(row["keyword"], row["value"]) for row in item] == [("CodeValue", ["113"]), ("CodeMeaning", ["Chest"])]


def test_long_values_are_shortened_and_say_how_long_they_are() -> None:
    dataset = changed(image_file(PIXELS), ImageComments="x" * 5000)
    dataset.add_new(0x00091001, "OB", bytes(range(256)) * 40)
    dataset.add_new(0x00091002, "UN", b"readable ")
    dataset.add_new(0x00186050, "UL", 7)
    dataset.FrameTimeVector = [40] * 500
    rows = rows_of(part_10(dataset))
    assert (len(rows["00204000"]["value"][0]), rows["00204000"]["length"]) == (tags.LONGEST_TEXT, 5000)
    assert (rows["00091001"]["size"], "value" in rows["00091001"]) == (10240, False)
    assert rows["00091002"]["value"] == ["readable"]
    assert (len(rows["00181065"]["value"]), rows["00181065"]["count"]) == (tags.MOST_VALUES, 500)


def test_of_many_frames_the_functional_groups_of_one_are_told() -> None:
    content = volume_file(np.zeros((5, 4, 6), np.int16), (1.0, 1.0), 2.5)
    answer = told(content, 3)
    row = {each["tag"]: each for each in answer["attributes"]}["52009230"]
    assert (answer["frames"], row["count"], row["first"], len(row["items"])) == (5, 5, 3, 1)
    position = row["items"][0][0]["items"][0][0]
    assert position["value"] == ["0.0", "0.0", "5.0"]
    assert rows_of(content, 9)["52009230"]["items"] == []


def test_there_is_an_end_to_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tags, "MOST_ATTRIBUTES", 10)
    answer = told(image_file(PIXELS))
    assert not answer["complete"]
    assert len(answer["attributes"]) <= 11
    monkeypatch.undo()
    assert told(image_file(PIXELS))["complete"]


def test_an_attribute_that_cannot_be_read_hides_no_other() -> None:
    content = image_file(PIXELS, SelectorULValue=7, PatientID="P-17")
    broken = content.replace(b"UL\x04\x00\x07\0\0\0", b"UL\x03\x00\x07\0\0")
    assert broken != content
    rows = rows_of(broken)
    assert rows["00720078"]["problem"] == "cannot be read"
    assert rows["00100020"]["value"] == ["P-17"]


def test_what_is_no_dicom_file_is_refused() -> None:
    with pytest.raises(UnprocessableError):
        told(b"")


def test_hostile_bytes_end_in_an_answer_or_a_refusal() -> None:
    target = BytesIO()
    dcmwrite(target, changed(image_file(PIXELS), ImageComments="comment"))
    whole, chance = target.getvalue(), random.Random(5)
    for _ in range(300):
        content = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        try:
            told(bytes(content[: chance.randint(200, len(content))]))
        except UnprocessableError as refusal:
            assert refusal.message.endswith(".")
