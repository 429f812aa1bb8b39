"""Earlier studies of the same patient, to compare with.

Who the patient is, is never guessed: the Patient ID must be the same, and the birth date or the issuer of the ID must
say so too. What contradicts or cannot be compared is left out, and counted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from sightline.access.grant import Grant, Verb
from sightline.access.launch import launch_id_of
from sightline.archive.protocol import Level, Query, Row
from sightline.errors import NotFoundError, SightlineError
from sightline.rendering.series_table import SeriesTable
from sightline.rendering.stack_labels import plane_of
from sightline.viewer.prior_ranking import Examination, SeriesTraits, match_series, rank, read_alike, words_of
from sightline.viewer.studies import series_row, series_rows
from sightline.viewer.study_rows import ATTRIBUTES, study_row
from sightline.web.json_answer import answer_json
from sightline.web.request import Request, Response
from sightline.web.services import Services

MOST_PRIORS = 50
_OF_PATIENT = ("PatientID", "IssuerOfPatientID", "PatientBirthDate")
_IDENTITY = ("IssuerOfPatientID", "RequestedProcedureDescription")
_CLOCK = re.compile(r"([01][0-9]|2[0-3])([0-5][0-9]){0,2}", re.ASCII)
_ONE_STUDY = "This link opens one study only."
_NO_ID = "This study names no Patient ID, so that no other can be told to be of the same patient."


def priors(request: Request, services: Services, study: str) -> Response:
    """Answer with other studies of the same patient that the caller may view, the best to compare with first."""
    grant = request.grant
    launched = grant.on_study(study)
    if not grant.allows(Verb.SEARCH) and not launch_id_of(launched):
        return answer_json({"priors": [], "reason": _ONE_STUDY, "withheld": 0})
    current = study_of(services, grant, study)
    if not current.get("PatientID", ""):
        return answer_json({"priors": [], "reason": _NO_ID, "withheld": 0})
    if grant.allows(Verb.SEARCH):
        candidates = of_same_id(services, grant, current)
    else:
        candidates = _of_launch(services, launched, current)
    others = [row for row in candidates if grant.allows(Verb.VIEW, row["StudyInstanceUID"])]
    same = [row for row in others if same_patient(current, row)]
    nearest = sorted(same, key=lambda row: _apart(current, row))[:MOST_PRIORS]
    rows = {row["StudyInstanceUID"]: row for row in nearest}
    ranked = rank(_examination(services, grant, current), [_examination(services, grant, row) for row in nearest])
    found = [
        {
            "study": study_row(rows[prior.examination.study_instance_uid]),
            "agrees": list(prior.agrees),
            "days": prior.days,
            "why": prior.why,
        }
        for prior in ranked
    ]
    return answer_json({"priors": found, "reason": None, "withheld": len(others) - len(same)})


def prior_series(request: Request, services: Services, study: str, prior: str) -> Response:
    """Answer which series of a prior study is hung beside which of the current one.

    Raises
    ------
    NotFoundError
        It is no study of the same patient.
    """
    grant = request.grant
    grant.require(Verb.VIEW, prior)
    if not same_patient(study_of(services, grant, study), study_of(services, grant, prior)):
        raise NotFoundError("There is no such study of the same patient.")
    matches = match_series(_traits(services, grant, study), _traits(services, grant, prior))
    return answer_json({"pairs": [[match.current, match.prior, list(match.agrees)] for match in matches]})


def same_patient(one: Row, other: Row) -> bool:
    """Whether two studies say that they are of the same patient, by more than a number that anybody may have given."""
    pairs = {name: (one.get(name, "").strip(), other.get(name, "").strip()) for name in _OF_PATIENT}
    known = {name: pair for name, pair in pairs.items() if all(pair)}
    if "PatientID" not in known or any(pair[0] != pair[1] for pair in known.values()):
        return False
    return "PatientBirthDate" in known or "IssuerOfPatientID" in known


def study_of(services: Services, grant: Grant, study: str) -> Row:
    """Return what the archive knows of a study and of whose it is. Raises `NotFoundError`."""
    query = Query(Level.STUDY, study_instance_uid=study, attributes=(*ATTRIBUTES, *_IDENTITY))
    rows = services.archive.search(grant, query).rows
    if not rows:
        raise NotFoundError("There is no such study here. It may have been deleted.")
    return rows[0]


def of_same_id(services: Services, grant: Grant, current: Row) -> list[Row]:
    """Return the other studies with that Patient ID, to the letter: it may hold what a query takes for a wildcard."""
    identity = current["PatientID"]
    matches = {"PatientID": identity.replace("\\", "?")}
    query = Query(Level.STUDY, matches, attributes=(*ATTRIBUTES, *_IDENTITY), is_case_sensitive=True)
    rows = services.archive.search(grant, query).rows
    return [
        row
        for row in rows
        if row["StudyInstanceUID"] != current["StudyInstanceUID"] and row.get("PatientID", "") == identity
    ]


def _of_launch(services: Services, grant: Grant, current: Row) -> list[Row]:
    """Return the other studies that a launch has opened; none else is looked for."""
    uids = {permission.study_instance_uid for permission in grant.permissions} - {current["StudyInstanceUID"], None}
    found = []
    for uid in sorted(uid for uid in uids if uid):
        with suppress(NotFoundError):  # deleted since
            found.append(study_of(services, grant, uid))
    return found


def _examination(services: Services, grant: Grant, row: Row) -> Examination:
    series = series_rows(services, grant, row["StudyInstanceUID"])
    return Examination(
        study_instance_uid=row["StudyInstanceUID"],
        moment=_moment(row),
        modalities=read_alike([each.get("Modality", "") for each in series if each.get("Modality", "")]),
        body_parts=_values(series, "BodyPartExamined"),
        lateralities=_values(series, "Laterality"),
        words=words_of(row.get("StudyDescription", ""), row.get("RequestedProcedureDescription", "")),
    )


def _values(series: Sequence[Row], keyword: str) -> frozenset[str]:
    return frozenset(value for row in series if (value := row.get(keyword, "").strip().upper()))


def _moment(row: Row) -> datetime | None:
    """Return when a study was made, as the scanner's clock said; at midnight where it says only the day."""
    day, clock = row.get("StudyDate", ""), row.get("StudyTime", "")[:6]
    known = clock if _CLOCK.fullmatch(clock) else "0000"
    try:
        return datetime.strptime(f"{day}{known:0<6}", "%Y%m%d%H%M%S")
    except ValueError:
        return None


