"""Uptake values by hand, against published values, and against the pseudo-code written down a second time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.kernels.suv import (
    SuvAttributes,
    SuvError,
    SuvType,
    normaliser,
    scan_start,
    suv_factor,
    uptake,
)

TEN = datetime(2026, 1, 15, 10)
IMAGE = SuvAttributes(
    units="BQML",
    corrected_image=("DECY", "ATTN", "SCAT"),
    decay_correction="START",
    weight=70.0,
    size=1.75,
    sex="F",
    dose=2e8,
    half_life=3600.0,
    injection=TEN - timedelta(hours=2),
    series=TEN,
    acquisition=TEN,
)


def test_two_half_lives_leave_a_quarter_of_the_dose() -> None:
    assert suv_factor(IMAGE) == pytest.approx(70_000 / 5e7)


def test_values_corrected_to_the_administration_need_no_times() -> None:
    admin = replace(IMAGE, decay_correction="ADMIN", injection=None, series=None, acquisition=None, half_life=None)
    assert suv_factor(admin) == pytest.approx(70_000 / 2e8)


def test_published_values_come_out() -> None:
    """From the tests of cornerstonejs/calculate-suv: a man of 75 kg and 1.85 m, no time passed; there per 100 Bq."""
    man = replace(IMAGE, weight=75.0, size=1.85, sex="M", dose=1e8, injection=TEN)
    assert suv_factor(man) * 1e6 == pytest.approx(750, rel=1e-12)
    assert suv_factor(man, SuvType.BODY_SURFACE_AREA) * 1e6 == pytest.approx(198.13758427117767, rel=1e-12)
    assert suv_factor(man, SuvType.LEAN_BODY_MASS_JANMAHASATIAN) * 1e6 == pytest.approx(609.1533588651974, rel=1e-12)
    # It takes the factor 120 of SUV Type LBM for men where LBMJAMES128 has 128: 62.78 kg there.
    james = 82.5 - (82.5 - 62.77757487216948) * 128 / 120
    assert normaliser(man, SuvType.LEAN_BODY_MASS_JAMES) == pytest.approx(james * 1000, rel=1e-12)
    counts = replace(man, units="CNTS", philips_activity_factor=1.602563, weight=100.0)
    assert suv_factor(counts) * 1e6 == pytest.approx(1602.563)
    assert suv_factor(replace(counts, philips_suv_factor=0.000551)) == 0.000551


def test_lean_body_mass_by_hand() -> None:
    # 9270 * 70 / (8780 + 244 * 70 / 1.75^2)
    assert normaliser(IMAGE, SuvType.LEAN_BODY_MASS_JANMAHASATIAN) == pytest.approx(45_197.0, abs=0.1)
    # 1.07 * 70 - 148 * (70 / 175)^2
    assert normaliser(IMAGE, SuvType.LEAN_BODY_MASS_JAMES) == pytest.approx(51_220.0)


def test_values_that_are_uptake_already_stay_or_are_converted() -> None:
    given = SuvAttributes(
        units="GML", corrected_image=("ATTN", "DECY"), decay_correction="ADMIN", weight=70.0, size=1.75, sex="F"
    )
    lean = SuvType.LEAN_BODY_MASS_JANMAHASATIAN
    assert suv_factor(given) == 1.0
    assert suv_factor(replace(given, suv_type="BW")) == 1.0
    assert suv_factor(given, lean) == pytest.approx(normaliser(given, lean) / 70_000)
    assert suv_factor(replace(given, suv_type="LBMJANMA"), lean) == 1.0
    assert suv_factor(replace(given, suv_type="LBMJANMA")) == pytest.approx(70_000 / normaliser(given, lean))
    for unknown in ("LBM", "BSA", "IBW"):
        with pytest.raises(SuvError, match=rf"SUVType \(0054,1006\) is {unknown}"):
            suv_factor(replace(given, suv_type=unknown))


@pytest.mark.parametrize(
    ("field", "named"),
    [
        ("units", r"Units \(0054,1001\)"),
        ("decay_correction", r"DecayCorrection \(0054,1102\)"),
        ("weight", r"PatientWeight \(0010,1030\)"),
        ("dose", r"RadionuclideTotalDose \(0018,1074\)"),
        ("half_life", r"RadionuclideHalfLife \(0018,1075\)"),
        ("injection", r"RadiopharmaceuticalStartTime \(0018,1072\)"),
        ("series", r"SeriesTime \(0008,0031\)"),
        ("acquisition", r"AcquisitionTime \(0008,0032\)"),
    ],
)
def test_what_is_missing_is_named(field: str, named: str) -> None:
    with pytest.raises(SuvError, match=f"{named}.* is missing"):
        suv_factor(replace(IMAGE, **{field: None}))


@pytest.mark.parametrize("field", ["weight", "dose", "half_life"])
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_numbers_that_are_none_are_missing(field: str, value: float) -> None:
    with pytest.raises(SuvError, match="missing or not above 0"):
        suv_factor(replace(IMAGE, **{field: value}))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"units": "CPS"}, "Units .* is CPS"),
        ({"units": "CNTS"}, r"\(7053,xx00\) and \(7053,xx09\)"),
        ({"units": "CNTS", "philips_suv_factor": 0.0, "philips_activity_factor": 0.0}, "are missing"),
        ({"corrected_image": ("ATTN",)}, "does not name DECY"),
        ({"corrected_image": ("DECY",)}, "does not name ATTN"),
        ({"corrected_image": ()}, "does not name ATTN and DECY"),
        ({"decay_correction": "NONE"}, "is NONE, not START or ADMIN"),
        ({"dose": 370.0}, "too small to be in Bq"),
        ({"injection": TEN + timedelta(seconds=1)}, "after the start of the scan"),
        ({"injection": TEN - timedelta(hours=11)}, "too long before the scan"),
        ({"series": TEN + timedelta(days=1)}, r"FrameReferenceTime \(0054,1300\) is missing"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(SuvError, match=reason):
        suv_factor(replace(IMAGE, **changes))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"size": None}, r"PatientSize \(0010,1020\) is missing"),
        ({"size": 175.0}, "not in metres"),
        ({"sex": "O"}, r"PatientSex \(0010,0040\) is neither"),
        ({"sex": None}, r"PatientSex \(0010,0040\) is missing"),
        ({"weight": 300.0, "size": 1.5}, "LBMJAMES128 .* does not hold"),
    ],
)
def test_lean_body_mass_needs_height_and_sex(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(SuvError, match=reason):
        suv_factor(replace(IMAGE, **changes), SuvType.LEAN_BODY_MASS_JAMES)
    assert suv_factor(replace(IMAGE, **changes)) > 0


def test_a_scan_after_midnight_of_an_injection_before_it() -> None:
    night = replace(
        IMAGE,
        injection=None,
        injection_time=time(23, 30),
        series=datetime(2026, 1, 16, 0, 30),
        acquisition=datetime(2026, 1, 16, 0, 40),
    )
    assert suv_factor(night) == pytest.approx(70_000 / 1e8)
    assert suv_factor(replace(night, injection=datetime(2026, 1, 15, 23, 30))) == pytest.approx(70_000 / 1e8)


def test_a_date_time_of_injection_counts_before_a_time() -> None:
    assert suv_factor(replace(IMAGE, injection_time=time(9))) == suv_factor(IMAGE)
    assert suv_factor(replace(IMAGE, injection=None, injection_time=time(9))) == pytest.approx(70_000 / 1e8)


def test_the_scan_starts_with_the_series_unless_that_was_made_later() -> None:
    bed = replace(IMAGE, acquisition=TEN + timedelta(minutes=12))
    assert scan_start(bed) == TEN
    later = replace(bed, series=TEN + timedelta(hours=3), ge_scan=TEN + timedelta(seconds=5))
    assert scan_start(later) == TEN + timedelta(seconds=5)
    frame = replace(later, ge_scan=None, frame_reference_time=720_000.0 + 89_000.0, actual_frame_duration=180_000.0)
    # Half the duration less decay constant * duration^2 / 24: 90 s - 0.26 s into a frame that began at 720 s.
    assert (scan_start(frame) - TEN).total_seconds() == pytest.approx(720 + 89.74 - 809, abs=1e-3)


def second_implementation(image: SuvAttributes) -> float:
    """The QIBA pseudo-code for BQML and START, line by line, in seconds since the day of the series."""
    assert image.series
    first_day = image.series.toordinal()

    def clock_of(moment: datetime | time) -> float:
        return moment.hour * 3600 + moment.minute * 60 + moment.second + moment.microsecond * 1e-6

    def seconds(moment: datetime) -> float:
        return (moment.toordinal() - first_day) * 86400 + clock_of(moment)

    assert image.acquisition and image.half_life and image.dose and image.weight
    if seconds(image.series) <= seconds(image.acquisition):
        scan = seconds(image.series)
    elif image.ge_scan:
        scan = seconds(image.ge_scan)
    else:
        assert image.frame_reference_time and image.actual_frame_duration
        decay_constant = log(2) / image.half_life
        decay_during_frame = decay_constant * image.actual_frame_duration / 1000
        average = 1 / decay_constant * log(decay_during_frame / (1 - exp(-decay_during_frame)))
        scan = seconds(image.acquisition) - image.frame_reference_time / 1000 + average
    if image.injection:
        start = seconds(image.injection)
    else:
        assert image.injection_time is not None
        start = 86400 * (scan // 86400) + clock_of(image.injection_time)
        if start > scan + 1e-6:
            start -= 86400
    decayed = image.dose * 2 ** (-(scan - start) / image.half_life)
    return image.weight * 1000 / decayed


@settings(max_examples=60, deadline=None)
@given(
    scanned=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),
    bed=st.integers(-7200, 3600),
    passed=st.integers(0, 20_000),
    with_date=st.booleans(),
    ge=st.booleans(),
    half_life=st.floats(3600, 7000),
    weight=st.floats(1, 200),
    dose=st.floats(1e6, 1e9),
)
def test_two_implementations_agree(
    scanned: datetime,
    bed: int,
    passed: int,
    with_date: bool,
    ge: bool,
    half_life: float,
    weight: float,
    dose: float,
) -> None:
    image = replace(
        IMAGE,
        weight=weight,
        dose=dose,
        half_life=half_life,
        series=scanned,
        acquisition=scanned + timedelta(seconds=bed),
        ge_scan=scanned + timedelta(seconds=bed) if ge else None,
        frame_reference_time=200_000.0,
        actual_frame_duration=180_000.0,
    )
    injected = scan_start(image) - timedelta(seconds=passed)
    image = replace(image, injection=injected if with_date else None, injection_time=injected.time())
    assert suv_factor(image) == pytest.approx(second_implementation(image), rel=1e-9)
    assert suv_factor(image) == pytest.approx(weight * 1000 / (dose * 2 ** (-passed / half_life)), rel=1e-6)


def test_each_slice_has_its_own_rescale_and_factor() -> None:
    stored = np.random.default_rng(1).integers(-100, 30000, (3, 4, 5)).astype(np.int16)
    got = uptake(stored, [0.5, 2.0, 3.0], [0.0, 1.0, -2.0], [0.1, 0.1, 0.2])
    assert got.dtype == np.float32
    for place, value in np.ndenumerate(stored):
        slope, intercept, factor = [(0.5, 0.0, 0.1), (2.0, 1.0, 0.1), (3.0, -2.0, 0.2)][place[0]]
        assert got[place] == pytest.approx((float(value) * slope + intercept) * factor, rel=1e-6)
    with pytest.raises(ValueError, match="longer"):
        uptake(stored, [0.5] * 4, [0.0] * 4, [1.0] * 4)
