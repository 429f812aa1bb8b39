"""Launches as rows of the database, both ways."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row

from sightline.access.grant import Verb
from sightline.access.launch import EhrPatient, Launch, LaunchedStudy, Standing


def row_of(launch: Launch) -> dict[str, Any]:
    """Return the values of a row of `launches`."""
    return {
        "id": launch.id,
        "issuer": launch.issuer,
        "patient": json.dumps(asdict(launch.patient)),
        "user_name": launch.user_name,
        "user_id": launch.user_id,
        "encounter": launch.encounter,
        "verbs": " ".join(sorted(launch.verbs)),
        "studies": studies_text(launch.studies),
        "created": launch.created,
        "expires": launch.expires,
    }


def studies_text(studies: Iterable[LaunchedStudy]) -> str:
    """Return how the column `studies` holds them."""
    return json.dumps([[study.study_instance_uid, study.standing.value, study.reason] for study in studies])


def launch_of(row: Row[Any]) -> Launch:
    """Make a launch of a row of `launches`."""
    return Launch(
        id=row.id,
        issuer=row.issuer,
        patient=EhrPatient(**json.loads(row.patient)),
        user_name=row.user_name,
        encounter=row.encounter,
        verbs=frozenset(Verb(verb) for verb in row.verbs.split()),
        studies=tuple(
            LaunchedStudy(uid, Standing(standing), reason) for uid, standing, reason in json.loads(row.studies)
        ),
        created=row.created,
        expires=row.expires,
        user_id=row.user_id,
    )
