"""Routes of the set-up page, for administrators."""

from __future__ import annotations

import json
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sightline.access.grant import Verb
from sightline.archive.protocol import NEWEST_FIRST, Level, Query
from sightline.errors import BadRequestError
from sightline.openemr.patient_number import preview
from sightline.openemr.setup.address import EmrAddress
from sightline.openemr.setup.checks import OurSite, check
from sightline.openemr.setup.plan import Wishes, plan
from sightline.openemr.setup.probing import probe
from sightline.openemr.setup.self_tests import SELF_TESTS, run_self_test
from sightline.smart_section import PatientIdRule
from sightline.web.json_answer import answer_json
from sightline.web.json_body import read_json
from sightline.web.pages import page
from sightline.web.request import Request, Response
from sightline.web.routing import Route
from sightline.web.services import Services

_BODY = 16_384
_EXAMPLES, _STUDIES = 6, 60


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


Model = TypeVar("Model", bound=_Body)


class _Rule(_Body):
    source: Literal["pubpid", "pid"]
    prefix: str = Field("", max_length=32, pattern=r"^[^\\*?\s]*$")
    issuer: str = Field("", max_length=64, pattern=r"^[^\\\r\n]*$")

    @property
    def rule(self) -> PatientIdRule:
        return PatientIdRule.model_validate(
            {"Source": self.source, "Prefix": self.prefix, "IssuerOfPatientId": self.issuer}
        )


class _Check(_Body):
    address: str = Field(max_length=600)
    authority: str = Field("", max_length=600)


class _Plan(_Check):
    rule: _Rule
    name: str = Field("openemr", pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")
    v2: bool = False
    client: str = Field("", max_length=200, pattern=r"^[!-~]*$")
    backend: str = Field("", max_length=200, pattern=r"^[!-~]*$")
    contact: str = Field("", max_length=200, pattern=r"^([^\s@<>\"]+@[^\s@<>\"]+)?$")
    orders: str = Field("", max_length=400, pattern=r"^(/[^\x00-\x1f]*)?$")
    results: str = Field("", max_length=400, pattern=r"^(/[^\x00-\x1f]*)?$")


class _Preview(_Body):
    rule: _Rule
    examples: dict[str, str] = Field(max_length=_EXAMPLES)


def setup_page(request: Request, services: Services) -> Response:
    """Send the page. It knows nothing of any patient."""
    issuers = services.configuration.ehr.issuers
    data = {
        "user": request.grant.name,
        "publicUrl": services.public_url,
        "issuers": [
            {"name": one.name, "issuer": one.issuer, "authority": one.certificate_authority} for one in issuers
        ],
        "tests": [test.name for test in SELF_TESTS],
    }
    return page(request, services, "setup", {"data": data})


def check_address(request: Request, services: Services) -> Response:
    """Ask an OpenEMR what it says of itself, and judge it."""
    asked = _parse(_Check, request)
    address = EmrAddress.parse(asked.address)
    configuration = services.configuration
    ours = OurSite(
        services.public_url,
        configuration.frame_ancestors,
        tuple(issuer.issuer for issuer in configuration.ehr.issuers),
    )
    seen = probe(address, services.public_url, services.clock, asked.authority)
    checks = check(seen, ours)
    capabilities = seen.smart.document.get("capabilities")
    answer = {
        "fhir": address.fhir,
        "origin": address.origin,
        "v2": isinstance(capabilities, list) and "permission-v2" in capabilities,
        "checks": [{"id": one.id, "state": one.state.value, "seen": one.seen, "advice": one.advice} for one in checks],
    }
    return answer_json(answer)


def make_plan(request: Request, services: Services) -> Response:
    """Say what to enter where."""
    asked = _parse(_Plan, request)
    wishes = Wishes(
        address=EmrAddress.parse(asked.address),
        name=asked.name,
        rule=asked.rule.rule,
        is_v2=asked.v2,
        client_id=asked.client,
        backend_id=asked.backend,
        contact=asked.contact or "admin@example.org",
        orders_folder=asked.orders,
        results_folder=asked.results,
        certificate_authority=asked.authority,
    )
    return answer_json(plan(wishes, services.public_url, services.configuration.frame_ancestors))


def examples(request: Request, services: Services) -> Response:
    """Name some patients of the archive, those of the newest studies, to try a rule for patient numbers on."""
    query = Query(Level.STUDY, order=NEWEST_FIRST, limit=_STUDIES)
    found: dict[str, str] = {}
    for row in services.archive.search(request.grant, query).rows:
        number = row.get("PatientID", "").strip()
        if number and len(found) < _EXAMPLES:
            found.setdefault(number, row.get("PatientName", ""))
    return answer_json({"patients": [{"id": number, "name": name} for number, name in found.items()]})


def try_rule(request: Request, services: Services) -> Response:  # noqa: ARG001
    """Say what a rule makes of numbers: PatientID in the archive -> the same patient's number in the EHR, as typed."""
    asked = _parse(_Preview, request)
    # One by one: two patients may have been given the same number by mistake, and each gets its answer.
    rows = [
        {"stored": stored, "made": made, "fits": fits}
        for stored, number in asked.examples.items()
        for _, made, fits in preview(asked.rule.rule, {number: stored})
    ]
    return answer_json({"rows": rows})


def self_test(request: Request, services: Services, name: str) -> Response:  # noqa: ARG001
    """Run one self-test."""
    result = run_self_test(services, name)
    if result is None:
        return answer_json({"ok": None, "seen": "", "advice": ""})
    return answer_json({"ok": result.is_ok, "seen": result.seen, "advice": result.advice})


_SETUP = "/sightline/setup"

ROUTES = (
    Route("GET", _SETUP, setup_page, Verb.ADMINISTER, "Set-up page"),
    Route("POST", f"{_SETUP}/check", check_address, Verb.ADMINISTER, "Look at an OpenEMR", max_body=_BODY),
    Route("POST", f"{_SETUP}/plan", make_plan, Verb.ADMINISTER, "What to enter where", max_body=_BODY),
    Route("GET", f"{_SETUP}/examples", examples, Verb.ADMINISTER, "Patients to try a rule on", audit="search"),
    Route("POST", f"{_SETUP}/preview", try_rule, Verb.ADMINISTER, "Try a rule for patient numbers", max_body=_BODY),
    Route("POST", f"{_SETUP}/self-tests/<name>", self_test, Verb.ADMINISTER, "Run a self-test"),
)


def _parse(model: type[Model], request: Request) -> Model:
    try:
        return model.model_validate_json(json.dumps(read_json(request, _BODY)))
    except ValidationError as error:
        place: tuple[Any, ...] = error.errors(include_url=False, include_input=False)[0]["loc"]
        raise BadRequestError(
            f"'{'.'.join(map(str, place))[:60] or 'The body'}' is missing or not as it should be."
        ) from None
