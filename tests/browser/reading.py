"""The reading page as a person uses it, and what stands on it."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from playwright.sync_api import FrameLocator, Locator, Page

from tests.browser.chest import Chest, Grey
from tests.browser.chromium import PATIENCE_MS
from tests.browser.oracle import as_png
from tests.support.orthanc_server import OrthancServer

LINKS = "/sightline/openemr/links"

_REST_MS = 250
"""After so long without a movement a picture is drawn finely."""
_PIXELS = """(canvas) => {
  const { data, width, height } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const grey = new Uint8Array(width * height);
  let colours = 0;
  for (let at = 0; at < grey.length; at += 1) {
    grey[at] = data[4 * at];
    if (data[4 * at] !== data[4 * at + 1] || data[4 * at] !== data[4 * at + 2]) colours += 1;
  }
  let text = "";
  for (let at = 0; at < grey.length; at += 32768)
    text += String.fromCharCode(...grey.subarray(at, at + 32768));
  return { width, height, colours, text: btoa(text) };
}"""

_DRAWN = """async (canvas, { url, rectangle }) => {
  const image = new Image();
  image.src = url;
  await image.decode();
  const other = document.createElement("canvas");
  [other.width, other.height] = [canvas.width, canvas.height];
  const context = other.getContext("2d", { alpha: false });
  context.imageSmoothingQuality = "high";
  context.drawImage(await createImageBitmap(image), ...rectangle);
  const read = (one) => one.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  const [ours, theirs] = [read(canvas), read(other)];
  let largest = 0;
  for (let at = 0; at < ours.length; at += 1) largest = Math.max(largest, Math.abs(ours[at] - theirs[at]));
  return largest;
}"""


@dataclass(frozen=True)
class Link:
    """A link as OpenEMR gets it."""

    id: str
    url: str

    @property
    def secret(self) -> str:
        """What may not stay in the address bar."""
        return self.url.partition("#")[2]


def ask_for_link(server: OrthancServer, study: str, **body: object) -> Link:
    """Ask for a link with the link-service key, as OpenEMR does."""
    with server.service() as service:
        answer = service.post(server.url + LINKS, json={"studyInstanceUID": study} | body)
    assert answer.status_code == 201, answer.text
    value: Mapping[str, Any] = answer.json()
    return Link(str(value["id"]), str(value["url"]))


class Stage:
    """One viewport."""

    def __init__(self, page: Page, within: Page | FrameLocator, name: str | None = None) -> None:
        self._page = page
        section = within.locator("section.stage" if name is None else f"section.stage[aria-label='{name}']")
        self.picture: Locator = section.locator(".picture")
        self.canvas: Locator = section.locator(".picture > canvas")
        self.slider: Locator = section.locator("input.slices")

    def shows(self, number: int | None = None, quality: str | None = None, window: str | None = None) -> str:
        """Wait until the picture on the screen is this one, and return its path.

        Parameters
        ----------
        number : int, optional
            Slice, from 1; any by default.
        quality : str, optional
            ``exact`` or ``lossy``.
        window : str, optional
            How the canonical address writes it; empty for the file's own.
        """
        expression = """([picture, number, quality, window]) => {
          const { slice, quality: shown, view } = picture.dataset;
          const found = new URLSearchParams(view.split("?")[1] ?? "").get("window") ?? "";
          return Boolean(slice) && (number === null || slice === String(number))
            && (quality === null || shown === quality) && (window === null || found === window);
        }"""
        picture = self.picture.element_handle()
        frame = picture.owner_frame()
        assert frame is not None
        frame.wait_for_function(expression, arg=[picture, number, quality, window], timeout=PATIENCE_MS)
        return self.picture.get_attribute("data-view") or ""

    @property
    def number(self) -> int:
        """Number of the slice on the screen."""
        return int(self.picture.get_attribute("data-slice") or 0)

    def box(self) -> tuple[float, float, float, float]:
        """Left, top, width and height on the page, in CSS pixels."""
        box = self.picture.bounding_box()
        assert box is not None
        return box["x"], box["y"], box["width"], box["height"]

    def middle(self) -> tuple[float, float]:
        """The middle of the viewport, in CSS pixels of the page."""
        left, top, width, height = self.box()
        return left + width / 2, top + height / 2

    def pixels(self) -> Grey:
        """Read the canvas back, (rows, columns) in device pixels."""
        found = self.canvas.evaluate(_PIXELS)
        assert found["colours"] == 0
        content = base64.b64decode(found["text"])
        return np.frombuffer(content, np.uint8).reshape(found["height"], found["width"])

    def differs_from(self, picture: Grey, ratio: float, spacing: tuple[float, float] = (1, 1)) -> int:
        """Return the largest difference of the canvas from `picture`, enlarged by the same browser to the fitted size.

        Parameters
        ----------
        ratio : float
            Device pixels per CSS pixel.
        spacing : (float, float)
            mm between rows and between columns.
        """
        self._page.wait_for_timeout(_REST_MS)
        # The page lays pictures out in whole CSS pixels.
        width, height = self.picture.evaluate("(picture) => [picture.clientWidth, picture.clientHeight]")
        high, wide = (count * distance for count, distance in zip(picture.shape, spacing, strict=True))
        scale = min(width / wide, height / high)
        left, top = (width - wide * scale) / 2, (height - high * scale) / 2
        rectangle = [value * ratio for value in (left, top, wide * scale, high * scale)]
        url = "data:image/png;base64," + base64.b64encode(as_png(picture)).decode()
        return int(self.canvas.evaluate(_DRAWN, {"url": url, "rectangle": rectangle}))

    def fit_one_to_one(self, size: int) -> tuple[int, int]:
        """Make one image pixel one screen pixel by the window's height; return the image's first row and column."""
        viewport = self._page.viewport_size
        assert viewport is not None
        width, height = self.picture.evaluate("(picture) => [picture.clientWidth, picture.clientHeight]")
        odd = width % 2
        self._page.set_viewport_size({"width": viewport["width"] - odd, "height": viewport["height"] + size - height})
        expression = "([canvas, width, height]) => canvas.width === width && canvas.height === height"
        self._page.wait_for_function(expression, arg=[self.canvas.element_handle(), width - odd, size])
        return 0, (width - odd - size) // 2

    def drag(self, dx: float, dy: float) -> None:
        """Drag with the left button from the middle."""
        x, y = self.middle()
        mouse = self._page.mouse
        mouse.move(x, y)
        mouse.down()
        mouse.move(x + dx / 2, y + dy / 2)
        mouse.move(x + dx, y + dy)
        mouse.up()

    def swipe(self, dy: float, steps: int = 8) -> None:
        """Drag with one finger from the middle."""
        x, y = self.middle()
        session = self._page.context.new_cdp_session(self._page)
        session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
        for step in range(1, steps + 1):
            point = {"x": x, "y": y + dy * step / steps}
            session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        session.detach()


def open_link(page: Page, link: Link) -> Stage:
    """Open a link and wait for its first picture."""
    page.goto(link.url)
    stage = Stage(page, page)
    stage.shows()
    return stage


def reading_url(server: OrthancServer, ct: Chest) -> str:
    """Return the address that the chest CT is read at, whatever follows it."""
    return f"{server.url}/sightline/studies/{ct.study}"


def window_of(path: str) -> tuple[float, float]:
    """Return center and width of a picture's address."""
    found = re.search(r"window=(-?[\d.]+),([\d.]+)", path)
    assert found is not None, path
    return float(found[1]), float(found[2])
