"""The route for the values under the cursor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import Client

from tests.support.viewer_server import link_grant

from .conftest import CHEST, HAND
from .test_pictures import frame_path


def value_path(client: Client, query: str, frame: int = 1) -> str:
    instance = frame_path(client, 5).split("/")[-2]
    return f"/sightline/api/studies/{CHEST}/series/{CHEST}.2/instances/{instance}/frames/{frame}/value{query}"


def test_the_value_of_a_pixel(client: Client) -> None:
    answer: Any = client.get(value_path(client, "?row=7&column=5")).json
    assert answer == {
        "row": 7, "column": 5, "stored": 500, "padding": False, "modality": {"value": 500.0, "unit": "HU"}, "suv": None,
    }  # fmt: skip


def test_who_may_not_view_the_study_is_refused(client: Client, client_of: Callable[..., Client]) -> None:
    assert client_of(link_grant(HAND)).get(value_path(client, "?row=0&column=0")).status_code == 403


@pytest.mark.parametrize(
    ("query", "frame", "status"),
    [("", 1, 400), ("?row=0", 1, 400), ("?row=-1&column=0", 1, 400), ("?row=8&column=0", 1, 422),
     ("?row=0&column=0", 2, 404)],
)  # fmt: skip
def test_what_is_no_pixel_is_refused(client: Client, query: str, frame: int, status: int) -> None:
    assert client.get(value_path(client, query, frame)).status_code == status
