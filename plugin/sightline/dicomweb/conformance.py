"""What these routes conform to, told from the tables that the code works with: ``GET /dicom-web/conformance``.

The Capabilities transaction (PS3.18 section 8.9), ``OPTIONS /dicom-web/``, has the same answer. The conformance page of
the documentation is made of the same tables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydicom.uid import UID

from sightline.access.grant import Verb
from sightline.archive.protocol import Level
from sightline.dicomweb.answers import JSON_OFFERS, XML_OFFER
from sightline.dicomweb.bulk_types import CONSUMER_TYPES, OCTETS
from sightline.dicomweb.deviations import deviation_rows
from sightline.dicomweb.rendered import MAXIMUM_PICTURES
from sightline.dicomweb.rendered_parameters import FORMATS
from sightline.dicomweb.rendered_volumes import RESPONSE_OFFERS
from sightline.dicomweb.retrieve_metadata import OFFERS as METADATA_OFFERS
from sightline.dicomweb.search_candidates import MAXIMUM_HEADERS
from sightline.dicomweb.search_parameters import (
    ALL_ATTRIBUTES,
    DEFAULT_ATTRIBUTES,
    MAXIMUM_RESULTS,
    SUPERSET_ATTRIBUTES,
)
from sightline.dicomweb.store_reasons import FAILURE_REASONS, WARNING_REASONS
from sightline.dicomweb.store_request import STORED_TYPES
from sightline.dicomweb.syntaxes import MEDIA_TYPES, NATIVE
from sightline.dicomweb.volume_parameters import EXTENSIONS, MAXIMUM_STEPS, METHODS
from sightline.dicomweb.volume_parameters import PARAMETERS as VOLUME_PARAMETERS
from sightline.dicomweb.wado_uri_parameters import PARAMETERS
from sightline.dicomweb_section import DicomwebSection
from sightline.rendering.bit_frames import DEFLATED_FRAMES
from sightline.rendering.videos import VIDEO_SYNTAXES
from sightline.rendering.volume_sources import PRESETS
from sightline.web.animations import ANIMATIONS
from sightline.web.routing import Route

_NAMES = {DEFLATED_FRAMES: "Deflated Image Frame Compression"}
"""Of syntaxes that pydicom does not know yet."""
RENDERED_PARAMETERS = ("accept", "annotation", "charset", "iccprofile", "quality", "viewport", "window")


def conformance(routes: Sequence[Route], section: DicomwebSection) -> dict[str, Any]:
    """Return the routes, what searches and pictures understand, and the transfer syntaxes that can be decoded.

    Parameters
    ----------
    routes : sequence of Route
        Where `section` has put them.
    """
    return {
        "basePath": section.root,
        "wadoPath": section.wado_root,
        "routes": route_rows(routes, section),
        "search": {
            "mediaTypes": [str(offer) for offer in (*JSON_OFFERS, XML_OFFER)],
            "parameters": ["accept", "fuzzymatching", "includefield", "limit", "offset"],
            "maximumResults": MAXIMUM_RESULTS,
            "maximumHeaders": MAXIMUM_HEADERS,
            "attributes": search_attributes(),
        },
        "rendered": {
            "pictures": list(FORMATS),
            "animations": list(ANIMATIONS),
            "parameters": list(RENDERED_PARAMETERS),
            "maximumPictures": MAXIMUM_PICTURES,
        },
        "renderedVolumes": {
            "pictures": list(FORMATS),
            "animations": list(ANIMATIONS),
            "responseModule": [str(offer) for offer in RESPONSE_OFFERS],
            "parameters": sorted({*VOLUME_PARAMETERS, *RENDERED_PARAMETERS} - {"annotation", "charset"}),
            "extensions": list(EXTENSIONS),
            "renderingMethods": {
                resource.value: [method.value.lower() for method in methods] for resource, methods in METHODS.items()
            },
            "presets": list(PRESETS),
            "maximumPictures": MAXIMUM_STEPS,
        },
        "wadoUri": {"parameters": list(PARAMETERS)},
        "metadata": {
            "mediaTypes": [str(offer) for offer in METADATA_OFFERS],
            "parameters": ["accept", "includefield", "limit", "offset"],
        },
        "store": {
            "mediaTypes": list(STORED_TYPES),
            "bulkData": [OCTETS, *dict.fromkeys(MEDIA_TYPES.values()), *CONSUMER_TYPES, *VIDEO_SYNTAXES],
            "reasons": reason_rows(),
        },
        "transferSyntaxes": syntax_rows(),
        "deviations": deviation_rows(),
    }


def reason_rows() -> list[dict[str, str]]:
    """Return why instances are not stored, or stored with a warning: code in hexadecimal, and meaning."""
    kinds = (("Failure Reason", FAILURE_REASONS), ("Warning Reason", WARNING_REASONS))
    return [
        {"kind": kind, "code": f"{code:04X}", "meaning": meaning}
        for kind, reasons in kinds
        for code, meaning in reasons.items()
    ]


def route_rows(routes: Sequence[Route], section: DicomwebSection) -> list[dict[str, str]]:
    """Return method, path below the root, permission and purpose of each route; GET stands for HEAD as well."""
    return [
        {
            "method": route.method,
            "path": re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route.path.removeprefix(section.root)),
            "permission": route.permission.value if isinstance(route.permission, Verb) else "public",
            "purpose": route.summary,
        }
        for route in routes
    ]


def volume_parameter_rows() -> list[dict[str, str]]:
    """Return the parameters that rendered volumes have beside those of other pictures, and what they mean."""
    tables = (VOLUME_PARAMETERS, EXTENSIONS)
    return [{"name": name, "meaning": meaning} for table in tables for name, meaning in table.items()]


def search_attributes() -> dict[str, Mapping[str, Sequence[str]]]:
    """Return for each level what a result has: always, with ``includefield=all``, and where repetitions are lost."""
    return {
        level.value.lower(): {
            "always": DEFAULT_ATTRIBUTES[level],
            "all": ALL_ATTRIBUTES[level],
            "superset": SUPERSET_ATTRIBUTES[level],
        }
        for level in Level
    }


def syntax_rows() -> list[dict[str, str]]:
    """Return the transfer syntaxes that can be decoded, with the media type of a frame as it is stored."""
    native = [(syntax, "application/octet-stream") for syntax in sorted(NATIVE)]
    rows = (*native, *MEDIA_TYPES.items(), (DEFLATED_FRAMES, "application/octet-stream"))
    return [
        {"uid": syntax, "name": _NAMES.get(syntax) or UID(syntax).name, "mediaType": media_type}
        for syntax, media_type in rows
    ]
