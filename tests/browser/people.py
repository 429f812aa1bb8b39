"""People who log in, and what every page of theirs has to have: names, room, nothing hidden or cut off."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page

from tests.browser.chromium import DESKTOP, Device, asked_twice, watched_page
from tests.support.orthanc_server import PASSWORD, OrthancServer

_LAYOUT = """(smallest) => {
  const found = [];
  const seen = (e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    && e.getClientRects().length > 0 && !e.closest(".sr-only");
  const dialog = document.querySelector("dialog[open]");
  const inside = (e) => !dialog || dialog.contains(e);
  const words = (e) => (e.textContent || e.ariaLabel || "").trim().slice(0, 40);
  const label = (e) => `${e.tagName.toLowerCase()}.${e.className} '${words(e)}'`;
  const all = (selector) => [...document.querySelectorAll(selector)].filter((e) => inside(e) && seen(e));
  const controls = all("a[href], button, input, select, [tabindex='0']");
  const notes = all(".corner, .edge, .quality, .stage-note, .link-note");
  const within = { width: innerWidth, height: innerHeight };

  for (const e of controls) {
    e.scrollIntoView({ block: "nearest", inline: "nearest" });
    const box = e.getBoundingClientRect();
    if (box.left < -0.5 || box.right > within.width + 0.5) found.push(`beyond the side: ${label(e)}`);
    const at = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    if (!e.disabled && at && !e.contains(at) && !at.contains(e)) found.push(`covered: ${label(e)} by ${label(at)}`);
    const [x, y, far] = [box.left + box.width / 2, box.top + box.height / 2, smallest / 2 - 1];
    const hits = ([dx, dy]) => document.elementFromPoint(x + dx, y + dy)?.closest("a, button, input, label") === e;
    const around = [[far, 0], [-far, 0], [0, far], [0, -far]];
    const isLarge = (box.width >= smallest && box.height >= smallest) || around.every(hits);
    if (smallest && !isLarge && !e.disabled && !e.closest("p, dd, label"))
      found.push(`small: ${label(e)} ${Math.round(box.width)} x ${Math.round(box.height)}`);
  }
  for (const e of notes) {
    const box = e.getBoundingClientRect();
    if (box.left < -0.5 || box.top < -0.5 || box.right > within.width + 0.5 || box.bottom > within.height + 0.5)
      found.push(`beyond the screen: ${label(e)}`);
  }
  const texts = all("button *, a, h1, h2, p, th, td, label, dt, dd, .edge").filter((e) =>
    [...e.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
  for (const e of texts) {
    if (e.matches(".corner .optional")) continue;  // shortens before it overlaps, on purpose
    const style = getComputedStyle(e);
    // Rows of a list are equally high: a long name ends in dots there, and is whole on hover and on the study's page.
    if (e.matches(".row-link[title]") && style.webkitLineClamp !== "none" && e.clientHeight >= 20) continue;
    const clips = style.overflowX !== "visible" || style.overflowY !== "visible";
    if (clips && e.clientWidth > 2 && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1))
      found.push(`cut off: ${label(e)}`);
  }
  // What has scrolled out of its container overlaps nothing, though its box may.
  const seenPart = (e) => {
    const { left, right, top, bottom } = e.getBoundingClientRect();
    const part = { left, right, top, bottom };
    for (let above = e.parentElement; above; above = above.parentElement) {
      if (getComputedStyle(above).overflowY === "visible") continue;
      const box = above.getBoundingClientRect();
      part.left = Math.max(part.left, box.left);
      part.right = Math.min(part.right, box.right);
      part.top = Math.max(part.top, box.top);
      part.bottom = Math.min(part.bottom, box.bottom);
    }
    return part;
  };
  const things = [...new Set([...notes, ...controls])];
  things.forEach((a, index) => {
    for (const b of things.slice(index + 1)) {
      if (a.contains(b) || b.contains(a) || !a.offsetParent || !b.offsetParent) continue;
      const [one, two] = [seenPart(a), seenPart(b)];
      const [wide, high] = [
        Math.min(one.right, two.right) - Math.max(one.left, two.left),
        Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top)];
      if (wide > 1 && high > 1) found.push(`overlap: ${label(a)} and ${label(b)}`);
    }
  });
  const page = document.documentElement;
  if (page.scrollWidth > page.clientWidth) found.push("the page is wider than the screen");
  return found;
}"""

FINGER = 44
_CONTROLS = frozenset(
    ("button", "link", "textbox", "searchbox", "slider", "checkbox", "radio", "combobox", "dialog", "image", "img")
)


def layout_flaws(page: Page, device: Device) -> list[str]:
    """Return what overlaps, is covered, cut off, beyond the screen or too small for the finger that has to hit it."""
    found: list[str] = page.evaluate(_LAYOUT, FINGER if device.touch else 0)
    return found


def nameless_controls(page: Page) -> list[str]:
    """Return the roles of controls that assistive technology could not name, from the browser's own tree."""
    nodes = asked_twice(page, lambda ask: ask("Accessibility.getFullAXTree"))["nodes"]
    kept = [node for node in nodes if not node.get("ignored") and node["role"]["value"] in _CONTROLS]
    assert kept
    return [node["role"]["value"] for node in kept if not node.get("name", {}).get("value", "").strip()]


def log_in(page: Page, site: OrthancServer, path: str = "/sightline/") -> None:
    """Go where a person wants to go, and log in on the way."""
    page.goto(site.url + path)
    fill_in_login(page)


def fill_in_login(page: Page) -> None:
    """Log in as the administrator on the page that asks for it."""
    page.get_by_label("User").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/login" not in url)


@contextmanager
def administrators_page(
    browser: Browser,
    site: OrthancServer,
    device: Device = DESKTOP,
    path: str = "/sightline/",
    meant: str | None = None,
) -> Iterator[Page]:
    """Give a watched page on which an administrator has logged in."""
    with watched_page(browser, device, site.url, meant) as page:
        log_in(page, site, path)
        yield page
