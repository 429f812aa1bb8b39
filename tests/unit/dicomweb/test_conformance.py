"""The conformance statement: the route that tells it, and the page that is made of the same tables."""

from __future__ import annotations

from deploy import conformance_page
from sightline.dicomweb.routes import ROUTES
from tests.unit.dicomweb.conftest import Serve


def test_the_page_is_up_to_date() -> None:
    page = conformance_page.PAGE.read_text(encoding="utf-8")
    assert page == conformance_page.text(page), "run `make docs`"
    assert page.count("<!-- generated: ") == page.count("<!-- end -->") == 7


def test_the_route_tells_of_routes_keys_and_syntaxes(serve: Serve) -> None:
    answer = serve().get("/conformance")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    told = answer.json
    assert told is not None
    assert len(told["routes"]) == len(ROUTES)
    search = {"method": "GET", "path": "/studies", "permission": "search", "purpose": "Search for studies"}
    assert search in told["routes"]
    assert 'multipart/related; type="application/dicom+xml"' in told["search"]["mediaTypes"]
    assert "PatientName" in told["search"]["attributes"]["study"]["always"]
    assert told["rendered"]["pictures"] == ["image/jpeg", "image/png"]
    assert told["rendered"]["animations"][:2] == ["image/gif", "image/webp"]
    volumes = told["renderedVolumes"]
    assert {"viewpointup", "mprslab", "swivelrange", "viewport", "window"} <= set(volumes["parameters"])
    assert volumes["renderingMethods"]["MPR"] == ["average_ip", "maximum_ip", "minimum_ip"]
    assert volumes["renderingMethods"]["3D_RENDERING"][0] == "volume_rendered"
    assert volumes["responseModule"][0] == "application/dicom+json"
    assert "frameNumber" in told["wadoUri"]["parameters"]
    assert told["metadata"]["mediaTypes"][-1] == 'multipart/related; type="application/dicom+xml"'
    assert told["store"]["mediaTypes"] == ["application/dicom", "application/dicom+json", "application/dicom+xml"]
    assert {"image/jpeg", "image/jp2", "image/png", "video/mp4"} <= set(told["store"]["bulkData"])
    assert {row["code"] for row in told["store"]["reasons"]} >= {"A900", "C000", "C122", "0110", "B006"}
    names = {row["uid"]: (row["name"], row["mediaType"]) for row in told["transferSyntaxes"]}
    assert names["1.2.840.10008.1.2.4.80"] == ("JPEG-LS Lossless Image Compression", "image/jls")
    assert names["1.2.840.10008.1.2.1"] == ("Explicit VR Little Endian", "application/octet-stream")
