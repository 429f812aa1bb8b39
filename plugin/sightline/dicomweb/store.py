"""STOW-RS: store instances (PS3.18 section 10.5). Each one stands for itself: a bad one never costs the good ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from sightline.archive.identity import Identity, identify
from sightline.archive.upload import examine
from sightline.dicomweb.store_answer import OFFERS, Outcome, store_answer
from sightline.dicomweb.store_reasons import (
    CANNOT_UNDERSTAND,
    DUPLICATE,
    OTHER_STUDY,
    OUT_OF_RESOURCES,
    PROCESSING_FAILURE,
    NotStoredError,
)
from sightline.dicomweb.store_request import Candidate, File, candidates
from sightline.errors import (
    ConflictError,
    ForbiddenError,
    SightlineError,
    UnauthenticatedError,
    UnavailableError,
    UnprocessableError,
)
from sightline.web.negotiation import negotiate
from sightline.web.request import Request, Response
from sightline.web.services import Services

_STORES_AT_ONCE = 2
"""One can be parsed while the other waits for the disk. More of them only wait for the same index."""


def store_instances(request: Request, services: Services, study: str | None = None) -> Response:
    """Answer ``POST /studies`` and ``POST /studies/{study}``."""
    media_type = negotiate(request.headers.get("Accept", ""), request.args.get("accept"), OFFERS)
    arrived = candidates(request, services, study)
    outcomes = list(_outcomes(request, services, arrived, study))
    request.studies.update(outcome.identity.study_instance_uid for outcome in outcomes if outcome.failure is None)
    return store_answer(services, outcomes, study, media_type)


def _outcomes(
    request: Request, services: Services, arrived: Sequence[Candidate], study: str | None
) -> Iterator[Outcome]:
    """Store one after the other, or two at a time where they are files that cannot be in each other's way."""

    def store(candidate: Candidate, made: File | NotStoredError) -> Outcome:
        return _store(request, services, candidate, made, study)

    if len(arrived) == 1 or not _are_files(arrived) or not _are_distinct(arrived):
        yield from map(store, arrived, _made(services, arrived))
        return
    with ThreadPoolExecutor(_STORES_AT_ONCE) as threads:
        yield from threads.map(store, arrived, _made(services, arrived))


def _are_files(arrived: Sequence[Candidate]) -> bool:
    """Whether nothing has to be made first."""
    return all(candidate.identity is None for candidate in arrived)


def _are_distinct(arrived: Sequence[Candidate]) -> bool:
    """Whether all are other instances: of two files for one instance the last one has to win."""
    made = map(_make, arrived)
    uids = [identify(memoryview(file[0])).sop_instance_uid for file in made if not isinstance(file, NotStoredError)]
    return all(uids) and len(set(uids)) == len(uids)


def _made(services: Services, arrived: Sequence[Candidate]) -> Iterator[File | NotStoredError]:
    """Yield the file of each: as many are made at a time as there are workers, so that memory stays bounded."""
    if _are_files(arrived):
        yield from map(_make, arrived)
        return
    size = max(1, services.configuration.workers.count)
    with ThreadPoolExecutor(size) as threads:
        for start in range(0, len(arrived), size):
            yield from threads.map(_make, arrived[start : start + size])


def _make(candidate: Candidate) -> File | NotStoredError:
    try:
        return candidate.make()
    except NotStoredError as failure:
        return failure


def _store(
    request: Request, services: Services, candidate: Candidate, made: File | NotStoredError, study: str | None
) -> Outcome:
    """Store one instance, unless it is too deep, of another study, or refused."""
    identity = candidate.identity or Identity()
    if isinstance(made, NotStoredError):
        return Outcome(identity, made.reason)
    try:
        upload = examine(memoryview(made[0]))
        identity = upload.identity
        if study is not None and not identity.study_instance_uid:
            identity = _read_identity(services, upload.content)
        if study is not None and identity.study_instance_uid != study:
            return Outcome(identity, OTHER_STUDY)
        result = services.archive.store(request.grant, upload)
    except (UnauthenticatedError, ForbiddenError):
        raise
    except SightlineError as error:
        return Outcome(identity, _reason(error))
    stored = Identity(
        sop_class_uid=result.sop_class_uid,
        sop_instance_uid=result.sop_instance_uid,
        study_instance_uid=result.study_instance_uid,
        series_instance_uid=result.series_instance_uid,
    )
    return Outcome(stored, warning=made[1])


def _read_identity(services: Services, content: bytes | memoryview) -> Identity:
    """Have a worker read whose file it is, where it is too irregular for a simple look."""
    reply = services.engine.run("sightline.dicomweb.store_tasks:read_identity", {}, [content])
    return Identity(**reply.values["identity"])


def _reason(error: SightlineError) -> int:
    if isinstance(error, UnavailableError):
        return OUT_OF_RESOURCES
    if isinstance(error, ConflictError):
        return DUPLICATE
    return CANNOT_UNDERSTAND if isinstance(error, UnprocessableError) else PROCESSING_FAILURE
