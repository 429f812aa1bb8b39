"""The DICOMweb routes (PS3.18 chapter 10): what there is, who may use it, and what is recorded.

Whole files need DOWNLOAD; metadata, frames and pictures of a study need VIEW; searching beyond a study needs SEARCH.
"""

from __future__ import annotations

from hashlib import sha256

from sightline.access.grant import Verb
from sightline.dicomweb.answers import answer_unless_known, json_answer
from sightline.dicomweb.conformance import conformance
from sightline.dicomweb.delete import delete_instance, delete_series, delete_study
from sightline.dicomweb.frames import (
    retrieve_bulk_data,
    retrieve_frames,
    retrieve_linked_bulk_data,
    retrieve_pixel_data,
)
from sightline.dicomweb.rendered import retrieve_rendered
from sightline.dicomweb.rendered_volumes import SPELLINGS, retrieve_rendered_3d, retrieve_rendered_mpr
from sightline.dicomweb.retrieve import retrieve_instance, retrieve_instances
from sightline.dicomweb.retrieve_metadata import retrieve_metadata
from sightline.dicomweb.roots import placed
from sightline.dicomweb.search import search_instances, search_series, search_studies
from sightline.dicomweb.store import store_instances
from sightline.dicomweb.thumbnails import retrieve_thumbnail
from sightline.dicomweb.urls import BASE_PATH, WADO_PATH
from sightline.dicomweb.volume_parameters import Resource
from sightline.dicomweb.wado_uri import retrieve_uri
from sightline.dicomweb.wado_uri_parameters import STUDY_PARAMETER
from sightline.web.negotiation import MediaType, negotiate
from sightline.web.request import Request, Response
from sightline.web.routing import Route
from sightline.web.services import Services

_JSON = MediaType("application/json")
_STUDIES = f"{BASE_PATH}/studies"
_STUDY = f"{_STUDIES}/<uid:study>"
_SERIES = f"{_STUDY}/series/<uid:series>"
_INSTANCE = f"{_SERIES}/instances/<uid:instance>"


def retrieve_conformance(request: Request, services: Services) -> Response:
    """Answer ``GET /conformance`` and the Capabilities transaction (PS3.18 section 8.9), ``OPTIONS /``."""
    media_type = negotiate(request.headers.get("Accept", ""), request.args.get("accept"), (_JSON,))
    answer = json_answer(conformance(placed(ROUTES, services.dicomweb), services.dicomweb), media_type)
    if request.method == "OPTIONS":
        answer.headers["Allow"] = "GET, HEAD, OPTIONS"
        return answer
    return answer_unless_known(request, sha256(answer.get_data()).hexdigest()[:32], lambda: answer)


def _volume_routes() -> tuple[Route, ...]:
    """Return the routes of rendered volumes, in both spellings."""
    handlers = (("MPR", Resource.MPR, retrieve_rendered_mpr), ("3D", Resource.VOLUME, retrieve_rendered_3d))
    places = ((_STUDY, "a study"), (_SERIES, "a series"), (_INSTANCE, "an instance"))
    return tuple(
        Route("GET", f"{path}/{spelling}", handler, Verb.VIEW, f"{kind} pictures of the volume of {place}", "read")
        for kind, resource, handler in handlers
        for path, place in places
        for spelling in SPELLINGS[resource]
    )