def _apart(current: Row, other: Row) -> float:
    here, there = _moment(current), _moment(other)
    return abs((here - there).total_seconds()) if here and there else float("inf")


def _traits(services: Services, grant: Grant, study: str) -> list[SeriesTraits]:
    """Return what the series of a study say of themselves; those that cannot be read by what the archive knows."""
    found = []
    for row in map(series_row, series_rows(services, grant, study)):
        if not row["pictures"]:
            continue
        try:
            table = services.engine.describe(grant, study, row["uid"])
        except SightlineError:
            continue
        if table.frames:
            found.append(traits_of(row, table, len(services.engine.stacks(table)[0].table.frames)))
    return found


def traits_of(row: dict[str, Any], table: SeriesTable, frames: int) -> SeriesTraits:
    """Return what a series says of itself, of what the archive and its files say; `frames` of its largest stack."""
    first = table.frames[0].instance.hanging
    return SeriesTraits(
        series_instance_uid=table.series_instance_uid,
        modality=row["modality"],
        plane=plane_of(table.frames),
        body_part=row["bodyPart"].strip().upper(),
        laterality=first.laterality or row["laterality"],
        view=first.view_position,
        words=words_of(row["description"]),
        contrast=any(frame.instance.hanging.contrast for frame in table.frames),
        frames=frames,
    )
