"""Frames of a series as one animation."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from werkzeug.test import Client

from sightline.access.grant import Verb
from tests.support.viewer_server import link_grant

from .conftest import CHEST, PHASES

FILM = f"/sightline/api/studies/{CHEST}/series/{CHEST}.2/film"


def greys(content: bytes) -> list[list[int]]:
    """Return the grey values of every picture."""
    with Image.open(BytesIO(content)) as film:
        found = []
        for number in range(getattr(film, "n_frames", 1)):
            film.seek(number)
            found.append(np.unique(np.asarray(film.convert("L"))).tolist())
        return found


def milliseconds(content: bytes) -> int:
    """Return how long it plays: pictures that are alike are kept once, for a longer time."""
    with Image.open(BytesIO(content)) as film:
        total = 0
        for number in range(getattr(film, "n_frames", 1)):
            film.seek(number)
            total += film.info["duration"]
        return total


def test_frames_follow_each_other_as_they_are_leafed_through(client: Client) -> None:
    # Slices hold 100 times their number; ((400 - 499.5) / 999 + 0.5) * 255 = 102.1, then 127.6 and 153.2.
    answer = client.get(f"{FILM}?media=gif&frames=5-7&rate=5")
    assert answer.content_type == "image/gif"
    assert greys(answer.data) == [[102], [128], [153]]
    assert Image.open(BytesIO(answer.data)).info["duration"] == 200


def test_settings_of_pictures_apply(client: Client) -> None:
    answer = client.get(f"{FILM}?media=gif&frames=5-6&window=500,1000&invert=1")
    assert greys(answer.data) == [[255 - 102], [255 - 128]]
    whole = client.get(f"{FILM}?size=4")
    assert whole.content_type == "image/webp"
    with Image.open(BytesIO(whole.data)) as film:
        assert max(film.size) == 4
        assert film.n_frames == len(greys(whole.data)) > 3  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "query",
    ["frames=0-3", "frames=3-2", "frames=1-9999", "rate=0", "rate=1e3", "media=avi", "format=png", "stack=7", "x=1"],
)
def test_what_is_not_understood_is_refused(client: Client, query: str) -> None:
    answer: Any = client.get(f"{FILM}?{query}")
    assert answer.status_code == 400
    assert answer.json["message"]


def test_a_film_of_one_stack_of_a_mixed_series_holds_its_slices_alone(reading_client: Client) -> None:
    study: Any = reading_client.get(f"/sightline/api/studies/{PHASES}").json
    for number, stack in enumerate(study["series"][0]["stacks"]):
        answer = reading_client.get(f"/sightline/api/studies/{PHASES}/series/{PHASES}.1/film?media=gif&stack={number}")
        assert milliseconds(answer.data) == 100 * len(stack["frames"])


def test_somebody_who_may_only_look_gets_no_film(client_of: Callable[..., Client]) -> None:
    grant = link_grant(CHEST)
    assert not grant.allows(Verb.DOWNLOAD, CHEST)
    assert client_of(grant).get(FILM).status_code == 403
