"""The findings that a page sends: each is checked here as a whole, and refused by its id if anything is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from math import isfinite
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic.alias_generators import to_camel

from sightline.errors import BadRequestError
from sightline.state.findings import Change
from sightline.uids import LONGEST_UID, UID_PATTERN

MOST_POINTS = 10_000
MOST_CHANGES = 500
"""In one request."""
LONGEST_LABEL = 1_024
COLOURS = 6
_FARTHEST = 1e7
"""No image has so many rows; a point may lie outside of the image, but not as far."""
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Tool = Literal[
    "length", "polyline", "bidirectional", "angle", "cobb", "rectangle", "ellipse", "circle", "polygon", "freehand",
    "point", "arrow", "text", "calibration",
]  # fmt: skip
POINTS: Mapping[Tool, tuple[int, int]] = {
    "length": (2, 2),
    "polyline": (2, MOST_POINTS),
    "bidirectional": (4, 4),
    "angle": (3, 3),
    "cobb": (4, 4),
    "rectangle": (2, 2),
    "ellipse": (4, 4),
    "circle": (2, 2),
    "polygon": (3, MOST_POINTS),
    "freehand": (3, MOST_POINTS),
    "point": (1, 1),
    "arrow": (2, 2),
    "text": (1, 1),
    "calibration": (2, 2),
}
"""Fewest and most points of each tool; what they are is said in the viewer's ``findings/model.ts``."""

Uid = Annotated[str, Field(max_length=LONGEST_UID, pattern=f"^{UID_PATTERN.pattern}$")]
Point = tuple[float, float]


class FindingBody(BaseModel):
    """One mark on an image, as the viewer's ``Finding``."""

    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel, populate_by_name=True)

    id: str
    tracking: Uid
    study: Uid
    series: Uid
    instance: Uid
    frame: int = Field(ge=1, le=1_000_000)
    tool: Tool
    points: list[Annotated[Point, Field(strict=False)]] = Field(max_length=MOST_POINTS)
    label: str = Field(max_length=LONGEST_LABEL)
    colour: int = Field(ge=0, lt=COLOURS)
    hidden: bool
    known_length: float | None = Field(default=None, gt=0, le=1e6, allow_inf_nan=False)

    @field_validator("id")
    @classmethod
    def _is_uuid(cls, value: str) -> str:
        if not _UUID.fullmatch(value):
            raise ValueError("it is no UUID in lower case")
        return value

    @field_validator("label")
    @classmethod
    def _is_text(cls, value: str) -> str:
        if any(ord(character) < 32 and character not in "\n\t" for character in value) or "\x7f" in value:
            raise ValueError("it has control characters")
        return value

    @field_validator("points")
    @classmethod
    def _are_near(cls, value: list[Point]) -> list[Point]:
        if not all(isfinite(number) and abs(number) <= _FARTHEST for point in value for number in point):
            raise ValueError("they are no places on an image")
        return value

    @model_validator(mode="after")
    def _fits_its_tool(self) -> Self:
        low, high = POINTS[self.tool]
        if not low <= len(self.points) <= high:
            wanted = str(low) if low == high else f"from {low} to {high}"
            raise ValueError(f"'{self.tool}' has {wanted} points, not {len(self.points)}")
        if self.known_length is not None and self.tool != "calibration":
            raise ValueError("'knownLength' belongs to a calibration")
        return self

    def document(self) -> str:
        """Return the finding's JSON, always in the same form."""
        value = self.model_dump(by_alias=True, exclude_none=True)
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


class _ChangeBody(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    finding: FindingBody | None = None
    remove: str | None = None
    base: int = Field(ge=0, le=1 << 31)

    @model_validator(mode="after")
    def _is_either(self) -> Self:
        if (self.finding is None) == (self.remove is None):
            raise ValueError("a change has either 'finding' or 'remove'")
        if self.remove is not None and not _UUID.fullmatch(self.remove):
            raise ValueError("'remove' is the UUID of a finding")
        return self


class FindingsBody(BaseModel):
    """What ``POST findings`` takes."""

    model_config = ConfigDict(extra="forbid", strict=True)

    changes: list[_ChangeBody] = Field(max_length=MOST_CHANGES)
    leaving: bool = False
    predecessors: list[Uid] = Field(default=[], max_length=64)

    def stored_changes(self) -> list[Change]:
        """Return the changes as they are kept."""
        return [
            Change(change.remove or "", None, change.base)
            if change.finding is None
            else Change(change.finding.id, change.finding.document(), change.base)
            for change in self.changes
        ]


def read_findings(value: Any, study: str) -> FindingsBody:
    """Check a body.

    Raises
    ------
    BadRequestError
        Something is wrong; the message names the finding and what.
    """
    try:
        body = FindingsBody.model_validate(value)
    except ValidationError as error:
        raise BadRequestError(_sentence(error, value), "bad-finding") from error
    named = [change.id for change in body.stored_changes()]
    if len(set(named)) < len(named):
        twice = next(id_ for id_ in named if named.count(id_) > 1)
        raise BadRequestError(f"Finding {twice} is changed twice in one request.", "bad-finding")
    for change in body.changes:
        if change.finding is not None and change.finding.study != study:
            raise BadRequestError(f"Finding {change.finding.id} says that it is of another study.", "bad-finding")
    return body


def _sentence(error: ValidationError, value: Any) -> str:
    """Say which finding is wrong, and where; values of the caller are not repeated."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = [str(part) for part in first["loc"]]
    what = first["msg"].removeprefix("Value error, ")
    if place[:1] != ["changes"] or len(place) == 1:
        return f"'{'.'.join(place) or 'The body'}' is wrong: {what}."
    id_ = _id_at(value, int(place[1])) if place[1].isdecimal() else ""
    finding = f", finding {id_}," if id_ else ""
    where = f" at '{'.'.join(place[2:])}'" if place[2:] else ""
    return f"Change {place[1]}{finding} is wrong{where}: {what}."


def _id_at(value: Any, index: int) -> str:
    try:
        id_ = value["changes"][index]["finding"]["id"]
    except (KeyError, TypeError, IndexError):
        return ""
    return id_ if isinstance(id_, str) and _UUID.fullmatch(id_) else ""
