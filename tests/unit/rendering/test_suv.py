"""What is read from PET files for uptake values: the demo's known uptake comes back, and so do real files' factors."""

from __future__ import annotations

import io
from datetime import datetime, time
from functools import cache

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from demo import images, phantom
from sightline.errors import UnprocessableError
from sightline.kernels.suv import SuvAttributes, SuvError, SuvType, uptake
from sightline.rendering.suv import factor_of, read_attributes
from tests.support.corpus import corpus_files

SLICES, SIZE = 6, 32


@cache
def stored() -> tuple[bytes, ...]:
    return tuple(phantom.encoded(file) for file in phantom.chest_pet(SLICES, SIZE))


def pet() -> list[pydicom.FileDataset]:
    return [pydicom.dcmread(io.BytesIO(content)) for content in stored()]


def test_the_phantom_gives_its_uptake_back() -> None:
    files = pet()
    pixels = np.stack([file.pixel_array for file in files])
    assert pixels.max() == 32767
    slopes, factors = [float(file.RescaleSlope) for file in files], [factor_of(file) for file in files]
    got = uptake(pixels, slopes, [0.0] * SLICES, factors)
    wanted = images.uptake(SLICES, SIZE)
    assert np.abs(got - wanted).max() <= slopes[0] * factors[0] / 2 + 1e-4
    assert got.max() > 2.5
    # Half-life 6586.2 s, an hour, 310 MBq, 74 kg.
    assert factors == [pytest.approx(74_000 / (3.1e8 * 2 ** (-3600 / 6586.2)))] * SLICES


def test_all_that_matters_is_read() -> None:
    file = pet()[0]
    assert read_attributes(file) == SuvAttributes(
        units="BQML",
        corrected_image=("DECY", "ATTN", "SCAT", "DTIM", "RAN", "NORM"),
        decay_correction="START",
        weight=74.0,
        size=1.75,
        sex="O",
        dose=3.1e8,
        half_life=6586.2,
        injection=datetime(2026, 1, 15, 9),
        injection_time=time(9),
        series=datetime(2026, 1, 15, 10),
        acquisition=datetime(2026, 1, 15, 10),
        frame_reference_time=90_000.0,
        actual_frame_duration=180_000.0,
    )
    with pytest.raises(UnprocessableError, match=r"PatientSex \(0010,0040\)"):
        factor_of(file, SuvType.LEAN_BODY_MASS_JAMES)


def test_an_empty_file_says_what_it_lacks_first() -> None:
    assert read_attributes(Dataset()) == SuvAttributes()
    with pytest.raises(
        UnprocessableError, match=r"There are no uptake values: Units \(0054,1001\) is missing"
    ) as raised:
        factor_of(Dataset())
    assert raised.value.code == "no-uptake-values"


@pytest.mark.parametrize("keyword", ["RadionuclideTotalDose", "RadionuclideHalfLife"])
def test_what_is_empty_is_missing(keyword: str) -> None:
    file = pet()[0]
    setattr(file.RadiopharmaceuticalInformationSequence[0], keyword, None)
    with pytest.raises(UnprocessableError, match=keyword):
        factor_of(file)


def test_several_tracers_are_refused() -> None:
    file = pet()[0]
    file.RadiopharmaceuticalInformationSequence = [file.RadiopharmaceuticalInformationSequence[0], Dataset()]
    with pytest.raises(UnprocessableError, match="several radiopharmaceuticals"):
        factor_of(file)


def test_private_attributes_are_found_by_their_creator() -> None:
    file = Dataset()
    file.private_block(0x0009, "OTHER", create=True).add_new(0x0D, "DT", "19990101000000")
    file.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(0x0D, "DT", "20260115101530.00")
    philips = file.private_block(0x7053, "Philips PET Private Group", create=True)
    philips.add_new(0x00, "DS", "0.000551")
    philips.add_new(0x09, "UN", b"1.602563")
    found = read_attributes(file)
    assert found.ge_scan == datetime(2026, 1, 15, 10, 15, 30)
    assert found.philips_suv_factor == 0.000551
    assert found.philips_activity_factor == 1.602563


def test_a_date_time_with_a_zone_is_brought_to_that_of_the_other_times() -> None:
    file = pet()[0]
    injected = file.RadiopharmaceuticalInformationSequence[0]
    injected.RadiopharmaceuticalStartDateTime = "20260115080000+0000"
    with pytest.raises(SuvError, match=r"TimezoneOffsetFromUTC \(0008,0201\) is missing"):
        read_attributes(file)
    file.TimezoneOffsetFromUTC = "+0130"
    assert read_attributes(file).injection == datetime(2026, 1, 15, 9, 30)
    file.TimezoneOffsetFromUTC = "-0100"
    assert read_attributes(file).injection == datetime(2026, 1, 15, 7)


@pytest.mark.parametrize("value", ["20260115", "2026", "", None])
def test_a_day_is_no_moment(value: str | None) -> None:
    file = pet()[0]
    file.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartDateTime = value
    assert read_attributes(file).injection is None
    assert factor_of(file) == pytest.approx(74_000 / (3.1e8 * 2 ** (-3600 / 6586.2)))


@pytest.mark.filterwarnings("ignore")
def test_a_real_series_in_activity() -> None:
    files = [pydicom.dcmread(path) for path in corpus_files("pet/qin-hn-0024/PET")[::60]]
    if not files:
        pytest.skip("there is no corpus")
    # 66.2 kg, 381.47 MBq at 11:39:00, series at 13:02:44.678.
    wanted = 66_200 / (381_470_000 * 2 ** (-5024.678 / 6586.2))
    assert [factor_of(file) for file in files] == [pytest.approx(wanted, rel=1e-9)] * len(files)
    slopes = [float(file.RescaleSlope) for file in files]
    values = uptake(np.stack([f.pixel_array for f in files]), slopes, [0.0] * len(files), [wanted] * len(files))
    assert 1.0 < values.max() < 100.0
    with pytest.raises(UnprocessableError, match=r"PatientSize \(0010,1020\)"):
        factor_of(files[0], SuvType.LEAN_BODY_MASS_JANMAHASATIAN)


@pytest.mark.filterwarnings("ignore")
def test_a_real_series_in_uptake() -> None:
    path = next(iter(corpus_files("pet-ct-mr/sts-011/PET")), None)
    if path is None:
        pytest.skip("there is no corpus")
    file = pydicom.dcmread(path, stop_before_pixels=True)
    assert (file.Units, file.SUVType) == ("GML", "BW")
    assert factor_of(file) == 1.0
    # A woman of 73 kg and 1.56 m: 9270 * 73 / (8780 + 244 * 73 / 1.56^2) = 42.03 kg.
    assert factor_of(file, SuvType.LEAN_BODY_MASS_JANMAHASATIAN) == pytest.approx(42.034 / 73, rel=1e-4)
