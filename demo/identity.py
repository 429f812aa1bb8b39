"""UIDs of the phantom: the same ones always, known without any package."""

from __future__ import annotations

import uuid


def uid(name: str) -> str:
    """Return the UID of something of the phantom (PS3.5 B.2: a UUID as a decimal number)."""
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, f'sightline demo chest {name}').int}"


STUDY_INSTANCE_UID = uid("study")
FRAME_OF_REFERENCE_UID = uid("frame of reference")
