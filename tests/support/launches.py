"""Launches in memory, and grants of such, for tests of pages that an EHR opens."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

from sightline.access.grant import Grant, Verb
from sightline.access.launch import LAUNCH_SUBJECT, EhrPatient, Launch, LaunchedStudy, launch_id_of
from sightline.errors import ForbiddenError, NotFoundError, UnauthenticatedError
from tests.support.viewer_server import now

VERBS = frozenset({Verb.VIEW, Verb.ANNOTATE})


def launch(launch_id: str, patient: EhrPatient, *studies: LaunchedStudy) -> Launch:
    """A launch that has an hour to go."""
    return Launch(
        launch_id, "https://emr.example/apis/default/fhir", patient, "Ada Reader", "", VERBS, studies,
        now(), now() + timedelta(hours=1),
    )  # fmt: skip


def launch_grant(launched: Launch) -> Grant:
    """What a session has that came of a launch."""
    return Grant(f"{LAUNCH_SUBJECT}{launched.id}", launched.permissions, name=launched.user_name)


class RememberedLaunches:
    """`Launches` in memory."""

    def __init__(self, *launches: Launch) -> None:
        self.known = {launched.id: launched for launched in launches}

    def get(self, grant: Grant, launch_id: str) -> Launch:
        if grant.is_anonymous or launch_id not in self.known:
            raise UnauthenticatedError("This launch has ended.", "launch-ended")
        if launch_id_of(grant) != launch_id and not grant.allows(Verb.ADMINISTER):
            raise ForbiddenError("This is another's launch.")
        return self.known[launch_id]

    def renew(self, launch_id: str, studies: Collection[LaunchedStudy]) -> Launch:
        if launch_id not in self.known:
            raise NotFoundError("There is no such launch.", "launch-unknown")
        self.known[launch_id] = replace(self.known[launch_id], studies=tuple(studies))
        return self.known[launch_id]
