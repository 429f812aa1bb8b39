"""Key Object Selection documents, read back by highdicom and by ourselves."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from sightline.errors import UnprocessableError
from sightline.objects.key_objects import make_key_object, read_key_objects
from sightline.objects.key_titles import TITLES
from tests.support.dicom_files import image_file

PLAIN = image_file(np.zeros((4, 4), np.int16), SOPInstanceUID="1.2.3.1", StudyInstanceUID="1.2.3", PatientSex="WEIRD")
CINE = image_file(np.zeros((3, 4, 4), np.int16), SOPInstanceUID="1.2.3.2", StudyInstanceUID="1.2.3", NumberOfFrames=3)
BEFORE = {"series": "1.2.3.8", "instance": "1.2.3.8.1"}


def written(*images: tuple[bytes, str, list[int]], title: str = "113000", predecessor: Any = None) -> bytes:
    arguments = {
        "images": [
            {"file": {"buffer": index}, "series": series, "frames": frames}
            for index, (_, series, frames) in enumerate(images)
        ],
        "title": title, "author": "Ängström^Ada", "predecessor": predecessor, "instance": "1.2.3.9.1",
        "series": "1.2.3.9", "series_number": 7, "instance_number": 2, "date": "20261127", "time": "101500.000000",
        "timezone": "+0100", "version": "1.0",
    }  # fmt: skip
    reply = make_key_object(arguments, [content for content, _, _ in images], ())
    assert reply.values == {"studies": ["1.2.3"]}
    return bytes(reply.buffers[0])


def read(content: bytes) -> Any:
    return read_key_objects({"files": [{"buffer": 0}]}, [content], ()).values["documents"][0]


def test_another_library_reads_the_same() -> None:
    highdicom = pytest.importorskip("highdicom")
    content = written((PLAIN, "1.2.3.4", [1]), (CINE, "1.2.3.5", [2, 3]), title="113003", predecessor=BEFORE)
    document = highdicom.ko.KeyObjectSelectionDocument.from_dataset(dcmread(BytesIO(content)))
    assert document.content[0].name.value == "113003"
    plain, cine = document.content.get_references()
    assert (plain.referenced_sop_instance_uid, plain.referenced_frame_numbers) == ("1.2.3.1", None)
    assert (cine.referenced_sop_instance_uid, list(cine.referenced_frame_numbers)) == ("1.2.3.2", [2, 3])
    assert document.resolve_reference("1.2.3.2") == ("1.2.3", "1.2.3.5", "1.2.3.2")
    (observer,) = document.content.get_observer_contexts()
    names = [str(item.value) for item in observer if item.name.value == "121008"]
    assert names == ["Ängström^Ada"]


def test_what_the_standard_demands_is_there() -> None:
    dataset = dcmread(BytesIO(written((PLAIN, "1.2.3.4", [1]))))
    for keyword in (
        "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID",
        "AccessionNumber", "ReferringPhysicianName", "ReferencedPerformedProcedureStepSequence", "Manufacturer",
    ):  # fmt: skip
        assert keyword in dataset
    template = dataset.ContentTemplateSequence[0]
    assert (template.MappingResource, template.TemplateIdentifier) == ("DCMR", "2010")
    assert (dataset.ValueType, dataset.ContinuityOfContent, dataset.Modality) == ("CONTAINER", "SEPARATE", "KO")
    assert "ReferencedFrameNumber" not in dataset.ContentSequence[-1].ReferencedSOPSequence[0]


@pytest.mark.parametrize("title", TITLES)
def test_what_was_written_is_read(title: str) -> None:
    told = read(written((CINE, "1.2.3.5", [3]), (PLAIN, "1.2.3.4", [1]), title=title, predecessor=BEFORE))
    assert told == {
        "title": {"code": title, "scheme": "DCM", "meaning": TITLES[title]},
        "description": "",
        "author": "Ängström Ada",
        "date": "20261127",
        "time": "101500.000000",
        "software": "Sightline",
        "predecessors": ["1.2.3.8.1"],
        "images": [
            {"series": "1.2.3.5", "instance": "1.2.3.2", "frames": [3]},
            {"series": "1.2.3.4", "instance": "1.2.3.1", "frames": []},
        ],
    }


def test_documents_of_others_are_read() -> None:
    highdicom = pytest.importorskip("highdicom")
    codes = pytest.importorskip("pydicom.sr.codedict").codes
    images = [dcmread(BytesIO(PLAIN))]
    for keyword in ("PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID"):
        setattr(images[0], keyword, "")
    images[0].SeriesInstanceUID = "1.2.3.4"
    content = highdicom.ko.KeyObjectSelection(codes.DCM.ForTeaching, images, description="The fracture")
    document = highdicom.ko.KeyObjectSelectionDocument(images, content, "1.2.3.7", 1, "1.2.3.7.1", 1, "Elsewhere")
    target = BytesIO()
    document.save_as(target)
    told = read(target.getvalue())
    assert (told["title"]["meaning"], told["description"]) == ("For Teaching", "The fracture")
    assert (told["author"], told["software"]) == ("", "Elsewhere")
    assert told["images"] == [{"series": "1.2.3.4", "instance": "1.2.3.1", "frames": []}]


def test_what_is_no_such_document_is_none() -> None:
    assert read(PLAIN) is None
    assert read(b"no DICOM at all") in (None, {"problem": "This key object document is damaged and cannot be read."})


def test_an_image_that_cannot_be_read_is_refused() -> None:
    empty = BytesIO()
    dataset = Dataset()
    dataset.PatientID = "1"
    dataset.save_as(empty, implicit_vr=True, little_endian=True)
    with pytest.raises(UnprocessableError):
        written((empty.getvalue(), "1.2.3.4", [1]))
