"""Files made to hurt cost their own picture and nothing else."""

from __future__ import annotations

import os
import struct
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import ExplicitVRLittleEndian

from sightline.rendering.look import PLAIN
from sightline.rendering.pool import WorkerPool
from tests.support.dicom_files import image_file, part_10

CORPUS = Path(os.environ.get("SIGHTLINE_CORPUS", "/nowhere"))
READ = "sightline.rendering.tasks:read_headers"


def nested(levels: int) -> bytes:
    """A file with that many sequences of undefined length within each other, before the pixels."""
    content = bytearray(image_file(np.zeros((2, 2), np.uint8)))
    pixels = content.index(b"\xe0\x7f\x10\x00OB")
    start = struct.pack("<HH2sHI", 0x0040, 0xA730, b"SQ", 0, 0xFFFFFFFF) + struct.pack(
        "<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF
    )
    end = struct.pack("<HHI", 0xFFFE, 0xE00D, 0) + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    content[pixels:pixels] = start * levels + end * levels
    return bytes(content)


@pytest.mark.parametrize("levels", [33, 1000, 100_000])
def test_deep_nesting_is_read_or_refused_and_kills_no_worker(pool: WorkerPool, levels: int) -> None:
    before = pool.statistics()["deaths"]
    (answer,) = (
        pool.submit(READ, {"files": [{"file": {"buffer": 0}, "uuid": "u"}]}, [nested(levels)])
        .result(30)
        .values["files"]
    )
    assert answer.get("unreadable") or answer["instance"]["rows"] == 2
    assert pool.statistics()["deaths"] == before


def test_shallow_nesting_is_read(pool: WorkerPool) -> None:
    files = {"files": [{"file": {"buffer": 0}, "uuid": "u"}]}
    (answer,) = pool.submit(READ, files, [nested(32)]).result(30).values["files"]
    assert answer["instance"]["rows"] == 2


def test_bytes_changed_at_random_never_kill_a_worker(pool: WorkerPool) -> None:
    """Two hundred files with a few bytes changed, rendered: each gives a picture or an error that is ours."""
    random = np.random.default_rng(11)
    before = pool.statistics()["deaths"]
    whole = dcmread(BytesIO(image_file(np.arange(64, dtype=np.int16).reshape(8, 8), WindowCenter=1, WindowWidth=9)))
    good = part_10(whole, ExplicitVRLittleEndian)
    view = {
        "window": None,
        "invert": False,
        "max_size": None,
        "viewport": None,
        "format": "png",
        "quality": 85,
        "colour_profile": "no",
        "annotations": [],
        "look": PLAIN.argument(),
    }
    futures = []
    for _ in range(200):
        content = bytearray(good)
        for place in random.integers(132, len(content), 4):
            content[place] = random.integers(0, 256)
        arguments = {"file": {"buffer": 0}, "entry": None, "frame": 1, "view": view}
        futures.append(pool.submit("sightline.rendering.tasks:render_frame", arguments, [bytes(content)]))
    outcomes = {type(future.exception(30)).__name__ for future in futures}
    assert outcomes <= {"NoneType", "UnprocessableError", "NotFoundError"}
    assert "NoneType" in outcomes
    assert pool.statistics()["deaths"] == before


@pytest.mark.skipif(not CORPUS.is_dir(), reason="SIGHTLINE_CORPUS names no folder of test images")
def test_the_broken_files_of_the_corpus_kill_no_worker(pool: WorkerPool) -> None:
    before = pool.statistics()["deaths"]
    paths = sorted(path for path in (CORPUS / "broken").rglob("*") if path.is_file())
    files = [{"file": {"path": str(path)}, "uuid": path.name} for path in paths]
    answers = pool.submit(READ, {"files": files}).result(30).values["files"]
    assert len(answers) == len(paths) > 4
    for answer in answers:
        assert "unreadable" in answer or "instance" in answer
    assert pool.statistics()["deaths"] == before
