"""What the reporting panel sends: checked as a whole, refused with what is wrong."""

from __future__ import annotations

import json
import unicodedata
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from sightline.errors import BadRequestError
from sightline.objects.report_codes import ADDENDUM, HEADINGS
from sightline.viewer.finding_body import Uid

LONGEST_TEXT = 100_000
MOST_SECTIONS, MOST_KEY_FRAMES, MOST_FINDINGS = 24, 24, 500
LARGEST_BODY = 2 << 20
"""Bytes: a report of the longest texts in a script of three bytes a letter does not fit, any that people write does."""
_LARGEST_REVISION = (1 << 31) - 1
_LINE_ENDS = str.maketrans({"\v": "\n", "\f": "\n", "\u2028": "\n", "\u2029": "\n"})


def _plain(text: str) -> str:
    """Return the text with line feeds as the only ends of lines; what no text may hold is refused."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").translate(_LINE_ENDS)
    if any(c not in "\n\t" and unicodedata.category(c) in ("Cc", "Cs") for c in plain):
        raise ValueError("it holds a control character; type that place again")
    return plain


def _line(text: str) -> str:
    """Return a text of one line without blanks around it."""
    return " ".join(_plain(text).split())


Line = Annotated[str, AfterValidator(_line)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel, populate_by_name=True)


class SectionBody(_Body):
    """One section of a draft."""

    code: str
    heading: Annotated[Line, Field(min_length=1, max_length=64)]
    text: Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(_plain)]

    @model_validator(mode="after")
    def _has_a_code(self) -> Self:
        if self.code not in HEADINGS:
            raise ValueError("its code is none of PS3.16 CID 7001")
        return self


class KeyFrameBody(_Body):
    """A frame that the report shows."""

    series: Uid
    instance: Uid
    frame: int = Field(ge=1, le=9_999_999)


class DraftBody(_Body):
    """A draft: of a report where `follows` is 0, else of an addendum to the version of that number."""

    follows: int = Field(ge=0, le=9_999)
    template: Annotated[Line, Field(max_length=64)] = ""
    title: Annotated[Line, Field(min_length=1, max_length=64)]
    sections: list[SectionBody] = Field(min_length=1, max_length=MOST_SECTIONS)
    key_frames: list[KeyFrameBody] = Field(max_length=MOST_KEY_FRAMES)

    @model_validator(mode="after")
    def _is_one_or_the_other(self) -> Self:
        addenda = sum(section.code == ADDENDUM for section in self.sections)
        if self.follows and (addenda != 1 or len(self.sections) != 1):
            raise ValueError("an addendum has one section, with the code of an addendum")
        if not self.follows and addenda:
            raise ValueError("a report begins without an addendum")
        return self

    def document(self) -> str:
        """Return the draft's JSON, always in the same form."""
        return json.dumps(self.model_dump(by_alias=True), ensure_ascii=False, separators=(",", ":"), sort_keys=True)


class _KeepBody(_Body):
    base: int = Field(ge=0, le=_LARGEST_REVISION)
    draft: DraftBody


class _SignBody(_Body):
    revision: int = Field(ge=1, le=_LARGEST_REVISION)


class TemplateBody(_Body):
    """Which template is to be filled in, with what the page knows: lines on findings, and what it compares with."""

    template: Annotated[str, Field(max_length=64)]
    findings: list[Annotated[Line, Field(max_length=2_000)]] = Field(default=[], max_length=MOST_FINDINGS)
    comparison: Annotated[Line, Field(max_length=500)] = ""


Body = TypeVar("Body", bound=_Body)


def read_draft(value: Any) -> tuple[int, DraftBody]:
    """Check a draft; return the revision that it starts from, and itself. Raises `BadRequestError`."""
    body = _checked(_KeepBody, value)
    return body.base, body.draft


def read_signing(value: Any) -> int:
    """Check the wish to sign; return the revision of the draft that the reader saw. Raises `BadRequestError`."""
    return _checked(_SignBody, value).revision


def read_template_wish(value: Any) -> TemplateBody:
    """Check the wish for a template that is filled in. Raises `BadRequestError`."""
    return _checked(TemplateBody, value)


def _checked(kind: type[Body], value: Any) -> Body:
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the body"
        what = first["msg"].removeprefix("Value error, ")
        raise BadRequestError(f"The report was not kept, because '{place}' is wrong: {what}.", "bad-report") from error
