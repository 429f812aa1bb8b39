"""All interface text comes from the one message file."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from .conftest import MESSAGES, ROOT

SCRIPTS = sorted((ROOT / "viewer-assets" / "src").rglob("*.ts*"))
TEMPLATES = sorted((ROOT / "plugin" / "sightline").glob("*/templates/*.html"))
SHOWN = re.compile(r"""\b(aria-label|aria-valuetext|title|placeholder|alt)=(["'])([^"']*[A-Za-z][^"']*)\2""")
WORDS = re.compile(r"[A-Za-z]{2,}")


def messages() -> dict[str, str]:
    loaded: dict[str, str] = json.loads(MESSAGES.read_text(encoding="utf-8"))
    return loaded


def used_prefixes() -> tuple[set[str], set[str]]:
    """Return keys that are named as a whole, and beginnings of keys that are put together."""
    whole: set[str] = set()
    beginnings: set[str] = set()
    for path in (*SCRIPTS, *TEMPLATES):
        text = path.read_text(encoding="utf-8")
        whole |= set(re.findall(r"""["'`]([a-z]+(?:\.[A-Za-z0-9]+)+)["'`]""", text))
        beginnings |= set(re.findall(r"`([a-z]+(?:\.[A-Za-z0-9]+)*\.)\$\{", text))
    return whole, beginnings


def test_every_message_is_used() -> None:
    whole, beginnings = used_prefixes()
    stems = {key.rsplit(".", 1)[0] for key in messages() if key.endswith((".one", ".other"))}
    unused = [
        key
        for key in messages()
        if key not in whole
        and not any(key.startswith(beginning) for beginning in beginnings)
        and not (key.rsplit(".", 1)[0] in stems and key.rsplit(".", 1)[0] in whole)
    ]
    assert unused == []


def test_templates_name_messages_that_exist() -> None:
    named = {key for path in TEMPLATES for key in re.findall(r'\bt\("([^"]+)"', path.read_text(encoding="utf-8"))}
    assert named
    assert named <= set(messages())


def test_every_count_has_a_singular_and_a_plural() -> None:
    keys = set(messages())
    for key in keys:
        if key.endswith((".one", ".other")):
            stem = key.rsplit(".", 1)[0]
            assert {f"{stem}.one", f"{stem}.other"} <= keys


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_text_of_their_own(path: Path) -> None:
    source = re.sub(r"(\{% block body_class %\})[\w-]*", r"\1", path.read_text(encoding="utf-8"))
    text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", "", source, flags=re.DOTALL)
    assert not SHOWN.search(text)
    between = re.sub(r"<[^>]*>", "\n", text)
    assert WORDS.findall(between) == []


@pytest.mark.parametrize("path", [p for p in SCRIPTS if p.suffix == ".tsx"], ids=lambda path: path.name)
def test_components_hold_no_text_of_their_own(path: Path) -> None:
    source = re.sub(r"/\*.*?\*/|//[^\n]*", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert not SHOWN.search(source)
    # Text between tags: after a closing angle bracket of JSX, up to the next tag or brace, on lines that hold no code.
    for line in source.splitlines():
        stripped = line.strip()
        bare = re.fullmatch(r"[A-Z][a-z]+(?: [\w',.]+)+", stripped)
        inline = re.search(r"<\w[^<>=]*>\s*([A-Za-z]{2}[^<>{}=;]*)</", stripped)
        assert not bare, stripped
        assert not inline, stripped
