"""The route of the tag browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.test import Client

from tests.support.viewer_server import link_grant

from .conftest import CHEST, HAND
from .test_pictures import frame_path


def tags_path(client: Client) -> str:
    instance = frame_path(client, 0).split("/")[-2]
    return f"/sightline/api/studies/{CHEST}/series/{CHEST}.2/instances/{instance}/tags"


def test_the_attributes_of_an_instance(client: Client) -> None:
    answer: Any = client.get(tags_path(client)).json
    names = {row["name"]: row for row in answer["attributes"]}
    assert names["Patient ID"]["value"] == ["P-17"]
    assert (answer["frame"], answer["frames"], answer["complete"]) == (1, 0, True)


def test_who_may_not_view_the_study_is_refused(client: Client, client_of: Callable[..., Client]) -> None:
    assert client_of(link_grant(HAND)).get(tags_path(client)).status_code == 403
    assert client_of(link_grant(CHEST)).get(tags_path(client)).status_code == 200


def test_what_is_not_there_or_not_a_number_is_refused(client: Client) -> None:
    path = tags_path(client)
    assert client.get(f"{path}?frame=0").status_code == 400
    assert client.get(path.replace("instances/", "instances/9.")).status_code == 404
