"""Rendered MPR and 3D volumes: query parameters become cameras, and these the views of pictures."""

from __future__ import annotations

import base64
import struct
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sightline.access.grant import Grant, Permission, Verb
from sightline.dicomweb.rendered_volumes import SPELLINGS
from sightline.dicomweb.routes import ROUTES
from sightline.dicomweb.volume_parameters import MAXIMUM_STEPS
from sightline.rendering.picture import Picture
from sightline.rendering.view import PictureFormat, View, Window
from sightline.rendering.viewport import Viewport
from sightline.rendering.volume_sources import Blend, CutOf, Inputs, ProjectionOf, RenderingOf
from tests.support.dicom_files import CORONAL, image_file, volume_file
from tests.unit.dicomweb.conftest import Serve, Server
from tests.unit.dicomweb.test_frames import contents

STUDY, SERIES = "1.2.826.0.1.1", "1.2.826.0.1.1.1"
OTHER = "1.2.826.0.1.1.2"
PATH = f"/studies/{STUDY}/series/{SERIES}"
MPR, THREE_D = f"{PATH}/renderedmpr", f"{PATH}/rendered3d"
MIDDLE = (3.5, 2.5, 6.0)
"""LPS mm of the middle voxel of 6 slices of 10 x 14 voxels of 0.5 mm, 2 mm apart."""


def volume_files(series: str = SERIES, first: float = 0.0, **attributes: Any) -> list[bytes]:
    """Return the slices of a volume, with chosen SOP Instance UIDs."""
    places = [(0.0, 0.0, first + 2.0 * k) for k in range(6)]
    settings = {"SeriesInstanceUID": series, "WindowCenter": 50, "WindowWidth": 350} | attributes
    return [
        image_file(
            np.full((10, 14), k, np.int16),
            SOPInstanceUID=f"{series}.{k}.{round(first)}",
            ImagePositionPatient=place,
            ImageOrientationPatient=(1, 0, 0, 0, 1, 0),
            PixelSpacing=(0.5, 0.5),
            InstanceNumber=k,
            **settings,
        )
        for k, place in enumerate(places)
    ]


@pytest.fixture
def server(serve: Serve) -> Server:
    return serve(*volume_files())


def the_view(server: Server, path: str, accept: str = "image/png") -> View:
    """Return the view of the one picture that an address stands for."""
    server.engine.views.clear()
    answer = server.get(path, accept)
    assert answer.status_code == 200, answer.text
    (view,) = server.engine.views
    return view


def refusal(server: Server, path: str, accept: str = "") -> tuple[int, str, str]:
    """Return status, code and sentence of an error."""
    answer = server.get(path, accept)
    told = answer.json or {}
    return answer.status_code, told.get("code", ""), told.get("message", "")


def test_every_place_and_spelling_is_one_resource(server: Server) -> None:
    for resource, spellings in SPELLINGS.items():
        views = {
            the_view(server, f"{place}/{spelling}") for place in (f"/studies/{STUDY}", PATH) for spelling in spellings
        }
        assert len(spellings) == 2
        assert len(views) == 1, resource
    routes = [route for route in ROUTES if route.path.rsplit("/", 1)[1].lower() in ("renderedmpr", "rendered3d")]
    assert len(routes) == 12
    assert {(route.permission, route.audit, route.max_body) for route in routes} == {(Verb.VIEW, "read", 0)}


def test_what_is_shown_where_nobody_says(server: Server) -> None:
    view = the_view(server, MPR, "")
    source = view.source
    assert isinstance(source, CutOf)
    assert (source.slab, source.blend, source.inputs) == (0, Blend.MEAN, Inputs())
    assert source.plane.centre == pytest.approx(MIDDLE)
    assert (source.plane.edges.left, source.plane.edges.top) == ("R", "A")
    assert (view.window, view.picture_format, view.viewport) == (None, PictureFormat.JPEG, None)
    rendering = the_view(server, THREE_D).source
    assert isinstance(rendering, RenderingOf)
    assert rendering.preset == "bone"
    assert (rendering.plane.edges.left, rendering.plane.edges.top) == ("R", "H")


