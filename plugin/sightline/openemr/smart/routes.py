"""Routes of SMART App Launch."""

from __future__ import annotations

from sightline.access.grant import Verb
from sightline.openemr.smart.authorization import CALLBACK
from sightline.openemr.smart.begin import launch, standalone
from sightline.openemr.smart.finish import callback
from sightline.openemr.smart.launched import SMALL_BODY, end, ended_page, look_again, make_tab, open_tab, tab_page
from sightline.openemr.smart.listing import list_launches
from sightline.web.routing import Public, Route

_SMART = "/sightline/smart"
_LAUNCH = f"{_SMART}/launches/<launch_id>"
_TAB = f"{_SMART}/tab/<launch_id>"

ROUTES = (
    Route("GET", f"{_SMART}/launch", launch, Public.LAUNCH, "Be launched from a patient's chart", "launch"),
    Route("GET", f"{_SMART}/standalone/<name>", standalone, Public.LAUNCH, "Choose a patient in an EHR", "launch"),
    Route("GET", CALLBACK, callback, Public.LAUNCH, "Come back from the EHR", "launch"),
    Route("GET", f"{_SMART}/ended", ended_page, Public.LAUNCH, "Says that a launch is over"),
    Route("GET", f"{_SMART}/launches", list_launches, Verb.ADMINISTER, "Launches, newest first", "launch"),
    Route("POST", f"{_LAUNCH}/look", look_again, Public.LAUNCH, "Look for the patient's studies again", "search"),
    Route("POST", f"{_LAUNCH}/tab", make_tab, Public.LAUNCH, "Get an address for a tab of its own", "launch"),
    Route("DELETE", _LAUNCH, end, Public.LAUNCH, "End a launch with all its sessions", "launch"),
    Route("GET", _TAB, tab_page, Public.LAUNCH, "Landing page of that address"),
    Route("POST", f"{_TAB}/session", open_tab, Public.LAUNCH, "Exchange its secret", "launch", SMALL_BODY),
)
"""`Launching` itself writes the audit events of these routes: it knows more than a row of a table."""
