"""Which stored files views are made of now: asked of the archive every time, with the caller's grant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sightline.access.grant import Grant
from sightline.archive.protocol import Archive, InstanceRecord
from sightline.errors import NotFoundError
from sightline.rendering.series_table import series_identity
from sightline.rendering.view import FrameOf, View

Origin = tuple[str, Sequence[InstanceRecord]]
"""What changes when the files do, and the files: of a frame its own and that of the presentation state, else all of its
series and of the one that is laid over."""


class ViewRecords:
    """Asks one archive. `NotFoundError` says that something is not there, or not for this grant (VIEW)."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def of(self, grant: Grant, view: View) -> Origin:
        """Return what a view is made of."""
        study = view.study_instance_uid
        if not isinstance(view.source, FrameOf):
            return _of_series([self._archive.series_instances(grant, study, series) for series in _series(view)])
        return _together([self._archive.instance(grant, study, *name) for name in _instances(view, view.source)])

    def of_all(self, grant: Grant, views: Sequence[View]) -> list[Origin]:
        """Return what each of several views is made of; each series is asked for once."""
        if len(views) == 1:
            return [self.of(grant, views[0])]
        known: dict[tuple[str, str], Mapping[str, InstanceRecord]] = {}
        return [self._of_listed(grant, view, known) for view in views]

    def _of_listed(
        self, grant: Grant, view: View, known: dict[tuple[str, str], Mapping[str, InstanceRecord]]
    ) -> Origin:
        study = view.study_instance_uid

        def listed(series: str) -> Mapping[str, InstanceRecord]:
            if (study, series) not in known:
                records = self._archive.series_instances(grant, study, series)
                known[study, series] = {record.sop_instance_uid: record for record in records}
            return known[study, series]

        if not isinstance(view.source, FrameOf):
            return _of_series([tuple(listed(series).values()) for series in _series(view)])
        found = [listed(series).get(instance) for series, instance in _instances(view, view.source)]
        if None in found:
            raise NotFoundError("There is no such instance.")
        return _together([record for record in found if record])


def _series(view: View) -> list[str]:
    """Return the series that a picture of a volume is made of: its own, then what is laid over."""
    return [view.series_instance_uid, *([view.fusion.series_instance_uid] if view.fusion else [])]


def _of_series(series: Sequence[Sequence[InstanceRecord]]) -> Origin:
    identities = [series_identity(record.file.uuid for record in records) for records in series]
    return " ".join(identities), [record for records in series for record in records]


def _instances(view: View, source: FrameOf) -> list[tuple[str, str]]:
    """Return series and instance of a frame, and of the presentation state that it is shown by."""
    state = view.presentation
    own = (view.series_instance_uid, source.sop_instance_uid)
    return [own] if state is None else [own, (state.series_instance_uid, state.sop_instance_uid)]


def _together(records: Sequence[InstanceRecord]) -> Origin:
    return " ".join(record.file.uuid for record in records), records
