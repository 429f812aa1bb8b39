"""The phantom's CT and PET as DICOM: one study of a patient who does not exist, on one frame of reference.

The same call always makes the same files, with the same UIDs.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage

from demo import images, torso
from demo.identity import FRAME_OF_REFERENCE_UID, STUDY_INSTANCE_UID, uid

PATIENT_NAME, PATIENT_ID = "Demo^Chest", "DEMO-CHEST-1"
_DATE = "20260115"
_WEIGHT_KG, _DOSE_BQ, _HALF_LIFE_S = 74.0, 3.1e8, 6586.2
_INJECTION, _SCAN = "090000", "100000"
_MINUTES_BETWEEN = 60


def chest_ct(slices: int = 200, size: int = 512) -> Iterator[FileDataset]:
    """Make the CT, slice by slice from below.

    Parameters
    ----------
    slices : int
        Over a height of 350 mm.
    size : int
        Rows and columns, over 400 mm.
    """
    name = f"ct {slices} {size}"
    thickness = torso.HEIGHT / slices
    for index in range(slices):
        dataset = _image(CTImageStorage, name, index, thickness, size)
        dataset.Modality, dataset.SeriesNumber = "CT", 2
        dataset.SeriesDescription = f"Chest {thickness:.2f} mm, contrast"
        dataset.SeriesTime = dataset.AcquisitionTime = dataset.ContentTime = "095500"
        dataset.ImageType = ["DERIVED", "PRIMARY", "AXIAL"]
        dataset.DerivationDescription = "Computed phantom"
        dataset.AcquisitionNumber = 1
        dataset.KVP, dataset.XRayTubeCurrent, dataset.ExposureTime = 120, 210, 500
        dataset.ConvolutionKernel, dataset.ContrastBolusAgent = "SOFT", "simulated"
        dataset.BodyPartExamined = "CHEST"
        dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = -1024, 1, "HU"
        dataset.WindowCenter, dataset.WindowWidth = [50, -550], [400, 1500]
        dataset.WindowCenterWidthExplanation = ["Soft tissue", "Lung"]
        stored = images.hounsfield(index, slices, size).astype(np.int32) + 1024
        _set_pixels(dataset, stored.astype(np.uint16), bits_stored=12)
        yield dataset


def chest_pet(slices: int = 87, size: int = 128) -> Iterator[FileDataset]:
    """Make the PET that matches the CT, slice by slice from below; its unit is Bq/ml.

    Parameters
    ----------
    slices, size : int
        As for `chest_ct`.
    """
    name = f"pet {slices} {size}"
    thickness = torso.HEIGHT / slices
    decayed = _DOSE_BQ * 2 ** (-_MINUTES_BETWEEN * 60 / _HALF_LIFE_S)
    activity = images.uptake(slices, size) * decayed / (_WEIGHT_KG * 1000)
    slope = float(f"{float(activity.max()) / 32767:.8g}")
    for index in range(slices):
        dataset = _image(PositronEmissionTomographyImageStorage, name, index, thickness, size)
        dataset.Modality, dataset.SeriesNumber, dataset.SeriesDescription = "PT", 3, "PET FDG, attenuation corrected"
        dataset.SeriesTime = dataset.AcquisitionTime = dataset.ContentTime = _SCAN
        dataset.ImageType = ["ORIGINAL", "PRIMARY"]
        _describe_pet(dataset, slices, index)
        dataset.RescaleIntercept, dataset.RescaleSlope = 0, slope
        dataset.WindowCenter, dataset.WindowWidth = _whole(2.5 * decayed), _whole(5 * decayed)
        stored = np.clip(np.rint(activity[index] / slope), 0, 32767).astype(np.int16)
        _set_pixels(dataset, stored, bits_stored=16)
        yield dataset


def encoded(dataset: FileDataset) -> bytes:
    """Return the dataset as a DICOM file."""
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _whole(suv: float) -> int:
    """Return that uptake in Bq/ml."""
    return round(suv / (_WEIGHT_KG * 1000))


def _image(sop_class: UID, series: str, index: int, thickness: float, size: int) -> FileDataset:
    """Make what both modalities share: patient, study, series, frame of reference, image plane."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = UID(uid(f"{series} {index}"))
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, meta.MediaStorageSOPInstanceUID
    dataset.PatientName, dataset.PatientID = PATIENT_NAME, PATIENT_ID
    dataset.PatientBirthDate, dataset.PatientSex, dataset.PatientAge = "19570704", "O", "068Y"
    dataset.PatientWeight, dataset.PatientSize = _WEIGHT_KG, 1.75
    dataset.PatientComments = "Computed phantom, not a person"
    dataset.StudyInstanceUID, dataset.StudyID, dataset.AccessionNumber = STUDY_INSTANCE_UID, "1", "DEMO-0001"
    dataset.StudyDate = dataset.SeriesDate = dataset.AcquisitionDate = dataset.ContentDate = _DATE
    dataset.StudyTime, dataset.StudyDescription = "095000", "PET/CT chest (computed phantom)"
    dataset.ReferringPhysicianName = "Example^Referrer"
    dataset.InstitutionName, dataset.Manufacturer = "Sightline demonstration", "Sightline"
    dataset.ManufacturerModelName, dataset.SoftwareVersions = "Chest phantom", "1"
    dataset.SeriesInstanceUID, dataset.InstanceNumber = uid(series), index + 1
    dataset.FrameOfReferenceUID, dataset.PositionReferenceIndicator = FRAME_OF_REFERENCE_UID, ""
    dataset.PatientPosition = "HFS"
    spacing = images.FIELD_OF_VIEW / size
    corner = spacing / 2 - images.FIELD_OF_VIEW / 2
    height = (index + 0.5) * thickness
    dataset.ImagePositionPatient = [corner, corner, round(height, 6)]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing = [spacing, spacing]
    dataset.SliceThickness, dataset.SliceLocation = round(thickness, 6), round(height, 6)
    return dataset


