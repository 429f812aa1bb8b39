"""The self-tests that the set-up page runs, one by one: each looks at one leg of the round trip as it is configured."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from sightline.errors import NotFoundError, SightlineError
from sightline.openemr.documents import self_test as documents
from sightline.openemr.fhir.self_test import self_test as fhir
from sightline.openemr.orders.self_test import self_test as orders
from sightline.openemr.results.self_test import self_test as results
from sightline.openemr.self_test_result import SelfTestResult
from sightline.openemr.setup import site_tests
from sightline.web.services import Services

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SelfTest:
    """One test. Its title is the message ``setup.test.<name>``; `run` may raise a `SightlineError`.

    What is not set up is not wanted here, which is no failure.
    """

    name: str
    run: Callable[[Services], SelfTestResult]
    is_set_up: Callable[[Services], bool] = lambda _services: True


SELF_TESTS: tuple[SelfTest, ...] = (
    SelfTest("state", site_tests.state),
    SelfTest("archive", site_tests.archive),
    SelfTest("address", site_tests.address),
    SelfTest("dicom", site_tests.dicom),
    SelfTest("issuers", site_tests.issuers),
    SelfTest("orders", orders, lambda services: services.configuration.orders.is_on),
    SelfTest("results", results, lambda services: bool(services.configuration.results.transport)),
    SelfTest("documents", documents.self_test, documents.is_set_up),
    SelfTest("fhir", fhir),
)
"""In the order in which they make sense to mend."""


def run_self_test(services: Services, name: str) -> SelfTestResult | None:
    """Run one test; one that fails unexpectedly has failed. None: what it would try is not set up.

    Raises
    ------
    NotFoundError
        There is none of this name.
    """
    test = next((one for one in SELF_TESTS if one.name == name), None)
    if test is None:
        raise NotFoundError("There is no such self-test.", "self-test-unknown")
    if not test.is_set_up(services):
        return None
    try:
        return test.run(services)
    except SightlineError as error:
        return SelfTestResult(False, error.message)
    except Exception:
        log.exception("The self-test %s failed unexpectedly", name)
        return SelfTestResult(False, "It ended unexpectedly.", "The server's log says what happened.")
