"""Patients in OpenEMR's standard API: the bridge between pid, pubpid and uuid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Request, Response

from tests.support.openemr.answers import json_answer

if TYPE_CHECKING:
    from tests.support.openemr.server import FakeOpenEmr


def patient(emr: FakeOpenEmr, request: Request, uuid: str) -> Response:
    """Read one patient."""
    emr.tokens.require(request, "patient")
    found = emr.records.patient(uuid)
    if found is None:
        raise NotFound
    data = {"uuid": found.uuid, "pid": found.pid, "pubpid": found.pubpid, "lname": found.lname, "DOB": found.dob}
    return json_answer({"validationErrors": [], "internalErrors": [], "data": data})


ROUTES = (("GET", "/apis/default/api/patient/<uuid>", patient),)
