"""What a page costs: requests and bytes on the wire, and the memory of the process that shows it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page

KILOBYTE = 1000
MEBIBYTE = 1 << 20

_NOTE_FIRST_PICTURE = """
new MutationObserver((_records, observer) => {
  if (!document.querySelector('.picture[data-slice]:not([data-slice=""])')) return;
  window.firstPicture = (performance.timeOrigin + performance.now()) / 1000;
  observer.disconnect();
}).observe(document, { subtree: true, childList: true, attributes: true });
"""

_PATIENCE_MS = 30_000
_WORKER = "/assets/worker-"


@dataclass
class Transfer:
    """One request that went to the server. `started` and `finished` are in seconds since 1970."""

    path: str
    started: float
    finished: float = math.inf
    encoded_bytes: int = 0
    media_type: str = ""
    encoding: str = ""
    done: bool = False

    @property
    def is_picture(self) -> bool:
        """Whether it is pixels, rather than program, style, page or data."""
        return self.media_type.startswith("image/") and "/assets/" not in self.path


class Wire:
    """Listens to everything that a page fetches, from its next navigation on."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._transfers: dict[str, Transfer] = {}
        self._origins: dict[str, tuple[str, str]] = {}
        """Address of each transfer, and the document that it is for; empty for a worker."""
        self._document = ""
        self._clock = 0.0
        page.add_init_script(_NOTE_FIRST_PICTURE)
        session = page.context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", self._on_sent)
        session.on("Network.responseReceived", self._on_answer)
        session.on("Network.requestServedFromCache", self._on_cached)
        session.on("Network.loadingFinished", self._on_finished)
        session.on("Network.loadingFailed", self._on_failed)
        session.send("Network.enable")

    def _on_sent(self, event: Mapping[str, Any]) -> None:
        self._clock = event["wallTime"] - event["timestamp"]
        parts = urlsplit(event["request"]["url"])
        if parts.scheme not in ("blob", "data"):
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            self._transfers[event["requestId"]] = Transfer(path, event["wallTime"])
            is_of_worker = _WORKER in parts.path or _WORKER in event["documentURL"]
            self._origins[event["requestId"]] = (event["request"]["url"], "" if is_of_worker else event["loaderId"])
            if event.get("type") == "Document":
                self._document = event["loaderId"]

    def _on_cached(self, event: Mapping[str, Any]) -> None:
        self._transfers.pop(event["requestId"], None)

    def _on_answer(self, event: Mapping[str, Any]) -> None:
        answer = event["response"]
        transfer = self._transfers.get(event["requestId"])
        if transfer is None:
            return
        if answer.get("fromDiskCache"):
            del self._transfers[event["requestId"]]
            return
        transfer.media_type = answer["mimeType"]
        headers = {name.lower(): value for name, value in answer["headers"].items()}
        transfer.encoding = headers.get("content-encoding", "")

    def _on_finished(self, event: Mapping[str, Any]) -> None:
        transfer = self._transfers.get(event["requestId"])
        if transfer is not None:
            transfer.encoded_bytes, transfer.done = int(event["encodedDataLength"]), True
            transfer.finished = self._clock + event["timestamp"]

    def _on_failed(self, event: Mapping[str, Any]) -> None:
        transfer = self._transfers.get(event["requestId"])
        if transfer is not None:
            transfer.done = True

    def settle(self, quiet_ms: int = 800) -> list[Transfer]:
        """Wait until nothing is under way, nor begun for a while, and return all transfers."""
        seen = -1
        for _ in range(_PATIENCE_MS // quiet_ms):
            if seen == len(self._transfers) and not self._under_way(math.inf):
                return list(self._transfers.values())
            seen = len(self._transfers)
            self._page.wait_for_timeout(quiet_ms)
        raise AssertionError(f"Still under way: {self._under_way(math.inf)}")

    def to_first_picture(self) -> list[Transfer]:
        """Return what was asked for before the first picture was on the screen, as soon as it is there."""
        shown = self._page.wait_for_function("() => window.firstPicture").json_value()
        for _ in range(_PATIENCE_MS // 50):
            if not self._under_way(shown):
                return [one for one in self._transfers.values() if one.started <= shown]
            self._page.wait_for_timeout(50)
        raise AssertionError(f"Still under way: {self._under_way(shown)}")

    def _under_way(self, until: float) -> list[Transfer]:
        """Return what was asked for by then and has not come yet.

        The end of a worker's script is told to the worker only, and that of what a page left behind to nobody: it is
        fetched again, to see how large it is.
        """
        waiting = [(key, one) for key, one in self._transfers.items() if one.started <= until and not one.done]
        for key, transfer in waiting:
            url, document = self._origins[key]
            if document != self._document:
                answer = self._page.request.get(url, headers={"Accept-Encoding": "gzip"})
                assert answer.ok, url
                head = sum(len(name) + len(value) + 4 for name, value in answer.headers.items())
                transfer.encoded_bytes = int(answer.headers["content-length"]) + head
                transfer.media_type = answer.headers["content-type"].partition(";")[0]
                transfer.encoding = answer.headers.get("content-encoding", "")
                transfer.finished, transfer.done = transfer.started, True
        return [one for _, one in waiting if not one.done]


def total(transfers: list[Transfer]) -> int:
    """Return bytes on the wire, headers included."""
    return sum(one.encoded_bytes for one in transfers)


def give_back(page: Page) -> None:
    """Have the browser give back what nothing holds any more, which on a busy machine it does late."""
    session = page.context.new_cdp_session(page)
    session.send("Memory.simulatePressureNotification", {"level": "critical"})
    session.detach()
    page.request_gc()
    page.wait_for_timeout(1500)


def renderer_memory(browser: Browser) -> int:
    """Return the bytes (proportional set size) of the largest of the browser's renderer processes."""
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    return max(_pss(int(one["id"])) for one in processes if one["type"] == "renderer")


def _pss(process: int) -> int:
    text = Path(f"/proc/{process}/smaps_rollup").read_text()
    found = re.search(r"^Pss:\s+(\d+) kB$", text, re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024
