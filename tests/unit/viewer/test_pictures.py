"""Pictures by their canonical URL, thumbnails, planes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image
from werkzeug.test import Client, EnvironBuilder

from sightline.access.grant import administrator
from sightline.kernels.colour_maps import colour_map
from sightline.rendering.jobs import Asking, Priority
from sightline.rendering.picture import Picture
from sightline.viewer.pictures import asking_of, picture_response
from sightline.web.request import Request
from tests.support.viewer_server import link_grant

from .conftest import CHEST, HAND

SERIES = f"/sightline/api/studies/{CHEST}/series/{CHEST}.2"


def frame_path(client: Client, index: int, query: str = "") -> str:
    stack: Any = client.get(f"/sightline/api/studies/{CHEST}").json
    stack = stack["series"][1]["stack"]
    return f"/sightline/view/{CHEST}/{CHEST}.2/{stack['prefix']}{stack['frames'][index][0]}/1{query}"


def pixels(content: bytes) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(BytesIO(content)))


def test_a_picture_says_what_it_is(client: Client) -> None:
    # Slice 5 holds 500 everywhere: ((500 - 499.5) / 999 + 0.5) * 255 = 127.6 (PS3.3 C.11.2.1.2.1).
    answer = client.get(frame_path(client, 5, "?format=png"))
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Sightline-Window"] == "500.0,1000.0,LINEAR"
    assert answer.headers["Sightline-Size"] == "6,8"
    assert answer.headers["Sightline-Quality"] == "exact"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert set(np.unique(pixels(answer.data))) == {128}


def test_the_window_of_the_address_is_applied_and_said(client: Client) -> None:
    # ((500 - 599.5) / 399 + 0.5) * 255 = 63.9
    answer = client.get(frame_path(client, 5, "?window=600,400&format=png"))
    assert answer.headers["Sightline-Window"] == "600.0,400.0,LINEAR"
    assert set(np.unique(pixels(answer.data))) == {64}


def test_a_colour_map_gives_its_colour_to_each_grey_and_says_so(client: Client) -> None:
    answer = client.get(frame_path(client, 5, "?colourmap=hot_iron&format=png"))
    assert pixels(answer.data)[0, 0].tolist() == colour_map("hot_iron")[128].tolist()
    assert answer.headers["Sightline-Provenance"].endswith(", colourmap=hot_iron")
    grey = client.get(frame_path(client, 5, "?colourmap=grey&overlays=1&shutter=1&format=png"))
    assert grey.headers["ETag"] == client.get(frame_path(client, 5, "?format=png")).headers["ETag"]


def test_colours_have_no_colour_map(client: Client) -> None:
    study: Any = client.get(f"/sightline/api/studies/{HAND}").json
    stack = study["series"][0]["stack"]
    path = f"/sightline/view/{HAND}/{HAND}.1/{stack['prefix']}{stack['frames'][0][0]}/1"
    answer: Any = client.get(f"{path}?filter=smooth")
    assert (answer.status_code, answer.json["code"]) == (422, "not-grey")
    assert client.get(f"{path}?overlays=0").status_code == 200


def test_a_slab_of_planes_is_the_greatest_least_or_mean_of_what_lies_in_it(client: Client) -> None:
    # Slices 4, 5 and 6 hold 400, 500 and 600, 2 mm apart; ((600 - 499.5) / 999 + 0.5) * 255 = 153.2, and so on.
    for blend, grey in (("max", 153), ("min", 102), ("mean", 128)):
        address = f"/sightline/view/{CHEST}/{CHEST}.2/axial/5?slab=4&blend={blend}&format=png"
        answer = client.get(address)
        assert set(np.unique(pixels(answer.data))) == {grey}
        assert "interpolation=(trilinear projection)" in answer.headers["Sightline-Provenance"]
        told: Any = client.get(address.replace("?", ".json?")).json
        assert told["sources"]["count"] == 12
        assert "slab=4" in told["view"]


def test_planes_are_filtered_and_coloured_too(client: Client) -> None:
    address = f"/sightline/view/{CHEST}/{CHEST}.2/sagittal/2?filter=smooth&colourmap=pet"
    answer = client.get(f"{address}&format=png")
    assert pixels(answer.data).ndim == 3
    told: Any = client.get(address.replace("?", ".json?")).json
    assert (told["filter"], told["colourMap"], told["hidden"]) == ("smooth", "pet", [])
    plain = client.get(f"/sightline/view/{CHEST}/{CHEST}.2/sagittal/2?colourmap=pet&format=png")
    assert not np.array_equal(pixels(answer.data), pixels(plain.data))


def test_jpeg_says_that_it_is_lossy(client: Client) -> None:
    answer = client.get(frame_path(client, 5))
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Sightline-Quality"] == "lossy"


def test_who_has_the_picture_gets_304_and_nothing_else(client: Client) -> None:
    path = frame_path(client, 3)
    etag = client.get(path).headers["ETag"]
    answer = client.get(path, headers={"If-None-Match": etag})
    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", etag)
    assert client.get(frame_path(client, 4), headers={"If-None-Match": etag}).status_code == 200


def test_wrong_addresses_are_refused(client: Client) -> None:
    for query in ("?window=40", "?size=0", "?size=1e9", "?format=bmp", "?quality=101", "?zoom=2", "?window=0,0"):
        answer = client.get(frame_path(client, 0, query))
        assert answer.status_code == 400, query
    for query in ("?format=exact&size=4", "?format=png16&window=40,400", "?format=gif&iccprofile=yes"):
        assert client.get(frame_path(client, 0, query)).status_code == 400, query
    assert client.get(f"/sightline/view/{CHEST}/{CHEST}.2/axial/1?format=exact").status_code == 400
    assert client.get(f"/sightline/view/{CHEST}/{CHEST}.2/1.2.3/1").status_code == 404
    assert client.get(f"/sightline/view/{CHEST}/{CHEST}.2/oblique/1").status_code == 404


def test_thumbnails_are_small_pictures_of_the_middle_of_the_stack(client: Client) -> None:
    study = client.get(f"/sightline/api/studies/{CHEST}/thumbnail")
    series = client.get(f"{SERIES}/thumbnail")
    assert study.status_code == series.status_code == 200
    assert study.data == series.data
    # Frame 6 of 12 holds 600: ((600 - 499.5) / 999 + 0.5) * 255 = 153.2
    assert abs(int(pixels(study.data).mean()) - 153) <= 1


def test_a_thumbnail_of_nothing_is_not_found(client: Client) -> None:
    assert client.get(f"/sightline/api/studies/{CHEST}/series/{CHEST}.3/thumbnail").status_code == 404
    assert client.get(f"/sightline/api/studies/{CHEST}/series/1.2.3/thumbnail").status_code == 404


def test_the_plan_of_the_planes(client: Client) -> None:
    plan: Any = client.get(f"{SERIES}/planes").json
    assert plan["refusal"] is None
    assert plan["planes"]["sagittal"] == {
        "count": 6, "rows": 12, "columns": 8, "spacing": [2.0, 0.7], "step": 0.8, "origin": [-3.0, -4.0, 22.0],
        "columnDirection": [0.0, 1.0, 0.0], "rowDirection": [0.0, 0.0, -1.0], "normal": [1.0, 0.0, 0.0],
        "letters": ["A", "P", "H", "F"], "exact": True,
    }  # fmt: skip


def test_the_stacks_of_a_series_are_named(client: Client) -> None:
    plan: Any = client.get(f"{SERIES}/planes?stack=0").json
    assert plan["stacks"] == ["Axial"]
    assert client.get(f"{SERIES}/planes?stack=1").status_code == 404
    assert client.get(f"{SERIES}/progress?stack=1").status_code == 404
    for wrong in ("x", "-1", "1000", ""):
        assert client.get(f"{SERIES}/planes?stack={wrong}").status_code == 400


def asking(session: str, **headers: str) -> Asking:
    environ = EnvironBuilder(headers={f"Sightline-{name}": value for name, value in headers.items()}).get_environ()
    return asking_of(administrator("doctor", session), Request(environ).headers)


def test_headers_say_who_waits_for_a_picture() -> None:
    assert asking("s1") == Asking()
    whole = asking("s1", Viewport="left", Prefetch="1", Partial="1", Wait="2000")
    assert (whole.supersedes, whole.priority, whole.allow_partial) == ("s1/left", Priority.PREFETCH, True)
    assert whole.wanted_until is not None
    assert 0 < whole.wanted_until - time.monotonic() <= 2
    assert asking("", Viewport="left") == Asking(), "without a session all would be one"
    assert asking("s1", Viewport="x" * 41, Wait="soon", Partial="yes") == Asking()


def test_a_picture_of_what_is_there_says_so_and_is_not_kept(client: Client) -> None:
    whole = client.get(
        f"/sightline/view/{CHEST}/{CHEST}.2/sagittal/1?window=500,1000", headers={"Sightline-Partial": "1"}
    )
    assert whole.status_code == 200
    part = replace(Picture(b"x", "image/png", 1, 1, "etag-2-7", False, None), slices=(5, 12))
    answer = picture_response(part)
    assert answer.headers["Sightline-Slices"] == "5,12"
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_a_sagittal_plane_shows_the_slices_from_head_to_feet(client: Client) -> None:
    answer = client.get(f"/sightline/view/{CHEST}/{CHEST}.2/sagittal/0?format=png&window=500,1000")
    column = pixels(answer.data)[:, 0].astype(float)
    expected = [np.floor(((100 * k - 499.5) / 999 + 0.5) * 255 + 0.5).clip(0, 255) for k in range(11, -1, -1)]
    assert column.tolist() == expected


CUT = f"/sightline/view/{CHEST}/{CHEST}.2/cut/0,0,0,0,1,0,0,0,-1,2,0.7,12,8"
"""A sagittal cut through x = 0, from z = 0 downwards."""


def test_pictures_of_the_volume_in_any_direction(client: Client) -> None:
    answer = client.get(CUT.replace("/0,0,0,", "/-3,-4,22,") + "?format=png&window=500,1000")
    assert answer.headers["Sightline-Size"] == "8,12"
    sagittal = pixels(client.get(f"/sightline/view/{CHEST}/{CHEST}.2/sagittal/0?format=png&window=500,1000").data)
    assert np.abs(pixels(answer.data)[:, 1:-1].astype(int) - sagittal[:, 1:-1]).max() <= 1
    assert client.get(f"{CUT}?slab=x").status_code == 400
    assert client.get(CUT.replace(",12,8", "")).status_code == 400
    assert client.get(CUT.replace("/cut/", "/slice/")).status_code == 404


def test_a_link_sees_volumes_of_its_study_only(client_of: Callable[..., Client]) -> None:
    for kind in ("cut", "projection", "rendering"):
        assert client_of(link_grant(HAND)).get(CUT.replace("/cut/", f"/{kind}/")).status_code == 403
    assert client_of(link_grant(CHEST)).get(CUT).status_code == 200


def test_a_series_without_geometry_says_why_it_has_no_planes(client: Client) -> None:
    plan: Any = client.get(f"/sightline/api/studies/{HAND}/series/{HAND}.1/planes").json
    assert plan["planes"] == {}
    assert plan["refusal"].endswith(".")


def test_progress_counts_slices(client: Client) -> None:
    client.get(f"/sightline/view/{CHEST}/{CHEST}.2/coronal/1")
    assert client.get(f"{SERIES}/progress").json == {"loaded": 12, "total": 12}


def test_a_link_sees_pictures_of_its_study_only(client_of: Callable[..., Client], client: Client) -> None:
    path = frame_path(client, 0)
    assert client_of(link_grant(CHEST)).get(path).status_code == 200
    assert client_of(link_grant(HAND)).get(path).status_code == 403
