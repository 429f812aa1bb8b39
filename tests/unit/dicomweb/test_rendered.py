"""Rendered pictures: query parameters become the view that the viewer would ask for."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest

from sightline.rendering.view import Annotation, ColourProfile, FrameOf, PictureFormat, View, VoiFunction, Window
from sightline.rendering.viewport import Viewport
from tests.support.dicom_files import image_file
from tests.unit.dicomweb.conftest import Serve, Server
from tests.unit.dicomweb.test_frames import contents

STUDY, SERIES = "1.2.826.0.1.1", "1.2.826.0.1.1.1"
SERIES_PATH = f"/studies/{STUDY}/series/{SERIES}"
PATH = f"{SERIES_PATH}/instances/1.2.3"
PLAIN = View(STUDY, SERIES, FrameOf("1.2.3", 1))


@pytest.fixture
def server(serve: Serve) -> Server:
    pixels = np.zeros((3, 200, 400), np.uint16)
    return serve(image_file(pixels, SOPInstanceUID="1.2.3", NumberOfFrames=3))


@pytest.mark.parametrize(
    ("query", "view"),
    [
        ("", PLAIN),
        ("?window=40,400,linear", replace(PLAIN, window=Window(40, 400))),
        ("?window=-600,1500.5,linear-exact", replace(PLAIN, window=Window(-600, 1500.5, VoiFunction.LINEAR_EXACT))),
        ("?window=1e2,10,SIGMOID", replace(PLAIN, window=Window(100, 10, VoiFunction.SIGMOID))),
        ("?viewport=100,100", replace(PLAIN, viewport=Viewport(100, 100))),
        ("?viewport=9999,50", replace(PLAIN, viewport=Viewport(9999, 50))),
        ("?viewport=40,40,,,,", replace(PLAIN, viewport=Viewport(40, 40))),
        ("?viewport=40,30,10,20.5,-100,-50", replace(PLAIN, viewport=Viewport(40, 30, 10, 20.5, -100, -50))),
        ("?viewport=40,30,,,-400,", replace(PLAIN, viewport=Viewport(40, 30, width=-400))),
        ("?iccprofile=srgb", replace(PLAIN, colour_profile=ColourProfile.SRGB)),
        ("?iccprofile=no", PLAIN),
        ("?annotation=patient", replace(PLAIN, annotations=(Annotation.PATIENT,))),
        ("?annotation=technique,patient", replace(PLAIN, annotations=(Annotation.PATIENT, Annotation.TECHNIQUE))),
        ("?quality=30", replace(PLAIN, quality=30)),
    ],
)
def test_parameters(server: Server, query: str, view: View) -> None:
    answer = server.get(f"{PATH}/rendered{query}", "image/jpeg")
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert server.engine.views == [view]


@pytest.mark.parametrize("resource", ["rendered", "thumbnail"])
def test_a_picture_comes_with_its_digest(server: Server, resource: str) -> None:
    answer = server.get(f"{PATH}/{resource}", "image/jpeg")
    digest = answer.headers["Repr-Digest"].removeprefix("sha-256=:").removesuffix(":")
    assert b64decode(digest) == sha256(answer.data).digest()


@pytest.mark.parametrize(
    "query",
    [
        "window=1,2",
        "window=1,0,linear",
        "window=1,nan,linear",
        "window=a,b,linear",
        "window=1,2,log",
        "viewport=0,1",
        "viewport=10",
        "viewport=10,10,5,5",
        "viewport=10,10,-1,5,5,5",
        "viewport=10,10,1,5,0,5",
        "viewport=10,10,1e1,5,5,5",
        "viewport=10,10,,,,,",
        "iccprofile=rommrgb",
        "annotation=everything",
        "quality=0",
        "quality=101",
        "quality=x",
        "quality=٣٠",
        "quality=",
        "window=1_0,2,linear",
        "window=١,2,linear",
        "window=inf,2,linear",
        "window=1,2,linear,",
        "window=",
        "viewport=",
        "annotation=",
        "annotation=patient,",
        "annotation=Patient",
        "iccprofile=",
        "iccprofile=YES",
    ],
)
@pytest.mark.parametrize("place", [PATH, f"{PATH}/frames/1", SERIES_PATH, f"/studies/{STUDY}"])
def test_malformed_values_are_refused_by_name(server: Server, query: str, place: str) -> None:
    answer = server.get(f"{place}/rendered?{query}")
    name = query.partition("=")[0]
    assert (answer.status_code, (answer.json or {})["code"]) == (400, f"bad-{name}")
    assert f"'{name}'" in (answer.json or {})["message"]
    assert server.engine.views == []


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", PictureFormat.JPEG),
        ("image/png, image/jpeg;q=0.5", PictureFormat.PNG),
        ("image/png;q=0.9, image/jpeg;q=0.8", PictureFormat.PNG),
        ("image/*", PictureFormat.JPEG),
        ("text/html, image/avif, */*;q=0.1", PictureFormat.JPEG),
    ],
)
def test_media_types(server: Server, accept: str, kind: PictureFormat) -> None:
    assert server.get(f"{PATH}/rendered", accept).mimetype == f"image/{kind.value}"
    assert server.engine.views[0].picture_format is kind
    assert server.get(f"{PATH}/rendered", "image/tiff").status_code == 406
    assert server.get(f"{PATH}/rendered?accept=image/png", "image/tiff").mimetype == "image/png"


def test_frames_alone_and_together(server: Server) -> None:
    server.get(f"{PATH}/frames/2/rendered")
    assert server.engine.views == [replace(PLAIN, source=FrameOf("1.2.3", 2))]
    several = server.get(f"{PATH}/frames/1,3/rendered", 'multipart/related; type="image/png"')
    assert len(contents(several)) == 2
    assert server.get(f"{PATH}/frames/0/rendered").status_code == 400


def test_known_pictures_are_not_made_again(server: Server) -> None:
    tag = server.get(f"{PATH}/rendered").headers["ETag"]
    answer = server.get(f"{PATH}/rendered", headers={"If-None-Match": tag})
    assert (answer.status_code, answer.data, len(server.engine.views)) == (304, b"", 1)
    server.archive._put(image_file(np.ones((200, 400), np.uint16), SOPInstanceUID="1.2.3"))
    assert server.get(f"{PATH}/rendered", headers={"If-None-Match": tag}).status_code == 200


def test_thumbnails(server: Server) -> None:
    server.get(f"{PATH}/thumbnail")
    server.get(f"{SERIES_PATH}/thumbnail?viewport=64,64", "image/png")
    middle = FrameOf("1.2.3", 2)
    assert server.engine.views == [
        replace(PLAIN, source=middle, max_size=256),
        replace(PLAIN, source=middle, viewport=Viewport(64, 64), picture_format=PictureFormat.PNG),
    ]


def test_what_there_is_not(server: Server) -> None:
    for path in (f"{SERIES_PATH}/instances/9.9/rendered", f"/studies/{STUDY}/series/9.9/thumbnail"):
        assert server.get(path).status_code == 404