ROUTES: tuple[Route, ...] = (
    Route("GET", f"{BASE_PATH}/conformance", retrieve_conformance, Verb.SEARCH, "What is supported", "search"),
    Route("GET", f"{BASE_PATH}/", retrieve_conformance, Verb.SEARCH, "The same", "search"),
    Route("OPTIONS", f"{BASE_PATH}/", retrieve_conformance, Verb.SEARCH, "The same (Capabilities)", "search"),
    Route("GET", _STUDIES, search_studies, Verb.SEARCH, "Search for studies", "search"),
    Route("GET", f"{BASE_PATH}/series", search_series, Verb.SEARCH, "Search for series", "search"),
    Route("GET", f"{BASE_PATH}/instances", search_instances, Verb.SEARCH, "Search for instances", "search"),
    Route("GET", f"{_STUDY}/series", search_series, Verb.VIEW, "Search for series of a study", "read"),
    Route("GET", f"{_STUDY}/instances", search_instances, Verb.VIEW, "Search for instances of a study", "read"),
    Route("GET", f"{_SERIES}/instances", search_instances, Verb.VIEW, "Search for instances of a series", "read"),
    Route("GET", _STUDY, retrieve_instances, Verb.DOWNLOAD, "DICOM files of a study", "export"),
    Route("GET", _SERIES, retrieve_instances, Verb.DOWNLOAD, "DICOM files of a series", "export"),
    Route("GET", _INSTANCE, retrieve_instance, Verb.DOWNLOAD, "DICOM file of an instance", "export"),
    Route("GET", f"{_STUDY}/metadata", retrieve_metadata, Verb.VIEW, "Metadata of a study", "read"),
    Route("GET", f"{_SERIES}/metadata", retrieve_metadata, Verb.VIEW, "Metadata of a series", "read"),
    Route("GET", f"{_INSTANCE}/metadata", retrieve_metadata, Verb.VIEW, "Metadata of an instance", "read"),
    Route("GET", f"{_INSTANCE}/frames/<frames>", retrieve_frames, Verb.VIEW, "Frames, stored or native", "read"),
    Route("GET", f"{_INSTANCE}/bulkdata/<place>", retrieve_bulk_data, Verb.VIEW, "A value named by metadata", "read"),
    Route("GET", f"{_INSTANCE}/bulk/<path:path>", retrieve_linked_bulk_data, Verb.VIEW, "The same, by path", "read"),
    Route("GET", f"{_INSTANCE}/pixeldata", retrieve_pixel_data, Verb.VIEW, "All pixels of an instance", "read"),
    Route("GET", f"{_STUDY}/rendered", retrieve_rendered, Verb.VIEW, "Pictures of a study", "read"),
    Route("GET", f"{_SERIES}/rendered", retrieve_rendered, Verb.VIEW, "Pictures of a series", "read"),
    Route("GET", f"{_INSTANCE}/rendered", retrieve_rendered, Verb.VIEW, "Picture of an instance", "read"),
    Route("GET", f"{_INSTANCE}/frames/<frames>/rendered", retrieve_rendered, Verb.VIEW, "Pictures of frames", "read"),
    Route("GET", f"{_INSTANCE}/thumbnail", retrieve_thumbnail, Verb.VIEW, "Thumbnail of an instance", "read"),
    Route("GET", f"{_SERIES}/thumbnail", retrieve_thumbnail, Verb.VIEW, "Thumbnail of a series", "read"),
    Route("GET", f"{_STUDY}/thumbnail", retrieve_thumbnail, Verb.VIEW, "Thumbnail of a study", "read"),
    Route(
        "GET", f"{_INSTANCE}/frames/<frames>/thumbnail", retrieve_thumbnail, Verb.VIEW, "Thumbnail of a frame", "read"
    ),
    *_volume_routes(),
    Route("POST", _STUDIES, store_instances, Verb.UPLOAD, "Store instances", "store", max_body=-1),
    Route("POST", _STUDY, store_instances, Verb.UPLOAD, "Store instances of one study", "store", max_body=-1),
    Route("DELETE", _STUDY, delete_study, Verb.DELETE, "Delete a study", "delete"),
    Route("DELETE", _SERIES, delete_series, Verb.DELETE, "Delete a series", "delete"),
    Route("DELETE", _INSTANCE, delete_instance, Verb.DELETE, "Delete an instance", "delete"),
    Route("GET", WADO_PATH, retrieve_uri, Verb.VIEW, "WADO-URI", "read", study_parameter=STUDY_PARAMETER),
)
"""Every DICOMweb route."""
