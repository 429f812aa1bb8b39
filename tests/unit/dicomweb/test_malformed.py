"""Every parameter of every route with values that make no sense: 400 which names it, and never a server's error."""

from __future__ import annotations

import numpy as np
import pytest

from sightline.dicomweb.rendered_volumes import SPELLINGS
from sightline.dicomweb.routes import ROUTES
from sightline.dicomweb.volume_parameters import EXTENSIONS, PARAMETERS
from sightline.uids import LONGEST_UID
from tests.support.dicom_files import image_file, volume_file
from tests.unit.dicomweb.conftest import Serve
from tests.unit.dicomweb.test_addresses import INSTANCE, SERIES, STUDY

FILE = image_file(np.zeros((8, 8), np.uint16), SOPInstanceUID="1.2.3", StudyInstanceUID=STUDY, SeriesInstanceUID=SERIES)
VOLUME_FILE = volume_file(
    np.zeros((3, 8, 8), np.int16),
    (1.0, 1.0),
    1.0,
    SOPInstanceUID="1.2.3",
    StudyInstanceUID=STUDY,
    SeriesInstanceUID=SERIES,
)

NUMBERS = ["x", "-1", "1.5", "1e3", "%2B1", "0x1", "99999999999", "1,2", "", "%00", "١"]
FLAGS = ["maybe", "1", "yes", ""]
WRONG = {
    "accept": (["x", ";;;", "%FF", "image"], "accept"),
    "limit": (NUMBERS, "limit"),
    "offset": (NUMBERS, "offset"),
    "fuzzymatching": (FLAGS, "fuzzymatching"),
    "includefield": (["NoSuchAttribute", "0010", "0010001G", "%FF", "PatientName;x"], "includefield"),
    "window": (["", "1", "1,2", "1,2,other", "a,b,linear", "nan,1,linear", "1,inf,linear", "1,-2,linear"], "window"),
    "viewport": (["", "a,b", "1", "0,0", "1,1,1", "1,1,1,1,1,1,1", "nan,1", "1,1,-5,0,1,1", "%FF"], "viewport"),
    "quality": (["", "x", "0", "101", "-1", "1.5", "%FF"], "quality"),
    "iccprofile": (["", "x", "YES!", "%FF"], "iccprofile"),
    "annotation": (["x", "patient,x", "%FF"], "annotation"),
    "volumeinputreference": (["", "x", "1.2.x", "1,,2", "%FF"], "volumeinputreference"),
    "renderingmethod": (["", "x", "MAXIMUM_IP", "maximum_ip,average_ip", "%FF"], "renderingmethod"),
    "orientation": (["", "x", "A", "a,p", "axial", "%FF"], "orientation"),
    **{
        f"viewpoint{part}": (["", "1,2", "1,2,3,4", "a,b,c", "1,2,inf", "1,,3", "%FF"], f"viewpoint{part}")
        for part in ("position", "lookat", "up")
    },
    "mprslab": (["", "x", "0", "-1", "1e9", "nan", "%FF"], "mprslab"),
    "swivelrange": (["", "x", "0", "-90", "400", "nan", "%FF"], "swivelrange"),
    "volumetriccurvepoint": (["", "1,2", "x", "1,2,nan", "%FF"], "volumetriccurvepoint"),
    "animationstepsize": ([*NUMBERS, "0", "1"], "animationstepsize"),
    "animationrate": ([*NUMBERS, "0", "1"], "animationrate"),
    "renderedvolumetricmetadata": (["", "no", "YES", "1", "%FF"], "renderedvolumetricmetadata"),
    "preset": (["", "x", "BONE", "%FF"], "preset"),
    "PatientName": (["%FF", "%C3", "a%00b"], "PatientName"),
    "StudyDate": (["2026", "yesterday", "20261301", "-", "2026-01-01", "20260101-20260230"], "StudyDate"),
    "StudyTime": (["25", "1", "aa", "-"], "StudyTime"),
    "StudyInstanceUID": (["a", "1.2.x", "%FF", "1" * (LONGEST_UID + 1)], "StudyInstanceUID"),
    "00100010": (["%FF", "%00"], "00100010"),
    "NoSuchKey": (["1"], "NoSuchKey"),
    "0010001G": (["1"], "0010001G"),
    "00081110.": (["1"], "00081110."),
}
"""Parameter -> values that are wrong, and what the message has to name."""

SEARCH = {"accept", "limit", "offset", "fuzzymatching", "includefield", "PatientName", "StudyDate", "StudyTime"}
SEARCH |= {"StudyInstanceUID", "00100010", "NoSuchKey", "0010001G", "00081110."}
METADATA = {"accept", "limit", "offset", "includefield"}
RENDERED = {"accept", "window", "viewport", "quality", "iccprofile", "annotation"}

VOLUMES = RENDERED - {"annotation"} | {*PARAMETERS, *EXTENSIONS}


def is_volume(path: str) -> bool:
    """Whether it is the address of a rendered volume."""
    return path.rsplit("/", 1)[1].lower() in ("renderedmpr", "rendered3d")


def file_of(path: str) -> bytes:
    """Return what to store so that a route has something to answer with."""
    return VOLUME_FILE if is_volume(path) else FILE


