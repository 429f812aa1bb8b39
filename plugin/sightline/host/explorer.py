"""What Orthanc's own pages do: people without a login are led to ours, and studies open in Sightline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sightline.access.grant import Grant, Verb
from sightline.host.bridge import Answer
from sightline.host.sdk_rest import SdkRest

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

_LEAD_TO_LOGIN = f"window.location.replace('{LOGIN}?next={EXPLORER}');"


class Pages:
    """Handles ``/`` and the script that Orthanc Explorer loads first.

    A plugin that shadows Explorer's page could not answer with it. So a person without a login gets that page, which
    is program text, and nothing else of Explorer; the script that it loads from us leads to the login page.
    """

    def __init__(self, rest: SdkRest) -> None:
        self._rest = rest

    def root(self, _uri: str, request: Mapping[str, Any], _grant: Grant) -> Answer:
        """Send people to the study list; it asks them to log in where needed."""
        if request["method"] != "GET":
            return Answer(405, b"", headers=[("Allow", "GET")])
        return Answer(302, b"", headers=[("Location", "/sightline/"), ("Cache-Control", "private, no-store")])

    def explorer_script(self, _uri: str, request: Mapping[str, Any], grant: Grant) -> Answer:
        """Answer Explorer's extensions to administrators, and to everybody else the way to the login page."""
        if request["method"] != "GET":
            return Answer(405, b"", headers=[("Allow", "GET")])
        allowed = grant.allows(Verb.ADMINISTER)
        script = (self._rest.get("/plugins/explorer.js") or b"") if allowed else _LEAD_TO_LOGIN.encode()
        return Answer(200, script, "application/javascript", [("Cache-Control", "private, no-store")])
