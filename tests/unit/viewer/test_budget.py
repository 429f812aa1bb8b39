"""What the browser has to fetch before it shows the first image; measured on the built viewer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import Client

from tests.support.viewer_server import DIST

from .conftest import CHEST

APPLICATION_BYTES = 120_000
AIM_BYTES = 80_000
REQUESTS = 10


@pytest.fixture
def built(client_of: Callable[..., Client]) -> Client:
    if not (DIST / "manifest.json").exists():
        pytest.skip("The viewer is not built; run 'npm run build' in viewer-assets.")
    return client_of(directory=DIST)


def fetched(client: Client, path: str) -> dict[str, int]:
    """Return what a page makes a browser fetch at once, with its bytes on the wire."""
    page = client.get(path, headers={"Accept-Encoding": "gzip"})
    html = client.get(path).text
    wanted = re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="((?!data:)[^"]+)"', html)
    sizes = {path: len(page.data)}
    for url in wanted:
        answer = client.get("/" + url.lstrip("./"), headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200, url
        sizes[url] = len(answer.data)
    return sizes


def test_the_application_is_small_until_the_first_image(built: Client) -> None:
    sizes = fetched(built, f"/sightline/studies/{CHEST}")
    application = sum(size for url, size in sizes.items() if "/view/" not in url)
    assert any("/view/" in url for url in sizes)
    assert len(sizes) <= REQUESTS
    assert application <= AIM_BYTES <= APPLICATION_BYTES


def test_a_link_needs_few_requests_in_all(built: Client) -> None:
    """Landing page, exchange of the secret, its check, then the study; nothing is fetched twice."""
    landing = fetched(built, "/sightline/link/abc")
    study = fetched(built, f"/sightline/studies/{CHEST}")
    exchange_and_check = 2
    urls = {url.rsplit("/", 1)[-1] for url in (*landing, *study)}
    assert len(urls) + exchange_and_check <= REQUESTS
    assert sum(landing.values()) + sum(study.values()) <= APPLICATION_BYTES


def test_what_is_beyond_the_first_screen_comes_later(built: Client) -> None:
    manifest: Any = json.loads((DIST / "manifest.json").read_text())
    at_once = {name for entry in manifest["entries"].values() for name in (entry["script"], *entry["preloads"])}
    later = {name.split("-")[0] for name in manifest["files"] if name.endswith(".js")} - {
        name.split("-")[0] for name in at_once
    }
    assert later >= {"PlanesView", "UploadPanel", "Dialogs", "local", "worker"}


def test_the_page_that_shows_pictures_is_in_two_files(built: Client) -> None:
    manifest: Any = json.loads((DIST / "manifest.json").read_text())
    assert len(manifest["entries"]["study"]["preloads"]) == 1


def test_a_worker_needs_nothing_of_the_page(built: Client) -> None:
    manifest: Any = json.loads((DIST / "manifest.json").read_text())
    (worker,) = [name for name in manifest["files"] if name.startswith("worker-")]
    assert "import.meta.url" in (DIST / worker).read_text(encoding="utf-8")
    page = {name for entry in manifest["entries"].values() for name in (entry["script"], *entry["preloads"])}
    waiting, needed = [worker], set()
    while waiting:
        script = (DIST / waiting.pop()).read_text(encoding="utf-8")
        found = set(re.findall(r"""import[^;"']*["']\./([\w.-]+\.js)["']""", script)) - needed
        needed |= found
        waiting += found
    assert needed.isdisjoint(page)