def parameters(path: str) -> set[str]:
    """Return which parameters a route has."""
    last = path.rsplit("/", 1)[1]
    if last in ("studies", "series", "instances"):
        return SEARCH
    if is_volume(path):
        return VOLUMES
    return {"metadata": METADATA, "rendered": RENDERED, "thumbnail": {"accept", "viewport"}}.get(last, {"accept"})


def filled(path: str) -> str:
    values = {
        "study": STUDY,
        "series": SERIES,
        "instance": "1.2.3",
        "frames": "1",
        "place": "7FE00010",
        "path": "7fe00010",
    }
    for key, value in values.items():
        for converter in ("uid:", "path:", ""):
            path = path.replace(f"<{converter}{key}>", value)
    return path


SECOND_SPELLINGS = tuple(spellings[1] for spellings in SPELLINGS.values())
GET = sorted(
    {
        filled(route.path)
        for route in ROUTES
        if route.method == "GET"
        and route.path.startswith("/dicom-web")
        and not route.path.endswith(SECOND_SPELLINGS)  # the same handlers again
    }
)


@pytest.mark.parametrize("path", GET)
def test_wrong_values(serve: Serve, path: str) -> None:
    server = serve(file_of(path))
    wrong = []
    for name in sorted(parameters(path)):
        for value in WRONG[name][0]:
            answer = server.get(f"{path.removeprefix('/dicom-web')}?{name}={value}")
            message = (answer.json or {}).get("message", "") if answer.status_code == 400 else ""
            if answer.status_code != 400 or WRONG[name][1].lower() not in message.lower():
                wrong.append(f"{name}={value}: {answer.status_code} {message}")
    assert not wrong


@pytest.mark.parametrize("path", GET)
def test_what_is_no_utf8_is_named_wherever_it_stands(serve: Serve, path: str) -> None:
    answer = serve(file_of(path)).get(f"{path.removeprefix('/dicom-web')}?some=%E9")
    assert answer.status_code == 400
    assert "'some'" in (answer.json or {})["message"]


def test_the_replacement_character_itself_is_text(serve: Serve) -> None:
    assert serve(FILE).get("/studies?PatientName=%EF%BF%BD").status_code == 200


@pytest.mark.parametrize("frames", ["0", "x", "1,", ",1", "1,,2", "-1", "1-2", "1.0", "9" * 12, "1%2C0", "%FF", "1%00"])
@pytest.mark.parametrize("resource", ["", "/rendered", "/thumbnail"])
def test_frames(serve: Serve, frames: str, resource: str) -> None:
    answer = serve(FILE).get(f"{INSTANCE}/frames/{frames}{resource}")
    assert answer.status_code == 400, answer.text
    assert "frames" in (answer.json or {})["message"].lower()


@pytest.mark.parametrize("path", GET)
@pytest.mark.parametrize(
    "uid", ["x", "1.2.x", "%2e%2e", "1" * (LONGEST_UID + 1), "1.2%00", "1%2F2", "%FF", "'1", "1.2.3;x"]
)
def test_uids_that_are_none_lead_nowhere(serve: Serve, path: str, uid: str) -> None:
    """A path with something else in place of a UID is the address of nothing: 404, whatever it is."""
    server = serve(file_of(path))
    for known in (STUDY, SERIES, "1.2.3"):
        changed = path.replace(f"/{known}/", f"/{uid}/").removeprefix("/dicom-web")
        if changed != path.removeprefix("/dicom-web"):
            assert server.get(changed).status_code in (400, 404), changed


@pytest.mark.parametrize("path", GET)
@pytest.mark.parametrize(
    "accept",
    [
        "x",
        ";",
        ",,,",
        "*/*;q=x",
        '"',
        'multipart/related; type="',
        "a/b;q=0",
        "\u00e9/\u00e9",
        "*/*, " * 500,
        "text/x-none",
    ],
)
def test_accept_headers_cost_nothing_but_the_answer(serve: Serve, path: str, accept: str) -> None:
    """What cannot be understood of a header is left out (RFC 9110 section 12.4.1); never a server's error."""
    answer = serve(file_of(path)).get(path.removeprefix("/dicom-web"), accept)
    assert answer.status_code in (200, 406)
    if answer.status_code == 406:
        assert "Available here: " in (answer.json or {})["message"]


@pytest.mark.parametrize("path", GET)
def test_any_and_quality_values(serve: Serve, path: str) -> None:
    server = serve(file_of(path))
    relative = path.removeprefix("/dicom-web")
    for accept in ("", "*/*", "text/x-none;q=0.9, */*;q=0.1"):
        assert server.get(relative, accept).status_code == 200
    default = server.get(relative).mimetype
    assert server.get(f"{relative}?accept=text/x-none").status_code == 406
    assert server.get(f"{relative}?accept=*/*", "text/x-none").mimetype == default
    refused = server.get(relative, "text/x-none, */*;q=0")
    assert refused.status_code == 406
    if default == "multipart/related":
        assert server.get(relative, 'multipart/related; type="*/*"').status_code == 200
        assert server.get(relative, "multipart/related").status_code == 200


@pytest.mark.parametrize("content_type", ["text/plain", "", "x", "application/json", "multipart/form-data; boundary=x"])
def test_bodies_of_other_types(serve: Serve, content_type: str) -> None:
    assert serve(FILE).post("/studies", b"x", content_type).status_code == 415
