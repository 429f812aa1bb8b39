"""A view goes in, a picture comes out: the engine asks the archive what is stored now and lets workers do the rest.

Every call asks the archive first, with the caller's grant, so that what was stored, deleted or changed a moment ago is
seen, and what the caller may not see is refused, whatever is cached.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sightline.access.grant import Grant
from sightline.archive.protocol import Archive
from sightline.kernels.planes import PlaneGrid
from sightline.rendering.pool import Buffer, Reply, WorkerPool
from sightline.rendering.series_table import SeriesTable
from sightline.rendering.view import Orientation, Picture, View, Window


@dataclass(frozen=True)
class PlanesInfo:
    """The planes along the patient's axes that a series can be cut into, or why it cannot.

    Exactly one of `grids` (with all three orientations) and `refusal` is set. `warnings` are sentences for the reader,
    such as where slices are missing. `window` is what pictures use when the view names none (None: the full range).
    """

    grids: Mapping[Orientation, PlaneGrid]
    refusal: str | None
    warnings: tuple[str, ...] = ()
    window: Window | None = None


class RenderingEngine:
    """Series tables, pictures and volumes of one archive. All methods block, and may be called from any thread.

    Parameters
    ----------
    archive : Archive
        What is stored.
    pool : WorkerPool
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
        pool: WorkerPool,
        *,
        volume_bytes: int,
        table_directory: Path,
        picture_bytes: int = 128 << 20,
    ) -> None: ...

    def describe(self, grant: Grant, study_instance_uid: str, series_instance_uid: str) -> SeriesTable:
        """Return what the series holds now, frame by frame in display order (VIEW). Raises `NotFoundError`."""
        ...

    def etag(self, grant: Grant, view: View) -> str:
        """Return the `Picture.etag` that `render` would give now, without rendering (VIEW)."""
        ...

    def render(self, grant: Grant, view: View) -> Picture:
        """Return the picture that a view describes (VIEW).

        Raises
        ------
        NotFoundError
            No such study, series, instance, frame or plane.
        UnprocessableError
            Its pixels cannot be decoded, or its slices do not form a volume.
        UnavailableError
            A worker failed twice, or the deadline passed.
        """
        ...

    def planes(self, grant: Grant, study_instance_uid: str, series_instance_uid: str) -> PlanesInfo:
        """Return the planes that the series can be cut into, or why not (VIEW). Loads no pixels."""
        ...

    def volume_progress(self, grant: Grant, study_instance_uid: str, series_instance_uid: str) -> tuple[int, int]:
        """Return how many slices of the volume are loaded, and of how many (VIEW). Does not start loading."""
        ...

    def run(
        self,
        task: str,
        arguments: Mapping[str, Any],
        buffers: Sequence[Buffer] = (),
        deadline: float | None = None,
    ) -> Reply:
        """Run another room's task in a worker and return what it returned; errors are those of `WorkerPool.submit`."""
        ...

    def close(self) -> None:
        """End the workers and free the volumes."""
        ...
