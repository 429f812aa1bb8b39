"""Pictures of whole studies and series, animations, and thumbnails at every level; pixels are looked at."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageSequence

from sightline.access.grant import Grant
from sightline.dicomweb import rendered
from sightline.rendering.engine import _view_argument
from sightline.rendering.picture import Picture
from sightline.rendering.view import FrameOf, View
from sightline.rendering.worker import resolve
from tests.support.dicom_files import image_file
from tests.unit.dicomweb.conftest import Serve, Server
from tests.unit.dicomweb.test_frames import contents

STUDY = "1.2.826.0.1.1"
LEVELS = (30, 90, 150)


def flat(value: int, uid: str, series: str, number: int, **attributes: Any) -> bytes:
    return image_file(
        np.full((8, 12), value, np.uint8),
        SOPInstanceUID=uid,
        SeriesInstanceUID=series,
        InstanceNumber=number,
        WindowCenter=128,
        WindowWidth=256,
        **attributes,
    )


@pytest.fixture
def server(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> Server:
    """Series 1.1 and 1.2 of three slices and one; 1.3 of a cine with 40 ms between its three frames."""
    cine = np.stack([np.full((8, 12), value, np.uint8) for value in LEVELS])
    server = serve(
        *(flat(value, f"1.1.{k}", "1.1", k, SeriesNumber=2) for k, value in enumerate(LEVELS)),
        flat(200, "1.2.1", "1.2", 1, SeriesNumber=1),
        image_file(
            cine, SOPInstanceUID="1.3.1", SeriesInstanceUID="1.3", SeriesNumber=3, NumberOfFrames=3,
            WindowCenter=128, WindowWidth=256, FrameTime=40,
        ),
    )  # fmt: skip

    def render(grant: Grant, view: View) -> Picture:
        assert isinstance(view.source, FrameOf)
        record = server.archive.instance(
            grant, view.study_instance_uid, view.series_instance_uid, view.source.sop_instance_uid
        )
        arguments = {
            "file": {"buffer": 0},
            "entry": None,
            "frame": view.source.frame,
            "view": _view_argument(view, view.window),
        }
        task = resolve("sightline.rendering.tasks:render_frame")
        reply = task(arguments, [server.archive.read(grant, record)], ())
        values = reply.values
        return Picture(bytes(reply.buffers[0]), values["media_type"], values["columns"], values["rows"], "", True, None)

    monkeypatch.setattr(server.engine, "render", render)
    return server


def grey(content: bytes) -> int:
    return int(np.asarray(Image.open(BytesIO(content)).convert("L")).mean())


def test_a_series_is_all_its_frames_in_display_order(server: Server) -> None:
    answer = server.get(f"/studies/{STUDY}/series/1.1/rendered", 'multipart/related; type="image/png"')
    assert answer.status_code == 200
    assert [grey(bytes(part)) for part in contents(answer)] == list(LEVELS)
    assert b"/instances/1.1.2/frames/1/rendered" in answer.data
    assert server.get(f"/studies/{STUDY}/series/1.1/rendered").mimetype == "multipart/related"
    assert server.get(f"/studies/{STUDY}/series/1.1/rendered", "image/jpeg").status_code == 406
    assert server.get(f"/studies/{STUDY}/series/1.2/rendered", "image/jpeg").mimetype == "image/jpeg"


def test_a_study_is_its_series_by_number(server: Server) -> None:
    answer = server.get(f"/studies/{STUDY}/rendered", 'multipart/related; type="image/png"')
    assert [grey(bytes(part)) for part in contents(answer)] == [200, *LEVELS, *LEVELS]
    assert server.get(f"/studies/{STUDY}/rendered", "image/gif").status_code == 406
    assert server.get("/studies/9.9/rendered").status_code == 404


def test_too_many_pictures_are_refused_rather_than_left_out(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendered, "MAXIMUM_PICTURES", 3)
    assert server.get(f"/studies/{STUDY}/series/1.1/rendered").status_code == 200
    assert server.get(f"/studies/{STUDY}/rendered").status_code == 413


@pytest.mark.parametrize("accept", ["image/gif", "image/webp"])
@pytest.mark.parametrize(("series", "duration"), [("1.3", 40), ("1.1", 100)])
def test_animations_have_every_frame_and_their_time(server: Server, accept: str, series: str, duration: int) -> None:
    answer = server.get(f"/studies/{STUDY}/series/{series}/rendered?quality=100", accept)
    assert (answer.status_code, answer.mimetype) == (200, accept)
    with Image.open(BytesIO(answer.data)) as image:
        frames = [np.asarray(frame.convert("L"), int) for frame in ImageSequence.Iterator(image)]
        assert image.info["duration"] == duration
        assert image.info["loop"] == 0
    tolerance = 0 if accept == "image/gif" else 2
    assert len(frames) == 3
    for frame, level in zip(frames, LEVELS, strict=True):
        assert np.abs(frame - level).max() <= tolerance


def test_an_instance_is_its_first_frame_its_frames_or_an_animation(server: Server) -> None:
    path = f"/studies/{STUDY}/series/1.3/instances/1.3.1"
    alone = server.get(f"{path}/rendered", "image/png")
    assert grey(alone.data) == LEVELS[0]
    assert alone.headers["Content-Location"].endswith(f"{path}/frames/1/rendered")
    assert server.get(f"{path}/rendered").mimetype == "image/jpeg"
    parts = server.get(f"{path}/rendered", 'multipart/related; type="image/png"')
    assert [grey(bytes(part)) for part in contents(parts)] == list(LEVELS)
    for suffix, count in (("", 3), ("/frames/1,3", 2), ("/frames/2", 1)):
        answer = server.get(f"{path}{suffix}/rendered?viewport=24,24", "image/gif")
        with Image.open(BytesIO(answer.data)) as image:
            assert (getattr(image, "n_frames", 1), image.size) == (count, (24, 16))


@pytest.mark.parametrize(("series", "rate"), [("1.3", 25), ("1.1", 10)])
def test_a_film_has_every_frame_and_their_time(server: Server, series: str, rate: int) -> None:
    av = pytest.importorskip("av")
    answer = server.get(f"/studies/{STUDY}/series/{series}/rendered?quality=100&viewport=45,45", "video/mp4")
    assert (answer.status_code, answer.mimetype) == (200, "video/mp4")
    with av.open(BytesIO(answer.data)) as film:
        stream = film.streams.video[0]
        assert (stream.codec_context.name, stream.average_rate) == ("h264", rate)
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(stream)]
    assert [frame.shape for frame in frames] == [(30, 46, 3)] * 3
    for frame, level in zip(frames, LEVELS, strict=True):
        assert np.abs(frame.astype(int) - level).max() <= 3


def test_without_its_library_there_is_no_film(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendered, "ANIMATIONS", ("image/gif", "image/webp"))
    assert server.get(f"/studies/{STUDY}/series/1.3/rendered", "video/mp4").status_code == 406


def test_images_of_several_sizes_make_no_animation(server: Server) -> None:
    other = image_file(np.zeros((4, 4), np.uint8), SOPInstanceUID="1.1.9", SeriesInstanceUID="1.1", InstanceNumber=9)
    server.archive._put(other)
    assert server.get(f"/studies/{STUDY}/series/1.1/rendered", "image/webp").status_code == 422


def test_thumbnails_show_the_middle(server: Server) -> None:
    levels = {
        "": 200,  # the first series by number
        "/series/1.1": LEVELS[1],
        "/series/1.3/instances/1.3.1": LEVELS[1],
        "/series/1.3/instances/1.3.1/frames/3": LEVELS[2],
    }
    for path, level in levels.items():
        answer = server.get(f"/studies/{STUDY}{path}/thumbnail", "image/png")
        assert (answer.status_code, grey(answer.data)) == (200, level)
    assert server.get(f"/studies/{STUDY}/series/1.3/instances/1.3.1/frames/1,2/thumbnail").status_code == 400
