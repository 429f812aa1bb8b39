"""The route that stores captures."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from werkzeug.test import Client

from sightline.access.grant import Grant, Permission, Verb, administrator
from tests.support.fake_archive import FakeArchive
from tests.support.viewer_server import link_grant
from tests.unit.objects.test_captures import COLOURS, png

from .conftest import PHASES

PNG = png(COLOURS)
PATH = f"/sightline/api/studies/{PHASES}/captures"


def source(archive: FakeArchive) -> str:
    record = archive.any_instance(administrator("test"), PHASES, f"{PHASES}.1")
    return f"{record.series_instance_uid}/{record.sop_instance_uid}/1"


def send(client: Client, sources: str, content: bytes = PNG, kind: str = "image/png", annotated: str = "0") -> Any:
    headers = {"Sightline-Sources": sources, "Sightline-Annotated": annotated}
    return client.post(PATH, data=content, content_type=kind, headers=headers)


def may(*verbs: Verb) -> Grant:
    return Grant("link:1", (Permission(frozenset(verbs), PHASES),))


def test_captures_of_a_day_are_one_series(
    reading_client_of: Callable[..., Client], reading_archive: FakeArchive
) -> None:
    client = reading_client_of(may(Verb.VIEW, Verb.ANNOTATE))
    answers = [send(client, source(reading_archive), annotated="1") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    series = answers[0].json["series"]
    assert answers[1].json["series"] == series
    everything = administrator("test")
    records = reading_archive.series_instances(everything, PHASES, series)
    files = [dcmread(BytesIO(reading_archive.read(everything, record))) for record in records]
    assert sorted(file.InstanceNumber for file in files) == [1, 2]
    assert {(file.SeriesNumber, file.BurnedInAnnotation) for file in files} == {(2, "YES")}
    assert {str(file.StudyInstanceUID) for file in files} == {PHASES}
    np.testing.assert_array_equal(files[0].pixel_array, COLOURS)
    reading_archive.delete_series(everything, PHASES, series)


def test_who_may_not_annotate_the_study_stores_nothing(
    reading_client_of: Callable[..., Client], reading_archive: FakeArchive
) -> None:
    sources, before = source(reading_archive), reading_archive.stores
    assert send(reading_client_of(may(Verb.VIEW)), sources).status_code == 403
    assert send(reading_client_of(link_grant("1.2.3")), sources).status_code == 403
    assert reading_archive.stores == before


@pytest.mark.parametrize(
    ("sources", "content", "kind", "annotated", "status"),
    [
        ("", PNG, "image/png", "0", 400),
        ("1.2/1.3", PNG, "image/png", "0", 400),
        ("1.2/1.3/1", PNG, "image/png", "0", 404),
        ("SOURCE", PNG, "image/png", "yes", 400),
        ("SOURCE", b"GIF89a", "image/png", "0", 400),
        ("SOURCE", b"{}", "application/json", "0", 415),
    ],
)
def test_what_is_no_capture_is_refused(
    reading_client: Client,
    reading_archive: FakeArchive,
    sources: str,
    content: bytes,
    kind: str,
    annotated: str,
    status: int,
) -> None:
    before = reading_archive.stores
    named = sources.replace("SOURCE", source(reading_archive))
    assert send(reading_client, named, content, kind, annotated).status_code == status
    assert reading_archive.stores == before
