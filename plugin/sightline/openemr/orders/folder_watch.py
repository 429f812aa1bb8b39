"""Watching a folder: files are read once nobody writes into them any more, and moved once what they say is kept.

A file goes from the folder to `taking`, from there to `done` or `quarantine`. Whatever ends the process in between, the
file is found where it was, and reading it again changes nothing. Who writes a file of the same name meanwhile writes a
new one.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from sightline.errors import SightlineError
from sightline.openemr.orders.drop import DONE, QUARANTINE, REASON, TAKING, Drop, DroppedFile
from sightline.openemr.orders.hl7_text import MOST_BYTES
from sightline.openemr.orders.intake import Intake
from sightline.state.held_messages import HeldMessages

HALF_SECONDS = 60
"""A file that does not end in a line end is given so long, unchanged, before it counts as broken off."""
_ENDS = b"\r\n\x1c"

_log = logging.getLogger("sightline.orders")


class FolderWatch:
    """Looks into one folder whenever it is told to.

    Parameters
    ----------
    drop : Drop
    intake : Intake
    held : HeldMessages
    monotonic : callable
        Seconds of a clock that never goes back.
    """

    def __init__(
        self, drop: Drop, intake: Intake, held: HeldMessages, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._drop, self._intake, self._held, self._monotonic = drop, intake, held, monotonic
        self._seen: dict[tuple[str, str], tuple[DroppedFile, float]] = {}
        self._is_told = False

    def look(self) -> None:
        """Take what is there and complete. A folder out of reach is said once in the log, and tried again."""
        try:
            self._drop.prepare()
            waiting = self._unchanged("")
            for file, _ in waiting:
                name = self._drop.move(file.name, "", TAKING)
                self._seen[TAKING, name] = (DroppedFile(name, file.size, file.modified), self._monotonic())
            for file, since in self._unchanged(TAKING):
                self._take(file, since)
            self._settle()
        except OSError as error:
            self._drop.close()
            if not self._is_told:
                _log.warning("The %s of orders cannot be used: %s", self._drop.source, type(error).__name__)
            self._is_told = True
        except SightlineError as error:
            _log.warning("Orders wait in their %s: %s", self._drop.source, error.message)
        else:
            self._is_told = False

    def close(self) -> None:
        """Let go of the folder."""
        self._drop.close()

    def _unchanged(self, subfolder: str) -> list[tuple[DroppedFile, float]]:
        """Return the files that are as they were the last time, each with since when."""
        now, found, unchanged = self._monotonic(), {}, []
        for file in self._drop.files(subfolder):
            before, since = self._seen.get((subfolder, file.name), (None, now))
            found[subfolder, file.name] = (file, since if before == file else now)
            if before == file:
                unchanged.append((file, since))
        others = {key: value for key, value in self._seen.items() if key[0] != subfolder}
        self._seen = others | found
        return unchanged

    def _take(self, file: DroppedFile, since: float) -> None:
        source, name = self._drop.source, file.name
        if file.size > MOST_BYTES:
            outcome = [self._intake.hold(b"", source, name, "too-large", f"It has more than {MOST_BYTES} bytes.")]
        else:
            content = self._drop.read(TAKING, name)
            if len(content) != file.size:
                return  # somebody still writes
            if content[-1:] not in [bytes([end]) for end in _ENDS]:
                if self._monotonic() - since < HALF_SECONDS:
                    return
                reason = "It does not end where a message ends: its writer has broken off."
                outcome = [self._intake.hold(content, source, name, "half-written", reason)]
            else:
                outcome = list(self._intake.take(content, source, name))
        reasons = [taken.reason for taken in outcome if taken.is_held]
        self._seen.pop((TAKING, name), None)
        if reasons:
            # The name is the one under which it is held, since names are free in all subfolders.
            self._drop.explain(name, "\n".join(reasons))
            self._drop.move(name, TAKING, QUARANTINE)
        else:
            self._drop.move(name, TAKING, DONE)

    def _settle(self) -> None:
        """Take out of quarantine what was taken since, or put aside by somebody."""
        files = [file.name for file in self._drop.files(QUARANTINE) if not file.name.endswith(REASON)]
        if not files:
            return
        held = self._held.names(self._drop.source)
        for name in files:
            if name not in held:
                self._drop.move(name, QUARANTINE, DONE)
                self._drop.explain(name, "")
