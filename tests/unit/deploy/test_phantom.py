"""The demo's chest: known tissue at known places, valid DICOM, always the same."""

from __future__ import annotations

import io

import numpy as np
import pydicom
import pytest
from pydicom.uid import UID

from demo import images, organs, phantom, samples, torso
from demo.tissues import APPEARANCES, Tissue

SIZE = 128


def at(x: float, y: float, z: float) -> Tissue:
    """Return the tissue at a point in patient millimetres."""
    spacing = images.FIELD_OF_VIEW / SIZE
    row, column = int((y + 200) / spacing), int((x + 200) / spacing)
    return Tissue(int(images.labels(z, SIZE)[row, column]))


@pytest.mark.parametrize(
    ("point", "tissue"),
    [
        ((0, -190, 150), Tissue.AIR),
        ((-90, 0, 180), Tissue.LUNG),
        ((90, 40, 220), Tissue.LUNG),
        ((25, 36, 190), Tissue.BLOOD),
        ((-1, 12, 270), Tissue.AIRWAY),
        ((-80, 0, 50), Tissue.LIVER),
        (organs.NODULE_CENTRE, Tissue.NODULE),
        ((0, torso.spine_y(145) + 1, 145), Tissue.MARROW),
    ],
)
def test_organs_are_where_they_belong(point: tuple[float, float, float], tissue: Tissue) -> None:
    assert at(*point) is tissue


def test_every_tissue_has_an_appearance() -> None:
    assert set(APPEARANCES) == set(Tissue)


def test_hounsfield_units_of_large_tissues_are_right_on_average() -> None:
    index, slices, size = 8, 20, 256
    values = images.hounsfield(index, slices, size)
    labels = images.labels(images.slice_height(index, slices), size)
    for tissue, tolerance in ((Tissue.AIR, 5), (Tissue.BLOOD, 25), (Tissue.MYOCARDIUM, 25)):
        inner = labels == tissue
        for shift in ((0, 2), (0, -2), (2, 0), (-2, 0)):
            inner &= np.roll(labels, shift, (0, 1)) == tissue
        assert inner.sum() > 100
        assert abs(float(values[inner].mean()) - APPEARANCES[tissue].hounsfield) < tolerance


def test_the_ct_is_a_volume_with_even_spacing() -> None:
    datasets = list(phantom.chest_ct(slices=7, size=32))
    assert len({dataset.SOPInstanceUID for dataset in datasets}) == 7
    assert len({dataset.SeriesInstanceUID for dataset in datasets}) == 1
    heights = [float(dataset.ImagePositionPatient[2]) for dataset in datasets]
    assert np.allclose(np.diff(heights), 50.0)
    assert all(float(dataset.SliceThickness) == 50.0 for dataset in datasets)
    assert [float(value) for value in datasets[0].PixelSpacing] == [12.5, 12.5]
    assert [float(value) for value in datasets[0].ImagePositionPatient] == [-193.75, -193.75, 25.0]


def test_a_file_read_back_has_the_values_that_were_computed() -> None:
    dataset = next(iter(phantom.chest_ct(slices=5, size=64)))
    again = pydicom.dcmread(io.BytesIO(phantom.encoded(dataset)))
    values = again.pixel_array.astype(np.int32) * int(again.RescaleSlope) + int(again.RescaleIntercept)
    assert np.array_equal(values, images.hounsfield(0, 5, 64))
    assert UID(again.SOPInstanceUID).is_valid
    assert again.PatientName == "Demo^Chest"
    assert again.PatientComments == "Computed phantom, not a person"


def test_the_same_call_makes_the_same_files() -> None:
    first, second = ([phantom.encoded(dataset) for dataset in phantom.chest_ct(slices=3, size=32)] for _ in range(2))
    assert first == second


def test_pet_and_ct_are_one_study_in_one_frame_of_reference() -> None:
    ct, pet = next(iter(phantom.chest_ct(3, 16))), next(iter(phantom.chest_pet(3, 16)))
    for keyword in ("PatientID", "StudyInstanceUID", "FrameOfReferenceUID", "AccessionNumber"):
        assert ct[keyword].value == pet[keyword].value
    assert ct.SeriesInstanceUID != pet.SeriesInstanceUID


def test_the_nodule_is_hot_once_its_activity_is_made_an_uptake_value() -> None:
    slices, size = 70, 100
    datasets = list(phantom.chest_pet(slices, size))
    index = round(organs.NODULE_CENTRE[2] / (torso.HEIGHT / slices) - 0.5)
    dataset = datasets[index]
    dose = dataset.RadiopharmaceuticalInformationSequence[0]
    seconds = 3600.0
    decayed = float(dose.RadionuclideTotalDose) * 2 ** (-seconds / float(dose.RadionuclideHalfLife))
    activity = dataset.pixel_array * float(dataset.RescaleSlope)
    uptake = activity * float(dataset.PatientWeight) * 1000 / decayed
    column, row = (int((value + 200) / (400 / size)) for value in organs.NODULE_CENTRE[:2])
    around = uptake[row - 2 : row + 3, column - 2 : column + 3]
    assert 3.0 < around.max() < 9.5
    assert float(uptake[row, column - 12]) < 1.5


def test_the_samples_are_files_with_pictures() -> None:
    files = samples.sample_files()
    assert len(files) == len(samples.FILES)
    for path in files:
        assert "PixelData" in pydicom.dcmread(path)
