"""Some of the metadata: pages of instances, and attributes by name."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.dicom_files import image_file
from tests.unit.dicomweb.conftest import Serve, Server

SERIES = "/studies/1.2.826.0.1.1/series/1.2.826.0.1.1.1"
IDENTITY = {"00080016", "00080018", "0020000D", "0020000E"}


@pytest.fixture
def server(serve: Serve) -> Server:
    pixels = np.zeros((2, 3), np.uint8)
    return serve(*(image_file(pixels, SOPInstanceUID=f"1.2.{n}", InstanceNumber=n) for n in (3, 1, 2)))


def uids(server: Server, query: str) -> list[str]:
    answer = server.get(f"{SERIES}/metadata?{query}")
    assert answer.status_code == 200
    return [item["00080018"]["Value"][0] for item in answer.json or ()]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("limit=2", ["1.2.1", "1.2.2"]),
        ("limit=2&offset=2", ["1.2.3"]),
        ("offset=1", ["1.2.2", "1.2.3"]),
        ("limit=0", []),
        ("offset=3", []),
    ],
)
def test_pages(server: Server, query: str, expected: list[str]) -> None:
    assert uids(server, query) == expected


@pytest.mark.parametrize("query", ["includefield=Rows,InstanceNumber", "includefield=00280010&includefield=00200013"])
def test_attributes(server: Server, query: str) -> None:
    answer = server.get(f"{SERIES}/metadata?{query}")
    for item in answer.json or ():
        assert {"00280010", "00200013"} <= set(item) <= {"00280010", "00200013", "00080005"} | IDENTITY
        assert item["00280010"] == {"vr": "US", "Value": [2]}
    whole = server.get(f"{SERIES}/metadata")
    assert whole.headers["ETag"] != answer.headers["ETag"]
    assert "00280011" in (whole.json or ())[0]
    assert server.get(f"{SERIES}/metadata?includefield=all").json == whole.json


@pytest.mark.parametrize("query", ["limit=-1", "limit=x", "offset=1.5", "limit=", "includefield=NoSuchThing"])
def test_malformed_values_are_named(server: Server, query: str) -> None:
    answer = server.get(f"{SERIES}/metadata?{query}")
    assert answer.status_code == 400
    assert query.split("=")[0] in (answer.json or {})["message"]
