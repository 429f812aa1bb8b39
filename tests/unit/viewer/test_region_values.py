"""The route for the statistics of a region, against loops over the pixels of the file."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.uid import PositronEmissionTomographyImageStorage
from werkzeug.test import Client

from sightline.viewer.region_values import LARGEST_REGION
from tests.support.dicom_files import AXIAL, image_file
from tests.support.fake_archive import FakeArchive
from tests.support.region_pixels import inside
from tests.support.viewer_server import ADMINISTRATOR, ViewerApplication, link_grant, small_engine, viewer_services

from .conftest import CHEST, HAND
from .test_pictures import frame_path

STUDY = "1.2.826.0.1.70"
VALUES = np.random.default_rng(3).integers(-1000, 1000, (24, 32)).astype(np.int16)
SPACING = (2.0, 0.5)


def lut() -> Dataset:
    table = Dataset()
    table.LUTDescriptor, table.ModalityLUTType = [4, 0, 16], "US"
    table.LUTData = np.array([10, 20, 40, 80], "<u2").tobytes()
    return table


PET = {"SOPClassUID": PositronEmissionTomographyImageStorage, "Modality": "PT", "PixelSpacing": SPACING}
FILES: dict[str, tuple[Any, dict[str, Any]]] = {
    "ct": (VALUES, {
        "PixelSpacing": SPACING, "RescaleSlope": 2, "RescaleIntercept": -5, "RescaleType": "HU",
        "PixelPaddingValue": int(VALUES[7, 10]),
    }),
    "bare": (VALUES, {}),
    "colour": (np.zeros((8, 8, 3), np.uint8), {"SamplesPerPixel": 3}),
    "lut": ((VALUES % 4).astype(np.uint16), {"ModalityLUTSequence": [lut()]}),
    "pet": (VALUES, {
        **PET, "Units": "GML", "RescaleSlope": 0.5, "RescaleIntercept": 0, "CorrectedImage": ("ATTN", "DECY"),
        "DecayCorrection": "START",
    }),
    "pet-without": (VALUES, {**PET, "Units": None}),
    "frames": (np.stack([VALUES, VALUES + 1, VALUES + 2]), {}),
}  # fmt: skip
NAMES = list(FILES)
VOLUME = np.random.default_rng(4).integers(0, 1000, (9, 12, 14)).astype(np.int16)
GAP = 3.0
PIXEL = (2.5, 2.0)


def pet_slices() -> list[bytes]:
    """Slices of different rescale, from feet to head."""
    return [
        image_file(
            VOLUME[k], StudyInstanceUID=STUDY, SeriesInstanceUID=f"{STUDY}.20", SOPInstanceUID=f"{STUDY}.20.{k}",
            **{**PET, "PixelSpacing": PIXEL}, Units="GML", RescaleSlope=k + 1, RescaleIntercept=0,
            CorrectedImage=("ATTN", "DECY"), DecayCorrection="START", ImagePositionPatient=(0, 0, GAP * k),
            ImageOrientationPatient=AXIAL,
        )
        for k in range(len(VOLUME))
    ]  # fmt: skip


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    files = []
    for number, (pixels, attributes) in enumerate(FILES.values(), 1):
        place = {"StudyInstanceUID": STUDY, "SeriesInstanceUID": f"{STUDY}.{number}"}
        files.append(image_file(pixels, SOPInstanceUID=f"{STUDY}.{number}.1", **place, **attributes))
    archive = FakeArchive([*files, *pet_slices()])
    with closing(small_engine(archive, tmp_path_factory.mktemp("tables"))) as engine:
        yield Client(
            ViewerApplication(viewer_services(archive, engine, tmp_path_factory.mktemp("dist")), ADMINISTRATOR)
        )


def path_of(name: str, frame: int = 1) -> str:
    number = NAMES.index(name) + 1
    base = f"/sightline/api/studies/{STUDY}/series/{STUDY}.{number}/instances/{STUDY}.{number}.1"
    return f"{base}/frames/{frame}/statistics"


def ask(reader: Client, name: str, tool: str, points: Any, frame: int = 1) -> Any:
    answer = reader.post(path_of(name, frame), json={"tool": tool, "points": points})
    assert answer.status_code == 200, answer.text
    return answer.json


def numbers(answer: Any) -> dict[str, float]:
    return {quantity["name"]: quantity["value"] for quantity in answer["quantities"]}


REGIONS = [
    ("rectangle", [[3.2, 4.1], [20.7, 12.9]]),
    ("rectangle", [[20.7, 12.9], [3.2, 4.1]]),
    ("circle", [[15.3, 11.2], [21.9, 12.1]]),
    ("ellipse", [[6, 10.2], [26, 10.2], [16, 6.1], [16, 14.3]]),
    ("ellipse", [[8.1, 6.2], [22.3, 14.1], [11.9, 15.2], [18.5, 5.1]]),
    ("polygon", [[3.1, 3.3], [28.4, 5.2], [15.2, 9.9], [26.3, 20.2], [5.2, 18.8]]),
    ("freehand", [[16 + 9 * np.cos(t), 12 + 7 * np.sin(3 * t) / (1 + t)] for t in np.linspace(0, 6.2, 60)]),
]


@pytest.mark.parametrize("name", ["ct", "bare"])
@pytest.mark.parametrize(("tool", "points"), REGIONS)
def test_statistics_are_those_of_a_loop(reader: Client, name: str, tool: str, points: Any) -> None:
    is_ct = name == "ct"
    places = inside(tool, points, VALUES.shape, SPACING if is_ct else (1.0, 1.0))
    padding = int(VALUES[7, 10]) if is_ct else None
    stored = [int(VALUES[place]) for place in places]
    values = [value * 2 - 5 if is_ct else value for value in stored if value != padding]
    answer = ask(reader, name, tool, [[float(c), float(r)] for c, r in points])
    assert numbers(answer) == {
        "mean": pytest.approx(statistics.fmean(values)), "standardDeviation": pytest.approx(statistics.stdev(values)),
        "minimum": min(values), "maximum": max(values), "median": statistics.median(values), "pixels": len(values),
    }  # fmt: skip
    assert answer["unit"] == ("HU" if is_ct else "")
    left_out = len(stored) - len(values)
    assert (answer["reason"] is None) == (left_out == 0)
    assert answer["origin"] == ("rescaled stored values" if is_ct else "stored values")


def test_each_frame_has_its_own(reader: Client) -> None:
    box = [[2, 2], [9, 9]]
    first, third = (numbers(ask(reader, "frames", "rectangle", box, frame)) for frame in (1, 3))
    assert third["mean"] == pytest.approx(first["mean"] + 2)


def test_a_modality_lut_is_looked_up(reader: Client) -> None:
    answer = ask(reader, "lut", "rectangle", [[0, 0], [32, 24]])
    expected = np.array([10, 20, 40, 80])[VALUES % 4]
    assert numbers(answer)["mean"] == pytest.approx(expected.mean())
    assert answer["origin"] == "stored values through the Modality LUT"


def test_uptake_is_told_where_the_file_allows_it_and_why_not_elsewhere(reader: Client) -> None:
    found = numbers(ask(reader, "pet", "rectangle", [[2, 2], [9, 9]]))
    part = VALUES[2:9, 2:9] * 0.5
    assert (found["suvMean"], found["suvMaximum"]) == (pytest.approx(part.mean()), pytest.approx(part.max()))
    refused = ask(reader, "pet-without", "rectangle", [[2, 2], [9, 9]])
    assert "suvMean" not in numbers(refused)
    assert "Units (0054,1001)" in refused["reason"]


def test_the_peak_is_the_highest_mean_of_a_cubic_centimetre(reader: Client) -> None:
    box = [[5, 4], [9, 8]]
    path = f"/sightline/api/studies/{STUDY}/series/{STUDY}.20/instances/{STUDY}.20.4/frames/1/statistics"
    found = numbers(reader.post(path, json={"tool": "rectangle", "points": box}).json)
    suv = VOLUME * np.arange(1, 10)[:, None, None]
    # By points 0.25 mm apart, not by parts of voxels.
    radius = (3000 / (4 * np.pi)) ** (1 / 3)
    steps = np.arange(-radius, radius, 0.25)
    z, y, x = np.meshgrid(steps, steps, steps, indexing="ij")
    within = x**2 + y**2 + z**2 <= radius**2
    best = 0.0
    for row, column in np.ndindex(4, 4):
        places = (4 + z[within] / GAP, 4 + row + y[within] / PIXEL[0], 5 + column + x[within] / PIXEL[1])
        best = max(best, float(suv[tuple(np.rint(place).astype(int) for place in places)].mean()))
    assert found["suvPeak"] == pytest.approx(best, rel=0.01)
    edge = path.replace(f"{STUDY}.20.4", f"{STUDY}.20.0")
    answer: Any = reader.post(edge, json={"tool": "rectangle", "points": box}).json
    assert "suvPeak" not in numbers(answer)
    assert (
        answer["reason"]
        == "There is no SUV peak: No sphere of 1 cm3 around a voxel of the region lies within the volume."
    )


def test_colour_is_refused_with_a_reason(reader: Client) -> None:
    answer = ask(reader, "colour", "rectangle", [[1, 1], [5, 5]])
    assert answer["quantities"] == []
    assert "colour" in answer["reason"]


def test_what_is_not_on_the_image_is_said(reader: Client) -> None:
    beyond = ask(reader, "bare", "rectangle", [[-5, -5], [4, 3]])
    assert numbers(beyond)["pixels"] == 12
    assert "outside of the image" in beyond["reason"]
    nothing = ask(reader, "bare", "rectangle", [[1.6, 1.6], [2.2, 2.2]])
    assert (nothing["quantities"], nothing["reason"]) == ([], "The region contains no pixel.")
    flat = ask(reader, "bare", "rectangle", [[1, 1], [9, 1]])
    assert (flat["quantities"], flat["reason"]) == ([], "The region has no extent.")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ([], 400), ({"tool": "rectangle"}, 400), ({"tool": "length", "points": [[0, 0], [1, 1]]}, 422),
        ({"tool": ["rectangle"], "points": [[0, 0], [1, 1]]}, 422),
        ({"tool": "rectangle", "points": [[0, 0]]}, 422), ({"tool": "rectangle", "points": [[0, 0], [1, "1"]]}, 422),
        ({"tool": "rectangle", "points": [[0, 0], [1, True]]}, 422),
        ({"tool": "rectangle", "points": [[0, 0], [1, 10**400]]}, 422),
        ({"tool": "rectangle", "points": [[0, 0], [1, 2, 3]]}, 422),
        ({"tool": "polygon", "points": [[0, 0]] * 10_001}, 422),
    ],
)  # fmt: skip
def test_what_is_no_region_is_refused(reader: Client, body: Any, status: int) -> None:
    answer = reader.post(path_of("bare"), json=body)
    assert answer.status_code == status
    assert answer.json is not None


def test_sizes_media_types_and_frames_are_checked(reader: Client) -> None:
    assert reader.post(path_of("bare"), data="{}", content_type="text/plain").status_code == 415
    large = b'{"tool": "' + b"x" * LARGEST_REGION + b'"}'
    assert reader.post(path_of("bare"), data=large, content_type="application/json").status_code == 413
    body = {"tool": "rectangle", "points": [[0, 0], [4, 4]]}
    assert reader.post(path_of("bare", 2), json=body).status_code == 404


def test_ten_thousand_points_are_not_too_many(reader: Client) -> None:
    turn = np.linspace(0, 2 * np.pi, 10_000, endpoint=False)
    points = np.stack([16 + 10 * np.cos(turn), 12 + 10 * np.sin(turn)], axis=1).tolist()
    assert numbers(ask(reader, "bare", "freehand", points))["pixels"] == pytest.approx(np.pi * 100, rel=0.03)


def test_who_may_not_view_the_study_is_refused(client: Client, client_of: Callable[..., Client]) -> None:
    instance = frame_path(client, 5).split("/")[-2]
    path = f"/sightline/api/studies/{CHEST}/series/{CHEST}.2/instances/{instance}/frames/1/statistics"
    body = {"tool": "rectangle", "points": [[0, 0], [4, 4]]}
    assert client.post(path, json=body).status_code == 200
    assert client_of(link_grant(HAND)).post(path, json=body).status_code == 403
    assert client_of(link_grant(CHEST)).post(path, json=body).status_code == 200
