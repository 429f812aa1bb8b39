"""Headers that every answer carries: what the browser may do with it, and that nothing of it stays behind."""

from __future__ import annotations

from collections.abc import Iterable

from sightline.web.request import Response

_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob: data:",
    "media-src 'self' blob:",
    "frame-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types sightline",
)

_ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
)


def content_security_policy(frame_ancestors: Iterable[str]) -> str:
    """Return the policy: everything from this origin only, shown in frames of these sites and our own.

    Our pages frame documents of a study, and play its videos.
    """
    return "; ".join([*_POLICY, " ".join(["frame-ancestors", "'self'", *frame_ancestors])])


def protect(response: Response, policy: str) -> None:
    """Add the headers, `Vary` as one. `Cache-Control` is ``private, no-store`` unless the handler knew better."""
    varied = response.headers.getlist("Vary")
    if len(varied) > 1:
        response.headers["Vary"] = ", ".join(dict.fromkeys(varied))
    present = {name.lower() for name, _ in response.headers}
    if "cache-control" not in present:
        response.headers.add("Cache-Control", "private, no-store")
    for name, value in (("Content-Security-Policy", policy), *_ALWAYS):
        # To replace a header takes far longer than to add one, and each picture of a stack passes here.
        (response.headers.set if name.lower() in present else response.headers.add)(name, value)
