"""A series laid over the planes of another one: its address, what is said of it, and what it is refused for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from werkzeug.test import Client

from tests.support.fake_archive import FakeArchive
from tests.support.viewer_server import ADMINISTRATOR, ViewerApplication, link_grant, small_engine, viewer_services
from tests.unit.rendering.test_fused_pictures import CT, PET, STUDY, files

PLANE = f"/sightline/view/{STUDY}/{CT}/axial/2"
PLANES = f"/sightline/api/studies/{STUDY}/series/{CT}/planes"


@pytest.fixture(scope="module")
def client_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Client]]:
    """Clients by grant, all of one engine."""
    folder, archive = tmp_path_factory.mktemp("tables"), FakeArchive(files())
    with closing(small_engine(archive, folder)) as engine:
        services = viewer_services(archive, engine, folder)
        yield lambda grant=ADMINISTRATOR: Client(ViewerApplication(services, grant))


def test_a_fused_picture_and_what_is_told_of_it(client_of: Callable[..., Client]) -> None:
    query = f"fusion={PET},hot_iron,0.5&fusionwindow=300,600"
    answer = client_of().get(f"{PLANE}?{query}")
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert 'fusion=hot_iron;opacity="0.5"' in answer.headers["Sightline-Provenance"]
    told: Any = client_of().get(f"{PLANE}.json?{query}").json
    window = told["fusion"].pop("window")
    assert told["fusion"] == {"series": PET, "colourMap": "hot_iron", "opacity": 0.5}
    assert window is not None
    assert told["view"].endswith(query)
    assert client_of().get(PLANE).headers["ETag"] != answer.headers["ETag"]


@pytest.mark.parametrize(
    "query",
    [
        f"fusion={PET}",
        f"fusion={PET},jet,0.5",
        f"fusion={PET},hot_iron,0",
        f"fusion={PET},hot_iron,1.1",
        f"fusion={CT},hot_iron,0.5",
        "fusionwindow=300,600",
        f"fusion={PET},hot_iron,0.5&fusionwindow=300,0",
    ],
)
def test_what_cannot_be_understood_is_refused(client_of: Callable[..., Client], query: str) -> None:
    assert client_of().get(f"{PLANE}?{query}").status_code == 400


def test_only_planes_and_cuts_are_fused(client_of: Callable[..., Client]) -> None:
    plane = "0,0,4,1,0,0,0,1,0,1,1,8,10"
    query = f"fusion={PET},hot_iron,0.5"
    client = client_of()
    assert client.get(f"/sightline/view/{STUDY}/{CT}/cut/{plane}?{query}").status_code == 200
    for word in ("projection", "rendering"):
        assert client.get(f"/sightline/view/{STUDY}/{CT}/{word}/{plane}?{query}").status_code == 400
    assert client.get(f"/sightline/view/{STUDY}/{CT}/1.2.3/1?{query}").status_code == 400


def test_the_plan_says_what_to_know_of_both(client_of: Callable[..., Client]) -> None:
    client = client_of()
    assert client.get(f"{PLANES}?fusion={PET}").json["refusal"] is None
    assert client.get(f"{PLANES}?fusion=x").status_code == 400
    assert client.get(f"{PLANES}?fusion=9.9").status_code == 404


def test_a_link_to_another_study_opens_neither(client_of: Callable[..., Client]) -> None:
    stranger = client_of(link_grant("1.2.3"))
    assert stranger.get(f"{PLANE}?fusion={PET},hot_iron,0.5").status_code in (403, 404)
    assert stranger.get(f"{PLANES}?fusion={PET}").status_code in (403, 404)
