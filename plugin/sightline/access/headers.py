"""Request headers, as far as this room looks at them."""

from __future__ import annotations

from typing import Protocol


class Headers(Protocol):
    """Request headers that can be asked for by lower-case name: a plain dictionary, or Werkzeug's."""

    def get(self, key: str, default: str, /) -> str:
        """Return the header's value, or `default` without one."""
        ...
