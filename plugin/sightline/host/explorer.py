"""What Orthanc's own pages do: people without a login are led to ours, and studies open in Sightline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sightline.access.grant import Grant, Verb
from sightline.host.bridge import Answer

LOGIN = "/sightline/login"
EXPLORER = "/app/explorer.html"

OPEN_IN_SIGHTLINE = """
$('#study').live('pagebeforeshow', function() {
  $('#sightline-open').remove();
  var button = $('<a>').attr({id: 'sightline-open', href: '#', 'data-role': 'button', 'data-icon': 'search',
    'data-theme': 'e'}).text('Open in Sightline').button();
  button.insertAfter($('#study-info'));
  button.click(function(event) {
    event.preventDefault();
    if ($.mobile.pageData) {
      $.getJSON('../studies/' + $.mobile.pageData.uuid, function(study) {
        window.open('../sightline/studies/' + encodeURIComponent(study.MainDicomTags.StudyInstanceUID));
      });
    }
  });
});
"""
"""Orthanc Explorer's extension, on the jQuery that it ships."""

_FRESH = ("Cache-Control", "private, no-store")


def root(_uri: str, request: Mapping[str, Any], _grant: Grant) -> Answer:
    """Send people from ``/`` to the study list; it asks them to log in where needed."""
    if request["method"] != "GET":
        return Answer(405, b"", headers=[("Allow", "GET")])
    return Answer(302, b"", headers=[("Location", "/sightline/"), _FRESH])


class ExplorerPage:
    """Handles Orthanc Explorer's page in the core's place: administrators get it, others the way to the login page.

    Parameters
    ----------
    original : bytes
        The page as the core answers it, taken before it was shadowed.
    """

    def __init__(self, original: bytes) -> None:
        self._original = original

    def handle(self, _uri: str, request: Mapping[str, Any], grant: Grant) -> Answer:
        """Answer 200 to administrators, 401 to who is not logged in, 403 to others, such as who came by a link."""
        if request["method"] != "GET":
            return Answer(405, b"", headers=[("Allow", "GET")])
        if grant.allows(Verb.ADMINISTER):
            return Answer(200, self._original, "text/html", [_FRESH])
        if not grant.is_anonymous:
            return Answer(403, b"Orthanc Explorer is for administrators.", headers=[_FRESH])
        headers = [_FRESH]
        if "text/html" in request["headers"].get("accept", ""):
            # A redirection could not say 401; browsers follow this header whatever the status.
            headers.append(("Refresh", f"0; url={LOGIN}?next={EXPLORER}"))
        else:
            headers.append(("WWW-Authenticate", 'Basic realm="Sightline"'))
        return Answer(401, f"Log in at {LOGIN}, please.".encode(), headers=headers)
