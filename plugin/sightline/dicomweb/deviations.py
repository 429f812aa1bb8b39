"""What the server around Sightline makes impossible, and where: inside Orthanc, outside of it, through the proxy.

Each row is tested on a real Orthanc, on a WSGI server and through nginx with the shipped configuration
(`tests/integration/test_deviations.py`): a test without a row, or a row without a test, fails.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

AS_INSIDE = "as inside"


@dataclass(frozen=True)
class Deviation:
    """What a client sees of one feature.

    Parameters
    ----------
    name : str
        For the tests.
    what : str
        The feature.
    inside : str
        Inside Orthanc, without a proxy.
    outside : str
        Under a WSGI server, where everything is as the standard wants it.
    proxied : str
        Inside Orthanc, through nginx with ``orthanc-config/nginx.conf``.
    why : str
        What makes it so.
    """

    name: str
    what: str
    inside: str
    outside: str
    proxied: str
    why: str


DEVIATIONS = (
    Deviation(
        "head",
        "HEAD",
        "404",
        "as GET, without the body",
        "as GET, without the body; recorded as GET",
        "Orthanc does not hand it to plugins; the proxy asks for GET",
    ),
    Deviation(
        "options",
        "OPTIONS",
        "404; `GET /` tells the capabilities",
        "204 with `Allow`; for `/` the capabilities (PS3.18 section 8.9)",
        "204 with `Allow`; for `/` the capabilities",
        "Orthanc does not hand it to plugins; the proxy answers it, or asks for GET",
    ),
    Deviation(
        "preflight",
        "CORS preflight",
        "404; other answers have the headers that they should",
        "answered for the sites of `CorsOrigins`",
        "answered by the proxy, for the sites that are named there",
        "Orthanc does not hand OPTIONS to plugins",
    ),
    Deviation(
        "repeated-keys",
        "A repeated query key, as in `includefield=A&includefield=B`",
        "the last value counts; an `includefield` without a comma stands for all attributes that the index has",
        "each value counts",
        AS_INSIDE,
        "Orthanc hands a dictionary to plugins; use lists",
    ),
    Deviation(
        "ampersand",
        "An ampersand in a value (`%26`)",
        "Orthanc 1.13.0: 400; use a wildcard",
        "understood",
        AS_INSIDE,
        "Orthanc 1.13.0 splits the value there",
    ),
    Deviation(
        "post-query",
        "Query parameters of POST",
        "ignored; use the header `Accept`",
        "understood",
        AS_INSIDE,
        "Orthanc does not hand them to plugins",
    ),
    Deviation(
        "content-type",
        "Media type of a body with a status other than 200: 202, 206, 409, errors",
        "`text/plain`; `X-Sightline-Content-Type` says what it is",
        "what it is",
        "what it is",
        "Orthanc writes its own; the proxy puts it right",
    ),
    Deviation(
        "partial",
        "A study or series of which only a part can be sent in an acceptable transfer syntax",
        "406",
        "206 with that part and a `Warning`",
        AS_INSIDE,
        "Without its media type a 206 could not tell where its parts begin",
    ),
    Deviation(
        "method-not-allowed",
        "A method that a path does not have",
        "405 with `Allow`, without a body",
        "405 with `Allow` and JSON",
        AS_INSIDE,
        "Orthanc has its own call for it",
    ),
    Deviation(
        "too-large",
        "A body above the bound",
        "403, without reading it",
        "413, without reading it",
        "413 of the proxy",
        "It is refused in Orthanc's filter, which can say nothing else",
    ),
    Deviation(
        "chunked",
        "A body that does not declare its length, where the site does not allow it",
        "403, without reading it",
        "411, without reading it",
        "accepted up to the bound",
        "The proxy reads all of it, and tells its length",
    ),
    Deviation(
        "form",
        "An upload as `multipart/form-data`, such as `curl --form` makes",
        "403, without reading it",
        "415",
        AS_INSIDE,
        "Orthanc would answer 200 and ask no plugin",
    ),
    Deviation(
        "too-many-requests",
        "Too many wrong passwords",
        "503 with `Retry-After`",
        "429 with `Retry-After`",
        AS_INSIDE,
        "Orthanc cannot send 429",
    ),
    Deviation(
        "path-encoding",
        "A path that is not UTF-8",
        "500 of Orthanc",
        "404",
        AS_INSIDE,
        "Orthanc refuses it before it asks a plugin",
    ),
)


def deviation_rows() -> list[dict[str, str]]:
    """Return the table for ``GET /dicom-web/conformance``."""
    return [asdict(row) for row in DEVIATIONS]
