"""Nothing that names the patient is left, what is left is a valid object, and what cannot be promised is refused."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from pydicom import Dataset, FileDataset, dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import UID

from sightline.errors import UnprocessableError
from sightline.objects.deidentification import METHOD, actions, deidentified, deidentify_file
from tests.support.dicom_files import image_file

KEY = b"k" * 32
SECRETS = ("Musterfrau", "PID-1", "Hospital of X", "ACC-9", "Station 7", "20250203")


def item(**values: object) -> Dataset:
    dataset = Dataset()
    for name, value in values.items():
        setattr(dataset, name, value)
    return dataset


def named(**values: object) -> FileDataset:
    dataset = dcmread(BytesIO(image_file(np.arange(16, dtype=np.uint16).reshape(4, 4), PatientID="PID-1")))
    dataset.PatientName, dataset.AccessionNumber = "Musterfrau^Erika", "ACC-9"
    dataset.PatientBirthDate = dataset.StudyDate = dataset.ContentDate = "20250203"
    dataset.OtherPatientNames = "Musterfrau^E"
    dataset.InstitutionName, dataset.StationName = "Hospital of X", "Station 7"
    dataset.FrameOfReferenceUID = "1.2.3.4"
    dataset.file_meta.SourceApplicationEntityTitle = "Station 7"
    dataset.add_new((0x0009, 0x0010), "LO", "ACME")
    dataset.add_new((0x0009, 0x1001), "LO", "Musterfrau^Erika")
    dataset.add_new((0x6000, 0x4000), "LT", "Musterfrau")
    dataset.ReferencedImageSequence = [
        item(ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.2", ReferencedSOPInstanceUID="1.2.3.5")
    ]
    dataset.AnatomicRegionSequence = [item(CodeValue="T-1", CodeMeaning="Chest", PatientName="Musterfrau^Erika")]
    for name, value in values.items():
        setattr(dataset, name, value)
    return dataset


def written(dataset: FileDataset) -> bytes:
    target = BytesIO()
    dataset.save_as(target, enforce_file_format=True)
    return target.getvalue()


def test_nothing_names_the_patient_any_more() -> None:
    before, after = written(named()), written(deidentified(named(), KEY))
    for secret in SECRETS:
        assert secret.encode() in before
        assert secret.encode() not in after
    dataset = dcmread(BytesIO(after))
    assert (dataset.PatientIdentityRemoved, dataset.DeidentificationMethod) == ("YES", METHOD)
    assert dataset.DeidentificationMethodCodeSequence[0].CodeValue == "113100"
    assert dataset.LongitudinalTemporalInformationModified == "REMOVED"
    assert not [element for element in dataset.iterall() if element.tag.is_private]


def test_what_is_no_secret_stays() -> None:
    before, after = named(), deidentified(named(), KEY)
    for name in ("Rows", "Columns", "PixelData", "SOPClassUID", "Modality", "BitsStored"):
        assert after[name].value == before[name].value
    assert after.AnatomicRegionSequence[0].CodeMeaning == "Chest"
    assert after.ReferencedImageSequence[0].ReferencedSOPClassUID == "1.2.840.10008.5.1.4.1.1.2"


def test_references_still_fit_together_and_lead_nowhere_else() -> None:
    first, second = deidentified(named(), KEY), deidentified(named(SOPInstanceUID="1.2.3.5"), KEY)
    assert first.StudyInstanceUID == second.StudyInstanceUID != named().StudyInstanceUID
    assert first.FrameOfReferenceUID == second.FrameOfReferenceUID != "1.2.3.4"
    assert first.ReferencedImageSequence[0].ReferencedSOPInstanceUID == second.SOPInstanceUID
    assert first.SOPInstanceUID != second.SOPInstanceUID
    assert deidentified(named(), b"other").StudyInstanceUID != first.StudyInstanceUID
    assert UID(first.SOPInstanceUID).is_valid


def test_required_attributes_are_there_and_hold_something_else() -> None:
    dataset = deidentified(named(), KEY)
    assert (dataset.PatientName, dataset.AccessionNumber, dataset.StudyDate) == ("", "", "")
    assert (dataset.PatientID, dataset.ContentDate) == ("ANONYMOUS", "19000101")
    assert dataset.InstitutionName == "ANONYMOUS"
    assert "OtherPatientNames" not in dataset


def test_the_table_is_the_whole_one() -> None:
    assert len(actions()) > 600
    assert actions()[0x00100010] == "empty" and actions()[0x00100020] == "dummy"
    assert actions()[0x00080018] == "uid" and actions()[0x00102160] == "remove"
    assert actions()[0x00081140] == "walk"


@pytest.mark.parametrize(
    "values",
    [
        {"BurnedInAnnotation": "YES"},
        {"ContentSequence": [item(TextValue="Musterfrau has a cough.")]},
        {"EncapsulatedDocument": b"%PDF Musterfrau"},
    ],
)
def test_what_cannot_be_promised_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(UnprocessableError, match="cannot be de-identified"):
        deidentified(named(**values), KEY)


@pytest.mark.parametrize("name", ["JPEG2000.dcm", "rtplan.dcm", "MR_small_RLE.dcm", "liver_1frame.dcm"])
def test_real_files_stay_readable(name: str) -> None:
    path = get_testdata_file(name)
    assert isinstance(path, str)
    before = dcmread(path)
    with open(path, "rb") as file:  # noqa: PTH123 - pydicom gives a text
        content = file.read()
    reply = deidentify_file({"file": {"buffer": 0}, "key": KEY.hex()}, [content], ())
    after = dcmread(BytesIO(reply.buffers[0]))
    assert after.file_meta.TransferSyntaxUID == before.file_meta.TransferSyntaxUID
    assert after.get("PixelData") == before.get("PixelData")
    assert str(before.PatientID) not in str(after) or not before.PatientID
