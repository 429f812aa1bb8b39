"""Series tables: made by workers, kept in memory and on disk, right for exactly the files that are stored now."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sightline.archive.protocol import FileSource, InstanceRecord
from sightline.rendering.cache import Cache
from sightline.rendering.channel import Buffer
from sightline.rendering.files import file_argument, in_batches
from sightline.rendering.pool import Pool
from sightline.rendering.series_table import (
    FrameEntry,
    SeriesTable,
    frame_from_json,
    in_display_order,
    instance_from_json,
    series_identity,
)

_log = logging.getLogger(__name__)

VERSION = 8
"""Of the files; tables of another version are made anew."""
_FRAMES_IN_MEMORY = 100_000
_FILES_ON_DISK = 5_000
_FILES_PER_TASK = 16

Fetch = Callable[[InstanceRecord], FileSource]
"""Finds the bytes of a record, with the grant of whoever asks."""


class SeriesTables:
    """Makes and keeps tables.

    Parameters
    ----------
    pool : Pool
        Reads the headers.
    directory : Path
        Survives a restart; made if missing, readable by its owner only. It can be deleted at any time.
    """

    def __init__(self, pool: Pool, directory: Path) -> None:
        self._pool, self._directory = pool, directory
        self._cache: Cache[str, SeriesTable] = Cache(_FRAMES_IN_MEMORY, lambda table: len(table.frames) + 1)
        self._latest: dict[str, str] = {}
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._prune()

    def get(self, records: Sequence[InstanceRecord], fetch: Fetch) -> SeriesTable:
        """Return the table of a series whose instances are `records`, one or more."""
        identity = series_identity(record.file.uuid for record in records)
        series = records[0].series_instance_uid
        table = self._cache.get_or_make(identity, lambda: self._load_or_make(identity, records, fetch))
        if len(self._latest) > _FILES_ON_DISK:
            self._latest.clear()
        self._latest[series] = identity
        return table

    def known_frame(self, record: InstanceRecord, frame: int) -> FrameEntry | None:
        """Return the entry of one frame if its series' table is in memory and of the same file; makes nothing."""
        table = self._cache.get(self._latest.get(record.series_instance_uid, ""))
        entry = table.frame(record.sop_instance_uid, frame) if table else None
        return entry if entry and entry.instance.file_uuid == record.file.uuid else None

    def _load_or_make(self, identity: str, records: Sequence[InstanceRecord], fetch: Fetch) -> SeriesTable:
        table = self._load(identity)
        if table is None:
            table = self._make(identity, records, fetch)
            self._save(table)
        return table

    def _make(self, identity: str, records: Sequence[InstanceRecord], fetch: Fetch) -> SeriesTable:
        """Read the headers of all files that the series' last table does not know already."""
        series = records[0].series_instance_uid
        before = self._cache.get(self._latest.get(series, ""))
        known: dict[str, list[FrameEntry]] = {}
        for frame in before.frames if before else ():
            known.setdefault(frame.instance.file_uuid, []).append(frame)
        unread = [record for record in records if record.file.uuid not in known]
        frames = [frame for record in records for frame in known.get(record.file.uuid, ())]
        other, unreadable = [], []
        for record, header in self._read(unread, fetch):
            if "unreadable" in header:
                unreadable.append((record.sop_instance_uid, str(header["unreadable"])))
            elif header["instance"] is None:
                other.append(record.sop_instance_uid)
            else:
                instance = instance_from_json(header["instance"])
                frames.extend(frame_from_json(frame, instance) for frame in header["frames"])
        return SeriesTable(
            identity=identity,
            study_instance_uid=records[0].study_instance_uid,
            series_instance_uid=series,
            modality=frames[0].instance.modality if frames else "",
            frames=in_display_order(frames),
            other=tuple(sorted(other)),
            unreadable=tuple(sorted(unreadable)),
        )

    def _read(self, records: Sequence[InstanceRecord], fetch: Fetch) -> list[tuple[InstanceRecord, dict[str, Any]]]:
        """Have the workers read headers, some files per task."""
        futures = []
        for batch in in_batches(records, _FILES_PER_TASK):
            buffers: list[Buffer] = []
            files = [{"file": file_argument(fetch(record), buffers), "uuid": record.file.uuid} for record in batch]
            task = self._pool.submit("sightline.rendering.tasks:read_headers", {"files": files}, buffers, stays=True)
            futures.append((batch, task))
        return [pair for batch, future in futures for pair in zip(batch, future.result().values["files"], strict=True)]

    def _path(self, identity: str) -> Path:
        return self._directory / f"{identity}.json"

    def _load(self, identity: str) -> SeriesTable | None:
        """Return the table that an earlier run left, None if there is none that can be read."""
        try:
            content = json.loads(self._path(identity).read_bytes())
            if content["version"] != VERSION:
                return None
            table = SeriesTable.from_json(content["table"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            _log.warning("A series table on disk is not readable and will be made again: %s", type(error).__name__)
            return None
        return table if table.identity == identity else None

    def _save(self, table: SeriesTable) -> None:
        """Leave the table for the next run; if that is impossible, it will be made again."""
        path = self._path(table.identity)
        partial = path.with_suffix(f".{os.getpid()}")
        try:
            partial.write_text(json.dumps({"version": VERSION, "table": table.to_json()}))
            partial.replace(path)
        except OSError as error:
            _log.warning("A series table could not be kept on disk: %s", error.strerror)

    def _prune(self) -> None:
        """Delete the oldest files when there are too many."""
        files = sorted(self._directory.glob("*.*"), key=lambda path: path.stat().st_mtime)
        for path in files[:-_FILES_ON_DISK]:
            path.unlink(missing_ok=True)
