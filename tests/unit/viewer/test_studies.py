"""A study as JSON, and what it opens with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import Client

from sightline.kernels.planes import Edges
from sightline.rendering.series_table import Cine, FrameEntry, Hanging, InstanceEntry, SeriesTable, Uptake
from sightline.rendering.stacks import split
from sightline.viewer.series_json import frame_edges, kind_json, parts_json, position_json
from sightline.viewer.studies import opening_order
from tests.support.viewer_server import link_grant

from .conftest import CHEST, HAND, PHASES
from .test_pages import data_of


def test_frames_are_short_arrays_that_say_everything(client: Client) -> None:
    answer: Any = client.get(f"/sightline/api/studies/{CHEST}").json
    assert [series["number"] for series in answer["series"]] == [1, 2, 3]
    stack = answer["series"][1]["stack"]
    assert len(stack["frames"]) == 12
    assert stack["kinds"] == [
        {
            "columns": 6, "rows": 8, "spacing": [0.7, 0.8], "spacingOrigin": "PixelSpacing",
            "letters": ["R", "L", "A", "P"], "colour": False, "lossy": False, "unit": "HU", "voiLut": False,
            "orientation": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0], "frameOfReference": "1.2.826.0.1.9",
            "exactBytes": 2,
        }
    ]  # fmt: skip
    assert stack["windows"] == [[[500.0, 1000.0, "LINEAR", ""]]]
    assert [row[1:] for row in stack["frames"]] == [[1, 0, 0, [-3, -4, 2 * k]] for k in range(12)]
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
        "uuid", f"1.2.{values.pop('number', 0)}", "1.2.840", 1, "1.2.840.10008.1.2.1", "PixelData", True, 0, 4, 4, 1, 1,
        "MONOCHROME2", 0, 16, 16, 0, patient_orientation=values.pop("patient_orientation", None),
    )  # fmt: skip
    return FrameEntry(instance, 1, **values)


def test_letters_of_oblique_patient_orientation_are_turned_letter_by_letter() -> None:
    assert frame_edges(entry(patient_orientation=("PL", "F"))) == Edges(left="AR", right="PL", top="H", bottom="F")
    assert frame_edges(entry()) is None


def test_positions_are_in_mm_to_a_thousandth() -> None:
    coronal = entry(image_position_patient=(5.0, -12.50049, 40.1), image_orientation_patient=(1, 0, 0, 0, 0, -1))
    assert position_json(coronal) == [5, -12.5, 40.1]
    assert position_json(entry(image_position_patient=(0.0, 0.0, 1.0))) is None


def test_what_hanging_and_measuring_need_is_said_where_it_is_known() -> None:
    frame = entry(slice_thickness=2.5)
    instance = replace(
        frame.instance,
        hanging=Hanging("L", "MLO", "FOR PRESENTATION", magnification=1.05),
        cine=Cine(40, 30),
        uptake=Uptake(reason="PatientWeight (0010,1030) is missing."),
    )
    kind = kind_json(replace(frame, instance=instance))
    assert {name: kind[name] for name in ("thickness", "laterality", "view", "intent", "calibration")} == {
        "thickness": 2.5, "laterality": "L", "view": "MLO", "intent": "FOR PRESENTATION",
        "calibration": {"magnification": 1.05},
    }  # fmt: skip
    assert kind["cine"] == {"frameTime": 40, "displayRate": 30, "sweeps": False}
    assert kind["suv"] == {"factor": None, "reason": "PatientWeight (0010,1030) is missing."}
    assert not {"laterality", "cine", "suv", "orientation", "contrast", "calibration"} & set(kind_json(entry()))


def test_a_mixed_series_falls_into_stacks_and_a_grid() -> None:
    frames = tuple(
        entry(
            number=10 * k + t, image_position_patient=(0, 0, float(k)), image_orientation_patient=(1, 0, 0, 0, 1, 0),
            dimensions=(("temporal position", str(t)),),
        )
        for k in range(3)
        for t in (1, 2)
    )  # fmt: skip
    table = SeriesTable("id", "1", "2", "MR", frames)
    assert parts_json(table, split(table)) == {
        "stacks": [
            {"label": "Time 1 of 2", "by": ["time"], "frames": [0, 2, 4]},
            {"label": "Time 2 of 2", "by": ["time"], "frames": [1, 3, 5]},
        ],
        "grids": [
            {"dimensions": [{"kind": "time", "labels": ["time 1 of 2", "time 2 of 2"]}], "stacks": [0, 1]},
        ],
    }
    one = replace(table, frames=frames[::2])
    assert parts_json(one, split(one)) == {}


def test_a_mixed_series_opens_in_the_middle_of_its_largest_stack(reading_client: Client) -> None:
    answer: Any = reading_client.get(f"/sightline/api/studies/{PHASES}").json
    (series,) = answer["series"]
    assert [part["label"] for part in series["stacks"]] == ["Axial, TE 30 ms", "Axial, TE 80 ms", "Coronal"]
    page = data_of(reading_client.get(f"/sightline/studies/{PHASES}").text)
    assert page["opening"]["frame"] == series["stacks"][0]["frames"][2]


@pytest.mark.parametrize(
    ("query", "stack", "place"),
    [
        ("series={}~1", 1, 2),
        ("series={}~1&slice=1", 1, 0),
        ("series={}~2&slice=99", 2, -1),
        ("series={}~9", 0, 2),
        ("series={}~x&slice=", 0, 2),
    ],
)
def test_an_address_names_a_stack_of_a_series_and_a_slice_of_it(
    reading_client: Client, query: str, stack: int, place: int
) -> None:
    answer: Any = reading_client.get(f"/sightline/api/studies/{PHASES}").json
    (series,) = answer["series"]
    page = data_of(reading_client.get(f"/sightline/studies/{PHASES}?{query.format(series['uid'])}").text)
    assert page["opening"]["frame"] == series["stacks"][stack]["frames"][place]


@pytest.mark.parametrize(
    ("asked", "first"), [("", "stack"), ("scout", "scout"), ("unknown", "stack"), ("report", "stack")]
)
def test_a_study_opens_with_the_first_full_stack(asked: str, first: str) -> None:
    series = [
        {"uid": "report", "instances": 50, "pictures": False},
        {"uid": "scout", "instances": 2, "pictures": True},
        {"uid": "stack", "instances": 10, "pictures": True},
        {"uid": "other", "instances": 99, "pictures": True},
    ]
    assert opening_order(series, asked)[0]["uid"] == first
