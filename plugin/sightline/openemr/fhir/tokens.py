"""An EHR's access token opens the images of the one patient whom it can read there, and whose match is confirmed.

There is no introspection to be had (OpenEMR answers it to the token's own client only), so the EHR is asked for the
patient with the token itself: who cannot read the patient there sees nothing here. The token goes to its issuer's own
address only, after its signature was checked, and is never kept: what is remembered is known by the token's hash.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sightline.access.audit import AuditEvent, AuditKind
from sightline.access.grant import Grant, Permission, Verb
from sightline.access.launch import EhrPatient, Standing
from sightline.access.throttle import Throttle
from sightline.errors import ForbiddenError, UnauthenticatedError, UnavailableError
from sightline.openemr.ehr.client import EhrClient, EhrError
from sightline.openemr.fhir.token_claims import TokenClaims, checked_claims, refused, unreachable
from sightline.openemr.smart.patients import resolve
from sightline.openemr.smart.studies import look
from sightline.smart_section import Ehr
from sightline.web.ehr_tokens import TokenHolder
from sightline.web.services import Services

KEPT = timedelta(minutes=5)
"""After so long the EHR is asked again, so that a revoked token ends here, too; never beyond the token's own end."""

LOOK_AGAIN = timedelta(seconds=30)
"""After so long the archive is asked again which studies are the patient's."""

MOST_TOKENS = 1000
MOST_AT_ONCE = 8
"""So many requests may wait for EHRs at a time; an EHR that hangs must not take all threads."""

_WAIT_SECONDS = 5
_STRIPES = 64
_VERBS = frozenset({Verb.VIEW, Verb.DOWNLOAD})


@dataclass(frozen=True)
class _Known:
    """What is remembered of a token: which patient it is for, until when that counts, and which studies it opens."""

    claims: TokenClaims
    patient: EhrPatient
    named: str
    until: datetime
    looked: datetime
    grant: Grant

    def is_for(self, patient: str) -> bool:
        return patient in ("", self.named, self.patient.fhir_id)


