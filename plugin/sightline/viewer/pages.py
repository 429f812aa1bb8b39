"""The pages that people see."""

from __future__ import annotations

from typing import Any

from sightline import __version__
from sightline.access.grant import Grant, Verb
from sightline.access.launch import launch_id_of
from sightline.viewer.search import find_studies
from sightline.viewer.studies import AskedFrame, open_study, study_json
from sightline.viewer.study_search import StudySearch
from sightline.web.build import load_build
from sightline.web.error_answer import from_next
from sightline.web.pages import page
from sightline.web.request import Request, Response
from sightline.web.services import Services

FILTERS = ("from", "to", "modality", "body", "label", "state", "sort")
"""What of a search may stand in the list's own address."""


def study_list(request: Request, services: Services) -> Response:
    """Send the study list with its first rows in it. A search for a name starts from the page, not from the URL."""
    known = {name: request.args[name] for name in FILTERS if name in request.args}
    data = {
        "session": session_json(request.grant, services),
        "filters": known,
        "result": find_studies(request, services, StudySearch.parse(known)),
        "labels": services.archive.labels(request.grant),
        "site": site_json(services),
    }
    return page(request, services, "list", {"data": data})


def study_page(request: Request, services: Services, study: str) -> Response:
    """Send the reading page. It names its first picture, which loads while the script does."""
    value = study_json(services, request.grant, study)
    if request.grant.allows(Verb.SEARCH):  # whoever has a list, sees there what was opened
        services.openings.note(request.grant.subject, study)
    opening = open_study(services, request.grant, study, value["series"], AskedFrame.parse(request.args))
    data: dict[str, Any] = {**value, "session": session_json(request.grant, services, study), "opening": None}
    first, spacing = None, None
    if opening is not None:
        first = opening.view.path().removeprefix("/")
        spacing = opening.table.frames[opening.frame].pixel_spacing
        data["opening"] = {"series": opening.table.series_instance_uid, "frame": opening.frame, "view": first}
    return page(
        request,
        services,
        "study",
        {"data": data, "first": first, "waits": spacing is not None and spacing[0] != spacing[1]},
    )


def login_page(request: Request, services: Services) -> Response:
    """Send the login form; without script it is sent back here with `error` when it was wrong."""
    values = {"next": from_next(request.args.get("next", "")), "failed": "error" in request.args}
    return page(request, services, "login", values)


def link_page(request: Request, services: Services, link_id: str) -> Response:
    """Send the landing page of a link: the same for every id, so that it tells nothing about any.

    It names what the reading page will load, which comes while the link is exchanged.
    """
    reading = load_build(services.viewer_directory).entries["study"]
    data = {"link": link_id, "next": [*reading.preloads, reading.script]}
    return page(request, services, "link", {"data": data})


def about_page(request: Request, services: Services) -> Response:
    """Send what Sightline is, its version and licence, and what it may be used for."""
    return page(request, services, "about", {"version": __version__})


def session_json(grant: Grant, services: Services, study: str | None = None) -> dict[str, Any]:
    """Return what the page must know of its user: whether there is more than this study, what may be done, how long.

    ``launch`` names the launch, if one has led here: the page of its patient is the way back.
    """
    verbs = [verb.value for verb in Verb if grant.allows(verb, study)]
    expires = services.access.expires(grant)
    return {
        "link": not grant.allows(Verb.SEARCH),
        "launch": launch_id_of(grant.on_study(study) if study else grant) or None,
        "user": grant.name,
        "verbs": verbs,
        "expires": expires.isoformat(timespec="seconds") if expires else None,
    }


def site_json(services: Services) -> dict[str, Any]:
    """Return how a study gets here and leaves again: for the empty list, uploads, downloads and links."""
    links = services.configuration.links
    return {
        "aet": services.site["dicom_aet"],
        "dicomPort": services.site["dicom_port"],
        "stow": f"{services.dicomweb_url}/studies",
        "dicomweb": services.dicomweb.root.strip("/") if services.dicomweb.is_enabled else None,
        "linkHours": {"default": links.default_expiry_hours, "maximum": links.maximum_expiry_hours},
    }
