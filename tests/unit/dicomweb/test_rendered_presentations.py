"""Presentation states as targets of /rendered: the images that they are for, or a refusal with the reason."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from sightline.rendering.view import FrameOf, PictureFormat, PresentationOf, View
from tests.support.corpus import corpus_files
from tests.support.dicom_files import image_file
from tests.support.presentation_states import area, presentation_state, reference
from tests.unit.dicomweb.conftest import Serve, Server
from tests.unit.dicomweb.test_frames import contents

STUDY, SERIES, STATES = "1.2.826.0.1.1", "1.2.826.0.1.1.1", "1.2.826.0.1.1.9"
PATH = f"/studies/{STUDY}/series/{STATES}/instances/1.2.3.99/rendered"
STATE = PresentationOf(STATES, "1.2.3.99")
IMAGES = [
    image_file(np.zeros((4, 6), np.uint16), SOPInstanceUID="1.1"),
    image_file(np.zeros((3, 4, 6), np.uint16), SOPInstanceUID="1.2"),
]


def server_of(serve: Serve, *images: object, **attributes: object) -> Server:
    state = presentation_state(list(images), [area(6, 4)], **attributes)  # type: ignore[arg-type]
    return serve(*IMAGES, state)


def test_one_image_is_one_picture(serve: Serve) -> None:
    server = server_of(serve, reference("1.1"))
    for _ in range(2):
        answer = server.get(f"{PATH}?quality=50", "image/jpeg")
        assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
        assert answer.headers["Content-Location"].endswith(PATH)
    view = View(STUDY, SERIES, FrameOf("1.1"), quality=50, presentation=STATE)
    assert server.engine.views == [view, view]
    assert server.engine.tasks == ["sightline.objects.presented:list_references"]
    tag = server.get(PATH).headers["ETag"]
    assert server.get(PATH, headers={"If-None-Match": tag}).status_code == 304


def test_several_are_parts_in_order(serve: Serve) -> None:
    server = server_of(serve, reference("1.2", 3, 1), reference("1.1"))
    answer = server.get(PATH, 'multipart/related; type="image/png"')
    assert len(contents(answer)) == 3
    png = PictureFormat.PNG
    assert {repr(view) for view in server.engine.views} == {
        repr(View(STUDY, SERIES, frame, picture_format=png, presentation=STATE))
        for frame in (FrameOf("1.2", 3), FrameOf("1.2", 1), FrameOf("1.1"))
    }
    assert server.get(PATH).mimetype == "multipart/related"
    assert server.get(PATH, "image/png").status_code == 406
    all_frames = server_of(serve, reference("1.2"))
    assert len(contents(all_frames.get(PATH))) == 3


@pytest.mark.parametrize(
    ("uid", "frames", "attributes", "code"),
    [
        ("9.9", (), {}, "image-missing"),
        ("1.2", (4,), {}, "bad-state"),
        ("1.1", (), {"series": "7.7"}, "image-missing"),
        ("1.1", (), {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.11.4"}, "unsupported-state"),
    ],
)
def test_what_cannot_be_shown_is_refused(
    serve: Serve, uid: str, frames: tuple[int, ...], attributes: dict[str, object], code: str
) -> None:
    server = server_of(serve, reference("1.1"), reference(uid, *frames), **attributes)
    answer = server.get(PATH)
    assert (answer.status_code, (answer.json or {})["code"]) == (422, code)
    assert server.engine.views == []


def test_a_window_is_not_for_presentation_states(serve: Serve) -> None:
    answer = server_of(serve, reference("1.1")).get(f"{PATH}?window=1,2,linear")
    assert answer.status_code == 400
    assert "'window'" in (answer.json or {})["message"]


def test_its_thumbnail_is_the_image_that_it_shows(serve: Serve) -> None:
    server = server_of(serve, reference("1.2", 2))
    assert server.get(PATH.replace("rendered", "thumbnail")).status_code == 200
    assert server.engine.views == [View(STUDY, SERIES, FrameOf("1.2", 2), max_size=256, presentation=STATE)]


@pytest.mark.skipif(not corpus_files("pr/luts"), reason="there is no corpus")
def test_a_real_one(serve: Serve, tmp_path: object) -> None:
    files = [path.read_bytes() for path in corpus_files("pr/luts")]
    server = serve(*files)
    root = "1.2.276.0.7230010.3.200.6"
    answer = server.get(f"/studies/{root}/series/{root}.0/instances/{root}.0.3/rendered", "image/png")
    assert answer.status_code == 200
    assert server.engine.views[0].source == FrameOf(f"{root}.3.1")


def test_the_engine_renders_it_in_a_worker(serve: Serve) -> None:
    """Bytes of a black picture, by the task that the engine names."""
    from sightline.rendering.engine import _view_argument
    from sightline.rendering.worker import resolve

    view = View(STUDY, SERIES, FrameOf("1.1"), picture_format=PictureFormat.PNG, presentation=STATE)
    task = resolve("sightline.objects.presented:render_presented")
    arguments = {"file": {"buffer": 0}, "presentation": {"buffer": 1}, "entry": None, "frame": 1}
    state = presentation_state([reference("1.1")], [area(6, 4)])
    reply = task(arguments | {"view": _view_argument(view, None)}, [IMAGES[0], state], ())
    assert np.asarray(Image.open(BytesIO(bytes(reply.buffers[0])))).tolist() == [[0] * 6] * 4