class AcceptedTokens:
    """`EhrTokens` of the issuers that the site takes tokens of.

    Parameters
    ----------
    ehr : Ehr
        All EHRs; those with ``AcceptTokens`` count.
    throttle : Throttle
        Counts tokens that did not count, per address.
    clock : callable
        Returns the current time, timezone-aware.
    """

    def __init__(self, ehr: Ehr, throttle: Throttle, clock: Callable[[], datetime]) -> None:
        self._issuers = [issuer for issuer in ehr.issuers if issuer.accept_tokens]
        self._throttle = throttle
        self._clock = clock
        self._lock = threading.Lock()
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._asking = threading.BoundedSemaphore(MOST_AT_ONCE)
        self._stripes = [threading.BoundedSemaphore(1) for _ in range(_STRIPES)]

    def holder(self, services: Services, token: str, patient: str, address: str) -> TokenHolder:
        """Return who came with a token; see `EhrTokens`."""
        self._throttle.require(address)
        try:
            known = self._checked(services, token, patient, address)
        except UnauthenticatedError:
            self._throttle.failed(address)
            raise
        grant = replace(known.grant, address=address)
        return TokenHolder(grant, known.claims.issuer.issuer, known.patient, known.named)

    def _checked(self, services: Services, token: str, patient: str, address: str) -> _Known:
        digest, now = hashlib.sha256(token.encode("utf-8", "replace")).hexdigest(), self._clock()
        known = self._remembered(digest, patient, now)
        if known is None or now >= known.until:
            with self._asked_of_ehr(digest):
                # Another request with this token may have asked meanwhile.
                known = self._remembered(digest, patient, now)
                if known is None or now >= known.until:
                    return self._ask(services, token, known, patient, digest, address, now)
        elif self._is_due(digest, now):
            return self._remember(digest, self._look(services, known, digest, now))
        return known

    def _remembered(self, digest: str, patient: str, now: datetime) -> _Known | None:
        """Return what is remembered of a token that has not ended. Raises where it is for another patient."""
        with self._lock:
            known = self._known.get(digest)
        if known is None:
            return None
        if not known.is_for(patient):
            raise _mismatch()
        if now >= known.claims.expires:
            self._forget(digest)
            raise refused("token-expired")
        return known

    def _is_due(self, digest: str, now: datetime) -> bool:
        """Whether it is this request that looks for studies again; those beside it go on with what is known."""
        with self._lock:
            known = self._known.get(digest)
            if known is None or now - known.looked < LOOK_AGAIN:
                return False
            self._known[digest] = replace(known, looked=now)
            return True

    def _ask(
        self,
        services: Services,
        token: str,
        known: _Known | None,
        patient: str,
        digest: str,
        address: str,
        now: datetime,
    ) -> _Known:
        """Ask the EHR for the patient, with the token itself; write down who has come, the first time."""
        claims = known.claims if known is not None else checked_claims(token, self._issuers, now)
        named = known.named if known is not None else claims.patient or patient
        issuer = claims.issuer
        if not named:
            raise ForbiddenError(
                "This token does not say for whom it is: name the patient once, by ImagingStudy?patient=<id>.",
                "patient-required",
            )
        if issuer.patient_id is None:
            raise refused("token-rule")
        try:
            resolved = resolve(EhrClient(issuer), issuer, issuer.patient_id, named, token)
        except EhrError as error:
            self._forget(digest)
            if error.code == "ehr-unreachable":
                raise unreachable() from error
            # Whatever it answers but the patient is a refusal: OpenEMR spells some of them 500.
            raise refused("token-refused") from None
        if known is not None and resolved.patient_id != known.patient.patient_id:
            self._forget(digest)
            raise refused("token-patient")
        fresh = _Known(claims, resolved, named, min(now + KEPT, claims.expires), now, Grant("anonymous"))
        if not fresh.is_for(patient):
            raise _mismatch()
        fresh = self._look(services, fresh, digest, now)
        if known is None:
            detail = f"EHR token of {claims.client_id}"
            services.audit.record(AuditEvent(AuditKind.LOGIN, replace(fresh.grant, address=address), detail=detail))
        return self._remember(digest, fresh)

    def _look(self, services: Services, known: _Known, digest: str, now: datetime) -> _Known:
        """Find the patient's studies; only those whose match is confirmed open."""
        claims = known.claims
        issuer = claims.issuer
        if issuer.patient_id is None:
            raise refused("token-rule")
        verbs = frozenset(Verb(verb) for verb in issuer.verbs) & _VERBS
        grant = Grant(
            f"ehr-token:{issuer.name}:{claims.client_id}",
            tuple(
                Permission(verbs, study.study_instance_uid)
                for study in look(services, issuer.patient_id, known.patient)
                if study.standing is Standing.CONFIRMED
            ),
            session=f"token-{digest[:16]}",
            name=claims.subject,
        )
        return replace(known, grant=grant, looked=now)

    def _remember(self, digest: str, known: _Known) -> _Known:
        with self._lock:
            self._known[digest] = known
            self._known.move_to_end(digest)
            while len(self._known) > MOST_TOKENS:
                self._known.popitem(last=False)
        return known

    def _forget(self, digest: str) -> None:
        with self._lock:
            self._known.pop(digest, None)

    @contextmanager
    def _asked_of_ehr(self, digest: str) -> Iterator[None]:
        """Let one request at a time ask for a token, and few for all."""
        with ExitStack() as held:
            for lock in (self._stripes[int(digest[:4], 16) % len(self._stripes)], self._asking):
                if not lock.acquire(timeout=_WAIT_SECONDS):
                    raise UnavailableError("Too many tokens are being checked. Try again soon.", "ehr-busy", 5)
                held.callback(lock.release)
            yield


def accepted_tokens(ehr: Ehr, throttle: Throttle, clock: Callable[[], datetime]) -> AcceptedTokens | None:
    """Return what checks tokens; None where the site takes those of no EHR."""
    issuers: Sequence[bool] = [issuer.accept_tokens for issuer in ehr.issuers]
    return AcceptedTokens(ehr, throttle, clock) if any(issuers) else None


def _mismatch() -> ForbiddenError:
    return ForbiddenError("This is not the patient whom this token is for.", "patient-mismatch")
