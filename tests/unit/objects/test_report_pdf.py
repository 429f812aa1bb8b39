"""Reports as PDF: whole, readable by others, and honest about what cannot be printed."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pypdf import PdfReader

from sightline.objects.report_pages import DISCLAIMER, make_pages
from sightline.objects.report_pdf import report_pdf
from sightline.rendering.engine import RenderingEngine
from sightline.state.report import KeyFrame, ReportSection, Signature
from tests.support.dicom_files import image_file
from tests.support.fake_archive import FakeArchive
from tests.support.reports import ADDENDUM, FINDINGS, MOMENT, signed_report
from tests.support.viewer_server import small_engine

STUDY = "1.2.3"
LINK = "https://pacs.example.org/sightline/link/4f1c?a=1&amp;b=2&lt#" + "0123456789abcdef" * 14
CT = "1.2.840.10008.5.1.4.1.1.2"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RenderingEngine]:
    pixels = np.linspace(0, 1000, 64 * 48).reshape(64, 48).astype(np.int16)
    known: dict[str, Any] = {"StudyInstanceUID": STUDY, "SeriesInstanceUID": "1.2.3.4"}
    archive = FakeArchive([image_file(pixels, SOPInstanceUID="1.2.3.4.5", **known)])
    with closing(small_engine(archive, Path(tmp_path_factory.mktemp("tables")))) as engine:
        yield engine


def texts(content: bytes) -> list[str]:
    """Text of each page, with ligatures as the letters that they stand for."""
    return [unicodedata.normalize("NFKC", page.extract_text()) for page in PdfReader(BytesIO(content)).pages]


def with_text(text: str, **more: Any) -> Any:
    return signed_report(sections=(ReportSection(FINDINGS, "Findings", text),), **more)


def test_it_says_whose_it_is_what_was_found_and_who_signed(engine: RenderingEngine) -> None:
    (text,) = texts(report_pdf(engine, signed_report()))
    for expected in (
        "CT Chest Report", "Müller Änne", "P1", "1970-01-02 F", "A1", "CT chest", "2026-11-27", "Doe Jane",
        "Findings", "Lungs are clear.", "Impression", "Normal.", "Report signed by Dr Ada", "Page 1 of 1", DISCLAIMER,
    ):  # fmt: skip
        assert expected in text
    assert "ddendum" not in text


def test_the_document_says_what_it_is(engine: RenderingEngine) -> None:
    reader = PdfReader(BytesIO(report_pdf(engine, signed_report(author="Dr Ängström"))))
    assert reader.metadata is not None
    assert (reader.metadata.title, reader.metadata.author) == ("CT Chest Report", "Dr Ängström")
    assert reader.metadata.creation_date == MOMENT
    width, height = reader.pages[0].mediabox.width, reader.pages[0].mediabox.height
    assert (round(width), round(height)) == (595, 842)


def test_the_same_report_makes_the_same_bytes(engine: RenderingEngine) -> None:
    report = with_text("肝臓 Привет", key_frames=(KeyFrame("1.2.3.4", "1.2.3.4.5", 1, CT),))
    assert report_pdf(engine, report, LINK) == report_pdf(engine, report, LINK)


def test_a_long_link_can_be_clicked_and_read_in_full(engine: RenderingEngine) -> None:
    content = report_pdf(engine, signed_report(), LINK)
    (page,) = PdfReader(BytesIO(content)).pages
    links = [annotation.get_object() for annotation in page["/Annots"]]
    assert {link["/A"]["/URI"] for link in links} == {LINK}
    assert all(0 <= link["/Rect"][0] < link["/Rect"][2] <= 595 for link in links)
    assert LINK in texts(content)[0].replace("\n", "")
    assert "/Annots" not in PdfReader(BytesIO(report_pdf(engine, signed_report()))).pages[0]


def test_key_images_are_shown_and_missing_ones_are_said(engine: RenderingEngine) -> None:
    keys = (KeyFrame("1.2.3.4", "1.2.3.4.5", 1, CT, "Lung, image 6 of 12"), KeyFrame("1.2.3.4", "1.2.3.4.9", 1, CT))
    content = report_pdf(engine, signed_report(key_frames=keys))
    (page,) = PdfReader(BytesIO(content)).pages
    (picture,) = page.images
    assert picture.image is not None
    assert picture.image.size == (48, 64)
    assert "1. Lung, image 6 of 12" in texts(content)[0]
    assert "2. Instance 1.2.3.4.9, frame 1: the image could not be shown" in texts(content)[0].replace("\n", " ")


def test_addenda_are_marked_and_every_signature_is_there(engine: RenderingEngine) -> None:
    sections = (*signed_report().sections, ReportSection(ADDENDUM, "Addendum 1", "Rib fracture."))
    signatures = (Signature("Dr Ada", MOMENT), Signature("Dr Bob", MOMENT))
    (text,) = texts(report_pdf(engine, signed_report(version=2, sections=sections, signatures=signatures)))
    assert "With addendum: this is version 2" in text
    assert text.index("Normal.") < text.index("Addendum 1") < text.index("Rib fracture.")
    assert "Addendum 1 signed by Dr Bob" in text


def test_long_reports_run_over_pages_that_are_numbered_and_named(engine: RenderingEngine) -> None:
    pages = texts(report_pdf(engine, with_text("\n".join(f"Line {number}." for number in range(150)))))
    assert len(pages) >= 3
    for number, text in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in text
        assert "Müller Änne · P1" in text
    together = "\n".join(pages)
    assert all(f"Line {number}." in together for number in range(150))


@pytest.mark.parametrize(
    "text",
    ["Ελληνικά", "Привет, лёгкие", "肝臓に腫瘍なし", "간 종괴", "עברית", "ภาษาไทย", "≤ 3 × 4 mm² ± 0.5 µm → ½"],
)
def test_scripts_are_printed(engine: RenderingEngine, text: str) -> None:
    (found,) = texts(report_pdf(engine, with_text(text)))
    wanted = unicodedata.normalize("NFKC", text)
    # What runs from right to left may come back in the order in which it is seen.
    assert wanted in found or wanted[::-1] in found
    assert "cannot be printed" not in found


def test_arabic_is_shaped_and_nothing_of_it_is_missing() -> None:
    arguments = pages_of("لا يوجد ورم")
    assert make_pages(arguments, (), ()).values["replaced"] == []


def pages_of(text: str) -> dict[str, Any]:
    return {
        "title": "Report", "version": 1, "facts": [[["Patient", "A"], ["Patient ID", "B"]]],
        "sections": [[FINDINGS, "Findings", text]], "pictures": [], "signatures": ["Signed"], "image_link": "",
        "running": "A · B", "author": "C", "moment": "D:20261127101500Z", "producer": "Sightline",
    }  # fmt: skip


def test_what_no_font_has_is_replaced_visibly_and_said() -> None:
    reply = make_pages(pages_of("before \ue000 \U0001f9a0 \x07 after ?"), (), ())
    assert reply.values["replaced"] == ["U+0007", "U+1F9A0", "U+E000"]
    (text,) = texts(bytes(reply.buffers[0]))
    assert "before [U+E000] [U+1F9A0] [U+0007] after ?" in text
    assert "Characters that cannot be printed are shown by their number" in text


def test_it_says_what_the_pages_say_of_primary_diagnosis() -> None:
    messages = Path(__file__).parents[3] / "viewer-assets" / "messages" / "en.json"
    assert json.loads(messages.read_text(encoding="utf-8"))["about.notDevice"] == DISCLAIMER


def test_text_is_text_and_never_markup() -> None:
    (text,) = texts(
        bytes(make_pages(pages_of("<b>bold</b> <img src='file:///etc/passwd'> &amp; {{ 7 * 7 }}"), (), ()).buffers[0])
    )
    assert "<b>bold</b> <img src='file:///etc/passwd'> &amp; {{ 7 * 7 }}" in text.replace("\n", " ")
