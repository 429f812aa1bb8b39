"""A real Chromium on the viewer's pages over an archive in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import DESKTOP, PATIENCE_MS, Asker, Device, Watch, asked_twice
from tests.support.dicom_files import image_file, slices_of

ROOT = Path(__file__).parents[2]
AXE = ROOT / "viewer-assets" / "node_modules" / "axe-core" / "axe.min.js"
STUDY = "1.2.826.0.7.1"
SLICES = 40
expect.set_options(timeout=PATIENCE_MS)
SHOWN = '[data-slice]:not([data-slice=""])'


def study_files() -> list[bytes]:
    """A CT of forty slices with a bright ball, a colour series, and a series that cannot be shown."""
    z, y, x = np.mgrid[0:SLICES, 0:64, 0:48]
    ball = np.where((z - 20) ** 2 * 4 + (y - 32) ** 2 + (x - 24) ** 2 < 400, 300, -900).astype(np.int16)
    common: dict[str, Any] = {
        "StudyInstanceUID": STUDY, "PatientName": "Überlänge-Winterstein^Maximiliane Dorothea^^Prof. Dr.",
        "PatientID": "PAT-0000-1111-2222-3333", "PatientBirthDate": "19701231", "PatientSex": "F",
        "StudyDescription": "CT thorax and abdomen with contrast, portal venous phase",
    }  # fmt: skip
    stack = slices_of(
        ball, [(-24.0, -32.0, 3.0 * k) for k in range(SLICES)], spacing=(1.0, 1.0), SeriesInstanceUID=f"{STUDY}.1",
        SeriesNumber=1, SeriesDescription="Thorax 3.0 soft tissue kernel", WindowCenter=40, WindowWidth=400,
        RescaleSlope=1, RescaleIntercept=0, RescaleType="HU", **common,
    )  # fmt: skip
    colour = np.zeros((32, 48, 3), np.uint8)
    colour[..., 0] = 200
    photo = image_file(
        colour, SeriesInstanceUID=f"{STUDY}.2", SeriesNumber=2, SamplesPerPixel=3, **common, Modality="XC"
    )
    broken = image_file(np.zeros((4, 4), np.int16), SeriesInstanceUID=f"{STUDY}.3", SeriesNumber=3, Rows=0, **common)
    return [*stack, photo, broken]


@contextmanager
def page_of(browser: Browser, device: Device = DESKTOP) -> Iterator[Page]:
    """A page on that device. What the policy or the script complains about fails; a server may refuse on purpose."""
    with browser.new_context(**device.options()) as context:
        watch = Watch()
        watch.attach(context)
        yield context.new_page()
    assert [problem for problem in watch.problems if "Failed to load resource" not in problem] == []


def violations(page: Page) -> list[str]:
    """Return what axe finds, all impacts; run in an isolated world, since the page's policy forbids foreign script."""

    def look(ask: Asker) -> list[str]:
        frame = ask("Page.getFrameTree")["frameTree"]["frame"]["id"]
        world = ask("Page.createIsolatedWorld", frameId=frame, worldName="axe")["executionContextId"]
        ask("Runtime.evaluate", expression=AXE.read_text(encoding="utf-8"), contextId=world)
        expression = "axe.run(document).then(r => JSON.stringify(r.violations.map(v => v.id + ' ' + v.nodes[0].html)))"
        answer = ask("Runtime.evaluate", expression=expression, contextId=world, awaitPromise=True, returnByValue=True)
        found: list[str] = json.loads(answer["result"]["value"])
        return found

    return asked_twice(page, look)


OVERLAPS = """() => {
  const boxes = [...document.querySelectorAll('.corner, .edge')].filter((e) => e.offsetWidth > 0).map((e) => {
    const b = e.getBoundingClientRect();
    return {name: e.className, stage: e.closest('.stage'), l: b.left, r: b.right, t: b.top, b: b.bottom};
  });
  const hits = [];
  boxes.forEach((a, i) => boxes.slice(i + 1).forEach((c) => {
    if (a.stage === c.stage && a.l < c.r && c.l < a.r && a.t < c.b && c.t < a.b) hits.push(a.name + ' / ' + c.name);
  }));
  const body = document.documentElement;
  if (body.scrollWidth > body.clientWidth) hits.push('the page is wider than the screen');
  return hits;
}"""
"""Annotations that lie over each other, and pages that scroll sideways."""
