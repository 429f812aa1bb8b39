"""Measure all forms on real frames. Run ``python -m bench.exact_frames`` where Chromium and the corpus are."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page, sync_playwright

from bench.exact_frames.forms import FORMS, Form, Samples
from bench.kernels.phantom import chest
from sightline.rendering.codecs import decode_frame, register
from sightline.rendering.headers import read_frames
from tests.browser.chromium import launch
from tests.support.corpus import corpus_files

TOPICS = {"CT": "ct/chest-275", "MR": "mr/abdomen-prior-pair", "CR": "cr-dx/cr-j2k", "MG": "mg/full-field"}
_ROUNDS = 3


def frames() -> Iterator[tuple[str, Samples]]:
    """Give one frame of the phantom, and one from the middle of each topic of the corpus."""
    yield "phantom", biased(chest((8, 512, 512))[4])
    register()
    for name, topic in TOPICS.items():
        files = [path for path in corpus_files(topic) if path.suffix == ".dcm" or not path.suffix]
        if not files:
            continue
        with files[len(files) // 2].open("rb") as file:
            entry = read_frames(file, "")[0]
            yield name, biased(decode_frame(file, entry.instance, 1)[0])


def biased(pixels: NDArray[Any]) -> Samples:
    """Return the same bits as unsigned samples."""
    return np.ascontiguousarray(pixels).view(np.uint16)


def encoding_time(form: Form, samples: Samples) -> tuple[bytes, float]:
    """Return the bytes, and the least time of several runs in ms."""
    least = float("inf")
    for _ in range(_ROUNDS):
        begun = time.perf_counter()
        content = form.encode(samples)
        least = min(least, 1000 * (time.perf_counter() - begun))
    return content, least


def check_sum(samples: Samples) -> int:
    """Return what decode.js computes over the samples."""
    total = 0
    for value in samples.reshape(-1).tolist():
        total = (total * 31 + value) & 0xFFFFFFFF
    return total - (1 << 32) if total >> 31 else total


def main() -> None:
    """Print a table for each frame."""
    script = (Path(__file__).parent / "decode.js").read_text(encoding="utf-8")
    address = "data:text/javascript;base64," + base64.b64encode(script.encode()).decode()
    with sync_playwright() as playwright:
        page = launch(playwright).new_page()
        page.evaluate("async (address) => { window.measure = (await import(address)).measure; }", address)
        for name, samples in frames():
            print(f"\n{name} {samples.shape[0]} x {samples.shape[1]}, {samples.nbytes} bytes")
            expected = check_sum(samples)
            for form in FORMS:
                print(row(page, form, samples, expected), flush=True)


def row(page: Page, form: Form, samples: Samples, expected: int) -> str:
    """Return one line of the table."""
    content, encoding = encoding_time(form, samples)
    decoding = "none"
    if form.decoder:
        text = base64.b64encode(content).decode()
        least, found = page.evaluate("(arguments) => measure(...arguments)", [form.decoder, text, *samples.shape])
        decoding = f"{least:.1f}" if found == expected else f"{least:.1f} WRONG"
    return f"| {form.name} | {len(content)} | {len(content) / samples.nbytes:.3f} | {encoding:.1f} | {decoding} |"


if __name__ == "__main__":
    main()
