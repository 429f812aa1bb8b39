"""Files of the built viewer: only those that the manifest lists, for ever, and compressed where that is taken."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from werkzeug.test import Client


def test_a_listed_file_is_sent_for_ever(client: Client) -> None:
    answer = client.get("/sightline/assets/app-FFFF6666.css")
    assert answer.status_code == 200
    assert answer.data == b"body{margin:0}"
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Content-Encoding" not in answer.headers


def test_it_is_compressed_for_those_who_take_gzip(client: Client) -> None:
    answer = client.get("/sightline/assets/study-AAAA1111.js", headers={"Accept-Encoding": "br, gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(answer.data) == b"export {};" * 200


def test_gzip_that_is_refused_is_not_sent(client: Client) -> None:
    answer = client.get("/sightline/assets/study-AAAA1111.js", headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize(
    "name",
    [
        "secret.txt", "manifest.json", "study-AAAA1111.js.gz", "../secret.txt", "..%2Fsecret.txt", "%2e%2e/secret.txt",
        "a/../../secret.txt", "/etc/passwd", "..\\secret.txt", "app-FFFF6666.css%00.js", "", ".", "study-AAAA1111.js/",
    ],
)  # fmt: skip
def test_nothing_else_is_ever_sent(client: Client, name: str) -> None:
    answer = client.get(f"/sightline/assets/{name}")
    assert answer.status_code == 404
    assert b"not listed" not in answer.data


def test_a_viewer_that_was_not_built_says_so(client_of: Callable[..., Client], tmp_path: Path) -> None:
    answer = client_of(directory=tmp_path).get("/sightline/login")
    assert answer.status_code == 503
    assert "has not been built" in answer.text
