"""The viewer's routes."""

from __future__ import annotations

from sightline.access.grant import Verb
from sightline.viewer import (
    assets,
    captures,
    documents,
    downloads,
    films,
    finding_reports,
    findings,
    key_images,
    list_routes,
    pages,
    pictures,
    planes,
    presentations,
    priors,
    provenance,
    region_values,
    report_body,
    report_priors,
    report_signing,
    reporting,
    search,
    studies,
    tags,
    timeline,
    uploads,
    values,
)
from sightline.web.routing import Public, Route

VIEW = "/sightline/view/<uid:study>/<uid:series>"
UPLOADS = "/sightline/api/uploads"
STUDY = "/sightline/api/studies/<uid:study>"
SERIES = f"{STUDY}/series/<uid:series>"
INSTANCE = f"{SERIES}/instances/<uid:instance>"
REPORT = f"{STUDY}/report"
SEARCH_BODY = 4096
"""A search for a name is a few words; nothing larger is read."""

ROUTES: tuple[Route, ...] = (
    Route("GET", "/sightline/", pages.study_list, Verb.SEARCH, "Study list", audit="search"),
    Route("GET", "/sightline/studies/<uid:study>", pages.study_page, Verb.VIEW, "Reading page", audit="read"),
    Route("GET", "/sightline/login", pages.login_page, Public.LOGIN, "Login form"),
    Route("GET", "/sightline/link/<link_id>", pages.link_page, Public.LINK, "Landing page of a link"),
    Route("GET", timeline.PAGE, timeline.patient_page, Public.LAUNCH, "A patient's studies, for an EHR", "search"),
    Route("GET", timeline.DATA, timeline.patient, Public.LAUNCH, "The same as data", "search"),
    Route("GET", "/sightline/about", pages.about_page, Public.ASSET, "What Sightline is, version and licence"),
    Route("GET", "/sightline/assets/<path:name>", assets.asset, Public.ASSET, "Files of the built viewer"),
    Route("GET", "/sightline/api/studies", search.studies, Verb.SEARCH, "Studies by date, modality, …", audit="search"),
    Route(
        "POST", "/sightline/api/studies", search.search_studies, Verb.SEARCH, "Studies by name, id, date, modality, …",
        audit="search", max_body=SEARCH_BODY,
    ),
    Route("GET", "/sightline/api/arrivals", list_routes.arrivals, Verb.SEARCH, "Studies that have come since"),
    Route("GET", "/sightline/api/labels", list_routes.labels, Verb.SEARCH, "Labels in use"),
    Route(
        "PUT", f"{STUDY}/labels/<label>", list_routes.add_label, Verb.ANNOTATE, "Put a label on a study",
        audit="store",
    ),
    Route(
        "DELETE", f"{STUDY}/labels/<label>", list_routes.remove_label, Verb.ANNOTATE, "Take a label off a study",
        audit="store",
    ),
    Route(
        "POST", f"{UPLOADS}/<upload>", uploads.store_file, Verb.UPLOAD, "Store one DICOM file",
        audit="store", max_body=-1,
    ),
    Route("POST", f"{UPLOADS}/<upload>/undo", uploads.undo, Verb.UPLOAD, "Take an upload back", audit="delete"),
    Route("GET", f"{STUDY}/size", downloads.size, Verb.DOWNLOAD, "How large a study's files are", audit="read"),
    Route("GET", f"{STUDY}/files", downloads.files, Verb.DOWNLOAD, "A study's files as ZIP archive", audit="export"),
    Route(
        "GET", f"{STUDY}/anonymised/preview", downloads.preview, Verb.DOWNLOAD,
        "What de-identification removes", audit="read",
    ),
    Route(
        "GET", f"{STUDY}/anonymised", downloads.anonymised, Verb.DOWNLOAD,
        "A study's files, de-identified, as ZIP archive", audit="export",
    ),
    Route("DELETE", STUDY, list_routes.delete_study, Verb.DELETE, "Delete a study for good", audit="delete"),
    Route("GET", STUDY, studies.study, Verb.VIEW, "A study, its series and their frames", audit="read"),
    Route("GET", f"{STUDY}/priors", priors.priors, Verb.VIEW, "Other studies of the patient", audit="search"),
    Route(
        "GET", f"{STUDY}/priors/<uid:prior>", priors.prior_series, Verb.VIEW,
        "Which series of another study of the patient go with which", audit="read",
    ),
    Route(
        "POST", f"{STUDY}/captures", captures.capture, Verb.ANNOTATE, "Store what was seen as an image of the study",
        audit="store", max_body=captures.LARGEST_CAPTURE,
    ),
    Route("GET", f"{STUDY}/findings", findings.findings, Verb.VIEW, "What is marked on a study's images", audit="read"),
    Route(
        "POST", f"{STUDY}/findings", findings.change_findings, Verb.ANNOTATE, "Keep what a reader marked or changed",
        audit="store", max_body=findings.LARGEST_BODY,
    ),
    Route(
        "POST", f"{STUDY}/findings/save", findings.save_findings, Verb.ANNOTATE, "Store findings as reports now",
        audit="store", max_body=findings.LARGEST_WISH,
    ),
    Route(
        "GET", f"{STUDY}/findings/reports", finding_reports.reports, Verb.VIEW, "Measurement reports of a study",
        audit="read",
    ),
    Route("GET", f"{STUDY}/keys", key_images.keys, Verb.VIEW, "Key images, and documents with such", audit="read"),
    Route(
        "POST", f"{STUDY}/keys", key_images.change, Verb.ANNOTATE, "Mark frames as key images, or take marks away",
        audit="store", max_body=key_images.LARGEST_CHANGES,
    ),
    Route(
        "POST", f"{STUDY}/keys/save", key_images.save, Verb.ANNOTATE, "Store key images as documents now",
        audit="store",
    ),
    Route(
        "GET", f"{STUDY}/presentations", presentations.presentations, Verb.VIEW,
        "Presentation states, and what they are for", audit="read",
    ),
    Route(
        "POST", f"{STUDY}/presentations", presentations.store, Verb.ANNOTATE,
        "Store what is seen as a presentation state", audit="store", max_body=presentations.LARGEST_BODY,
    ),
    Route("GET", REPORT, reporting.report, Verb.VIEW, "A study's report: drafts and what was signed", audit="read"),
    Route(
        "PUT", f"{REPORT}/draft", reporting.keep_draft, Verb.REPORT, "Keep what a reader writes", audit="store",
        max_body=report_body.LARGEST_BODY,
    ),
    Route("DELETE", f"{REPORT}/draft", reporting.discard_draft, Verb.REPORT, "Throw one's draft away", audit="store"),
    Route(
        "POST", f"{REPORT}/template", reporting.fill_template, Verb.REPORT, "A template, filled in", audit="read",
        max_body=reporting.LARGEST_WISH,
    ),
    Route(
        "POST", f"{REPORT}/sign", report_signing.sign, Verb.REPORT, "Sign a report or an addendum", audit="store",
        max_body=SEARCH_BODY,
    ),
    Route("POST", f"{REPORT}/retry", reporting.retry, Verb.REPORT, "Store what was signed again now", audit="store"),
    Route(
        "GET", f"{REPORT}/priors", report_priors.prior_reports, Verb.VIEW, "Reports of the patient's other studies",
        audit="search",
    ),
    Route(
        "GET", f"{REPORT}/versions/<int:version>/pdf", reporting.pdf, Verb.VIEW, "A signed version as PDF",
        audit="read",
    ),
    Route("GET", f"{STUDY}/thumbnail", pictures.study_thumbnail, Verb.VIEW, "Small picture of a study"),
    Route("GET", f"{SERIES}/thumbnail", pictures.series_thumbnail, Verb.VIEW, "Small picture of a series"),
    Route("GET", f"{SERIES}/film", films.film, Verb.DOWNLOAD, "Frames of a series as one animation", audit="export"),
    Route("GET", f"{SERIES}/planes", planes.planes, Verb.VIEW, "Orthogonal planes, or why none", audit="read"),
    Route("GET", f"{INSTANCE}/document", documents.document, Verb.VIEW, "A report or a document", audit="read"),
    Route("GET", f"{INSTANCE}/video", documents.video, Verb.VIEW, "A video, or parts of it", audit="read"),
    Route("GET", f"{INSTANCE}/tags", tags.tags, Verb.VIEW, "All attributes of an instance", audit="read"),
    Route(
        "GET", f"{INSTANCE}/frames/<int:frame>/value", values.value, Verb.VIEW,
        "Stored, modality and uptake value of a pixel", audit="read",
    ),
    Route(
        "POST", f"{INSTANCE}/frames/<int:frame>/statistics", region_values.region_statistics, Verb.VIEW,
        "Statistics of the values of a region", audit="read", max_body=region_values.LARGEST_REGION,
    ),
    Route("GET", f"{SERIES}/progress", planes.progress, Verb.VIEW, "How much of the volume is loaded"),
    Route(
        "GET", f"{VIEW}/<uid:instance>/<int:frame>", pictures.frame_picture, Verb.VIEW,
        "Picture of a frame", audit="read",
    ),
    Route(
        "GET", f"{VIEW}/<any(axial, coronal, sagittal):plane>/<int:index>", pictures.plane_picture, Verb.VIEW,
        "Picture of a plane through the volume", audit="read",
    ),
    Route(
        "GET", f"{VIEW}/<any(cut, projection, rendering):kind>/<plane>", pictures.volume_picture, Verb.VIEW,
        "Picture of the volume in any direction", audit="read",
    ),
    Route(
        "GET", f"{VIEW}/<uid:instance>/<int:frame>.json", provenance.frame_provenance, Verb.VIEW,
        "Where the picture of a frame comes from", audit="read",
    ),
    Route(
        "GET", f"{VIEW}/<any(axial, coronal, sagittal):plane>/<int:index>.json", provenance.plane_provenance, Verb.VIEW,
        "Where the picture of a plane comes from", audit="read",
    ),
    Route(
        "GET", f"{VIEW}/<any(cut, projection, rendering):kind>/<plane>.json", provenance.volume_provenance, Verb.VIEW,
        "Where a picture of the volume in any direction comes from", audit="read",
    ),
)  # fmt: skip
