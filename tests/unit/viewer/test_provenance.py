"""Where pictures come from: headers, and the JSON beside each picture; stored values, exact."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import sha256
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset
from werkzeug.test import Client

from sightline.access.grant import Grant
from tests.support.dicom_files import image_file, slices_of
from tests.support.fake_archive import FakeArchive
from tests.support.presentation_states import area, presentation_state, reference
from tests.support.viewer_server import ADMINISTRATOR, ViewerApplication, link_grant, small_engine, viewer_services
from tests.unit.rendering.test_exact_frames import decode

STUDY = "1.2.826.0.1.5"
VOLUME = np.random.default_rng(17).integers(-1000, 1000, (6, 20, 16)).astype(np.int16)
SMOOTH = (np.add.outer(np.arange(40), np.arange(30)) * 20).astype(np.uint16)
CT = {"RescaleIntercept": -24, "RescaleSlope": 0.5, "RescaleType": "HU", "WindowCenter": 0, "WindowWidth": 1000}


def lut(explanation: str, keyword: str) -> dict[str, Any]:
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [2048, 0, 12])
    item.add_new("LUTExplanation", "LO", explanation)
    item.add_new("LUTData", "US", list(range(2048)))
    return {keyword: [item]}


def one(number: int, pixels: Any = SMOOTH, **attributes: Any) -> bytes:
    """An instance in a series of its own."""
    uid = f"{STUDY}.{number}"
    return image_file(
        pixels, **{"StudyInstanceUID": STUDY, "SeriesInstanceUID": uid, "SOPInstanceUID": f"{uid}.1"} | attributes
    )


def files() -> list[bytes]:
    positions = [(0, 0, 2.0 * k) for k in range(6)]
    common = {"StudyInstanceUID": STUDY, "SeriesInstanceUID": f"{STUDY}.1", "WindowCenterWidthExplanation": "SOFT"}
    lossy = {
        "LossyImageCompression": "01",
        "LossyImageCompressionRatio": [8, 12.5],
        "LossyImageCompressionMethod": ["A", "B"],
    }
    state = presentation_state(
        [reference(f"{STUDY}.2.1")], [area(30, 40)], series=f"{STUDY}.2", StudyInstanceUID=STUDY,
        SeriesInstanceUID=f"{STUDY}.9", SOPInstanceUID=f"{STUDY}.9.1",
        RescaleSlope=2, RescaleIntercept=1, RescaleType="US",
    )  # fmt: skip
    return [
        *slices_of(VOLUME, positions, spacing=(0.5, 0.75), **CT, **common),
        one(2, **lut("CHEST", "VOILUTSequence")),
        one(3, **lossy),
        one(4, np.zeros((4, 4, 3), np.uint8), SamplesPerPixel=3),
        one(5, np.zeros((4, 4), np.uint32)),
        one(6, **lut("DETECTOR", "ModalityLUTSequence")),
        one(
            7,
            np.arange(-8, 8, dtype=np.int8).reshape(4, 4),
            PhotometricInterpretation="MONOCHROME1",
            PixelPaddingValue=-8,
        ),
        state,
    ]


@pytest.fixture(scope="module")
def archive() -> FakeArchive:
    return FakeArchive(files())


@pytest.fixture(scope="module")
def client_of(archive: FakeArchive, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Client]]:
    """Clients by grant, all of one engine."""
    folder = tmp_path_factory.mktemp("tables")
    with closing(small_engine(archive, folder)) as engine:
        services = viewer_services(archive, engine, folder)
        yield lambda grant=ADMINISTRATOR: Client(ViewerApplication(services, grant))


@pytest.fixture
def client(client_of: Callable[..., Client]) -> Client:
    return client_of()


def at(number: int, suffix: str = "") -> str:
    return f"/sightline/view/{STUDY}/{STUDY}.{number}/{STUDY}.{number}.1/1{suffix}"


def plane(name: str, index: int, suffix: str = "") -> str:
    return f"/sightline/view/{STUDY}/{STUDY}.1/{name}/{index}{suffix}"


def slice_uids(archive: FakeArchive) -> list[str]:
    records = archive.series_instances(ADMINISTRATOR, STUDY, f"{STUDY}.1")
    read = {record.sop_instance_uid: archive.read(ADMINISTRATOR, record) for record in records}
    return sorted(read, key=lambda uid: VOLUME.tobytes().index(read[uid][-VOLUME[0].nbytes :]))


def account(client: Client, path: str) -> Any:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "application/json"
    return answer.json


def pixels(content: bytes) -> Any:
    return np.asarray(Image.open(BytesIO(content))).astype(int)


@pytest.mark.parametrize("query", ["", "?format=png", "?format=webp", "?format=gif", "?format=exact", "?format=png16"])
def test_the_digest_is_that_of_the_body(client: Client, query: str) -> None:
    answer = client.get(at(3, query))
    digest = sha256(answer.data)
    text = answer.headers["Repr-Digest"]
    assert b64decode(text.removeprefix("sha-256=:").removesuffix(":")) == digest.digest()
    told = account(client, at(3, f".json{query}"))
    assert told["digest"] == {"sha-256": digest.hexdigest()}
    assert (told["bytes"], told["mediaType"], told["view"]) == (len(answer.data), answer.mimetype, at(3, query))


def test_a_slice_says_all_of_its_steps(client: Client, archive: FakeArchive) -> None:
    uid = slice_uids(archive)[2]
    told = account(client, f"/sightline/view/{STUDY}/{STUDY}.1/{uid}/1.json?format=png")
    assert told["sources"] == {"study": STUDY, "series": f"{STUDY}.1", "count": 1, "frames": [[uid, 1]]}
    rescale = {"slope": 0.5, "intercept": -24.0, "unit": "HU"}
    assert told["modality"] == {"kind": "rescale", "rescale": rescale, "explanation": ""}
    assert told["voi"] == {
        "kind": "window", "of": "file", "window": [0.0, 1000.0, "LINEAR"], "explanation": "SOFT",
    }  # fmt: skip
    assert told["interpolation"] == []
    assert told["stored"] == {"lossy": False, "ratios": [], "methods": []}
    assert told["encoding"] == {"lossy": False, "maximumError": 0}
    assert told["presentationState"] is told["samples"] is None
    assert (told["columns"], told["rows"], told["pixelSpacing"]) == (16, 20, [0.5, 0.75])


def test_the_windows_of_a_view_and_of_nobody(client: Client) -> None:
    asked = account(client, at(3, ".json?window=300,500"))["voi"]
    assert (asked["of"], asked["window"]) == ("view", [300.0, 500.0, "LINEAR"])
    assert account(client, at(3, ".json"))["voi"]["of"] == "full-range"


def test_look_up_tables_are_named_as_the_file_names_them(client: Client) -> None:
    assert account(client, at(2, ".json"))["voi"] == {
        "kind": "lut", "of": "file", "window": None, "explanation": "CHEST",
    }  # fmt: skip
    assert account(client, at(6, ".json"))["modality"] == {"kind": "lut", "rescale": None, "explanation": "DETECTOR"}


def test_a_presentation_state_says_the_steps(client: Client) -> None:
    told = account(client, at(2, f".json?format=png&presentation={STUDY}.9,{STUDY}.9.1"))
    assert told["presentationState"] == [f"{STUDY}.9", f"{STUDY}.9.1"]
    assert told["modality"]["rescale"] == {"slope": 2.0, "intercept": 1.0, "unit": ""}
    assert told["voi"]["of"] == "full-range"
    assert (
        client.get(at(2, f"?presentation={STUDY}.9,{STUDY}.9.1"))
        .headers["Sightline-Provenance"]
        .endswith(", presentation")
    )


def test_planes_name_the_slices_that_took_part(client: Client, archive: FakeArchive) -> None:
    uids = slice_uids(archive)
    across = account(client, plane("sagittal", 3, ".json"))
    assert across["sources"]["count"] == 6
    assert [uid for uid, _ in across["sources"]["frames"]] == uids
    along = account(client, plane("axial", 4, ".json"))
    assert (along["sources"]["count"], along["sources"]["frames"]) == (1, [[uids[4], 1]])
    assert along["interpolation"] == []
    assert along["voi"]["explanation"] == "SOFT"
    assert account(client, plane("axial", 4, ".json?size=8"))["interpolation"] == ["area-mean"]


CUT = "-4,-4,5,1,0,0,0,1,0,1,1,9,9"


@pytest.mark.parametrize(
    ("kind", "query", "voi", "interpolation"),
    [
        ("cut", "", "window", ["trilinear"]),
        ("cut", "?slab=4", "window", ["trilinear", "projection"]),
        ("projection", "", "window", ["linear", "projection"]),
        ("rendering", "", "transfer-function", ["linear", "projection"]),
        ("projection", "?size=4", "window", ["linear", "projection", "area-mean"]),
    ],
)
def test_pictures_of_the_whole_volume(
    client: Client, kind: str, query: str, voi: str, interpolation: list[str]
) -> None:
    path = f"/sightline/view/{STUDY}/{STUDY}.1/{kind}/{CUT}"
    told = account(client, f"{path}.json{query}")
    assert (told["voi"]["kind"], told["interpolation"]) == (voi, interpolation)
    assert told["sources"]["count"] == 6
    assert told["digest"]["sha-256"] == sha256(client.get(path + query).data).hexdigest()


def test_what_was_lost_before_it_was_stored(client: Client) -> None:
    assert account(client, at(3, ".json"))["stored"] == {"lossy": True, "ratios": [8.0, 12.5], "methods": ["A", "B"]}
    header = client.get(at(3, "?format=png")).headers["Sightline-Provenance"]
    assert header.endswith("interpolation=(), stored=lossy, encoding=exact")


@pytest.mark.parametrize(
    ("place", "query"), [(at(3), ""), (at(3), "?quality=30&size=20"), (plane("coronal", 7), "?quality=50")]
)
def test_the_maximum_error_is_the_one_that_can_be_seen(client: Client, place: str, query: str) -> None:
    exact_query = f"{query}&format=png" if query else "?format=png"
    lossy, exact = (client.get(place + each).data for each in (query, exact_query))
    expected = int(np.abs(pixels(lossy) - pixels(exact)).max())
    assert expected > 0
    encoding = account(client, f"{place}.json{query}")["encoding"]
    assert encoding == {"lossy": True, "maximumError": expected}


def test_headers_name_nobody(client: Client) -> None:
    headers = client.get(plane("sagittal", 3)).headers
    line = headers["Sightline-Provenance"]
    assert line.startswith('sources=6, modality=rescale;slope="0.5";intercept="-24.0";unit="HU", voi=window;of=file, ')
    assert STUDY not in line


def test_who_may_not_see_the_picture_may_not_know_of_it(client_of: Callable[[Grant], Client]) -> None:
    for path in (at(3, ".json"), at(3, "?format=exact"), plane("axial", 1, ".json")):
        assert client_of(link_grant(STUDY)).get(path).status_code == 200
        assert client_of(link_grant("1.2.3")).get(path).status_code == 403


def test_an_address_of_nothing_is_told_of_nothing(client: Client) -> None:
    assert client.get(at(99, ".json")).status_code == 404
    assert client.get(plane("axial", 99, ".json")).status_code == 404
    assert client.get(at(3, ".json?zoom=2")).status_code == 400


@pytest.mark.parametrize("suffix", [".json", "?format=exact"])
def test_etags_follow_the_stored_file(client: Client, archive: FakeArchive, suffix: str) -> None:
    before = client.get(at(3, suffix))
    known = {"If-None-Match": before.headers["ETag"]}
    again = client.get(at(3, suffix), headers=known)
    assert (again.status_code, again.data) == (304, b"")
    assert client.get(at(3), headers=known).status_code == 200
    archive.store(ADMINISTRATOR, one(3, SMOOTH[::-1]))
    after = client.get(at(3, suffix), headers=known)
    assert (after.status_code, after.data == before.data) == (200, False)
    assert after.headers["ETag"] != before.headers["ETag"]
    archive.store(ADMINISTRATOR, files()[7])


@pytest.mark.parametrize(("number", "query"), [(3, "?format=exact"), (7, "?format=exact")])
def test_stored_values_are_exact(client: Client, number: int, query: str) -> None:
    answer = client.get(at(number, query))
    assert answer.mimetype == "application/vnd.sightline.exact-frame"
    samples, meaning = decode(answer.data)
    expected = {3: SMOOTH, 7: np.arange(-8, 8, dtype=np.int8).reshape(4, 4)}[number]
    assert samples.dtype == expected.dtype
    np.testing.assert_array_equal(samples, expected)
    assert meaning.rescale == (1.0, 0.0)
    assert (meaning.inverse, meaning.padding) == ((False, None) if number == 3 else (True, (-8, -8)))


def test_a_png_of_16_bits_says_what_a_sample_is(client: Client, archive: FakeArchive) -> None:
    uid = slice_uids(archive)[1]
    answer = client.get(f"/sightline/view/{STUDY}/{STUDY}.1/{uid}/1?format=png16")
    assert answer.headers["Sightline-Quality"] == "exact"
    assert answer.headers["Sightline-Provenance"].endswith("samples=stored;bias=32768")
    np.testing.assert_array_equal(pixels(answer.data) - 32768, VOLUME[1])
    told = account(client, f"/sightline/view/{STUDY}/{STUDY}.1/{uid}/1.json?format=png16")
    assert told["samples"] == {"are": "stored values", "bias": 32768}
    assert told["voi"]["kind"] == "none"
    samples, meaning = decode(client.get(f"/sightline/view/{STUDY}/{STUDY}.1/{uid}/1?format=exact").data)
    np.testing.assert_array_equal(samples, VOLUME[1])
    assert meaning.rescale == (0.5, -24.0)


def test_a_modality_lut_leaves_stored_values_without_a_rescale(client: Client) -> None:
    assert decode(client.get(at(6, "?format=exact")).data)[1].rescale is None


@pytest.mark.parametrize(("number", "reason"), [(4, "Colours"), (5, "32 bits")])
@pytest.mark.parametrize("picture_format", ["exact", "png16"])
def test_what_has_no_exact_form_is_refused_with_a_reason(
    client: Client, number: int, reason: str, picture_format: str
) -> None:
    answer = client.get(at(number, f"?format={picture_format}"))
    assert answer.status_code == 422
    assert reason in answer.text
