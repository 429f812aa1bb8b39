"""What the documentation promises is what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deploy import configuration_page, installer, settings
from deploy.environment import OLDEST_PYTHON

DOCS = [Path("README.md"), Path("CHANGELOG.md"), *sorted(Path("docs").rglob("*.md"))]


def test_the_configuration_page_is_up_to_date() -> None:
    assert configuration_page.PAGE.read_text(encoding="utf-8") == configuration_page.text(), "run `make docs`"


def test_every_variable_of_make_run_is_documented() -> None:
    text = configuration_page.PAGE.read_text(encoding="utf-8")
    assert all(f"`{variable.name}`" in text for variable in settings.VARIABLES)


def test_every_option_of_the_installer_is_documented() -> None:
    text = Path("docs/installation.md").read_text(encoding="utf-8")
    actions = installer._parser()._actions
    options = [option for action in actions for option in action.option_strings if option.startswith("--")]
    assert [option for option in options if option != "--help" and f"`{option}" not in text] == []


@pytest.mark.parametrize("page", DOCS, ids=str)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target]
    # Screenshots are taken by the browser tests of a release.
    missing = [t for t in targets if t and not (page.parent / t).exists() and not t.startswith("docs/images/")]
    assert missing == []


def test_the_medical_sentence_and_the_licence_are_in_the_readme() -> None:
    text = " ".join(Path("README.md").read_text(encoding="utf-8").split())
    assert "not a cleared medical device" in text
    assert "not for primary diagnosis unless your site has validated it" in text
    assert "AGPL-3.0-or-later" in text
    assert Path("LICENSE").read_text().splitlines()[0].strip() == "GNU AFFERO GENERAL PUBLIC LICENSE"
    assert f"Python {OLDEST_PYTHON[0]}.{OLDEST_PYTHON[1]}" in text
