"""Measurement reports in the archive: those of anybody are shown, and ours are where findings are found again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from sightline.access.grant import Grant
from sightline.archive.protocol import InstanceRecord, Level, Query
from sightline.errors import NotFoundError, SightlineError
from sightline.rendering.channel import Buffer
from sightline.rendering.files import file_argument, in_batches
from sightline.rendering.series_table import FrameEntry, SeriesTable
from sightline.state.findings import Report
from sightline.viewer.finding_body import FindingBody
from sightline.viewer.finding_planes import on_image
from sightline.viewer.report_series import report_series
from sightline.viewer.studies import series_row, series_rows
from sightline.web.json_answer import answer_json
from sightline.web.request import Request, Response
from sightline.web.services import Services

_TASK = "sightline.objects.measurement_reading:read_reports"
_MOST_REPORTS = 1_000
_MOST_SHOWN = 50
"""Of so many, the latest, the findings are sent; of the others only that they are there."""
_MOST_TRIED = 4
"""Of so many of our latest reports the last is found, though two may have one number."""
_FILES_PER_TASK = 8
_NOT_SHOWN: Mapping[str, Any] = {"findings": [], "problems": ["There are later reports; of this one no more is shown."]}
_MOST_PROBLEMS = 20


def reports(request: Request, services: Services, study: str) -> Response:
    """Answer with the measurement reports (TID 1500) of a study, the latest first, whoever made them."""
    return answer_json({"reports": reports_json(services, request.grant, study)})


def reports_json(services: Services, grant: Grant, study: str) -> list[dict[str, Any]]:
    """Return the reports; what they hold that cannot be shown is said in ``problems``."""
    records: list[InstanceRecord] = []
    for row in series_rows(services, grant, study):
        uid = row["SeriesInstanceUID"]
        if uid == report_series(study):
            records += _latest(services, grant, study, _MOST_SHOWN)
        elif row.get("Modality", "") == "SR":
            records += _instances(services, grant, study, uid)
    return _placed(services, grant, study, _read(services, grant, records))


def _instances(services: Services, grant: Grant, study: str, series: str) -> tuple[InstanceRecord, ...]:
    try:
        return services.archive.series_instances(grant, study, series)
    except NotFoundError:  # deleted in this moment
        return ()


def _latest(services: Services, grant: Grant, study: str, most: int) -> list[InstanceRecord]:
    """Return the latest of our own reports, each of which has all that is in those before."""
    series = report_series(study)
    records = {record.sop_instance_uid: record for record in _instances(services, grant, study, series)}
    if len(records) <= most:
        return list(records.values())
    query = Query(Level.INSTANCE, {}, study, series, attributes=("InstanceNumber",))
    numbers = {
        row["SOPInstanceUID"]: int(number) if (number := row.get("InstanceNumber", "").strip()).isdecimal() else 0
        for row in services.archive.search(grant, query).rows
    }
    ordered = sorted(records.values(), key=lambda record: numbers.get(record.sop_instance_uid, 0), reverse=True)
    return ordered[:most]


def _read(services: Services, grant: Grant, records: Sequence[InstanceRecord]) -> list[dict[str, Any]]:
    """Have workers read what is not known yet, file by file: each save adds one to those before."""
    told: dict[str, Any] = {}
    unknown = []
    for record in records[:_MOST_REPORTS]:
        kept = services.cache.get((_TASK, record.file.uuid))
        if kept is None:
            unknown.append(record)
        else:
            told[record.sop_instance_uid] = json.loads(kept)
    for batch in in_batches(unknown, _FILES_PER_TASK):
        buffers: list[Buffer] = []
        try:
            files = [file_argument(services.archive.source(grant, record), buffers) for record in batch]
            documents = services.engine.run(_TASK, {"files": files}, buffers).values["documents"]
        except NotFoundError:  # one was deleted in this moment: the next time it is not asked for
            continue
        for record, document in zip(batch, documents, strict=True):
            services.cache.put((_TASK, record.file.uuid), json.dumps(document).encode())
            told[record.sop_instance_uid] = document
    found = [
        {"series": record.series_instance_uid, "instance": record.sop_instance_uid, **told[record.sop_instance_uid]}
        for record in records
        if told.get(record.sop_instance_uid)
    ]
    return sorted(found, key=lambda report: (report["date"], report["time"]), reverse=True)


def _placed(services: Services, grant: Grant, study: str, found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    replaced = {uid for report in found for uid in report["predecessors"]}
    places = _Places(services, grant, study)
    return [
        {
            "series": report["series"],
            "instance": report["instance"],
            "title": report["title"],
            "author": report["author"],
            "time": _iso(report["date"], report["time"], report["timezone"]),
            "software": report["software"],
            "ours": report["series"] == report_series(study),
            "predecessors": report["predecessors"],
            "superseded": report["instance"] in replaced,
            **(places.placed(report) if number < _MOST_SHOWN else _NOT_SHOWN),
        }
        for number, report in enumerate(found)
    ]


def take_in(services: Services, grant: Grant, study: str) -> bool:
    """Begin with our last report of a study of which nothing is known here; whether there is one.

    The state may have been lost, or the study may have come from another site with the reports in it.
    """
    count = len(_instances(services, grant, study, report_series(study)))
    if not count:
        return False
    found = _read(services, grant, _latest(services, grant, study, _MOST_TRIED))
    for report in _placed(services, grant, study, found):
        if not report["superseded"]:
            services.findings.take_in(study, _report(report, count, services.clock()))
            return True
    return False


def _report(report: Mapping[str, Any], version: int, now: datetime) -> Report:
    time = datetime.fromisoformat(report["time"]) if report["time"] else now
    rows: dict[str, tuple[str, str, str, datetime]] = {}
    for finding in report["findings"]:
        own = {name: value for name, value in finding.items() if name not in ("values", "author", "changed")}
        body = FindingBody.model_validate(own)
        changed = datetime.fromisoformat(finding["changed"]) if finding["changed"] else time
        rows[body.id] = (body.id, body.document(), finding["author"][:255], changed)
    return Report(report["instance"], version, time, tuple(rows.values()))


class _Places:
    """Finds the images of one study that findings lie on."""

    def __init__(self, services: Services, grant: Grant, study: str) -> None:
        self._services, self._grant, self._study = services, grant, study
        self._tables: dict[str, SeriesTable | None] = {}
        self._series: dict[str, str] = {}

    def placed(self, report: Mapping[str, Any]) -> dict[str, Any]:
        """Return the report's findings on images of this study, and why some are not shown."""
        problems, findings, missing = list(report["problems"]), [], 0
        for drawn in report["findings"]:
            try:
                findings.append(self._finding(drawn, report["evidence"]))
            except NotFoundError as error:
                missing += 1
                if len(problems) < _MOST_PROBLEMS and error.message not in problems:
                    problems.append(error.message)
        return {"findings": findings, "problems": problems}

    def _finding(self, drawn: Mapping[str, Any], evidence: Mapping[str, str]) -> dict[str, Any]:
        own = {name: drawn[name] for name in drawn if name not in ("place", "frame_of_reference", "changed")}
        if "frame_of_reference" in drawn:
            series, frame, points = self._in_patient(drawn)
            instance, number = frame.sop_instance_uid, frame.frame
            own["points"] = points
        else:
            instance, number = drawn["place"]
            series = self._series_of(instance, evidence)
            table = self._table(series)
            if table is None or table.frame(instance, number) is None:
                raise NotFoundError("It marks an image that is not in this study, or not any more.")
        place = {"study": self._study, "series": series, "instance": instance, "frame": number}
        told = {name: own.pop(name) for name in ("values", "author")}
        try:
            finding = FindingBody.model_validate(own | place)
        except ValidationError:  # no page can draw it
            raise NotFoundError("Part of it is drawn in a way that cannot be shown here.") from None
        return {**json.loads(finding.document()), **told, "changed": _iso_moment(drawn["changed"])}

    def _in_patient(self, drawn: Mapping[str, Any]) -> tuple[str, FrameEntry, list[list[float]]]:
        """Return where points in the patient lie: on a frame whose plane has all of them (PS3.3 C.18.9)."""
        for series, table in self._image_series():
            found = on_image(drawn["points"], drawn["frame_of_reference"], table.frames, drawn.get("place"))
            if found is not None:
                return series, *found
        raise NotFoundError("It lies in the patient where this study has no image.")

    def _image_series(self) -> Iterator[tuple[str, SeriesTable]]:
        for row in series_rows(self._services, self._grant, self._study):
            if series_row(row)["pictures"]:
                table = self._table(row["SeriesInstanceUID"])
                if table is not None:
                    yield row["SeriesInstanceUID"], table

    def _series_of(self, instance: str, evidence: Mapping[str, str]) -> str:
        named = evidence.get(instance) or self._series.get(instance)
        if named:
            return named
        query = Query(Level.INSTANCE, {"SOPInstanceUID": instance}, self._study, limit=1)
        rows: Sequence[Mapping[str, str]] = (
            self._services.archive.search(self._grant, query).rows if _is_plain(instance) else ()
        )
        if not rows:
            raise NotFoundError("It marks an image that is not in this study, or not any more.")
        self._series[instance] = rows[0]["SeriesInstanceUID"]
        return self._series[instance]

    def _table(self, series: str) -> SeriesTable | None:
        if series not in self._tables:
            try:
                self._tables[series] = self._services.engine.describe(self._grant, self._study, series)
            except SightlineError as error:
                if error.status not in (404, 409, 422):
                    raise
                self._tables[series] = None
        return self._tables[series]


def _is_plain(uid: str) -> bool:
    """Whether a UID of a report has nothing in it that a search would take for a pattern."""
    return bool(uid) and all(character.isdigit() or character == "." for character in uid)


def _iso(date: str, time: str, timezone: str) -> str:
    """Return a DICOM date and time as ISO has them; where no time zone is said, in the server's. Empty without one."""
    whole, _, fraction = time.partition(".")
    return _iso_moment(f"{date}{whole.ljust(6, '0')}.{fraction or '0'}{timezone}") if date else ""


def _iso_moment(text: str) -> str:
    """Return a DICOM moment (DT) as ISO has it; empty where it is none."""
    for form in ("%Y%m%d%H%M%S.%f%z", "%Y%m%d%H%M%S%z", "%Y%m%d%H%M%S.%f", "%Y%m%d%H%M%S", "%Y%m%d"):
        try:
            moment = datetime.strptime(text, form)
        except ValueError:
            continue
        return moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return ""
