"""The one place that turns an error into an answer."""

from __future__ import annotations

from urllib.parse import quote, unquote, urlsplit

from sightline.errors import SightlineError, UnauthenticatedError
from sightline.web.error_body import error_body, is_for_a_page
from sightline.web.fhir import is_fhir, operation_outcome
from sightline.web.request import Request, Response

LOGIN_PATH = "/sightline/login"
LINK_PATH = "/sightline/link/"
LINK_ENDED_PATH, LINK_UNKEPT_PATH = f"{LINK_PATH}ended", f"{LINK_PATH}unkept"
"""Where the landing page says that a link has ended, and that the browser has not kept the session that it gave.

No link has these ids: ids are random.
"""

LAUNCH_ENDED_PATH = "/sightline/smart/ended"
"""Where somebody whom an EHR has sent is told that this is over, or that the browser has kept nothing of it."""

_STUDY_PAGES = "/sightline/studies/"
_PATIENT_PAGES = "/sightline/patient/"
_LINK_COOKIE, _LAUNCH_COOKIE = "sightline-link-", "sightline-launch-"


def answer_error(request: Request, error: SightlineError) -> Response:
    """Return ``{"status", "code", "message"}``; to people the sentence alone, where FHIR is an OperationOutcome.

    A person who is not logged in is led to the login page instead; one who came by a link or a launch that has ended,
    to a page that says so.
    """
    if is_fhir(request.path):
        body, content_type = operation_outcome(error)
        answer = Response(body, error.status, error.headers, content_type=content_type)
        if error.status == 401 and not request.headers.get("Sec-Fetch-Mode"):
            answer.headers["WWW-Authenticate"] = 'Bearer realm="Sightline"'
        return answer
    is_page = wants_page(request)
    if is_page and isinstance(error, UnauthenticatedError):
        return Response(status=303, headers={"Location": _way_in(request)})
    body, content_type = error_body(error, is_page)
    response = Response(body, error.status, error.headers, content_type=content_type)
    if not is_page and error.status == 401 and not request.headers.get("Sec-Fetch-Mode"):
        # A browser would answer this challenge with its own ugly dialogue; only programs get it.
        response.headers["WWW-Authenticate"] = 'Basic realm="Sightline", charset="UTF-8"'
    return response


def _way_in(request: Request) -> str:
    came_by_link = any(_LINK_COOKIE in name for name in request.cookies)
    if request.path.startswith(_PATIENT_PAGES) or any(_LAUNCH_COOKIE in name for name in request.cookies):
        return LAUNCH_ENDED_PATH
    if request.path.startswith(_STUDY_PAGES):
        if came_by_link:
            return LINK_ENDED_PATH
        # The landing page sends on those only who have just been given a session.
        if LINK_PATH in urlsplit(request.headers.get("Referer", "")).path:
            return LINK_UNKEPT_PATH
    return f"{LOGIN_PATH}?next={as_next(_wanted(request))}"


def as_next(address: str) -> str:
    """Write where a person wanted to go, for the query of the login page; `from_next` reads it.

    Encoded twice: Orthanc 1.13 splits a query at every ``&`` after it has decoded it.

    >>> as_next("/sightline/studies/1.2?series=1.3&slice=4")
    '/sightline/studies/1.2%253Fseries%253D1.3%2526slice%253D4'
    """
    return quote(quote(address, safe="/"), safe="/")


def from_next(value: str) -> str:
    """Read the decoded query value that `as_next` wrote.

    >>> from_next("/sightline/studies/1.2%3Fseries%3D1.3%26slice%3D4")
    '/sightline/studies/1.2?series=1.3&slice=4'
    """
    return unquote(value)


def _wanted(request: Request) -> str:
    """Return path and query: a page's state, such as the slice, is in its address."""
    query = request.query_string.decode("latin-1")
    return quote(request.path, safe="/") + (f"?{query}" if query else "")


def wants_page(request: Request) -> bool:
    """Whether a person in a browser is asking for a page, rather than a program for data."""
    return request.method in ("GET", "HEAD") and is_for_a_page(request.headers.get("Accept", ""))
