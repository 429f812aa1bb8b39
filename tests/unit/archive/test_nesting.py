"""Depth of nesting: proven by walking or bounded, in every encoding; checked against DCMTK and against real files."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
import zlib
from pathlib import Path
from struct import pack

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.archive import encoded
from sightline.archive.nesting import check_nesting
from sightline.errors import UnprocessableError
from tests.support.corpus import corpus_files

IMPLICIT, EXPLICIT, BIG, DEFLATED, JPEG = (
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.2",
    "1.2.840.10008.1.2.1.99",
    "1.2.840.10008.1.2.4.50",
)
ITEM, ITEM_END, SEQUENCE_END = (0xFFFE, 0xE000), (0xFFFE, 0xE00D), (0xFFFE, 0xE0DD)
CONTENT, PURPOSE, PRIVATE = (0x0040, 0xA730), (0x0040, 0xA170), (0x0009, 0x1001)
UNDEFINED = 0xFFFFFFFF


def element(syntax: str, tag: tuple[int, int], vr: str, value: bytes, length: int | None = None) -> bytes:
    order = ">" if syntax == BIG else "<"
    size = len(value) if length is None else length
    if syntax == IMPLICIT or tag[0] == 0xFFFE:
        return pack(order + "HHL", *tag, size) + value
    if vr in ("SQ", "UN", "OB", "OW", "UT"):
        return pack(order + "HH2sHL", *tag, vr.encode(), 0, size) + value
    return pack(order + "HH2sH", *tag, vr.encode(), size) + value


def nested(syntax: str, levels: int, defined: bool, tag: tuple[int, int] = CONTENT, vr: str = "SQ") -> bytes:
    """Sequences in sequences, in linear time. What is below an unknown value representation is implicit."""
    if not defined:
        inner = IMPLICIT if vr == "UN" else syntax
        head = element(syntax, tag, vr, b"", UNDEFINED) + element(inner, ITEM, "", b"", UNDEFINED)
        deeper = element(inner, tag, vr, b"", UNDEFINED) + element(inner, ITEM, "", b"", UNDEFINED)
        tail = element(inner, ITEM_END, "", b"") + element(inner, SEQUENCE_END, "", b"")
        return head + deeper * (levels - 1) + tail * levels
    heads, size = [], 0
    for level in range(levels, 0, -1):
        inner = IMPLICIT if vr == "UN" and level > 1 else syntax
        item = element(IMPLICIT if vr == "UN" else inner, ITEM, "", b"", size)
        sequence = element(inner, tag, vr, b"", size + len(item))
        heads.append(sequence + item)
        size += len(sequence) + len(item)
    return b"".join(reversed(heads))


def part10(syntax: str, dataset: bytes, prefix: bool = True) -> bytes:
    uid = syntax.encode() + b"\0" * (len(syntax) % 2)
    meta = element(EXPLICIT, (2, 0x10), "UI", uid)
    if prefix:
        dataset = element(syntax, (8, 0x18), "UI", b"1.2.3.45") + dataset
    if syntax == DEFLATED:
        deflate = zlib.compressobj(wbits=-15)
        dataset = deflate.compress(dataset) + deflate.flush()
    return bytes(128) + b"DICM" + element(EXPLICIT, (2, 0), "UL", pack("<L", len(meta))) + meta + dataset


def refusal(content: bytes | memoryview, limit: int = 32) -> str:
    try:
        check_nesting(content, limit)
    except UnprocessableError as error:
        return error.code
    return ""


SHAPES = [
    pytest.param(
        syntax,
        defined,
        tag,
        vr,
        id=f"{syntax[17:] or 'implicit'}-{'defined' if defined else 'undefined'}-{vr}{tag[0]:x}",
    )
    for syntax in (IMPLICIT, EXPLICIT, BIG, DEFLATED, JPEG)
    for defined in (True, False)
    for tag, vr in ((CONTENT, "SQ"), (PRIVATE, "SQ"), (PRIVATE, "UN"), (CONTENT, "UN"))
]


@pytest.mark.parametrize(("syntax", "defined", "tag", "vr"), SHAPES)
def test_32_levels_pass_and_more_are_refused_fast(syntax: str, defined: bool, tag: tuple[int, int], vr: str) -> None:
    for levels in (1, 31, 32):
        assert refusal(part10(syntax, nested(syntax, levels, defined, tag, vr))) == "", levels
    for levels in (33, 60, 1_000, 100_000):
        content = part10(syntax, nested(syntax, levels, defined, tag, vr))
        start = time.perf_counter()
        assert refusal(content) == "too-deep", levels
        assert time.perf_counter() - start < 0.5, levels


def test_what_counts_as_a_level() -> None:
    siblings = nested(EXPLICIT, 1, True) * 500 + nested(EXPLICIT, 32, False)
    assert refusal(part10(EXPLICIT, siblings)) == ""
    items = b"".join(element(EXPLICIT, ITEM, "", nested(EXPLICIT, 1, False)) for _ in range(500))
    assert refusal(part10(EXPLICIT, element(EXPLICIT, CONTENT, "SQ", items)), 2) == ""
    assert refusal(part10(EXPLICIT, element(EXPLICIT, CONTENT, "SQ", items)), 1) == "too-deep"


def test_encapsulated_pixel_data_is_no_level() -> None:
    fragments = b"".join(element(EXPLICIT, ITEM, "", nested(EXPLICIT, 40, True)) for _ in range(40))
    pixels = element(JPEG, (0x7FE0, 0x10), "OB", fragments + element(JPEG, SEQUENCE_END, "", b""), UNDEFINED)
    assert refusal(part10(JPEG, pixels + nested(JPEG, 32, False, (0x7FE1, 0x1010), "SQ"))) == ""
    assert refusal(part10(JPEG, pixels + nested(JPEG, 33, False, (0x7FE1, 0x1010), "SQ"))) == "too-deep"


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG])
def test_bulk_data_are_skipped_whatever_they_hold(syntax: str) -> None:
    blob = nested(syntax, 40, True)
    vr = "OW"
    content = part10(syntax, element(syntax, (0x7FE0, 0x10), vr, blob) + nested(syntax, 32, True, (0x7FE1, 0x1010)))
    assert refusal(content) == ""


def test_plain_bytes_that_begin_like_a_sequence_cost_nothing() -> None:
    blob = element(IMPLICIT, ITEM, "", b"", 24) + b"\x10\x00\x10\x00\xff\xff\xff\x0f" + b"garbage." * 2
    many = element(IMPLICIT, (0x0029, 0x1010), "OB", blob) * 100
    assert refusal(part10(IMPLICIT, many)) == ""
    assert refusal(part10(IMPLICIT, many + nested(IMPLICIT, 33, True))) == "too-deep"


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG])
def test_bare_data_sets_without_preamble_or_meta_header(syntax: str) -> None:
    start = element(syntax, (8, 0x18), "UI", b"1.2.3.45")
    assert refusal(start + nested(syntax, 32, False)) == ""
    assert refusal(start + nested(syntax, 33, False)) == "too-deep"
    without_preamble = part10(syntax, nested(syntax, 33, True))[132:]
    assert refusal(without_preamble) == "too-deep"
    assert refusal(part10(syntax, nested(syntax, 20, True))[132:]) == ""


def test_a_missing_item_delimiter_does_not_hide_levels() -> None:
    sloppy = (element(EXPLICIT, CONTENT, "SQ", b"", UNDEFINED) + element(EXPLICIT, ITEM, "", b"", UNDEFINED)) * 33
    assert refusal(part10(EXPLICIT, sloppy)) == "too-deep"
    closed = element(EXPLICIT, CONTENT, "SQ", b"", UNDEFINED) + element(EXPLICIT, ITEM, "", b"", UNDEFINED)
    closed += element(EXPLICIT, SEQUENCE_END, "", b"")
    assert refusal(part10(EXPLICIT, closed * 100)) == ""


@pytest.mark.parametrize("vr", ["ox", "na", "it", "Sq"])
def test_made_up_value_representations_hide_nothing(vr: str) -> None:
    odd = pack("<HH2sH", 9, 0x1001, vr.encode(), 0)
    assert refusal(part10(EXPLICIT, odd + nested(EXPLICIT, 30, True))) == ""
    assert refusal(part10(EXPLICIT, odd + nested(EXPLICIT, 33, True))) == "too-deep"


def test_a_contradictory_meta_header_hides_nothing() -> None:
    deep = nested(EXPLICIT, 33, True)
    twice = element(EXPLICIT, (2, 0x10), "UI", EXPLICIT.encode() + b"\0")
    content = part10(IMPLICIT, element(EXPLICIT, (8, 0x18), "UI", b"1.2.3.45") + deep, prefix=False)
    assert refusal(content[:144] + twice + content[144:]) == "too-deep"
    assert refusal(content) == "too-deep"  # declared implicit, encoded explicit
    short = bytearray(part10(IMPLICIT, nested(IMPLICIT, 33, True)))
    short[140:144] = pack("<L", 4)
    assert refusal(bytes(short)) == "too-deep"
    assert refusal(bytes(128) + b"DICM" + element(IMPLICIT, (2, 0x10), "", b"1.2.840.10008.1.2\0") + deep) == "too-deep"
    undeclared = part10("", element(EXPLICIT, (8, 0x18), "UI", b"1.2") + deep, prefix=False)
    assert refusal(undeclared) == "too-deep"


def test_a_deflated_bomb_is_refused_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoded, "INFLATED_LIMIT", 1 << 20)
    # Small elements, so that the walk has to look at each of them.
    bomb = part10(DEFLATED, element(EXPLICIT, (0x0010, 0x4000), "LT", b"") * (1 << 18))
    assert len(bomb) < 20_000
    assert refusal(bomb) == "too-large"


def test_what_is_no_dicom_at_all() -> None:
    assert refusal(b"") == "not-dicom"
    assert refusal(b"PNG") == "not-dicom"
    assert refusal(b"%PDF-1.7 and so on") == ""  # surely not deep; the archive says what it is
    broken = part10(DEFLATED, b"", prefix=False)[:-2] + b"\xff" * 40
    assert refusal(broken) == "not-dicom"


def test_truncation_anywhere_is_no_crash_and_hides_nothing() -> None:
    content = part10(EXPLICIT, nested(EXPLICIT, 40, False))
    depth_of_prefix = [refusal(content[:end]) for end in range(132, len(content))]
    assert set(depth_of_prefix[400:]) <= {"", "too-deep"}
    assert depth_of_prefix[-1] == "too-deep"


def test_accepts_a_view_without_copying_it() -> None:
    assert refusal(memoryview(part10(EXPLICIT, nested(EXPLICIT, 32, True)))) == ""


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=600), st.sampled_from([IMPLICIT, EXPLICIT, BIG, DEFLATED, JPEG]))
def test_arbitrary_bytes_never_crash_it(data: bytes, syntax: str) -> None:
    refusal(data)
    refusal(part10(syntax, data, prefix=False))


@st.composite
def trees(draw: st.DrawFn) -> bytes:
    """Data sets of nested pieces, some of them damaged, in mixed encodings and lengths."""
    out = draw(st.sampled_from([b"", b"x" * 6]))
    for _ in range(draw(st.integers(1, 12))):
        syntax = draw(st.sampled_from([EXPLICIT, IMPLICIT]))
        length = draw(st.sampled_from([None, UNDEFINED, 8, 16, 40]))
        kind = draw(st.sampled_from(["item", "sq", "un", "ob", "delimiter", "private"]))
        tag, vr = {
            "item": (ITEM, ""),
            "sq": (CONTENT, "SQ"),
            "un": (PURPOSE, "UN"),
            "ob": ((0x7FE0, 0x10), "OB"),
            "private": (PRIVATE, "SQ"),
            "delimiter": (draw(st.sampled_from([ITEM_END, SEQUENCE_END])), ""),
        }[kind]
        if kind == "delimiter":
            out += element(syntax, tag, vr, b"")
        elif draw(st.booleans()):
            out = element(syntax, tag, vr, out, length)
        else:
            out += element(syntax, tag, vr, draw(st.sampled_from([b"", b"abcdefgh"])), length)
    return out


@pytest.mark.skipif(shutil.which("dcmdump") is None, reason="dcmtk is not installed")
@settings(max_examples=150, deadline=None)
@given(trees(), st.sampled_from([IMPLICIT, EXPLICIT]), st.integers(0, 4))
def test_never_less_than_dcmtk_sees(
    tmp_path_factory: pytest.TempPathFactory, tree: bytes, syntax: str, limit: int
) -> None:
    content = part10(syntax, tree)
    if refusal(content, limit):
        return
    path = tmp_path_factory.getbasetemp() / "tree.dcm"
    path.write_bytes(content)
    dump = subprocess.run(["dcmdump", "-q", "-Un", str(path)], capture_output=True, check=False).stdout
    assert dcmtk_depth(dump) <= limit
    dump = subprocess.run(["dcmdump", "-q", "-Uc", str(path)], capture_output=True, check=False).stdout
    assert dcmtk_depth(dump) <= limit


def dcmtk_depth(dump: bytes) -> int:
    """Levels of items in dcmdump's output: an item's line is indented by four spaces a level, less two.

    An empty sequence is not counted, since without a dictionary nobody can tell it from an empty text: it may stand one
    level below the limit, where it has nothing to descend into.
    """
    items = re.findall(rb"^( *)\(fffe,e000\) na \(Item", dump, re.MULTILINE)
    return max([0, *((len(indent) + 2) // 4 for indent in items)])


def test_every_real_file_passes_but_the_deep_one() -> None:
    test_files = Path(pydicom.__file__).parent / "data" / "test_files"
    files = [*(path for path in test_files.rglob("*.dcm")), *corpus_files()]
    assert len(files) > 70
    refused = {path.name: refusal(path.read_bytes()) for path in files}
    deep = {name: code for name, code in refused.items() if code}
    assert deep in ({}, {"2026-05-06-Deeply-Nested-Sequence.dcm": "too-deep"})
