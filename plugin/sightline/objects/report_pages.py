"""The pages of a report: HTML of its text, laid out by PyMuPDF. Runs in workers only.

PyMuPDF brings fonts for nearly every script. A character that none of them has would be an empty box, or nothing: it
is written as its number in brackets instead, and the document says so.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pymupdf
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sightline.objects.report_codes import ADDENDUM
from sightline.rendering.channel import Buffer, Reply

DISCLAIMER = (
    "Sightline is not a cleared medical device. It is not for primary diagnosis unless your site has validated it."
)
_MARGIN, _HEAD, _FOOT = 48, 30, 40
"""Points (1/72 inch) left free at the sides, above and below the text, where running lines are."""
_PICTURE_WIDTH, _PICTURE_HEIGHT = 240, 300
_MOST_PAGES = 200
_LINK_LINE = 96
"""Characters of an address on one line: what is longer than a line would be cut off."""
_UNPRINTABLE = frozenset({"Cc", "Co", "Cn", "Cs"})
_MISSING = 0xFFFD
_STYLE = """
body { font-family: sans-serif; font-size: 10pt; line-height: 1.35; }
h1 { font-size: 16pt; margin: 0 0 6pt 0; }
h2 { font-size: 11pt; margin: 10pt 0 2pt 0; }
p { margin: 0 0 4pt 0; }
table.head { width: 100%; font-size: 9pt; }
td { padding: 1pt 6pt 1pt 0; vertical-align: top; }
td.label { color: #555555; }
.quiet, .caption { color: #555555; font-size: 8pt; }
.addendum { color: #8a3b00; }
.signature { font-size: 9pt; }
.link { font-size: 8pt; margin: 8pt 0 0 0; }
.link-line { font-size: 8pt; margin: 0; }
a { color: #0b57a4; font-family: monospace; }
"""


def make_pages(arguments: dict[str, Any], buffers: Sequence[Buffer], _fds: Sequence[int]) -> Reply:
    """Make the document.

    Arguments: ``title``; ``version``, above 1 with addenda; ``facts``, rows of pairs of label and value; ``sections``,
    each code, heading and text; ``pictures``, each ``caption`` and ``buffer``, null where there is none;
    ``signatures``; ``image_link``, or empty; ``running``, what each page says of whose it is; ``author``, ``moment``
    (PDF date) and ``producer`` for the document's information. The reply has ``pages``, how many, ``replaced``, what
    could not be printed, and the PDF.
    """
    images = [bytes(buffer) for buffer in buffers]
    replaced = {c for c in _characters(arguments) if _is_unprintable(c)}
    document = _document(arguments, images, replaced)
    try:
        if _has_missing(document):
            document.close()
            replaced |= _missing(c for c in _characters(arguments) if c not in replaced)
            document = _document(arguments, images, replaced)
        document.subset_fonts()
        content = document.tobytes(garbage=4, deflate=True, no_new_id=True)
        values = {"pages": document.page_count, "replaced": sorted(map(_number, replaced))}
    finally:
        document.close()
    return Reply(values, (content,))


def _document(arguments: dict[str, Any], images: Sequence[bytes], replaced: set[str]) -> pymupdf.Document:
    """Lay the text out, then add what stands on every page, links and the document's information."""
    printable = _replacing(arguments, replaced)
    archive = pymupdf.Archive()
    for number, image in enumerate(images):
        archive.add((image, f"picture{number}"))
    html = _html(printable, images, replaced)
    story = pymupdf.Story(html, user_css=_STYLE, archive=archive)
    target = BytesIO()
    links = _place(story, target)
    document = pymupdf.open("pdf", target.getvalue())
    for page, rectangle, uri in _lines(links):
        document[page].insert_link({"kind": pymupdf.LINK_URI, "from": rectangle, "uri": uri})
    for number, page in enumerate(document, 1):
        _run(page, printable["running"], f"Page {number} of {document.page_count}")
    document.set_metadata(
        {
            "title": printable["title"],
            "author": printable["author"],
            "subject": "Diagnostic imaging report",
            "creator": "Sightline",
            "producer": printable["producer"],
            "creationDate": arguments["moment"],
            "modDate": arguments["moment"],
        }
    )
    document.set_language("en")
    return document


def _place(story: pymupdf.Story, target: BytesIO) -> list[tuple[int, pymupdf.Rect, str]]:
    """Write the text page by page; return where links are: page from 0, place, address."""
    links: list[tuple[int, pymupdf.Rect, str]] = []
    paper = pymupdf.paper_rect("a4")
    place = pymupdf.Rect(_MARGIN, _MARGIN + _HEAD, paper.width - _MARGIN, paper.height - _MARGIN - _FOOT)
    writer = pymupdf.DocumentWriter(target)
    more, page = True, 0

    def note(position: Any) -> None:
        if position.open_close & 1 and position.href:
            links.append((page, pymupdf.Rect(position.rect), position.href))

    while more and page < _MOST_PAGES:
        device = writer.begin_page(paper)
        more, _ = story.place(place)
        story.element_positions(note)
        story.draw(device)
        writer.end_page()
        page += 1
    writer.close()
    return links


def _lines(links: Sequence[tuple[int, pymupdf.Rect, str]]) -> list[tuple[int, pymupdf.Rect, str]]:
    """Put the words of a link that are on one line together: each line is one place to click."""
    joined: dict[tuple[int, float, str], pymupdf.Rect] = {}
    for page, rectangle, uri in links:
        line = (page, round(rectangle.y0), uri)
        joined[line] = joined[line] | rectangle if line in joined else rectangle
    return [(page, rectangle, uri) for (page, _, uri), rectangle in joined.items()]


def _run(page: pymupdf.Page, whose: str, number: str) -> None:
    """Write the lines that every page has: whose it is above, its number below."""
    width, height = page.rect.width, page.rect.height
    style = "* { font-family: sans-serif; font-size: 8pt; color: #555555; }"
    above = pymupdf.Rect(_MARGIN, 28, width - _MARGIN, 28 + 2 * _HEAD / 3)
    below = pymupdf.Rect(_MARGIN, height - 44, width - _MARGIN, height - 24)
    page.insert_htmlbox(above, _environment().from_string("<p>{{ text | said }}</p>").render(text=whose), css=style)
    page.insert_htmlbox(below, f'<p style="text-align: right">{number}</p>', css=style)


def _html(arguments: dict[str, Any], images: Sequence[bytes], replaced: set[str]) -> str:
    pictures, missing = [], []
    for picture in arguments["pictures"]:
        if picture["buffer"] is None:
            missing.append(picture["caption"])
            continue
        size = pymupdf.Pixmap(images[picture["buffer"]])
        scale = min(_PICTURE_WIDTH / size.width, _PICTURE_HEIGHT / size.height)
        pictures.append(
            {
                "name": f"picture{picture['buffer']}",
                "caption": picture["caption"],
                "width": round(size.width * scale),
                "height": round(size.height * scale),
            }
        )
    sections = [
        {"heading": heading, "paragraphs": _paragraphs(text), "is_addendum": code == ADDENDUM}
        for code, heading, text in arguments["sections"]
    ]
    shown = {name: arguments[name] for name in ("title", "version", "facts", "signatures", "image_link")}
    link = arguments["image_link"]
    return (
        _environment()
        .get_template("report_pages.html.j2")
        .render(
            **shown,
            is_addendum=arguments["version"] > 1,
            sections=sections,
            pictures=pictures,
            missing=missing,
            link_lines=[link[start : start + _LINK_LINE] for start in range(0, len(link), _LINK_LINE)],
            replaced=", ".join(sorted(map(_number, replaced))),
            disclaimer=DISCLAIMER,
        )
    )


def _paragraphs(text: str) -> list[tuple[str, str]]:
    """Return the paragraphs, each with the direction in which it is written."""
    return [(line, _direction(line)) for line in text.splitlines() if line.strip()]


def _direction(line: str) -> str:
    """Return how a line runs: as its first letter that has a direction (UAX 9, rules P2 and P3)."""
    strong = (bidirectional for c in line if (bidirectional := unicodedata.bidirectional(c)) in ("L", "R", "AL"))
    return "ltr" if next(strong, "L") == "L" else "rtl"


def _number(character: str) -> str:
    return f"U+{ord(character):04X}"


def _is_unprintable(character: str) -> bool:
    return character not in "\n\t" and unicodedata.category(character) in _UNPRINTABLE


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        yield from _texts(list(value.values()))


def _characters(arguments: dict[str, Any]) -> set[str]:
    return {character for text in _texts(arguments) for character in text}


def _replacing(value: Any, replaced: set[str]) -> Any:
    """Return the same with characters that cannot be printed as their numbers in brackets."""
    if isinstance(value, str):
        return "".join(f"[{_number(c)}]" if c in replaced else c for c in value) if replaced else value
    if isinstance(value, list | tuple):
        return [_replacing(item, replaced) for item in value]
    if isinstance(value, dict):
        return {key: _replacing(item, replaced) for key, item in value.items()}
    return value


def _has_missing(document: pymupdf.Document) -> bool:
    return any(_is_missing(glyph) for page in document for span in page.get_texttrace() for glyph in span["chars"])


def _is_missing(glyph: Sequence[Any]) -> bool:
    """Whether a glyph (character, number in its font, …) stands for what no font has."""
    return bool(glyph[0] == _MISSING or glyph[1] == 0)


def _missing(characters: Iterable[str]) -> set[str]:
    """Return which of some characters no font has: each is laid out on its own."""
    found = set()
    for character in characters:
        if character.isspace() or character.isascii():
            continue
        story = pymupdf.Story(
            _environment().from_string("<p>{{ text | said }}</p>").render(text=character), user_css=_STYLE
        )
        target = BytesIO()
        _place(story, target)
        with pymupdf.open("pdf", target.getvalue()) as alone:
            if _has_missing(alone):
                found.add(character)
    return found


def _said(text: object) -> str:
    """Return a text that comes out as it is: MuPDF takes entities for characters once more after HTML has."""
    return str(text).replace("&", "&amp;")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    """Return the template environment: everything escaped, nothing undefined."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    environment.filters["said"] = _said
    return environment
