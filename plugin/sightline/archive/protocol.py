"""The Archive protocol: what Sightline knows of stored DICOM, whoever stores it.

Every method takes the caller's grant and refuses by itself, so that no handler can forget to ask.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from sightline.access.grant import Grant
from sightline.archive.upload import Upload


class Level(StrEnum):
    """Levels of the DICOM query model (PS3.4 C.6.2), as Orthanc spells them."""

    STUDY = "Study"
    SERIES = "Series"
    INSTANCE = "Instance"


Row = Mapping[str, str]
"""Attributes of one study, series or instance: DICOM keyword -> value as text, several values joined by a backslash."""


@dataclass(frozen=True)
class StoredFile:
    """The identity of stored bytes. A new file for the same UIDs has another `uuid`: every cache is keyed by it."""

    uuid: str
    size: int
    md5: str


@dataclass(frozen=True)
class InstanceRecord:
    """One stored SOP instance and the identity of its file."""

    orthanc_id: str
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    file: StoredFile


@dataclass(frozen=True)
class FileSource:
    """Where a worker finds the bytes: a readable path if the storage allows it, else the bytes themselves.

    Exactly one of the two is set.
    """

    path: str | None = None
    content: bytes | None = None


@dataclass(frozen=True)
class Order:
    """One key that rows are sorted by: a keyword that the archive keeps an index of, compared as text."""

    keyword: str
    is_descending: bool = False


NEWEST_FIRST = (Order("StudyDate", True), Order("StudyTime", True))

LABELS = "Labels"
"""Not a DICOM keyword, but wanted and told like one: the labels of a study, joined by backslashes."""

ARRIVING = "Arriving"
"""Another one: ``true`` while instances of a study have come lately (Orthanc's ``StableAge``), else ``false``."""

LAST_UPDATE = "LastUpdate"
"""Told with `ARRIVING`: when something of a study was last stored or deleted, ``YYYYMMDDThhmmss`` in UTC."""


@dataclass(frozen=True)
class Query:
    """A search at one level (PS3.4 C.2.2.2 matching).

    Parameters
    ----------
    level : Level
        What is searched for.
    matches : Mapping[str, str]
        DICOM keyword -> single value, wildcard, UID list (backslash) or range, already decoded.
    study_instance_uid, series_instance_uid : str, optional
        Search below this study or series only.
    attributes : Sequence[str]
        Keywords wanted beside those that the archive always returns; `LABELS` and `ARRIVING` for studies.
    limit, offset : int
        Page; a limit of 0 means no limit.
    order : Sequence[Order]
        How studies are sorted, first key first; in the archive's own order by default.
    labels : Sequence[str]
        Studies that have all of these labels only.
    is_bare : bool
        Whether rows need no more than UIDs and `attributes`: for long lists, which are found several times as fast.
    is_case_sensitive : bool
        Whether capitals differ from small letters.
    """

    level: Level
    matches: Mapping[str, str] = field(default_factory=dict)
    study_instance_uid: str | None = None
    series_instance_uid: str | None = None
    attributes: Sequence[str] = ()
    limit: int = 0
    offset: int = 0
    order: Sequence[Order] = ()
    labels: Sequence[str] = ()
    is_bare: bool = False
    is_case_sensitive: bool = False


@dataclass(frozen=True)
class Page:
    """Rows of a search, and whether more match than were returned."""

    rows: tuple[Row, ...]
    more: bool


@dataclass(frozen=True)
class Arrivals:
    """Studies that came since a moment, and the name of now: to be asked for with it the next time."""

    token: str
    study_instance_uids: tuple[str, ...] = ()


@dataclass(frozen=True)
class StoreResult:
    """What became of one stored file. `existed` says that the same file was there already."""

    orthanc_id: str
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    sop_class_uid: str
    existed: bool


class Archive(Protocol):
    """Stored DICOM. Verbs are named per method; all raise `UnauthenticatedError` or `ForbiddenError`.

    What was acknowledged (stored, overwritten, deleted, modified, merged) is visible to the very next call.
    """

    def search(self, grant: Grant, query: Query) -> Page:
        """Find studies, series or instances (SEARCH on the archive, or VIEW on `query.study_instance_uid`)."""
        ...

    def count(self, grant: Grant, query: Query) -> int:
        """Return how many match a query, wherever its page is (as `search`)."""
        ...

    def arrivals(self, grant: Grant, since: str = "") -> Arrivals:
        """Return the studies that were not here at `since` and are now (SEARCH); none, and a token, without it.

        The token is the same for as long as nothing is stored or deleted, and cheap to ask for. Raises
        `BadRequestError` for a token that is none.
        """
        ...

    def labels(self, grant: Grant) -> tuple[str, ...]:
        """Return all labels in use, sorted (SEARCH)."""
        ...

    def add_label(self, grant: Grant, study_instance_uid: str, label: str) -> None:
        """Put a label on a study; one that is there stays (ANNOTATE). Raises `NotFoundError`, `BadRequestError`."""
        ...

    def remove_label(self, grant: Grant, study_instance_uid: str, label: str) -> None:
        """Take a label off a study; one that is not there stays away (ANNOTATE). Raises `NotFoundError`."""
        ...

    def patient_id(self, grant: Grant, study_instance_uid: str) -> str:
        """Return whose study it is (VIEW). Raises `NotFoundError`, or `ConflictError` if it is of several patients."""
        ...

    def series_instances(
        self, grant: Grant, study_instance_uid: str, series_instance_uid: str
    ) -> tuple[InstanceRecord, ...]:
        """Return all instances of one series, in no particular order (VIEW). Raises `NotFoundError`."""
        ...

    def instance(
        self, grant: Grant, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str
    ) -> InstanceRecord:
        """Return one instance (VIEW). Raises `NotFoundError`."""
        ...

    def any_instance(self, grant: Grant, study_instance_uid: str, series_instance_uid: str) -> InstanceRecord:
        """Return one instance of a series, whichever, for what is the same in all (VIEW). Raises `NotFoundError`."""
        ...

    def source(self, grant: Grant, record: InstanceRecord) -> FileSource:
        """Where the DICOM file's bytes are, for a worker (VIEW). Raises `NotFoundError` when it has gone."""
        ...

    def read(self, grant: Grant, record: InstanceRecord) -> bytes:
        """Return the DICOM file, byte for byte as stored (VIEW). Raises `NotFoundError` when it has gone."""
        ...

    def watch(self, study_instance_uid: str) -> Callable[[], bool]:
        """Return a function that tells whether nothing was stored into the study since; False where nobody can tell.

        That what was stored is still there is proven by its file, at the path that `source` returned: it is removed
        before a deletion or a replacement is acknowledged.
        """
        ...

    def store(self, grant: Grant, file: bytes | Upload) -> StoreResult:
        """Store one DICOM file (UPLOAD); one that was examined already is not examined again.

        Raises
        ------
        UnprocessableError
            Not a DICOM file, nested too deeply, or refused by the archive; nothing was stored.
        ConflictError
            The archive keeps another file under these identifiers, and does not overwrite it.
        """
        ...

    def delete_study(self, grant: Grant, study_instance_uid: str) -> None:
        """Delete one study for good (DELETE). Raises `NotFoundError`."""
        ...

    def delete_series(self, grant: Grant, study_instance_uid: str, series_instance_uid: str) -> None:
        """Delete one series for good, and its study if it was the last (DELETE). Raises `NotFoundError`."""
        ...

    def delete_instance(
        self, grant: Grant, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str
    ) -> None:
        """Delete one instance for good, and what held nothing else (DELETE). Raises `NotFoundError`."""
        ...
