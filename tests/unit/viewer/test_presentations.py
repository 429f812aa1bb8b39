"""The routes of presentation states: what is seen is stored, and shown again as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset, dcmread
from werkzeug.test import Client

from sightline.access.grant import Grant, Permission, Verb
from sightline.state.database import open_database, sqlite_url
from tests.support.dicom_files import image_file, slices_of
from tests.support.fake_archive import FakeArchive
from tests.support.presentation_states import area, presentation_state, reference
from tests.support.viewer_server import ViewerApplication, link_grant, now, small_engine, viewer_services

STUDY, OTHER = "1.2.826.0.1.80", "1.2.826.0.1.81"
SERIES, COLOUR, PHASES = f"{STUDY}.1", f"{STUDY}.2", f"{STUDY}.3"
PATH = f"/sightline/api/studies/{STUDY}/presentations"
ROWS, COLUMNS = 20, 30
PIXELS = np.random.default_rng(4).integers(0, 2000, (4, ROWS, COLUMNS)).astype(np.int16)


def files() -> list[bytes]:
    common: dict[str, Any] = {"StudyInstanceUID": STUDY, "RescaleIntercept": -1000, "PatientName": "Doe^Jane"}
    positions = [(0.0, 0.0, float(k)) for k in range(4)]
    stack = [
        image_file(
            PIXELS[k], SeriesInstanceUID=SERIES, SOPInstanceUID=f"{SERIES}.{k + 1}", InstanceNumber=k + 1,
            RescaleSlope=2 if k == 3 else 1, ImagePositionPatient=positions[k],
            ImageOrientationPatient=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0), **common,
        )
        for k in range(4)
    ]  # fmt: skip
    photo = image_file(
        np.zeros((4, 4, 3), np.uint8), SamplesPerPixel=3, SeriesInstanceUID=COLOUR, SOPInstanceUID=f"{COLOUR}.1",
        StudyInstanceUID=STUDY,
    )  # fmt: skip
    cine = image_file(
        PIXELS, SeriesInstanceUID=PHASES, SOPInstanceUID=f"{PHASES}.1", NumberOfFrames=4, RescaleSlope=1, **common
    )
    elsewhere = slices_of(PIXELS[:1], positions[:1], StudyInstanceUID=OTHER, SeriesInstanceUID=f"{OTHER}.1")
    return [*stack, photo, cine, *elsewhere]


@pytest.fixture(scope="module")
def archive() -> FakeArchive:
    return FakeArchive(files())


def reader(*verbs: Verb) -> Grant:
    return Grant("ada", (Permission(frozenset(verbs or (Verb.VIEW, Verb.ANNOTATE)), STUDY),), name="Ada")


READER = reader()


@pytest.fixture(scope="module")
def client_of(archive: FakeArchive, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Client]]:
    tmp_path = tmp_path_factory.mktemp("presentations")
    with (
        closing(small_engine(archive, tmp_path / "tables")) as engine,
        closing(open_database(sqlite_url(tmp_path / "state"), now)) as database,
    ):
        services = viewer_services(archive, engine, tmp_path, database=database)
        yield lambda grant=READER: Client(ViewerApplication(services, grant))


def wish(**changes: Any) -> dict[str, Any]:
    return {
        "shown": {"series": SERIES, "instance": f"{SERIES}.2", "frame": 1}, "whole": False, "name": "Für Chirurgie",
        "window": {"center": 40, "width": 1600}, "invert": False, "turn": {"quarters": 0, "mirrored": False},
        "area": {"left": 0, "top": 0, "right": COLUMNS, "bottom": ROWS}, "magnification": None, "overlays": True,
        "shutter": True, "graphics": [],
    } | changes  # fmt: skip


def stored(client: Client, archive: FakeArchive, **changes: Any) -> Dataset:
    answer = client.post(PATH, json=wish(**changes))
    assert answer.status_code == 201, answer.text
    found = [dcmread(BytesIO(content)) for content in archive.files()]
    return next(one for one in found if one.SOPInstanceUID == answer.json["instance"])


def picture(client: Client, address: str) -> Any:
    answer = client.get(f"/sightline/view/{STUDY}/{address}&format=png")
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(BytesIO(answer.data))).astype(int)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_what_was_on_the_screen_is_shown_again(
    client_of: Callable[..., Client], archive: FakeArchive, quarters: int, mirrored: bool
) -> None:
    client = client_of()
    cut = {"left": 2.4, "top": 5.0, "right": 22.6, "bottom": 17.0}
    turn = {"quarters": quarters, "mirrored": mirrored}
    state = stored(client, archive, invert=True, turn=turn, area=cut)
    plain = picture(client, f"{SERIES}/{SERIES}.2/1?window=40,1600&invert=1")[5:17, 2:23]
    plain = plain[:, ::-1] if mirrored else plain
    expected = np.rot90(plain, -quarters)
    name = f"presentation={state.SeriesInstanceUID},{state.SOPInstanceUID}"
    np.testing.assert_array_equal(picture(client, f"{SERIES}/{SERIES}.2/1?{name}"), expected)


def test_dicomweb_renders_the_same(client_of: Callable[..., Client], archive: FakeArchive) -> None:
    client = client_of()
    state = stored(client, archive)
    root = f"/sightline/dicom-web/studies/{STUDY}/series/{state.SeriesInstanceUID}/instances/{state.SOPInstanceUID}"
    answer = client.get(
        f"{root}/rendered".replace("/sightline/dicom-web", "/dicom-web"), headers={"Accept": "image/png"}
    )
    assert answer.status_code == 200
    found = np.asarray(Image.open(BytesIO(answer.data))).astype(int)
    np.testing.assert_array_equal(found, picture(client, f"{SERIES}/{SERIES}.2/1?window=40,1600"))


def test_it_is_listed(client_of: Callable[..., Client], archive: FakeArchive) -> None:
    state = stored(client_of(), archive, name="Für Chirurgie, links")
    answer = client_of(reader(Verb.VIEW)).get(PATH).json
    assert not answer["mayAnnotate"]
    (told,) = [one for one in answer["presentations"] if one["instance"] == state.SOPInstanceUID]
    assert (told["label"], told["description"], told["author"]) == ("FUR CHIRURGIE LI", "Für Chirurgie, links", "Ada")
    assert (told["ours"], told["reason"]) == (True, None)
    assert [(image["instance"], image["frames"]) for image in told["images"]] == [(f"{SERIES}.2", [])]
    assert state.PatientName == "Doe^Jane"


def test_a_whole_series_is_the_images_that_it_fits(client_of: Callable[..., Client], archive: FakeArchive) -> None:
    client = client_of()
    images = stored(client, archive, whole=True).ReferencedSeriesSequence[0].ReferencedImageSequence
    assert [image.ReferencedSOPInstanceUID for image in images] == [f"{SERIES}.{k}" for k in (1, 2, 3)]
    cine = {"series": PHASES, "instance": f"{PHASES}.1", "frame": 3}
    (one,) = stored(client, archive, shown=cine).ReferencedSeriesSequence[0].ReferencedImageSequence
    assert one.ReferencedFrameNumber == 3
    (all_frames,) = stored(client, archive, shown=cine, whole=True).ReferencedSeriesSequence[0].ReferencedImageSequence
    assert "ReferencedFrameNumber" not in all_frames


def test_findings_are_on_their_own_image(client_of: Callable[..., Client], archive: FakeArchive) -> None:
    client = client_of()
    line = {"instance": f"{SERIES}.3", "frame": 1, "tool": "length", "points": [[1, 2], [9, 2]], "text": "8 px"}
    state = stored(client, archive, whole=True, graphics=[line])
    name = f"presentation={state.SeriesInstanceUID},{state.SOPInstanceUID}"
    assert picture(client, f"{SERIES}/{SERIES}.2/1?{name}").ndim == 2
    drawn = picture(client, f"{SERIES}/{SERIES}.3/1?{name}")
    assert (np.ptp(drawn[2, 2:9], axis=-1) > 50).all()  # yellow


def test_who_may_not_annotate_the_study_stores_nothing(client_of: Callable[..., Client], archive: FakeArchive) -> None:
    before = archive.stores
    for grant in (reader(Verb.VIEW), link_grant(STUDY), link_grant(OTHER)):
        assert client_of(grant).post(PATH, json=wish()).status_code == 403
    assert client_of(link_grant(OTHER)).get(PATH).status_code == 403
    assert archive.stores == before


GRAPHIC = {"instance": f"{SERIES}.2", "frame": 1, "tool": "length", "points": [[1, 2], [3, 4]]}


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"shown": {"series": SERIES, "instance": f"{SERIES}.9", "frame": 1}}, 404),
        ({"shown": {"series": SERIES, "instance": f"{SERIES}.2", "frame": 2}}, 404),
        ({"shown": {"series": f"{OTHER}.1", "instance": f"{SERIES}.2", "frame": 1}}, 404),
        ({"shown": {"series": COLOUR, "instance": f"{COLOUR}.1", "frame": 1}}, 422),
        ({"shown": None}, 400),
        ({"name": "  "}, 400),
        ({"name": "x" * 65}, 400),
        ({"window": {"center": 1, "width": 0}}, 400),
        ({"window": {"center": "1", "width": 5}}, 400),
        ({"window": None}, 422),
        ({"turn": {"quarters": 4, "mirrored": False}}, 400),
        ({"turn": {"quarters": True, "mirrored": False}}, 400),
        ({"area": {"left": 31, "top": 0, "right": 40, "bottom": 5}}, 400),
        ({"magnification": 0}, 400),
        ({"invert": 1}, 400),
        ({"graphics": [GRAPHIC | {"tool": "brush"}]}, 400),
        ({"graphics": [GRAPHIC | {"points": [[1, 2]]}]}, 400),
        ({"graphics": [GRAPHIC | {"points": [[1, 2], [1e9, 3]]}]}, 400),
        ({"graphics": [GRAPHIC | {"points": [[1, 2], [1]]}]}, 400),
        ({"graphics": [GRAPHIC | {"text": "x" * 1025}]}, 400),
        ({"graphics": [GRAPHIC | {"instance": f"{PHASES}.1"}]}, 404),
        ({"graphics": [GRAPHIC] * 501}, 400),
    ],
)
def test_what_is_no_presentation_is_refused(
    client_of: Callable[..., Client], archive: FakeArchive, changes: dict[str, Any], status: int
) -> None:
    before = archive.stores
    answer = client_of().post(PATH, json=wish(**changes))
    assert (answer.status_code, answer.json.get("code", "") != "") == (status, True), answer.text
    assert archive.stores == before


def test_those_that_cannot_be_shown_say_why(client_of: Callable[..., Client], archive: FakeArchive) -> None:
    colour = presentation_state(
        [reference(f"{SERIES}.1")], [area(COLUMNS, ROWS)], StudyInstanceUID=STUDY, series=SERIES,
        SOPClassUID="1.2.840.10008.5.1.4.1.1.11.4",
    )  # fmt: skip
    archive._put(colour)
    (told,) = [one for one in client_of().get(PATH).json["presentations"] if one["reason"]]
    assert "only grayscale" in told["reason"]
    assert told["images"] == []
