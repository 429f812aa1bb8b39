"""A view goes in, a picture comes out: the engine asks the archive what is stored now and lets workers do the rest.

Every call asks the archive first, with the caller's grant, so that what was stored, deleted or changed a moment ago is
seen, and what the caller may not see is refused, whatever is cached.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from sightline.access.grant import Grant
from sightline.archive.protocol import Archive, InstanceRecord
from sightline.errors import NotFoundError, SupersededError, UnprocessableError
from sightline.kernels.image_plane import plane_of_grid
from sightline.rendering.bands import bands_of, render_bands
from sightline.rendering.cache import Cache
from sightline.rendering.files import file_argument
from sightline.rendering.fusion_plan import fusion_warnings, require_one_space
from sightline.rendering.jobs import ANYBODY, Asking, Turns
from sightline.rendering.overlay_volume import Overlay, full_window
from sightline.rendering.picture import Picture
from sightline.rendering.plans import PlanesInfo, SeriesPlans
from sightline.rendering.pool import Buffer, Pool, Reply
from sightline.rendering.preparation import recipe_for
from sightline.rendering.provenance import Provenance, Source, provenance_of_frame, provenance_of_volume
from sightline.rendering.series_table import (
    InstanceEntry,
    SeriesTable,
    window_from_json,
)
from sightline.rendering.stacks import Stack
from sightline.rendering.tables import SeriesTables
from sightline.rendering.view import FrameOf, PlaneOf, View, Window
from sightline.rendering.view_records import ViewRecords
from sightline.rendering.volume_plan import VolumePlan
from sightline.rendering.volume_sources import CutOf, Inputs, RenderingOf, VolumeSource, source_argument
from sightline.rendering.volumes import Volume, VolumeStore

_CODE_VERSION = 3
"""Raised whenever the same view of the same file becomes other pixels, so that no browser shows the old ones."""


@dataclass(frozen=True)
class PreparedView:
    """A view, the `Picture.etag` that it has now, and the stored files that it was found to be made of."""

    view: View
    etag: str
    records: Sequence[InstanceRecord]


@dataclass(frozen=True)
class _Request:
    """A view, what it is made of, and who waits for it."""

    grant: Grant
    view: View
    records: Sequence[InstanceRecord]
    etag: str
    asking: Asking
    still_wanted: Callable[[], bool]


class RenderingEngine:
    """Series tables, pictures and volumes of one archive. All methods block, and may be called from any thread.

    Parameters
    ----------
    archive : Archive
        What is stored.
    pool : Pool
        Who decodes and renders. The engine closes it.
    volume_bytes : int
        Bound of the shared memory for assembled volumes.
    table_directory : Path
        Folder where series tables survive a restart; made if missing.
    picture_bytes : int
        Bound of the cache of encoded pictures.
    """

    def __init__(
        self,
        archive: Archive,
        pool: Pool,
        *,
        volume_bytes: int,
        table_directory: Path,
        picture_bytes: int = 128 << 20,
    ) -> None:
        self._archive, self._pool = archive, pool
        self._origins = ViewRecords(archive)
        self._tables = SeriesTables(pool, table_directory)
        self._plans = SeriesPlans()
        self._volumes = VolumeStore(pool, volume_bytes)
        self._pictures: Cache[str, Picture] = Cache(picture_bytes, lambda picture: len(picture.content) + 500)
        self._turns = Turns()

    @property
    def pool(self) -> Pool:
        """The workers, for those who watch their health."""
        return self._pool

    def describe(self, grant: Grant, study_instance_uid: str, series_instance_uid: str) -> SeriesTable:
        """Return what the series holds now, frame by frame in display order (VIEW). Raises `NotFoundError`."""
        records = self._archive.series_instances(grant, study_instance_uid, series_instance_uid)
        return self._tables.get(records, partial(self._archive.source, grant))

    def stacks(self, table: SeriesTable) -> tuple[Stack, ...]:
        """Return what a series falls into, one or more stacks, in the order in which views count them."""
        return self._plans.stacks(table)

    def known_instance(self, record: InstanceRecord) -> InstanceEntry | None:
        """Return how the pixels of exactly that stored file are encoded, if its series was described of late."""
        frame = self._tables.known_frame(record, 1)
        return frame.instance if frame else None

    def etag(self, grant: Grant, view: View) -> str:
        """Return the `Picture.etag` that `render` would give now, without rendering (VIEW). Raises `NotFoundError`."""
        return _etag(self._origins.of(grant, view)[0], view)

    def render(self, grant: Grant, view: View, asking: Asking = ANYBODY) -> Picture:
        """Return the picture that a view describes (VIEW); `asking` says who waits for it.

        Raises
        ------
        NotFoundError
            No such study, series, instance, frame or plane.
        UnprocessableError
            Its pixels cannot be decoded, or its slices do not form a volume.
        UnavailableError
            A worker failed twice, or the deadline passed.
        SupersededError
            Whoever asked has asked for something newer before it was begun.
        """
        identity, records = self._origins.of(grant, view)
        return self.render_prepared(grant, PreparedView(view, _etag(identity, view), records), asking)

    def prepare(self, grant: Grant, views: Sequence[View]) -> list[PreparedView]:
        """Ask the archive what pictures are made of now, once for each series (VIEW).

        Raises
        ------
        NotFoundError
            Any of them is not there.
        """
        origins = zip(views, self._origins.of_all(grant, views), strict=True)
        return [PreparedView(view, _etag(identity, view), records) for view, (identity, records) in origins]

    def prepare_known(self, grant: Grant, view: View) -> PreparedView | None:
        """Do what `prepare` does for a frame, if no worker is needed to know how its pixels are encoded; else None.

        This, and rendering what it returns, may be done on a small stack.

        Raises
        ------
        NotFoundError
            It is not there.
        """
        if not isinstance(view.source, FrameOf) or not self._pool.is_shallow:
            return None
        identity, records = self._origins.of(grant, view)
        if self._tables.known_frame(records[0], view.source.frame) is None:
            return None
        return PreparedView(view, _etag(identity, view), records)

    def render_prepared(self, grant: Grant, prepared: PreparedView, asking: Asking = ANYBODY) -> Picture:
        """Return the picture of a view that `prepare` has looked up just now; raises as `render` does."""
        view, etag = prepared.view, prepared.etag
        make = self._render_frame if isinstance(view.source, FrameOf) else self._render_of_volume
        with self._turns.take(asking.supersedes) as still_wanted:
            request = _Request(grant, view, prepared.records, etag, asking, still_wanted)
            if not asking.allow_partial:
                return self._shared(etag, lambda: make(request), still_wanted)
            picture = self._pictures.get(etag) or make(request)
            return picture if picture.slices else self._pictures.get_or_make(etag, lambda: picture)

    def _shared(self, etag: str, make: Callable[[], Picture], still_wanted: Callable[[], bool]) -> Picture:
        """Have a picture made once for all who ask."""
        while True:
            try:
                return self._pictures.get_or_make(etag, make)
            except SupersededError:
                if not still_wanted():
                    raise
                # It was another's that was superseded; this one is still wanted.

    def planes(self, grant: Grant, study_instance_uid: str, series_instance_uid: str, stack: int = 0) -> PlanesInfo:
        """Return the planes that a stack of the series can be cut into, or why not (VIEW). Loads no pixels."""
        return self._plans.planes(self.describe(grant, study_instance_uid, series_instance_uid), stack)

    def fusion_warnings(self, grant: Grant, study: str, series: str, stack: int, overlay: str) -> tuple[str, ...]:
        """Return what a reader should know where another series is laid over a stack (VIEW). Loads no pixels.

        Raises
        ------
        NotFoundError
            No such study, series or stack.
        UnprocessableError
            One of them is no volume, or nothing says how they lie to each other; the sentence says why.
        """
        base = self._plans.volume(self.describe(grant, study, series), stack)
        return fusion_warnings(base, self.volume_plan(grant, study, overlay, Inputs()))

    def volume_plan(self, grant: Grant, study: str, series: str, inputs: Inputs) -> VolumePlan:
        """Return what the one volume of a series, or of a part of it, will be (VIEW). Loads no pixels.

        Raises
        ------
        NotFoundError
            No such study, series, instance or frame.
        UnprocessableError
            It is no volume, or several; the sentence says why.
        """
        return self._plans.only_volume(self.describe(grant, study, series), inputs)

    def volume_progress(
        self, grant: Grant, study_instance_uid: str, series_instance_uid: str, stack: int = 0
    ) -> tuple[int, int]:
        """Return how many slices of the volume are loaded, and of how many (VIEW). Does not start loading.

        Raises
        ------
        UnprocessableError
            The stack is no volume.
        """
        table = self.describe(grant, study_instance_uid, series_instance_uid)
        return self._volumes.progress(self._plans.volume(table, stack))

    def run(
        self,
        task: str,
        arguments: Mapping[str, Any],
        buffers: Sequence[Buffer] = (),
        deadline: float | None = None,
    ) -> Reply:
        """Run another room's task in a worker and return what it returned; errors are those of `Pool.submit`.

        `sightline.rendering.files` has what brings stored files to the task.
        """
        return self._pool.run(task, arguments, buffers, deadline=deadline)

    def close(self) -> None:
        """End the workers and free the volumes. May be called again."""
        self._pool.close()
        self._volumes.close()

    def _render_frame(self, request: _Request) -> Picture:
        grant, view, records = request.grant, request.view, request.records
        frame = view.source.frame if isinstance(view.source, FrameOf) else 1
        entry = self._tables.known_frame(records[0], frame)
        buffers: list[Buffer] = []
        arguments = {
            "file": file_argument(self._archive.source(grant, records[0]), buffers),
            "entry": entry.argument if entry else None,
            "frame": frame,
            "view": _view_argument(view, view.window),
        }
        task = "sightline.rendering.tasks:render_frame"
        if view.picture_format.holds_stored_values:
            task = "sightline.rendering.stored_values:render_stored"
        if view.presentation is not None:
            task = "sightline.objects.presented:render_presented"
            arguments["presentation"] = file_argument(self._archive.source(grant, records[1]), buffers)
        reply = self._pool.run(task, arguments, buffers, **request.asking.turn())
        source = Source(records[0].sop_instance_uid, frame)
        return _picture(reply, request.etag, provenance_of_frame(reply.values, source, view))

    def _render_of_volume(self, request: _Request) -> Picture:
        grant, view, records, source = request.grant, request.view, request.records, request.view.source
        assert not isinstance(source, FrameOf)  # noqa: S101 - `render_prepared` chose this method by it
        if view.annotations:
            raise UnprocessableError("Nothing can be written into the picture of a plane, only into that of a frame.")
        if view.picture_format.holds_stored_values:
            raise UnprocessableError("Stored values are those of a frame; a plane is computed from them.", "not-stored")
        fetch = partial(self._archive.source, grant)
        own = _of_series(records, view.series_instance_uid) if view.fusion else records
        plan = self._plans.of_source(source, self._tables.get(own, fetch))
        needed = _slices_of(plan, source, view.fusion is not None) if isinstance(source, PlaneOf) else None
        by_uid = {record.sop_instance_uid: record for record in records}
        first = needed[0] if needed else len(plan.frames) // 2
        with ExitStack() as held:
            volume = held.enter_context(
                self._volumes.use(plan, lambda frame: fetch(by_uid[frame.sop_instance_uid]), first)
            )
            over = held.enter_context(self._overlay(request, plan)) if view.fusion else None
            table = None if view.window or isinstance(source, RenderingOf) else plan.voi_lut
            window = view.window or (None if table else plan.window)
            part = self._wait(volume, needed, bool(window or table), request)
            buffers: list[Buffer] = []
            if window is None and table is None:
                window = full_window(volume)
            task, what = _task(plan, source, over is not None)
            recipe = None if part or isinstance(source, PlaneOf) else recipe_for(plan, source)
            derived = self._volumes.derive(volume, recipe) if recipe else None
            shared = [each for each in (volume, derived, over.volume if over else None) if each]
            descriptors = [each.descriptor for each in shared]
            arguments = what | {
                "derived": derived.description() if derived else None,
                "range": volume.value_range(),
                "volume": volume.description(part),
                "geometry": asdict(plan.geometry_of(part) if part else plan.geometry),
                "lossy": any(frame.instance.lossy for each in (volume, over) if each for frame in each.plan.frames),
                **(over.arguments() if over else {"overlay": None}),
                "voi_lut": file_argument(fetch(by_uid[table.sop_instance_uid]), buffers) if table else None,
                "view": _view_argument(view, window),
            }
            # Without a pyramid to share, each worker would make one.
            if bands := bands_of(source) if derived else ():
                turn = request.asking, request.still_wanted
                reply = render_bands(self._pool, bands, arguments, descriptors, *turn)
            else:
                reply = self._pool.run(task, arguments, buffers, descriptors, **request.asking.turn())
            taken = part if needed is None else needed
            provenance = provenance_of_volume(reply.values, plan, taken, view, window, over.plan if over else None)
            picture = _picture(reply, request.etag, provenance)
            return picture if part is None else _partial(picture, part, len(plan.frames))

    @contextmanager
    def _overlay(self, request: _Request, base: VolumePlan) -> Iterator[Overlay]:
        """Hold on to the whole volume that a view lays over another."""
        fusion, fetch = request.view.fusion, partial(self._archive.source, request.grant)
        assert fusion is not None  # noqa: S101 - the caller has looked
        records = _of_series(request.records, fusion.series_instance_uid)
        plan = self._plans.only_volume(self._tables.get(records, fetch), Inputs())
        require_one_space(base, plan)
        by_uid = {record.sop_instance_uid: record for record in records}
        middle = len(plan.frames) // 2
        with self._volumes.use(plan, lambda frame: fetch(by_uid[frame.sop_instance_uid]), middle) as volume:
            self._wait(volume, None, False, request)
            yield Overlay(volume, fusion)

    def _wait(self, volume: Volume, needed: Sequence[int] | None, has_window: bool, request: _Request) -> range | None:
        """Wait for what a picture is made of; return the part that it has to do with, None if all is there."""
        seconds = self._pool.deadline_seconds
        if request.asking.wanted_until is not None:
            seconds = min(seconds, max(0.0, request.asking.wanted_until - time.monotonic()))
        # A rendering's pyramid is made once, of the whole; and what is laid over is there as a whole.
        view = request.view
        may_be_part = request.asking.allow_partial and not (isinstance(view.source, RenderingOf) or view.fusion)
        if may_be_part and not (needed and has_window):
            part = volume.wait_for_part(needed, seconds, request.still_wanted)
            return None if len(part) == len(volume.plan.frames) else part
        volume.wait(needed if has_window else None, seconds, request.still_wanted)
        return None


def _of_series(records: Sequence[InstanceRecord], series_instance_uid: str) -> list[InstanceRecord]:
    return [record for record in records if record.series_instance_uid == series_instance_uid]


def _slices_of(plan: VolumePlan, plane: PlaneOf, is_fused: bool) -> tuple[int, ...] | None:
    """Return the slices that a plane is made of; None: of all. Raises `NotFoundError`."""
    count = plan.grids[plane.orientation].count
    if plane.index >= count:
        raise NotFoundError(f"There are {count} {plane.orientation} planes, counted from 0.")
    return None if plane.slab or is_fused else plan.slices_of(plane.orientation, plane.index)


def _task(plan: VolumePlan, source: PlaneOf | VolumeSource, is_fused: bool) -> tuple[str, dict[str, Any]]:
    """Return the task that makes a picture of a volume, and its arguments that say what it shows."""
    if isinstance(source, PlaneOf):
        grid = plan.grids[source.orientation]
        if not source.slab and not is_fused:
            return "sightline.rendering.tasks:render_plane", {"grid": asdict(grid), "index": source.index}
        source = CutOf(plane_of_grid(grid, source.index), source.slab, source.blend)
    module = "rendering_tasks" if isinstance(source, RenderingOf) else "volume_tasks"
    return f"sightline.rendering.{module}:render_{source.word}", {"source": source_argument(source)}


def _etag(identity: str, view: View) -> str:
    """Return what changes when the stored files, the view or the rendering code do."""
    return sha256(f"{_CODE_VERSION}\n{identity}\n{view.path()}".encode()).hexdigest()[:32]


def _view_argument(view: View, window: Window | None) -> dict[str, Any]:
    """Return the part of a view that rendering tasks look at."""
    return {
        "window": dict(vars(window)) if window else None,
        "invert": view.invert,
        "max_size": view.max_size,
        "viewport": view.viewport.argument() if view.viewport else None,
        "format": view.picture_format.value,
        "quality": view.quality,
        "colour_profile": view.colour_profile.value,
        "annotations": list(view.annotations),
        "look": view.look.argument(),
    }


def _partial(picture: Picture, part: range, total: int) -> Picture:
    """Mark a picture of a part of a volume: it has an etag of its own, so that the whole one takes its place."""
    return replace(picture, etag=f"{picture.etag}-{part.start}-{part.stop}", slices=(len(part), total))


def _picture(reply: Reply, etag: str, provenance: Provenance | None = None) -> Picture:
    values = reply.values
    spacing = values["pixel_spacing"]
    return Picture(
        content=bytes(reply.buffers[0]),
        media_type=values["media_type"],
        columns=values["columns"],
        rows=values["rows"],
        etag=etag,
        lossy=values["lossy"],
        window=window_from_json(values["window"]) if values["window"] else None,
        pixel_spacing=(spacing[0], spacing[1]) if spacing else None,
        provenance=provenance,
    )
