"""Pages: what they say before the script, and what they must never say."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from werkzeug.test import Client

from sightline.web.pages import root_of
from tests.support.viewer_server import link_grant

from .conftest import CHEST, HAND

PAGES = ("/sightline/", f"/sightline/studies/{CHEST}", "/sightline/login", "/sightline/link/abc", "/sightline/about")


def data_of(html: str) -> Any:
    match = re.search(r'<script type="application/json" id="page-data">(.*?)</script>', html, re.DOTALL)
    assert match
    return json.loads(match.group(1))


class Elements(HTMLParser):
    """All start tags of a page with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("path", PAGES)
def test_pages_hold_nothing_that_the_policy_forbids(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "private, no-store"
    for tag, attributes in Elements(answer.text).found:
        assert tag not in ("style", "base", "iframe", "object")
        assert "style" not in attributes
        assert not any(name.startswith("on") for name in attributes)
        if tag == "script":
            assert "src" in attributes or attributes["type"] == "application/json"
        for name in ("src", "href", "action"):
            assert not (attributes.get(name) or "").startswith(("http:", "https:", "//"))


@pytest.mark.parametrize("path", PAGES)
def test_each_page_says_on_paper_what_it_is_not(client: Client, path: str) -> None:
    found = re.search(r'<p class="print-only">(.*?)</p>', client.get(path).text)
    assert found
    assert found[1].startswith("Sightline is not a cleared medical device. It is not for primary diagnosis unless")


def test_the_list_comes_with_its_first_rows(client: Client) -> None:
    data = data_of(client.get("/sightline/?modality=CT").text)
    assert [study["uid"] for study in data["result"]["studies"]] == [CHEST]
    assert data["filters"] == {"modality": "CT"}
    assert data["site"] == {
        "aet": "ORTHANC",
        "dicomPort": 4242,
        "dicomweb": "dicom-web",
        "stow": "http://127.0.0.1:8042/dicom-web/studies",
        "linkHours": {"default": 8, "maximum": 720},
    }
    assert data["session"]["link"] is False


def test_the_study_page_names_its_first_picture_and_the_picture_is_there(client: Client) -> None:
    html = client.get(f"/sightline/studies/{CHEST}").text
    data = data_of(html)
    assert data["opening"]["series"] == f"{CHEST}.2"
    assert data["opening"]["frame"] == 6
    (image,) = [attributes for tag, attributes in Elements(html).found if tag == "img"]
    assert image["src"] == "../../" + data["opening"]["view"]
    assert client.get("/" + data["opening"]["view"]).headers["Content-Type"] == "image/jpeg"
    # Only the series that is opened comes with its frames; the rest follows when the picture is there.
    assert [series["stack"] is not None for series in data["series"]] == [False, True, False]


def test_a_url_with_series_and_slice_opens_there(client: Client) -> None:
    data = data_of(client.get(f"/sightline/studies/{CHEST}?series={CHEST}.2&slice=3").text)
    assert data["opening"]["frame"] == 2
    data = data_of(client.get(f"/sightline/studies/{CHEST}?series={CHEST}.1&slice=99").text)
    assert (data["opening"]["series"], data["opening"]["frame"]) == (f"{CHEST}.1", 0)


def test_stored_text_cannot_end_the_data_block(client: Client) -> None:
    html = client.get(f"/sightline/studies/{CHEST}").text
    assert "Chest </script>" not in html
    assert data_of(html)["study"]["description"] == "Chest </script> CT"


@pytest.mark.parametrize("path", PAGES)
def test_no_title_holds_a_patient(client: Client, path: str) -> None:
    title = re.search(r"<title>(.*?)</title>", client.get(path).text)
    assert title
    assert "Doe" not in title.group(1)
    assert "P-17" not in title.group(1)


def test_the_landing_page_is_the_same_for_every_link(client_of: Callable[..., Client]) -> None:
    client = client_of(link_grant(CHEST))
    one, other = (client.get(f"/sightline/link/{name}").text for name in ("one", "two"))
    assert one.replace("one", "two") == other.replace("one", "two")
    assert "Doe" not in one
    assert CHEST not in one


def test_a_link_session_knows_that_it_is_one(client_of: Callable[..., Client]) -> None:
    data = data_of(client_of(link_grant(HAND)).get(f"/sightline/studies/{HAND}").text)
    ends = "2026-12-24T18:00:00+00:00"
    assert data["session"] == {"link": True, "launch": None, "user": "Dr Reader", "verbs": ["view"], "expires": ends}


def test_the_login_form_works_without_script(client: Client) -> None:
    html = client.get('/sightline/login?next=/sightline/studies/1"><b>&error=wrong').text
    elements = Elements(html).found
    (form,) = [attributes for tag, attributes in elements if tag == "form"]
    assert (form["method"], form["action"]) == ("post", "../sightline/login")
    (target,) = [attributes for tag, attributes in elements if attributes.get("name") == "next"]
    assert target["value"] == '/sightline/studies/1"><b>'
    assert "do not match" in html


def test_about_says_what_it_is_not(client: Client) -> None:
    html = client.get("/sightline/about").text
    assert "not a cleared medical device" in html
    assert "Affero" in html


@pytest.mark.parametrize(("path", "root"), [("/sightline/login", "../"), ("/sightline/studies/1.2", "../../")])
def test_addresses_are_relative_so_that_a_proxy_may_put_a_prefix_before_them(path: str, root: str) -> None:
    assert root_of(path, "https://pacs.example/images") == root


@pytest.mark.parametrize(
    ("public_url", "root"), [("http://127.0.0.1:8042", "/"), ("https://pacs.example/images", "/images/")]
)
def test_the_list_is_found_with_and_without_the_slash_that_orthanc_drops(public_url: str, root: str) -> None:
    assert {root_of(path, public_url) for path in ("/sightline", "/sightline/")} == {root}
