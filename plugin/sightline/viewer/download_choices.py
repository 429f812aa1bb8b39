"""What a person decided about a de-identified download, as it stands in the query: UIDs and numbers only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sightline.errors import BadRequestError
from sightline.objects.blanking import Rectangle
from sightline.objects.deidentification import Choices, Option
from sightline.uids import is_uid

MOST_RECTANGLES = 16
_PER_MILLE = 1000


@dataclass(frozen=True)
class DownloadChoices:
    """Decisions by series.

    Parameters
    ----------
    options : frozenset of Option
        What is kept, for all series.
    left_out, looked_at : frozenset of str
        Series Instance UIDs.
    blanked : Mapping[str, tuple of Rectangle]
        By Series Instance UID.
    """

    options: frozenset[Option] = frozenset()
    left_out: frozenset[str] = frozenset()
    looked_at: frozenset[str] = frozenset()
    blanked: Mapping[str, tuple[Rectangle, ...]] = field(default_factory=dict)

    @classmethod
    def parse(cls, values: Mapping[str, str]) -> DownloadChoices:
        """Read ``keep=dates,characteristics``, ``leave=UID,UID``, ``looked=UID``, ``blank=UID:0_0_1000_120,UID:…``.

        Sides of rectangles are left, top, right and bottom in thousandths. A series may be named several times.

        Raises
        ------
        BadRequestError
            Names the value that is wrong. A series that is blanked has to have been looked at.
        """
        if unknown := set(values) - {"keep", "leave", "looked", "blank"}:
            raise BadRequestError(f"'{min(unknown)[:40]}' is not known; there are blank, keep, leave, looked.")
        blanked: dict[str, tuple[Rectangle, ...]] = {}
        for part in _parts(values, "blank"):
            uid, _, sides = part.partition(":")
            blanked[_uid(uid)] = (*blanked.get(uid, ()), _rectangle(sides))
        looked_at = frozenset(_uid(part) for part in _parts(values, "looked"))
        if not blanked.keys() <= looked_at or any(len(parts) > MOST_RECTANGLES for parts in blanked.values()):
            raise BadRequestError(
                f"'blank': at most {MOST_RECTANGLES} in a series, which 'looked' has to name as well."
            )
        try:
            options = frozenset(map(Option, _parts(values, "keep")))
        except ValueError:
            raise BadRequestError(f"'keep' is made of {', '.join(Option)}.") from None
        return cls(options, frozenset(_uid(part) for part in _parts(values, "leave")), looked_at, blanked)

    def of(self, series: str) -> Choices:
        """Return what was decided about a series."""
        return Choices(self.options, series in self.looked_at, self.blanked.get(series, ()))


def _parts(values: Mapping[str, str], name: str) -> list[str]:
    return [part for part in values.get(name, "").split(",") if part]


def _uid(text: str) -> str:
    if not is_uid(text):
        raise BadRequestError("Name series by their Series Instance UID.")
    return text


def _rectangle(text: str) -> Rectangle:
    sides = text.split("_")
    if len(sides) == 4 and all(side.isascii() and side.isdecimal() and len(side) <= 4 for side in sides):
        left, top, right, bottom = (int(side) / _PER_MILLE for side in sides)
        if 0 <= left < right <= 1 and 0 <= top < bottom <= 1:
            return Rectangle(left, top, right, bottom)
    raise BadRequestError("A rectangle is written left_top_right_bottom, in thousandths of the picture.")
