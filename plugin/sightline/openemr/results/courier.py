"""Brings signed reports to the EHR: each version once, in the order of signing, whatever breaks meanwhile."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta

from sightline.access.audit import AuditEvent, AuditKind, Outcome
from sightline.access.grant import Grant, Permission, Verb
from sightline.access.housekeeping import Housekeeping
from sightline.errors import ConflictError, NotFoundError, SightlineError
from sightline.objects.report_pdf import report_pdf
from sightline.openemr.results.filing import objection
from sightline.openemr.results.image_link import image_link
from sightline.openemr.results.message import parties, result_message
from sightline.openemr.results.target import DeliveryError, Parcel, Target
from sightline.openemr.results.targets import target_name, target_of
from sightline.state.deliveries import AGAIN
from sightline.state.delivery import Delivery, DeliveryState
from sightline.state.order import ImagingOrder
from sightline.state.report import SignedReport
from sightline.web.services import Services

SECONDS_BETWEEN = 2.0
_BATCH = 100
_LAST_RETRY = timedelta(hours=1)
_LOOK_AGAIN = timedelta(seconds=60)
"""How often it is looked whether a file was taken in."""
_SENDER = Grant("sightline:results", (Permission(frozenset({Verb.SEARCH, Verb.VIEW})),), name="Sightline")

_log = logging.getLogger("sightline.results")


class Courier:
    """A leg of the round trip; does nothing where results are switched off.

    Parameters
    ----------
    services : Services
    make_pdf : callable, optional
        Takes a report and the address of its images, returns a PDF.
    """

    def __init__(self, services: Services, make_pdf: Callable[[SignedReport, str], bytes] | None = None) -> None:
        self._services = services
        self._make_pdf = make_pdf or (lambda report, link: report_pdf(services.engine, report, link))
        self._name = target_name(services)
        self._rounds = Housekeeping((self.go_round,), SECONDS_BETWEEN)
        self._target: Target | None = None

    def begin(self) -> None:
        """Start. What failed before a restart is tried when its time comes."""
        if self._name:
            self._rounds.start()

    def close(self) -> None:
        """Stop after the report that is being sent."""
        self._rounds.stop()

    def go_round(self) -> None:
        """Take in what was signed, and send what is due."""
        self._take_in()
        self._look_after(self._services.deliveries.waiting(self._name))
        for delivery in self._services.deliveries.due(self._name):
            if self._services.deliveries.claim(delivery):
                self._try(delivery)

    def _take_in(self) -> None:
        """Make deliveries of what was signed since; of what was signed before the first time, a person decides."""
        deliveries, reports = self._services.deliveries, self._services.reports
        last = deliveries.last_sequence(self._name)
        held = ""
        if last is None:
            last, held = 0, "before" if self._is_late_start() else ""
        while batch := reports.signed_after(last, _BATCH):
            deliveries.take_in(self._name, batch, held)
            last = batch[-1].sequence

    def _is_late_start(self) -> bool:
        """Whether reports of earlier days are there, which the EHR may have got in another way."""
        first = self._services.reports.signed_after(0, 1)
        return bool(first) and self._services.clock() - first[0].signed > timedelta(hours=1)

    def _look_after(self, waiting: Sequence[Delivery]) -> None:
        """See which files were taken in."""
        if not waiting:
            return
        deliveries = self._services.deliveries
        try:
            still = self._opened().waiting([delivery.id for delivery in waiting])
        except DeliveryError as error:
            for delivery in waiting:
                deliveries.settle(delivery, DeliveryState.WAITING, error.reason, error.detail, retry_in=_LOOK_AGAIN)
            return
        for delivery in waiting:
            if delivery.id in still:
                deliveries.settle(delivery, DeliveryState.WAITING, retry_in=_LOOK_AGAIN)
            else:
                deliveries.settle(delivery, DeliveryState.DELIVERED)

    def _try(self, delivery: Delivery) -> None:
        """Send one version, and remember what became of it."""
        report = self._services.reports.signed(delivery.report_id, delivery.version)
        try:
            if report is None:
                raise DeliveryError("no-report", is_final=True)
            state = self._send(delivery, report)
        except DeliveryError as error:
            self._failed(delivery, report, error)
        except SightlineError as error:
            self._failed(delivery, report, DeliveryError("here", error.message))
        except Exception as error:
            _log.exception("Report %s, version %d could not be sent", delivery.report_id, delivery.version)
            self._failed(delivery, report, DeliveryError("here", type(error).__name__))
        else:
            retry_in = _LOOK_AGAIN if state is DeliveryState.WAITING else None
            self._services.deliveries.settle(delivery, state, retry_in=retry_in)

    def _send(self, delivery: Delivery, report: SignedReport) -> DeliveryState:
        order = self._order(report)
        reason = self._moved(report) or objection(report, order, self._services.configuration.results)
        if reason:
            raise DeliveryError(reason, is_final=True)
        self._record(report, Outcome.SUCCESS, f"report sent as {delivery.id}")
        with image_link(self._services, report) as link:

            def make_pdf() -> bytes:
                return self._make_pdf(report, link.address())

            def make_message() -> str:
                between = parties(self._services.configuration.results, order)
                now = self._services.clock().astimezone()
                return result_message(report, order, delivery.id, between, now, make_pdf(), link.address())

            def note_written() -> None:
                self._services.deliveries.note_written(delivery.id)
                link.keep()

            parcel = Parcel(
                delivery.id,
                report,
                delivery.is_written,
                delivery.reason == AGAIN,
                make_pdf,
                make_message,
                note_written,
                link.keep,
            )
            return self._opened().deliver(parcel)

    def _moved(self, report: SignedReport) -> str:
        """Whether the study is another patient's by now than when it was reported: after a merge, or a correction.

        A report stays one after its study was deleted.
        """
        try:
            patient_id = self._services.archive.patient_id(_SENDER, report.study_instance_uid)
        except NotFoundError:
            return ""
        except ConflictError:
            return "patient-changed"
        return "" if patient_id.strip() == report.patient_id.strip() else "patient-changed"

    def _order(self, report: SignedReport) -> ImagingOrder | None:
        orders = self._services.orders
        found = orders.of_study(report.study_instance_uid)
        if found is None and report.accession_number:
            found = orders.of_accession(report.accession_number)
        return found

    def _failed(self, delivery: Delivery, report: SignedReport | None, error: DeliveryError) -> None:
        deliveries = self._services.deliveries
        if report is not None and delivery.reason != error.reason:  # once, and not at each try of a long night
            self._record(report, Outcome.MINOR_FAILURE, f"report not sent as {delivery.id}: {error.reason}")
        if error.is_final:
            deliveries.settle(delivery, DeliveryState.HELD, error.reason, error.detail)
            return
        if delivery.reason == AGAIN:  # still to be written in the other's place, whatever stood in the way now
            error = DeliveryError(AGAIN, error.detail or error.reason)
        first = timedelta(seconds=self._services.configuration.results.retry_seconds)
        wait = min(first * 2 ** min(delivery.attempts, 16), _LAST_RETRY)
        deliveries.settle(delivery, DeliveryState.FAILED, error.reason, error.detail, retry_in=wait)

    def _record(self, report: SignedReport, outcome: Outcome, detail: str) -> None:
        event = AuditEvent(
            AuditKind.EXPORT,
            _SENDER,
            outcome,
            study_instance_uid=report.study_instance_uid,
            patient_id=report.patient_id,
            detail=detail,
        )
        self._services.audit.record(event)

    def _opened(self) -> Target:
        if self._target is None:
            self._target = target_of(self._services)
        return self._target