def test_values_of_mr_have_no_meaning_that_a_preset_for_ct_knows(serve: Serve) -> None:
    source = the_view(serve(*volume_files(Modality="MR")), THREE_D).source
    assert isinstance(source, RenderingOf)
    assert source.preset == "mr"


@pytest.mark.parametrize(
    ("query", "blend"),
    [("maximum_ip", Blend.MAXIMUM), ("minimum_ip", Blend.MINIMUM), ("average_ip", Blend.MEAN)],
)
def test_rendering_methods(server: Server, query: str, blend: Blend) -> None:
    projection = the_view(server, f"{THREE_D}?renderingmethod={query}").source
    assert isinstance(projection, ProjectionOf)
    assert projection.blend is blend
    slab = the_view(server, f"{MPR}?renderingmethod={query}&mprslab=4.5").source
    assert isinstance(slab, CutOf)
    assert (slab.blend, slab.slab) == (blend, 4.5)
    assert isinstance(the_view(server, f"{THREE_D}?renderingmethod=volume_rendered&preset=skin").source, RenderingOf)


def test_the_example_of_the_standard(server: Server) -> None:
    """PS3.18 section B.34, with coordinates of this volume."""
    view = the_view(
        server,
        f"{MPR}?renderingmethod=maximum_ip&mprslab=20&viewpointposition=3.5,3.5,6&viewpointlookat=3.5,2.5,6"
        "&viewpointup=0,0,1&viewport=256,256&window=700,100,linear",
        "image/jpeg",
    )
    source = view.source
    assert isinstance(source, CutOf)
    assert (source.plane.rows, source.plane.columns) == (256, 256)
    assert source.plane.normal == (0.0, -1.0, 0.0)
    assert source.plane.centre == pytest.approx((3.5, 2.5, 6.0))
    assert (view.window, view.picture_format) == (Window(700, 100), PictureFormat.JPEG)


@pytest.mark.parametrize(
    ("query", "normal", "up"),
    [
        ("viewpointposition=3.5,-50,6", (0, 1, 0), "H"),
        ("viewpointposition=3.5,2.5,90", (0, 0, -1), "A"),
        ("viewpointup=1,0,0", (0, 0, 1), "L"),
        ("viewpointlookat=3,2,4", (0, 0, 1), "A"),
        ("orientation=l", (-1, 0, 0), "H"),
    ],
)
def test_what_is_not_said_of_a_camera_is_chosen(server: Server, query: str, normal: Any, up: str) -> None:
    source = the_view(server, f"{MPR}?{query}").source
    assert isinstance(source, CutOf)
    assert source.plane.normal == pytest.approx(normal)
    assert source.plane.edges.top == up


def test_a_region_of_the_viewport_zooms_and_flips(server: Server) -> None:
    natural = the_view(server, f"{MPR}?orientation=f").source
    view = the_view(server, f"{MPR}?orientation=f&viewport=40,40,2,3,-10,8")
    source = view.source
    assert isinstance(source, CutOf)
    assert isinstance(natural, CutOf)
    assert view.viewport == Viewport(40, 32, width=-40)
    assert (source.plane.rows, source.plane.columns) == (32, 40)
    corner = natural.plane.to_patient((2.5, 1.5))
    np.testing.assert_allclose(source.plane.to_patient((-0.5, -0.5)), corner, atol=1e-9)


