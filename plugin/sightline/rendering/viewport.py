"""The part of an image that a picture shows, and the size that it fits into (PS3.18 section 8.3.5.1.3)."""

from __future__ import annotations

import math
import re
from dataclasses import astuple, dataclass

from sightline.errors import BadRequestError
from sightline.rendering.numbers import plain

_SIZE = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)
_NUMBER = re.compile(r"-?(?:[0-9]{1,20}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})", re.ASCII)


@dataclass(frozen=True)
class Viewport:
    """A size to fit into, and a region of the image in its own pixels, from the upper left corner of the first one.

    Parameters
    ----------
    columns, rows : int
        The picture is reduced or enlarged until one of them is met and neither exceeded; its aspect ratio stays.
    left, top : float
        Where the region begins.
    width, height : float, optional
        Its size; negative flips the picture in that direction. None: up to the edge of the image.
    """

    columns: int
    rows: int
    left: float = 0.0
    top: float = 0.0
    width: float | None = None
    height: float | None = None

    def __str__(self) -> str:
        """Write it as the query parameter has it, nothing that is the default.

        >>> str(Viewport(512, 256)), str(Viewport(512, 256, width=-100))
        ('512,256', '512,256,,,-100,')
        """
        size = f"{self.columns},{self.rows}"
        region = (self.left or None, self.top or None, self.width, self.height)
        texts = ["" if value is None else plain(value) for value in region]
        return ",".join([size, *texts]) if any(texts) else size

    @classmethod
    def parse(cls, text: str) -> Viewport:
        """Read ``columns,rows`` or ``columns,rows,left,top,width,height``, of which the last four may be empty.

        Raises
        ------
        BadRequestError
            It is neither, a size is 0, or the region begins outside of any image.

        Examples
        --------
        >>> Viewport.parse("100,50,,,-64,")
        Viewport(columns=100, rows=50, left=0.0, top=0.0, width=-64.0, height=None)
        """
        sizes, region = text.split(",")[:2], text.split(",")[2:]
        region = region or [""] * 4
        is_readable = all(_NUMBER.fullmatch(value) or not value for value in region)
        if len(sizes) == 2 and all(map(_SIZE.fullmatch, sizes)) and len(region) == 4 and is_readable:
            left, top = (float(value or 0) + 0.0 for value in region[:2])
            width, height = (float(value) if value else None for value in region[2:])
            viewport = cls(int(sizes[0]), int(sizes[1]), left, top, width, height)
            if viewport._is_possible:
                return viewport
        raise BadRequestError(
            "'viewport' is a width and a height in pixels, and a region of the image after them if meant: its left, "
            "top, width and height.",
            "bad-viewport",
        )

    @property
    def _is_possible(self) -> bool:
        return self.left >= 0 and self.top >= 0 and self.width != 0 and self.height != 0

    @property
    def is_whole(self) -> bool:
        """Whether it names no region of the image, flipped or not."""
        return (self.left, self.top, self.width, self.height) == (0, 0, None, None)

    def region(self, rows: int, columns: int) -> tuple[float, float, float, float]:
        """Return left, top, width and height (both above 0) of the region in an image of that size.

        Raises
        ------
        BadRequestError
            It is not inside the image.
        """
        width = columns - self.left if self.width is None else abs(self.width)
        height = rows - self.top if self.height is None else abs(self.height)
        fits = self.left + width <= columns and self.top + height <= rows
        if not (fits and width > 0 and height > 0 and all(map(math.isfinite, (width, height)))):
            raise BadRequestError(
                f"'viewport' names a region outside of the image, which has {columns} x {rows} pixels.", "bad-viewport"
            )
        return self.left, self.top, width, height

    @property
    def flips(self) -> tuple[bool, bool]:
        """Whether the picture is flipped horizontally (left and right exchanged), and vertically."""
        return (self.width or 0) < 0, (self.height or 0) < 0

    def argument(self) -> list[float | None]:
        """Return it as a list, of which ``Viewport(*list)`` makes it again."""
        return list(astuple(self))
