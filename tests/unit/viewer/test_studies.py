"""A study as JSON, and what it opens with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import Client

from sightline.kernels.planes import Edges
from sightline.rendering.series_table import FrameEntry, InstanceEntry
from sightline.viewer.series_json import frame_edges, slice_location
from sightline.viewer.studies import opening_order
from tests.support.viewer_server import link_grant

from .conftest import CHEST, HAND


def test_frames_are_short_arrays_that_say_everything(client: Client) -> None:
    answer: Any = client.get(f"/sightline/api/studies/{CHEST}").json
    assert [series["number"] for series in answer["series"]] == [1, 2, 3]
    stack = answer["series"][1]["stack"]
    assert len(stack["frames"]) == 12
    assert stack["kinds"] == [
        {
            "columns": 6, "rows": 8, "spacing": [0.7, 0.8], "spacingOrigin": "PixelSpacing",
            "letters": ["R", "L", "A", "P"], "colour": False, "lossy": False, "unit": "HU", "voiLut": False,
        }
    ]  # fmt: skip
    assert stack["windows"] == [[[500.0, 1000.0, "LINEAR", ""]]]
    assert [row[1:] for row in stack["frames"]] == [[1, 0, 0, 2.0 * k] for k in range(12)]
    uids = {stack["prefix"] + row[0] for row in stack["frames"]}
    assert len(uids) == 12


def test_a_broken_series_says_why_and_leaves_the_others_alone(client: Client) -> None:
    series: Any = client.get(f"/sightline/api/studies/{CHEST}").json
    broken = series["series"][2]
    assert broken["stack"] is None
    assert broken["error"].endswith(".")
    assert series["series"][0]["error"] is None


def test_colour_and_patient_orientation(client: Client) -> None:
    answer: Any = client.get(f"/sightline/api/studies/{HAND}").json
    (kind,) = answer["series"][0]["stack"]["kinds"]
    assert kind["colour"] is True
    assert kind["letters"] == ["R", "L", "H", "F"]


def test_unknown_studies_are_not_found(client: Client) -> None:
    assert client.get("/sightline/api/studies/1.2.3").status_code == 404


def test_a_link_opens_its_study_only(client_of: Callable[..., Client]) -> None:
    client = client_of(link_grant(CHEST))
    assert client.get(f"/sightline/api/studies/{CHEST}").status_code == 200
    for path in (f"/sightline/api/studies/{HAND}", "/sightline/api/studies", f"/sightline/studies/{HAND}"):
        assert client.get(path).status_code == 403


def entry(**values: Any) -> FrameEntry:
    instance = InstanceEntry(
        "uuid", "1.2", "1.2.840", 1, "1.2.840.10008.1.2.1", "PixelData", 0, 4, 4, 1, 1, "MONOCHROME2", 0, 16, 16, 0, 0,
        patient_orientation=values.pop("patient_orientation", None),
    )  # fmt: skip
    return FrameEntry(instance, 1, **values)


def test_letters_of_oblique_patient_orientation_are_turned_letter_by_letter() -> None:
    assert frame_edges(entry(patient_orientation=("PL", "F"))) == Edges(left="AR", right="PL", top="H", bottom="F")
    assert frame_edges(entry()) is None


def test_the_location_is_along_the_normal() -> None:
    coronal = entry(image_position_patient=(5.0, -12.5, 40.0), image_orientation_patient=(1, 0, 0, 0, 0, -1))
    assert slice_location(coronal) == -12.5
    assert slice_location(entry(image_position_patient=(0.0, 0.0, 1.0))) is None


@pytest.mark.parametrize(
    ("asked", "first"), [(None, "stack"), ("scout", "scout"), ("unknown", "stack"), ("report", "stack")]
)
def test_a_study_opens_with_the_first_full_stack(asked: str | None, first: str) -> None:
    series = [
        {"uid": "report", "instances": 50, "pictures": False},
        {"uid": "scout", "instances": 2, "pictures": True},
        {"uid": "stack", "instances": 10, "pictures": True},
        {"uid": "other", "instances": 99, "pictures": True},
    ]
    assert opening_order(series, asked)[0]["uid"] == first
