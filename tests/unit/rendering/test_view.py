"""A view and its address say the same."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.errors import BadRequestError
from sightline.kernels.colour_maps import COLOUR_MAP_NAMES
from sightline.kernels.image_plane import ImagePlane
from sightline.kernels.volume_rendering import QUALITIES
from sightline.rendering.fusion import Fusion
from sightline.rendering.look import PLAIN, Filter, Look
from sightline.rendering.view import (
    PREFIX,
    Annotation,
    ColourProfile,
    FrameOf,
    Orientation,
    PictureFormat,
    PlaneOf,
    PresentationOf,
    View,
    VoiFunction,
    Window,
)
from sightline.rendering.viewport import Viewport
from sightline.rendering.volume_sources import PRESETS, Blend, CutOf, Inputs, ProjectionOf, RenderingOf

UIDS = st.from_regex(r"[0-9]{1,10}(\.[0-9]{1,10}){0,4}", fullmatch=True)
NUMBERS = st.floats(-1e9, 1e9).filter(lambda x: x == 0 or abs(x) > 1e-9)
WINDOWS = st.builds(Window, NUMBERS, NUMBERS.map(abs), st.sampled_from(VoiFunction)).filter(lambda w: w.is_valid)
LOOKS = st.builds(
    Look, st.none() | st.sampled_from(Filter), st.sampled_from(COLOUR_MAP_NAMES), st.booleans(), st.booleans()
)
FUSIONS = st.builds(
    Fusion,
    st.just("1.2.3"),
    st.sampled_from(COLOUR_MAP_NAMES),
    st.sampled_from([0.001, 0.5, 1.0]),
    st.none() | WINDOWS,
)
SIDES = st.none() | NUMBERS.filter(lambda x: x != 0)
VIEWPORTS = st.builds(
    Viewport,
    st.integers(1, 99999),
    st.integers(1, 99999),
    NUMBERS.map(abs),
    NUMBERS.map(abs),
    SIDES,
    SIDES,
)


DIRECTIONS = st.sampled_from(
    [((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)), ((0.6, 0.8, 0.0), (0.0, 0.0, -1.0)), ((0.0, 0.28, -0.96), (1.0, 0.0, 0.0))]
)
PLANES = st.builds(
    lambda x, directions, spacing, rows: ImagePlane((x, -0.1, 1e-7), *directions, (spacing, 0.3), rows, 512),
    NUMBERS,
    DIRECTIONS,
    st.sampled_from([0.001, 1 / 3, 700.0]),
    st.sampled_from([1, 77, 8192]),
)
INPUTS = st.sampled_from([Inputs(), Inputs(("1.2",)), Inputs(("1.2", "1.23")), Inputs(("1.2",), (1, 20, 3))])
CLIPS = st.sampled_from([(), (((1.5, 0.0, -2.0), (0.0, -1.0, 0.5)),), 2 * (((0.1, 0.2, 0.3), (1.0, 0.0, 0.0)),)])
VOLUME_SOURCES = (
    st.builds(CutOf, PLANES, st.sampled_from([0.0, 0.01, 1000.0]), st.sampled_from(Blend), INPUTS)
    | st.builds(ProjectionOf, PLANES, st.sampled_from(Blend), INPUTS)
    | st.builds(RenderingOf, PLANES, st.sampled_from(PRESETS), CLIPS, st.sampled_from(QUALITIES), INPUTS)
)


def presented(view: View, state: PresentationOf) -> View:
    """Return the view of a frame as a presentation state shows it; a plane as it is."""
    if not isinstance(view.source, FrameOf):
        return view
    return replace(view, window=None, invert=False, look=PLAIN, presentation=state)


def possible(view: View) -> View:
    """Return a view like that one that there can be: not every format, or look, goes with every source."""
    if not isinstance(view.source, PlaneOf | CutOf) or view.series_instance_uid == "1.2.3":
        view = replace(view, fusion=None)
    if isinstance(view.source, RenderingOf):
        view = replace(view, look=PLAIN)
    elif not isinstance(view.source, FrameOf):
        view = replace(view, look=replace(view.look, overlays=True, shutter=True))
    if view.picture_format is PictureFormat.GIF and view.colour_profile is ColourProfile.YES:
        return replace(view, colour_profile=ColourProfile.NO)
    if not view.picture_format.holds_stored_values:
        return view
    if not isinstance(view.source, FrameOf):
        return replace(view, picture_format=PictureFormat.PNG)
    return View(view.study_instance_uid, view.series_instance_uid, view.source, picture_format=view.picture_format)


VIEWS = (
    st.builds(
        View,
        UIDS,
        UIDS,
        st.builds(FrameOf, UIDS, st.integers(1, 99999))
        | st.builds(
            PlaneOf,
            st.sampled_from(Orientation),
            st.integers(0, 9999),
            st.integers(0, 999),
            st.sampled_from([0.0, 0.5, 1000.0]),
            st.sampled_from(Blend),
        )
        | VOLUME_SOURCES,
        st.none() | WINDOWS,
        st.none() | st.integers(1, 8192),
        st.booleans(),
        st.sampled_from(PictureFormat),
        st.integers(1, 100),
        colour_profile=st.sampled_from(ColourProfile),
        annotations=st.sampled_from([(), (Annotation.PATIENT,), (Annotation.TECHNIQUE,), tuple(Annotation)]),
        look=LOOKS,
        fusion=st.none() | FUSIONS,
    )
    .flatmap(
        lambda view: st.just(view) | st.builds(PresentationOf, UIDS, UIDS).map(lambda state: presented(view, state))
    )
    .flatmap(
        lambda view: st.just(view) | VIEWPORTS.map(lambda viewport: replace(view, max_size=None, viewport=viewport))
    )
    .map(possible)
)


def parse(path: str) -> View:
    place, _, query = path.partition("?")
    assert place.startswith(PREFIX + "/")
    return View.parse(place.removeprefix(PREFIX + "/").split("/"), dict(p.split("=") for p in query.split("&") if p))


@given(VIEWS)
def test_parsing_the_address_gives_the_view_back(view: View) -> None:
    assert parse(view.path()) == view


@given(VIEWS)
def test_addresses_need_no_percent_encoding(view: View) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_./?=&,-]+", view.path())


@given(VIEWS, VIEWS)
def test_different_views_have_different_addresses(first: View, second: View) -> None:
    assert (first == second) == (first.path() == second.path())


def test_some_addresses() -> None:
    view = View("1.2", "1.3", FrameOf("1.4", 7))
    assert view.path() == "/sightline/view/1.2/1.3/1.4/7"
    window = Window(-600.5, 1500, VoiFunction.SIGMOID)
    view = View("1.2", "1.3", PlaneOf(Orientation.AXIAL, 0), window, 256, True, PictureFormat.PNG, 90)
    assert view.path() == (
        "/sightline/view/1.2/1.3/axial/0?window=-600.5,1500,SIGMOID&size=256&invert=1&format=png&quality=90"
    )
    plane = ImagePlane((-10.5, 0.0, 4.0), (1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.5, 0.75), 256, 512)
    address = "/sightline/view/1.2/1.3/cut/-10.5,0,4,1,0,0,0,0,-1,0.5,0.75,256,512?slab=5&blend=max"
    assert View("1.2", "1.3", CutOf(plane, 5, Blend.MAXIMUM)).path() == address


@pytest.mark.parametrize(
    "address",
    [
        "1.2/1.3/cut/1,2,3",
        "1.2/1.3/cut/0,0,0,1,0,0,0,1,0,1,1,4",
        "1.2/1.3/cut/0,0,0,1,0,0,0,1,0,1,1,4,9000",
        "1.2/1.3/cut/0,0,0,1,0,0,0,1,0,1,0,4,4",
        "1.2/1.3/cut/0,0,0,1,0,0,1,0,0,1,1,4,4",
        "1.2/1.3/cut/0,0,nan,1,0,0,0,1,0,1,1,4,4",
        "1.2/1.3/cut/0,0,0,1,0,0,0,1,0,1,1,4,4?slab=0",
        "1.2/1.3/cut/0,0,0,1,0,0,0,1,0,1,1,4,4?slab=1001",
        "1.2/1.3/cut/0,0,0,1,0,0,0,1,0,1,1,4,4?blend=sum",
        "1.2/1.3/cut/0,0,0,1,0,0,0,1,0,1,1,4,4?preset=bone",
        "1.2/1.3/cut/0,0,0,1,0,0,0,1,0,1,1,4,4?frames=1",
        "1.2/1.3/cut/0,0,0,1,0,0,0,1,0,1,1,4,4?instances=1.2,x",
        "1.2/1.3/cut/0,0,0,1,0,0,0,1,0,1,1,4,4?presentation=1.2,1.3",
        "1.2/1.3/projection/0,0,0,1,0,0,0,1,0,1,1,4,4?slab=5",
        "1.2/1.3/rendering/0,0,0,1,0,0,0,1,0,1,1,4,4?preset=liver",
        "1.2/1.3/rendering/0,0,0,1,0,0,0,1,0,1,1,4,4?detail=best",
        "1.2/1.3/projection/0,0,0,1,0,0,0,1,0,1,1,4,4?detail=full",
        "1.2/1.3/rendering/0,0,0,1,0,0,0,1,0,1,1,4,4?clip=1,2,3,0,0,0",
        "1.2/1.3/rendering/0,0,0,1,0,0,0,1,0,1,1,4,4?clip=1,2,3",
        "1.2/1.3/axial/1?slab=0",
        "1.2/1.3/axial/1?blend=sum",
        "1.2/1.3/1.4/1?slab=5",
        "1.2/1.3/1.4/1?filter=blur",
        "1.2/1.3/1.4/1?colourmap=jet",
        "1.2/1.3/1.4/1?overlays=no",
        "1.2/1.3/1.4/1?shutter=2",
        "1.2/1.3/1.4/1?filter=smooth&presentation=1.2,1.3",
        "1.2/1.3/1.4/1?format=exact&colourmap=pet",
        "1.2/1.3/axial/1?overlays=0",
        "1.2/1.3/rendering/0,0,0,1,0,0,0,1,0,1,1,4,4?colourmap=pet",
        "1.2/1.3/1.4",
        "1.2/1.3/1.4/1/1",
        "1.2/x/1.4/1",
        "1.2/1.3/oblique/1",
        "1.2/1.3/1.4/0",
        "1.2/1.3/1.4/-1",
        "1.2/1.3/1.4/1.5",
        "1.2/1.3/1.4/٣",
        "1.2/1.3/axial/-1",
        "1.2/1.3/axial/1?colour=hot",
        "1.2/1.3/axial/1?stack=-1",
        "1.2/1.3/1.4/1?stack=1",
        "1.2/1.3/axial/1?window=40",
        "1.2/1.3/axial/1?window=40,0.5",
        "1.2/1.3/axial/1?window=40,nan",
        "1.2/1.3/axial/1?window=40,inf",
        "1.2/1.3/axial/1?window=1e3,400",
        "1.2/1.3/axial/1?window=40,0,SIGMOID",
        "1.2/1.3/axial/1?window=40,400,CUBIC",
        "1.2/1.3/axial/1?size=0",
        "1.2/1.3/axial/1?size=8193",
        "1.2/1.3/axial/1?invert=yes",
        "1.2/1.3/axial/1?format=bmp",
        "1.2/1.3/axial/1?format=gif&iccprofile=yes",
        "1.2/1.3/axial/1?format=exact",
        "1.2/1.3/1.4/1?format=exact&size=5",
        "1.2/1.3/1.4/1?format=png16&window=40,400",
        "1.2/1.3/axial/1?quality=101",
        "1.2/1.3/axial/1?quality=",
    ],
)
def test_what_is_not_allowed_is_refused_with_a_sentence(address: str) -> None:
    with pytest.raises(BadRequestError, match=r"\.$"):
        parse(f"{PREFIX}/{address}")
