"""docs/orders.md names every field of a map and every option of orders that it promises to explain."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sightline.configuration import Configuration
from sightline.openemr.orders.mapping import OPENEMR_FIELDS, read_maps

TEXT = (Path(__file__).parents[4] / "docs" / "orders.md").read_text(encoding="utf-8")
BLOCKS = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", TEXT, re.S)]


@pytest.mark.parametrize("name", OPENEMR_FIELDS)
def test_every_field_is_named(name: str) -> None:
    assert f"`{name}`" in TEXT


def test_the_examples_are_accepted(tmp_path: Path) -> None:
    configuration, maps = BLOCKS
    assert Configuration.parse(configuration["Sightline"]).orders.is_on
    file = tmp_path / "maps.json"
    file.write_text(json.dumps(maps))
    assert read_maps(str(file))[0].sender == "RIS|*"
