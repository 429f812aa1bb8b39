"""The chest CT that the browser tests read, and its stored values without any of Sightline's code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import imagecodecs
import numpy as np
import numpy.typing as npt
from pydicom import dcmread
from pydicom.encaps import generate_frames
from pydicom.uid import ExplicitVRLittleEndian, JPEGLSLossless

from demo import phantom
from tests.support.corpus import corpus_folder

Stored = npt.NDArray[np.int64]
Grey = npt.NDArray[np.uint8]
SLICES, SIZE = 275, 512


@dataclass(frozen=True)
class Slice:
    """One file of the stack, and where it lies."""

    path: Path
    sop_instance_uid: str
    height: float


@dataclass(frozen=True)
class Chest:
    """An axial CT whose axes are the patient's.

    Parameters
    ----------
    slices : tuple of Slice
        From the feet upwards: number 1 on the page is ``slices[0]``.
    window : (float, float)
        Center and width that the files propose first.
    intercept : float
        Of the rescale to HU; its slope is 1.
    pixel_spacing : float
        mm between columns, and between rows.
    """

    folder: Path
    study: str
    series: str
    slices: tuple[Slice, ...]
    window: tuple[float, float]
    intercept: float
    pixel_spacing: float

    @property
    def slice_spacing(self) -> float:
        """Return mm between slices, which are evenly spaced."""
        return (self.slices[-1].height - self.slices[0].height) / (len(self.slices) - 1)

    def stored(self, number: int) -> Stored:
        """Return the stored values (rows, columns) of slice `number`, which counts from 1."""
        return _stored(self.slices[number - 1].path)

    def sagittal(self, column: int) -> Stored:
        """Return the stored values (slices from the head down, rows) that lie in one column of all slices."""
        return np.stack([_stored(one.path)[:, column] for one in reversed(self.slices)])

    def hounsfield(self, stored: Stored) -> npt.NDArray[np.float64]:
        """Return the values in HU."""
        return np.asarray(stored + self.intercept, np.float64)


def chest(folder: Path) -> Chest:
    """Return the chest CT of the corpus, or a phantom of the same size made in `folder` where there is no corpus."""
    root = corpus_folder()
    real = root / "ct" / "chest-275" if root else folder
    if not real.is_dir() or real == folder:
        _write_phantom(folder)
        real = folder
    return _described(real, sorted(real.glob("*.dcm")))


def _write_phantom(folder: Path) -> None:
    for number, dataset in enumerate(phantom.chest_ct(SLICES, SIZE), start=1):
        (folder / f"{number:06}.dcm").write_bytes(phantom.encoded(dataset))


def _described(folder: Path, paths: Iterable[Path]) -> Chest:
    headers = [(dcmread(path, stop_before_pixels=True), path) for path in paths]
    headers.sort(key=lambda pair: float(pair[0].ImagePositionPatient[2]))
    first = headers[0][0]
    assert [float(part) for part in first.ImageOrientationPatient] == [1, 0, 0, 0, 1, 0]
    assert float(first.RescaleSlope) == 1
    slices = tuple(
        Slice(path, str(header.SOPInstanceUID), float(header.ImagePositionPatient[2])) for header, path in headers
    )
    return Chest(
        folder=folder,
        study=str(first.StudyInstanceUID),
        series=str(first.SeriesInstanceUID),
        slices=slices,
        window=(float(first.WindowCenter[0]), float(first.WindowWidth[0])),
        intercept=float(first.RescaleIntercept),
        pixel_spacing=float(first.PixelSpacing[0]),
    )


@lru_cache(maxsize=400)
def _stored(path: Path) -> Stored:
    """Decode one file: JPEG-LS by imagecodecs itself, uncompressed pixels by looking at the bytes."""
    dataset = dcmread(path)
    syntax = dataset.file_meta.TransferSyntaxUID
    if syntax == JPEGLSLossless:
        pixels = imagecodecs.jpegls_decode(next(generate_frames(dataset.PixelData, number_of_frames=1)))
    else:
        assert syntax == ExplicitVRLittleEndian
        pixels = np.frombuffer(dataset.PixelData, "<u2").reshape(dataset.Rows, dataset.Columns)
    assert dataset.PixelRepresentation == 0
    return np.asarray(pixels, np.int64)
