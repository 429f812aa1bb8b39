"""FHIR search parameters, read: what of them is understood, and what has to match (FHIR R4 section 3.1.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qsl

from sightline.errors import BadRequestError, UnsupportedMediaTypeError
from sightline.openemr.fhir.answers import Paging, number
from sightline.web.request import Request

DICOM_UID = "urn:dicom:uid"
PAGE, LARGEST_PAGE, MOST_VALUES = 20, 100, 50

_LEFT_ALONE = frozenset({"_format", "_pretty", "_sort", "_elements", "_summary", "_total", "_include"})
"""How an answer looks; leaving these alone never shows more than was asked for. Results are sorted newest first."""

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_WILD = re.compile(r"[*?\\\x00-\x1f]")
_DATE = re.compile(r"(eq|ne|gt|lt|ge|le|sa|eb)?(\d{4})(?:-(\d\d)(?:-(\d\d)(T\d\d:\d\d\S{0,24})?)?)?")


@dataclass(frozen=True)
class DayRange:
    """A condition on a day, as the parameter types ``date`` write it.

    Parameters
    ----------
    prefix : str
        eq, ne, gt, lt, ge, le, sa or eb.
    first, last : str
        YYYYMMDD: the days that the value stands for. A value to the minute stands for its day: the time of a study has
        no zone, so that it cannot be compared.
    has_time : bool
        Whether the value was given to the minute: then the day itself is never left out.
    """

    prefix: str
    first: str
    last: str
    has_time: bool = False

    def includes(self, day: str) -> bool:
        """Whether a day (YYYYMMDD, or empty where it is not known) meets the condition."""
        if not re.fullmatch(r"\d{8}", day):
            return False
        if self.has_time and self.prefix in ("gt", "sa"):
            return day >= self.first
        if self.has_time and self.prefix in ("lt", "eb"):
            return day <= self.last
        return {
            "eq": self.first <= day <= self.last,
            "ne": not self.first <= day <= self.last,
            "gt": day > self.last,
            "sa": day > self.last,
            "ge": day >= self.first,
            "lt": day < self.first,
            "eb": day < self.first,
            "le": day <= self.last,
        }[self.prefix]


@dataclass(frozen=True)
class InstantRange:
    """A condition on a moment: from `first` up to but not including `end`, as `prefix` says."""

    prefix: str
    first: datetime
    end: datetime

    def includes(self, moment: datetime | None) -> bool:
        """Whether a moment meets the condition; one that is not known may always have changed."""
        if moment is None:
            return True
        return {
            "eq": self.first <= moment < self.end,
            "ne": not self.first <= moment < self.end,
            "gt": moment >= self.end,
            "sa": moment >= self.end,
            "ge": moment >= self.first,
            "lt": moment < self.first,
            "eb": moment < self.first,
            "le": moment < self.end,
        }[self.prefix]


class Parameters:
    """The parameters of one search, each asked for once; what nobody has asked for is refused in the end.

    A filter that the server does not know would silently show more than the client wants: so nothing is ignored but
    what changes the looks of the answer only.

    Raises
    ------
    BadRequestError, UnsupportedMediaTypeError
        A ``_search`` body is no form, or a parameter has a modifier.
    """

    def __init__(self, request: Request) -> None:
        self._pairs = [(name, value) for name, value in request.args.items(multi=True) if value]
        if request.method == "POST":
            self._pairs += _form(request)
            request.searched = "&".join(f"{name}={value}" for name, value in self._pairs)
        self._used: set[str] = set(_LEFT_ALONE)

    def all(self, name: str) -> list[str]:
        """Return all values of a parameter, each of which has to be met."""
        self._used.add(name)
        return [value for key, value in self._pairs if key == name]

    def one(self, name: str) -> str:
        """Return the value of a parameter that is named once; empty without it. Raises `BadRequestError`."""
        values = self.all(name)
        if len(values) > 1:
            raise BadRequestError(f"Name '{name}' once.", "invalid-parameter")
        return values[0] if values else ""

    def any_of(self, name: str) -> list[frozenset[str]]:
        """Return for each time that a parameter is named the values of which one has to be met. `BadRequestError`."""
        found = [frozenset(part.strip() for part in value.split(",") if part.strip()) for value in self.all(name)]
        if sum(map(len, found)) > MOST_VALUES:
            raise BadRequestError(f"'{name}' takes at most {MOST_VALUES} values.", "too-costly")
        return found

    def studies(self, name: str) -> list[frozenset[str]]:
        """Return for each time that a parameter is named the ImagingStudies of it, as tokens of their UIDs."""
        return [
            frozenset(f"{DICOM_UID}|urn:oid:{one.rpartition('/')[2]}" for one in some) for some in self.any_of(name)
        ]

    def reference(self, name: str, kind: str) -> str:
        """Return the logical id of a reference: ``id``, ``Kind/id`` or a URL that ends so. Raises `BadRequestError`."""
        value = self.one(name)
        if not value:
            return ""
        head, _, identifier = value.rpartition("/")
        if not _ID.fullmatch(identifier) or (head and head.rpartition("/")[2] != kind):
            raise BadRequestError(f"'{name}' is the id of one {kind}.", "invalid-parameter")
        return identifier

    def days(self, name: str) -> list[DayRange]:
        """Return the conditions of a parameter of type ``date``. Raises `BadRequestError`."""
        return [_days(name, value) for value in self.all(name)]

    def instants(self, name: str) -> list[InstantRange]:
        """Return the conditions of a parameter of type ``date`` on an instant. Raises `BadRequestError`."""
        return [_instants(name, value) for value in self.all(name)]

    def paging(self) -> Paging:
        """Return which page is asked for."""
        count = number(self.one("_count"), "_count", PAGE, LARGEST_PAGE)
        return Paging(count, number(self.one("_offset"), "_offset", 0, 999_999))

    def includes(self, what: str) -> bool:
        """Whether `_include` asks for something. Raises `BadRequestError` where it asks for anything else."""
        asked = set(self.all("_include"))
        if asked - {what}:
            raise BadRequestError(f"'_include' can be {what}.", "invalid-parameter")
        return bool(asked)

    def used(self) -> list[tuple[str, str]]:
        """Return what the search depended on, but for the page.

        Raises
        ------
        BadRequestError
            A parameter was not understood.
        """
        for name, _ in self._pairs:
            if name not in self._used:
                spelled = re.sub(r"[^A-Za-z0-9_.:-]", "?", name)[:40]
                raise BadRequestError(f"The search parameter '{spelled}' is not known here.", "unknown-parameter")
        return [pair for pair in self._pairs if pair[0] not in ("_count", "_offset", "_format", "_pretty")]


def literal(value: str, name: str) -> str:
    """Return a value that is compared with a DICOM attribute. Raises `BadRequestError` for wildcards."""
    if _WILD.search(value) or len(value) > 64:
        raise BadRequestError(
            f"'{name}' is one value of at most 64 characters, without wildcards.", "invalid-parameter"
        )
    return value


def token(value: str) -> tuple[str | None, str]:
    """Return system and value of a parameter of type ``token``; None where any system will do.

    >>> token("urn:dicom:uid|urn:oid:1.2"), token("42"), token("|42")
    (('urn:dicom:uid', 'urn:oid:1.2'), (None, '42'), ('', '42'))
    """
    system, bar, rest = value.rpartition("|")
    return (system, rest) if bar else (None, value)


def study_uid(value: str) -> str:
    """Return the Study Instance UID that an identifier token names; empty where it names none.

    >>> study_uid("urn:dicom:uid|urn:oid:1.2"), study_uid("urn:oid:1.2"), study_uid("42")
    ('1.2', '1.2', '')
    """
    system, text = token(value)
    if system in (None, DICOM_UID) and text.startswith("urn:oid:"):
        return text.removeprefix("urn:oid:")
    return text if system == DICOM_UID else ""


def codes(wanted: Iterable[str], system: str) -> frozenset[str]:
    """Return the codes of tokens that are of this system or of any."""
    return frozenset(code for named, code in map(token, wanted) if named in (None, system))


def _days(name: str, value: str) -> DayRange:
    match = _DATE.fullmatch(value)
    if match is None:
        raise BadRequestError(
            f"'{name}' is a date such as ge2026-01-31, with one of the prefixes eq, ne, gt, lt, ge, le, sa and eb.",
            "invalid-parameter",
        )
    prefix, year, month, day, time = match.groups()
    try:
        first = date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        raise BadRequestError(f"'{name}' names no day of the calendar.", "invalid-parameter") from None
    if day:
        last = first
    elif month:
        last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    else:
        last = first.replace(month=12, day=31)
    return DayRange(prefix or "eq", f"{first:%Y%m%d}", f"{last:%Y%m%d}", time is not None)


def _instants(name: str, value: str) -> InstantRange:
    days = _days(name, value)
    if not days.has_time:
        first, last = (datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC) for day in (days.first, days.last))
        return InstantRange(days.prefix, first, last + timedelta(days=1))
    try:
        moment = datetime.fromisoformat(value.removeprefix(days.prefix).replace(" ", "+"))
    except ValueError:
        raise BadRequestError(
            f"'{name}' is a date and time such as gt2026-01-31T10:00:00Z.", "invalid-parameter"
        ) from None
    first = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return InstantRange(days.prefix, first, first + timedelta(seconds=1 if moment.microsecond == 0 else 0))


def _form(request: Request) -> list[tuple[str, str]]:
    if request.mimetype != "application/x-www-form-urlencoded":
        raise UnsupportedMediaTypeError("The body of _search is a form (application/x-www-form-urlencoded).")
    try:
        pairs = parse_qsl(request.body.decode("ascii"), max_num_fields=50, errors="strict")
    except ValueError:
        raise BadRequestError("The body of _search is no form.", "invalid-parameter") from None
    return [(name, value) for name, value in pairs if value]