def _describe_pet(dataset: Dataset, slices: int, index: int) -> None:
    """Say what a uptake value needs: units, corrections, dose, times (PS3.3 C.8.9)."""
    dataset.Units, dataset.CountsSource, dataset.SeriesType = "BQML", "EMISSION", ["WHOLE BODY", "IMAGE"]
    dataset.CorrectedImage = ["DECY", "ATTN", "SCAT", "DTIM", "RAN", "NORM"]
    dataset.DecayCorrection, dataset.CollimatorType = "START", "NONE"
    dataset.NumberOfSlices, dataset.ImageIndex = slices, index + 1
    dataset.ActualFrameDuration, dataset.FrameReferenceTime = 180_000, 90_000
    dose = Dataset()
    dose.RadiopharmaceuticalStartTime = _INJECTION
    dose.RadiopharmaceuticalStartDateTime = _DATE + _INJECTION
    dose.RadionuclideTotalDose, dose.RadionuclideHalfLife = _DOSE_BQ, _HALF_LIFE_S
    dose.RadionuclidePositronFraction = 0.967
    dose.Radiopharmaceutical = "Fluorodeoxyglucose"
    dose.RadionuclideCodeSequence = [_code("C-111A1", "SRT", "^18^Fluorine")]
    dataset.RadiopharmaceuticalInformationSequence = [dose]


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code


def _set_pixels(dataset: Dataset, stored: npt.NDArray[np.uint16] | npt.NDArray[np.int16], bits_stored: int) -> None:
    """Describe and attach the stored values."""
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = stored.shape
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, bits_stored, bits_stored - 1
    dataset.PixelRepresentation = int(stored.dtype == np.int16)
    dataset.PixelData = stored.astype("<u2" if stored.dtype == np.uint16 else "<i2").tobytes()
