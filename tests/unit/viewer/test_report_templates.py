"""Templates: ours are sound, the site's are taken in, and the one that fits is found."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from sightline.errors import NotFoundError, UnprocessableError
from sightline.viewer.report_templates import filled_in, parse_template, suggested, templates_of

KNOWN = {
    "study": {"description": "CT chest", "date": "20261127", "accession": "A1", "modalities": ["CT"]},
    "order": None,
    "findings": ["Nodule: 5 mm"],
    "comparison": "",
}
SMALL = "---\nname: Small\ntitle: Small Report\n---\n== 59776-5 Findings\n"


def test_every_template_of_ours_can_be_filled_in() -> None:
    templates = templates_of("")
    assert len(templates) >= 12
    for template in templates:
        for order in (None, {"reason": "Cough", "description": "CT", "priority": "STAT"}):
            filled = filled_in(templates, template.id, KNOWN | {"order": order})
            assert "Nodule: 5 mm" in {line for one in filled["sections"] for line in one["text"].splitlines()}
            assert ("Cough" in filled["sections"][0]["text"]) == (order is not None)


@pytest.mark.parametrize(
    ("modalities", "parts", "description", "expected"),
    [
        (["CT"], ["CHEST"], "", "ct_chest"),
        (["CT", "SR"], [""], "CT Thorax w contrast", "ct_chest"),
        (["CT"], ["EAR"], "", "ct_general"),
        (["MR"], ["BRAIN"], "", "mr_brain"),
        (["CR"], ["CHEST"], "", "xr_chest"),
        (["DX"], ["HAND"], "", "xr_bone"),
        (["PT", "CT"], [], "", "pet_ct"),
        (["MG"], ["BREAST"], "", "mammography"),
        (["XA"], ["HEART"], "", "general"),
        ([], [], "", "general"),
    ],
)
def test_the_template_that_fits_is_suggested(
    modalities: list[str], parts: list[str], description: str, expected: str
) -> None:
    assert suggested(templates_of(""), modalities, parts, description) == expected


def test_the_sites_templates_join_ours_and_take_their_place(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "ct_chest.j2").write_text(SMALL.replace("Small\n", "Our chest\n"))
    (tmp_path / "new.j2").write_text(SMALL)
    (tmp_path / "broken.j2").write_text("nothing")
    with caplog.at_level(logging.WARNING):
        templates = {template.id: template.name for template in templates_of(str(tmp_path))}
    assert (templates["ct_chest"], templates["new"]) == ("Our chest", "Small")
    assert "broken" not in templates
    assert "broken.j2 cannot be used" in caplog.text
    assert len(templates_of(str(tmp_path / "nowhere"))) == len(templates_of(""))


@pytest.mark.parametrize(
    "text",
    [
        "", "== 59776-5 Findings\n", SMALL.replace("name: Small\n", ""), SMALL.replace("59776-5", "1-1"),
        SMALL.replace("59776-5", "55107-7"), SMALL.replace("name:", "colour:"), SMALL.replace("==", "text\n=="),
        "---\nname: a\ntitle: b\n---\n",
    ],
)  # fmt: skip
def test_what_is_no_template_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_template("x", text)


@pytest.mark.parametrize(
    "source", ["{{ nothing }}", "{% if %}", "{{ 1 / 0 }}", "{{ ''.__class__.__mro__[1].__subclasses__() }}"]
)
def test_a_template_with_an_error_says_so_and_harms_nothing(source: str) -> None:
    template = parse_template("x", SMALL + source)
    with pytest.raises(UnprocessableError, match="Small"):
        filled_in([template], "x", KNOWN)
    with pytest.raises(NotFoundError):
        filled_in([template], "y", KNOWN)


def test_what_is_filled_in_is_text_and_no_further_template() -> None:
    template = parse_template("x", SMALL + "{{ findings[0] }}")
    known = KNOWN | {"findings": ["== 19005-8 Impression {{ 7 * 7 }} <b>"]}
    (section,) = filled_in([template], "x", known)["sections"]
    assert section["text"] == "== 19005-8 Impression {{ 7 * 7 }} <b>"
