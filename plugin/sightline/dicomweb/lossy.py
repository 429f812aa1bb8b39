"""What a data set says of itself once its pixels were compressed with loss (PS3.3 C.7.6.1.1.5). In workers only."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from pydicom import Dataset
from pydicom.multival import MultiValue
from pydicom.uid import UID


def mark_lossy(dataset: Dataset, ratio: float, method: str) -> None:
    """Make a data set, whose pixels are still what they were, one of a derived image, in place.

    A compressed version of a DICOM image is another image: it is DERIVED, receives a SOP Instance UID of its own, and
    names the one that it was made of. The UID is always the same for the same pixels and instance, so that who
    retrieves it twice has it once.

    Parameters
    ----------
    dataset : Dataset
        With the pixels before compression.
    ratio : float
        Of the bytes before to those after.
    method : str
        A defined term of Lossy Image Compression Method.
    """
    source = Dataset()
    source.ReferencedSOPClassUID = dataset.SOPClassUID
    source.ReferencedSOPInstanceUID = dataset.SOPInstanceUID
    source.PurposeOfReferenceCodeSequence = [_code("121320", "Uncompressed predecessor")]
    dataset.SourceImageSequence = [source]
    digest = sha256(f"{dataset.SOPInstanceUID} {method}".encode() + bytes(dataset.PixelData)).digest()
    dataset.SOPInstanceUID = UID(f"2.25.{int.from_bytes(digest[:16], 'big')}")
    if "MediaStorageSOPInstanceUID" in dataset.file_meta:
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.ImageType = ["DERIVED", *(_values(dataset.get("ImageType"))[1:] or ["SECONDARY"])]
    dataset.LossyImageCompression = "01"
    dataset.LossyImageCompressionRatio = [*_values(dataset.get("LossyImageCompressionRatio")), f"{ratio:.4g}"]
    dataset.LossyImageCompressionMethod = [*_values(dataset.get("LossyImageCompressionMethod")), method]
    before = str(dataset.get("DerivationDescription") or "")
    text = f"Lossy compression by JPEG Baseline, ratio {ratio:.3g}"
    dataset.DerivationDescription = f"{before}; {text}" if before else text
    codes = list(dataset.get("DerivationCodeSequence") or ())
    dataset.DerivationCodeSequence = [*codes, _code("113040", "Lossy Compression")]


def _code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
    return item


def _values(value: Any) -> list[Any]:
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, MultiValue | list) else [value]
