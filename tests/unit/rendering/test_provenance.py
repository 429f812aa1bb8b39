"""Provenance as a value: it survives JSON, and its header line says the same without identifiers."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.rendering.headers import read_frames
from sightline.rendering.look import Filter, Look
from sightline.rendering.provenance import (
    Interpolation,
    Modality,
    Provenance,
    Source,
    ValueSteps,
    Voi,
    VoiOrigin,
    interpolation_of,
    provenance_of_frame,
    steps_of_frame,
)
from sightline.rendering.series_table import FrameEntry, Rescale
from sightline.rendering.view import FrameOf, PresentationOf, View, VoiFunction, Window
from sightline.rendering.viewport import Viewport
from tests.support.dicom_files import image_file

NUMBERS = st.floats(-1e6, 1e6)
STEPS = st.builds(
    ValueSteps,
    st.sampled_from(Modality),
    st.none() | st.builds(Rescale, NUMBERS, NUMBERS, st.text()),
    st.sampled_from(Voi),
    st.sampled_from(VoiOrigin),
    st.none() | st.builds(Window, NUMBERS, NUMBERS, st.sampled_from(VoiFunction)),
    st.text(),
)


@given(STEPS)
def test_steps_survive_json(steps: ValueSteps) -> None:
    assert ValueSteps.from_json(steps.to_json()) == steps


@given(STEPS, st.booleans(), st.sampled_from([None, 0, 32768]))
def test_the_header_is_one_short_line_of_ascii_without_identifiers(
    steps: ValueSteps, lossy: bool, bias: int | None
) -> None:
    state = PresentationOf("1.2.99", "1.2.98")
    line = Provenance((Source("1.2.97", 1),), 1, steps, tuple(Interpolation), lossy, lossy, state, bias).header()
    assert len(line) < 500
    assert line.isascii()
    assert line.isprintable()
    assert "1.2.9" not in line


def test_the_header_says_what_a_sample_is() -> None:
    steps = ValueSteps(Modality.RESCALE, Rescale(0.00025, -1024, "HU"))
    line = Provenance((Source("1.2", 1),), 1, steps, (), False, False, bias=32768).header()
    assert line == (
        'sources=1, modality=rescale;slope="0.00025";intercept="-1024.0";unit="HU", voi=none, interpolation=(), '
        "stored=exact, encoding=exact, samples=stored;bias=32768"
    )


@pytest.mark.parametrize("unit", ['H"U', "HU\r\nX: y", "Ü", "x" * 17])
def test_an_odd_unit_stays_out_of_the_header(unit: str) -> None:
    steps = ValueSteps(Modality.RESCALE, Rescale(2, 0, unit))
    line = Provenance((Source("1.2", 1),), 1, steps, (), False, False).header()
    assert 'slope="2.0";intercept="0.0", voi' in line


@pytest.mark.parametrize(
    ("shape", "viewport", "result", "expected"),
    [
        ((8, 6), None, (8, 6), []),
        ((8, 6), None, (4, 3), ["area-mean"]),
        ((8, 6, 3), None, (16, 12, 3), ["linear"]),
        ((8, 6), Viewport(3, 4, 1, 2, 3, 4), (4, 3), []),
        ((8, 6), Viewport(3, 4, 0.5, 2, 3, 4), (4, 3), ["linear"]),
        ((8, 6), Viewport(6, 8, 0, 0, 3, 4), (8, 6), ["linear"]),
        ((8, 6), Viewport(3, 4), (4, 3), ["area-mean"]),
        ((8, 6), Viewport(3, 4, 0, 0, -3, -4), (4, 3), []),
    ],
)
def test_interpolation(shape: Any, viewport: Viewport | None, result: Any, expected: list[str]) -> None:
    view = {"viewport": viewport.argument() if viewport else None}
    assert list(interpolation_of(shape, view, result)) == expected


def entry(**attributes: Any) -> FrameEntry:
    content = image_file(np.zeros((2, 2), np.int16), RescaleSlope=2, RescaleIntercept=-5, **attributes)
    return read_frames(BytesIO(content), "file")[0]


def test_the_steps_of_a_frame() -> None:
    window, rescale = Window(40, 400), Rescale(2, -5)
    named = entry(WindowCenter=40, WindowWidth=400, WindowCenterWidthExplanation="SOFT")
    expected = ValueSteps(Modality.RESCALE, rescale, Voi.WINDOW, VoiOrigin.FILE, window, "SOFT")
    assert steps_of_frame(named, True, window, False) == expected
    # The same numbers, asked for by the view, are the view's.
    assert steps_of_frame(named, True, window, True).voi_origin is VoiOrigin.VIEW
    assert steps_of_frame(entry(), True, Window(0, 7), False).voi_origin is VoiOrigin.FULL_RANGE
    assert steps_of_frame(named, True, None, False) == ValueSteps(Modality.RESCALE, rescale, Voi.LUT, VoiOrigin.FILE)
    assert steps_of_frame(named, False, None, False) == ValueSteps()


def test_a_task_that_keeps_no_account_leaves_none() -> None:
    assert provenance_of_frame({}, Source("1.2", 1), View("1.2", "1.3", FrameOf("1.2"))) is None


def test_the_header_says_what_the_view_changed_of_the_look() -> None:
    look = Look(Filter.SHARPEN, "hot_iron", overlays=False, shutter=False)
    line = Provenance((Source("1.2", 1),), 1, ValueSteps(), (), False, False, look=look).header()
    assert line.endswith("encoding=exact, filter=sharpen, colourmap=hot_iron, overlays=?0, shutter=?0")