@pytest.mark.parametrize(
    ("resource", "query", "name"),
    [
        (MPR, "renderingmethod=volume_rendered", "renderingmethod"),
        (MPR, "renderingmethod=MAXIMUM_IP", "renderingmethod"),
        (MPR, "renderingmethod=maximum_ip,average_ip", "renderingmethod"),
        (MPR, "orientation=axial", "orientation"),
        (MPR, "orientation=a,h", "orientation"),
        (MPR, "orientation=a&viewpointup=0,0,1", "orientation"),
        (MPR, "viewpointposition=1,2", "viewpointposition"),
        (MPR, "viewpointposition=1,2,nan", "viewpointposition"),
        (MPR, "viewpointposition=1,2,1e99", "viewpointposition"),
        (MPR, "viewpointlookat=1,2,3,4,5,6", "viewpointlookat"),
        (MPR, "viewpointlookat=0,0,99&viewpointposition=0,0,0", "viewpointlookat"),
        (MPR, "viewpointlookat=1,2,3&viewpointposition=1,2,3", "viewpointlookat"),
        (MPR, "viewpointup=0,0,0", "viewpointup"),
        (MPR, "viewpointup=0,0,5", "viewpointup"),
        (MPR, "mprslab=0", "mprslab"),
        (MPR, "mprslab=-1", "mprslab"),
        (MPR, "mprslab=1001", "mprslab"),
        (THREE_D, "mprslab=5", "mprslab"),
        (THREE_D, "volumetriccurvepoint=0,0,0,0,0,5", "volumetriccurvepoint"),
        (MPR, "volumetriccurvepoint=1,2", "volumetriccurvepoint"),
        (MPR, "volumetriccurvepoint=0,0,0,0,0,0.5", "volumetriccurvepoint"),
        (MPR, "volumetriccurvepoint=0,0,0,0,0,5&swivelrange=90", "swivelrange"),
        (THREE_D, "swivelrange=0", "swivelrange"),
        (THREE_D, "swivelrange=361", "swivelrange"),
        (THREE_D, "swivelrange=0.5", "swivelrange"),
        (THREE_D, "swivelrange=90&animationstepsize=91", "animationstepsize"),
        (MPR, "volumetriccurvepoint=0,0,0,0,0,1000&animationstepsize=1", "animationstepsize"),
        (THREE_D, "swivelrange=90&animationstepsize=2.5", "animationstepsize"),
        (THREE_D, "animationstepsize=5", "animationstepsize"),
        (THREE_D, "animationrate=5", "animationrate"),
        (THREE_D, "swivelrange=90&animationrate=0", "animationrate"),
        (THREE_D, "renderedvolumetricmetadata=no", "renderedvolumetricmetadata"),
        (THREE_D, "preset=liver", "preset"),
        (THREE_D, "preset=bone&renderingmethod=maximum_ip", "preset"),
        (MPR, "preset=bone", "preset"),
        (THREE_D, "window=1,2,linear", "window"),
        (MPR, "annotation=patient", "annotation"),
        (MPR, "viewport=4000,4000", "viewport"),
        (THREE_D, "viewport=2000,2000&swivelrange=360", "viewport"),
        (MPR, "viewport=10,10,5000,0,5,5", "viewport"),
        (MPR, "volumeinputreference=x", "volumeinputreference"),
        (f"{PATH}/instances/{SERIES}.0.0/renderedmpr", "volumeinputreference=1.2.3", "volumeinputreference"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(server: Server, resource: str, query: str, name: str) -> None:
    status, code, message = refusal(server, f"{resource}?{query}")
    assert (status, code) == (400, f"bad-{name}"), message
    assert f"'{name}'" in message
    assert server.engine.views == []


def test_what_cannot_be_produced_is_refused_with_what_can(server: Server) -> None:
    status, _, message = refusal(server, MPR, "video/mp4")
    assert (status, "image/png" in message, "image/gif" in message) == (406, True, False)
    status, _, message = refusal(server, f"{MPR}?swivelrange=90", "image/png")
    assert (status, "image/webp" in message) == (406, True)
    status, _, message = refusal(server, f"{MPR}?renderedvolumetricmetadata=yes", "image/png")
    assert (status, "application/dicom+json" in message) == (406, True)


def test_what_there_is_not(server: Server) -> None:
    for path in (
        "/studies/9.9/renderedmpr",
        f"/studies/{STUDY}/series/9.9/rendered3d",
        f"{PATH}/instances/9.9/rendered3d",
        f"{MPR}?volumeinputreference=9.9",
        f"{MPR}?PatientName=Nobody",
        f"/studies/{STUDY}/rendered3d?volumeinputreference=9.9",
    ):
        assert refusal(server, path)[0] == 404, path


def test_who_may_not_see_the_study_sees_nothing(server: Server) -> None:
    for permission in (Permission(frozenset({Verb.VIEW}), "9.9"), Permission(frozenset({Verb.SEARCH, Verb.UPLOAD}))):
        server.grant = Grant("link:1", (permission,))
        for path in (MPR, THREE_D, f"/studies/{STUDY}/rendered3D", f"{PATH}/instances/{SERIES}.0.0/renderedMPR"):
            assert server.get(path).status_code == 403, path
            assert server.get(f"{path}?renderedvolumetricmetadata=yes").status_code == 403
    assert server.engine.views == []
    assert "denial" in server.audit.events
    server.grant = Grant("link:2", (Permission(frozenset({Verb.VIEW}), STUDY),))
    assert server.get(f"/studies/{STUDY}/renderedmpr").status_code == 200
    assert server.audit.events[-1][:2] == ("read", STUDY)


def test_a_series_that_is_no_volume_is_refused_with_the_reason(serve: Serve) -> None:
    crooked = image_file(
        np.zeros((10, 14), np.int16),
        ImagePositionPatient=(0, 0, 0),
        ImageOrientationPatient=CORONAL,
        PixelSpacing=(0.5, 0.5),
    )
    server = serve(*volume_files(), crooked)
    for path in (MPR, THREE_D, f"/studies/{STUDY}/renderedmpr"):
        assert refusal(server, path) == (422, "no-volume", "The images are cut in different directions.")
    status, _, message = refusal(server, f"{PATH}/instances/{SERIES}.0.0/rendered3d")
    assert (status, message) == (422, "At least 3 slices are needed; there are 1.")


def test_uneven_slices_are_cut_only(serve: Serve) -> None:
    server = serve(*volume_files()[:4], *volume_files(first=0.5)[4:])
    assert server.get(MPR).status_code == 200
    for query in ("", "?renderedvolumetricmetadata=yes", "?renderingmethod=maximum_ip"):
        status, code, message = refusal(server, f"{THREE_D}{query}")
        assert (status, code) == (422, "no-volume")
        assert "unevenly spaced" in message


def test_a_study_of_several_volumes_asks_which(serve: Serve) -> None:
    server = serve(*volume_files(), *volume_files(OTHER, 3))
    status, code, message = refusal(server, f"/studies/{STUDY}/renderedmpr")
    assert (status, code) == (400, "bad-volumeinputreference")
    assert SERIES in message
    assert OTHER in message
    view = the_view(server, f"/studies/{STUDY}/renderedmpr?volumeinputreference={OTHER}")
    assert (view.series_instance_uid, view.source.inputs) == (OTHER, Inputs())  # type: ignore[union-attr]


def test_phases_of_one_series_are_told_apart_by_instances_or_attributes(serve: Serve) -> None:
    server = serve(*volume_files(AcquisitionNumber=1), *volume_files(first=100, AcquisitionNumber=2))
    wanted = tuple(f"{SERIES}.{k}.100" for k in range(6))
    listed = the_view(server, f"{MPR}?volumeinputreference={','.join(wanted)}").source
    matched = the_view(server, f"{MPR}?AcquisitionNumber=2").source
    assert isinstance(listed, CutOf)
    assert listed == matched
    assert listed.inputs == Inputs(wanted)
    assert listed.plane.centre[2] == pytest.approx(106)
    assert the_view(server, f"/studies/{STUDY}/renderedmpr?00200012=2").source == matched


def test_an_instance_of_several_frames_is_a_volume(serve: Serve) -> None:
    server = serve(volume_file(np.zeros((6, 10, 14), np.int16), (0.5, 0.5), 2.0, SOPInstanceUID="1.2.3"))
    whole = the_view(server, f"{PATH}/instances/1.2.3/rendered3D").source
    assert isinstance(whole, RenderingOf)
    assert whole.inputs == Inputs(("1.2.3",))
    part = the_view(server, f"{PATH}/instances/1.2.3/renderedmpr?volumeinputreference=1,2,3,4").source
    assert isinstance(part, CutOf)
    assert part.inputs == Inputs(("1.2.3",), (1, 2, 3, 4))
    assert part.plane.centre[2] == pytest.approx(4)
    assert refusal(server, f"{PATH}/instances/1.2.3/rendered3d?volumeinputreference=5,6,7")[0] == 404
    assert refusal(server, f"{PATH}/instances/1.2.3/rendered3d?Modality=MR")[0] == 404
    assert the_view(server, f"{PATH}/instances/1.2.3/rendered3d?Modality=CT").source == whole


def test_what_no_series_of_a_study_holds_is_not_there(serve: Serve) -> None:
    server = serve(*volume_files(), *volume_files(OTHER, 3))
    path = f"/studies/{STUDY}/renderedmpr?volumeinputreference="
    assert refusal(server, f"{path}9.9")[0] == 404
    assert refusal(server, f"{path}{SERIES}.0.0,{OTHER}.1.3")[0] == 404
    assert refusal(server, f"{path}{SERIES},{OTHER}.1.3")[:2] == (400, "bad-volumeinputreference")
    assert refusal(server, f"{path}{OTHER}.0.3,{OTHER}.1.3")[2] == "At least 3 slices are needed; there are 2."


def test_known_pictures_are_not_made_again(server: Server) -> None:
    tags = set()
    for path in (MPR, f"{MPR}?orientation=a", THREE_D, f"{MPR}?renderedvolumetricmetadata=yes"):
        answer = server.get(path)
        tags.add(answer.headers["ETag"])
        made = len(server.engine.views)
        again = server.get(path, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data, len(server.engine.views)) == (304, b"", made)
    assert len(tags) == 4
    server.archive._put(volume_files(RescaleIntercept=5)[0])
    assert not tags & {server.get(path).headers["ETag"] for path in (MPR, THREE_D)}


class Painter:
    """Makes pictures of one grey each, so that animations can be decoded."""

    def __init__(self, server: Server) -> None:
        self.views: list[View] = []
        self.server = server
        server.engine.render = self.render  # type: ignore[method-assign]

    def render(self, grant: Grant, view: View) -> Picture:
        self.views.append(view)
        target = BytesIO()
        kind = view.picture_format.value
        Image.new("L", (8, 8), 10 * len(self.views)).save(target, kind)
        etag = self.server.engine.etag(grant, view)
        return Picture(target.getvalue(), f"image/{kind}", 8, 8, etag, False, Window(50, 350))


@pytest.mark.parametrize("accept", ["image/gif", "image/webp", ""])
def test_a_swivel_is_an_animation(server: Server, accept: str) -> None:
    painter = Painter(server)
    answer = server.get(f"{THREE_D}?renderingmethod=maximum_ip&swivelrange=180&animationstepsize=30", accept)
    assert answer.mimetype == (accept or "image/gif")
    with Image.open(BytesIO(answer.data)) as image:
        assert getattr(image, "n_frames", 1) == 6
    planes = [view.source.plane for view in painter.views]  # type: ignore[union-attr]
    assert len({(plane.rows, plane.columns) for plane in planes}) == 1
    assert {view.picture_format for view in painter.views} == {PictureFormat.PNG}
    assert len({plane.normal for plane in planes}) == 6


@pytest.mark.parametrize(("motion", "detail"), [("", "full"), ("&swivelrange=20&animationstepsize=5", "fitting")])
def test_what_moves_is_rendered_quickly_and_what_rests_truly(server: Server, motion: str, detail: str) -> None:
    painter = Painter(server)
    answer = server.get(f"{THREE_D}?renderingmethod=volume_rendered{motion}", "image/gif" if motion else "image/png")
    assert answer.status_code == 200
    sources = [view.source for view in painter.views]
    assert {source.detail for source in sources if isinstance(source, RenderingOf)} == {detail}


def test_the_parts_of_an_animation(server: Server) -> None:
    answer = server.get(f"{THREE_D}?swivelrange=20&animationstepsize=5", 'multipart/related; type="image/jpeg"')
    assert len(contents(answer)) == 4


def test_the_rate_is_that_of_the_animation(server: Server) -> None:
    Painter(server)
    answer = server.get(f"{MPR}?swivelrange=20&animationstepsize=5&animationrate=4", "image/gif")
    with Image.open(BytesIO(answer.data)) as image:
        assert image.info["duration"] == 250


@pytest.mark.parametrize(
    "query", ["volumetriccurvepoint=3,2,0,3,2,9", "volumetriccurvepoint=3,2,0&volumetriccurvepoint=3,2,9"]
)
def test_a_curve_is_gone_along(server: Server, query: str) -> None:
    painter = Painter(server)
    assert server.get(f"{MPR}?{query}&animationstepsize=3", "image/gif").status_code == 200
    centres = sorted(view.source.plane.centre[2] for view in painter.views)  # type: ignore[union-attr]
    assert centres == pytest.approx([0, 3, 6])


def test_one_point_is_where_the_curve_leads_to(server: Server) -> None:
    painter = Painter(server)
    path = f"{MPR}?viewpointlookat=3,2,1&volumetriccurvepoint=3,2,9&animationstepsize=4"
    assert server.get(path, "image/gif").status_code == 200
    assert sorted(view.source.plane.centre[2] for view in painter.views) == pytest.approx([1, 5])  # type: ignore[union-attr]


def test_an_animation_has_a_bound(server: Server) -> None:
    most = f"{THREE_D}?renderedvolumetricmetadata=yes&viewport=8,8&swivelrange=360&animationstepsize=1"
    assert MAXIMUM_STEPS == 360
    assert server.get(most).status_code == 200
    more = f"{MPR}?viewport=8,8&volumetriccurvepoint=0,0,0,0,0,361&animationstepsize=1"
    assert refusal(server, more)[:2] == (400, "bad-animationstepsize")


def module(server: Server, path: str) -> dict[str, Any]:
    """Return tag -> values of the Rendered Volume Response Module."""
    answer = server.get(path, "application/dicom+json")
    assert (answer.status_code, answer.mimetype) == (200, "application/dicom+json"), answer.text
    told = answer.json
    assert isinstance(told, dict)
    assert list(told) == sorted(told)
    return {tag: attribute["Value"] for tag, attribute in told.items()}


def test_the_module_tells_what_was_asked_and_what_was_chosen(server: Server) -> None:
    Painter(server)
    told = module(server, f"{MPR}?renderedvolumetricmetadata=yes&orientation=a&mprslab=5&renderingmethod=minimum_ip")
    assert told == {
        "00720510": ["MPR"],
        "0070120D": ["MINIMUM_IP"],
        "00701603": [3.5, 1.5, 6.0],
        "00701604": [3.5, 2.5, 6.0],
        "00701605": [0.0, 0.0, 1.0],
        "00701503": [5.0],
        "00281056": ["LINEAR"],
        "00281051": [350],
        "00281050": [50],
    }


def test_the_module_of_a_swivel(server: Server) -> None:
    """PS3.18 section B.32."""
    path = f"{PATH}/rendered3D?renderingmethod=volume_rendered&orientation=a&swivelrange=180&animationrate=20"
    told = module(server, f"{path}&renderedvolumetricmetadata=yes")
    assert told["00720510"] == ["3D_RENDERING"]
    assert (told["00701A06"], told["00701A05"], told["00701A03"]) == ([180.0], [5], [20])
    assert not {"00281050", "00281051", "00281056", "00701503"} & set(told)
    assert server.engine.views == []


def test_the_module_of_a_curve(server: Server) -> None:
    Painter(server)
    told = module(server, f"{MPR}?renderedvolumetricmetadata=yes&volumetriccurvepoint=3,2,0,3,2,9&window=1,2,linear")
    (item,) = told["00701A04"]
    assert item["0070150C"] == {"vr": "UL", "Value": [2]}
    points = struct.unpack("<6d", base64.b64decode(item["0070150D"]["InlineBinary"]))
    assert points == (3, 2, 0, 3, 2, 9)
    assert (told["00281050"], told["00281051"]) == ([1.0], [2.0])


def test_asking_with_what_the_module_tells_gives_the_same_picture(server: Server) -> None:
    for query in ("orientation=r", "orientation=f", "viewpointposition=9,-7,3", "viewpointlookat=2,1,4"):
        told = module(server, f"{THREE_D}?renderedvolumetricmetadata=yes&{query}")
        tags = {"viewpointposition": "00701603", "viewpointlookat": "00701604", "viewpointup": "00701605"}
        exact = "&".join(f"{name}={','.join(map(str, told[tag]))}" for name, tag in tags.items())
        first, second = the_view(server, f"{THREE_D}?{query}"), the_view(server, f"{THREE_D}?{exact}")
        assert first == second


def test_the_module_as_xml(server: Server) -> None:
    path = f"{THREE_D}?renderedvolumetricmetadata=yes"
    (text,) = contents(server.get(path, 'multipart/related; type="application/dicom+xml"'))
    assert b'keyword="ViewpointUpDirection"' in text
    assert server.get(path).mimetype == "application/dicom+json"
