"""Files of the built viewer, sent."""

from __future__ import annotations

from sightline.web.build import load_build
from sightline.web.request import Request, Response
from sightline.web.services import Services

FOREVER = "public, max-age=31536000, immutable"
"""File names hold a hash of their content: under the same name nothing else will ever be sent."""


def asset(request: Request, services: Services, name: str) -> Response:
    """Send one built file, gzipped where the client takes that."""
    build = load_build(services.viewer_directory)
    compressed = name in build.compressed and request.accept_encodings.best_match(["gzip", "identity"]) == "gzip"
    response = Response(build.read(name, compressed), content_type=build.media_types.get(name))
    response.headers["Cache-Control"] = FOREVER
    response.headers["Vary"] = "Accept-Encoding"
    if compressed:
        response.headers["Content-Encoding"] = "gzip"
    return response
