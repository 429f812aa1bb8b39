"""Whole files: byte for byte as stored, or native; for one instance, a series, a study."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.encaps import encapsulate

from sightline.access.grant import Grant, Permission, Verb
from tests.support.corpus import real_file
from tests.support.dicom_files import image_file
from tests.unit.dicomweb.conftest import PUBLIC_URL, Serve
from tests.unit.dicomweb.test_frames import address, contents, parts

STUDY, SERIES = "1.2.826.0.1.1", "1.2.826.0.1.1.1"
DICOM = 'multipart/related; type="application/dicom"'
EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
pytestmark = pytest.mark.filterwarnings("ignore")
NAMES = ["MR_small.dcm", "MR_small_implicit.dcm", "MR_small_RLE.dcm", "MR_small_bigendian.dcm", "image_dfl.dcm"]


@pytest.mark.parametrize("name", [*NAMES, "reportsi.dcm", "JPEG2000.dcm"])
def test_as_stored_is_byte_for_byte(serve: Serve, name: str) -> None:
    base, dataset = address(real_file(name))
    stored = real_file(name).read_bytes()
    server = serve(stored)
    syntax = dataset.file_meta.TransferSyntaxUID
    for accept in (f"{DICOM}; transfer-syntax=*", f"{DICOM}; transfer-syntax={syntax}"):
        answer = server.get(base, accept)
        assert contents(answer) == [stored]
        assert parts(answer)[0].headers == {
            "content-type": f"application/dicom; transfer-syntax={syntax}",
            "content-location": f"{PUBLIC_URL}/dicom-web{base}",
        }
    single = server.get(base, "application/dicom; transfer-syntax=*")
    assert (single.data, single.mimetype) == (stored, "application/dicom")
    assert contents(server.get(f"{base.rsplit('/instances', 1)[0]}", f"{DICOM}; transfer-syntax=*")) == [stored]
    assert server.engine.tasks == []


@pytest.mark.parametrize("wanted", [EXPLICIT, IMPLICIT])
@pytest.mark.parametrize("name", [*NAMES, "emri_small_jpeg_2k_lossless.dcm", "SC_rgb_rle_16bit.dcm"])
def test_made_native_where_asked(serve: Serve, name: str, wanted: str) -> None:
    base, stored = address(real_file(name))
    server = serve(real_file(name).read_bytes())
    accept = DICOM if wanted == EXPLICIT else f"{DICOM}; transfer-syntax={IMPLICIT}"
    answer = server.get(base, accept)
    found = dcmread(BytesIO(contents(answer)[0]))
    assert found.file_meta.TransferSyntaxUID == wanted
    assert parts(answer)[0].headers["content-type"] == f"application/dicom; transfer-syntax={wanted}"
    assert found.SOPInstanceUID == stored.SOPInstanceUID
    assert np.array_equal(found.pixel_array, stored.pixel_array)
    changed = {"PixelData", "PhotometricInterpretation", "PlanarConfiguration"}
    for element in stored:
        if element.keyword not in changed and element.VR not in ("OB", "OW", "UN"):
            assert found[element.tag].value == element.value, element.keyword


def test_what_cannot_be_made_is_refused_with_what_there_is(serve: Serve) -> None:
    base, _ = address(real_file("MR_small_RLE.dcm"))
    server = serve(real_file("MR_small_RLE.dcm").read_bytes())
    for path in (base, base.rsplit("/instances", 1)[0]):
        refused = server.get(path, f"{DICOM}; transfer-syntax=1.2.840.10008.1.2.4.203")
        assert refused.status_code == 406
        assert refused.json and "1.2.840.10008.1.2.5" in refused.json["message"]
    assert server.get(base, "application/gzip").status_code == 406


def test_a_series_and_a_study_come_whole(serve: Serve) -> None:
    files = [image_file(np.full((2, 3), n, np.uint16), SOPInstanceUID=f"1.2.3.{n}") for n in range(5)]
    other = image_file(np.zeros((2, 3), np.uint16), SOPInstanceUID="1.2.4", SeriesInstanceUID="1.9")
    server = serve(*files, other)
    series = server.get(f"/studies/{STUDY}/series/{SERIES}", DICOM)
    assert contents(series) == files
    assert contents(server.get(f"/studies/{STUDY}", DICOM)) == [*files, other]
    tag = series.headers["ETag"]
    assert server.get(f"/studies/{STUDY}/series/{SERIES}", DICOM, headers={"If-None-Match": tag}).status_code == 304
    server.archive.forget("1.2.3.0")
    after = server.get(f"/studies/{STUDY}/series/{SERIES}", DICOM, headers={"If-None-Match": tag})
    assert contents(after) == files[1:]


def test_a_series_of_several_syntaxes(serve: Serve) -> None:
    plain = dcmread(real_file("MR_small.dcm"))
    packed = dcmread(real_file("MR_small_RLE.dcm"))
    stored = []
    for number, dataset in enumerate((plain, packed)):
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{number}"
        dataset.SeriesInstanceUID, dataset.StudyInstanceUID = SERIES, STUDY
        buffer = BytesIO()
        dataset.save_as(buffer)
        stored.append(buffer.getvalue())
    server = serve(*stored)
    assert contents(server.get(f"/studies/{STUDY}", f"{DICOM}; transfer-syntax=*")) == stored
    native = [dcmread(BytesIO(content)) for content in contents(server.get(f"/studies/{STUDY}", DICOM))]
    assert [item.file_meta.TransferSyntaxUID for item in native] == [EXPLICIT, EXPLICIT]
    assert np.array_equal(native[0].pixel_array, native[1].pixel_array)


def test_files_leave_only_with_the_verb_download_and_are_recorded(serve: Serve) -> None:
    server = serve(image_file(np.zeros((2, 3), np.uint16), SOPInstanceUID="1.2.3"))
    base = f"/studies/{STUDY}/series/{SERIES}/instances/1.2.3"
    server.grant = Grant("link:1", (Permission(frozenset({Verb.VIEW}), STUDY),))
    for path in (f"/studies/{STUDY}", f"/studies/{STUDY}/series/{SERIES}", base):
        assert server.get(path, DICOM).status_code == 403, path
    assert server.get(f"{base}/frames/1").status_code == 200
    server.grant = Grant("link:2", (Permission(frozenset({Verb.VIEW, Verb.DOWNLOAD}), STUDY),))
    assert server.get(base, DICOM).status_code == 200
    assert server.audit.events[-1].kind == "export"
    assert server.get("/studies/9.9", DICOM).status_code == 403


def test_a_series_that_cannot_be_decoded_is_refused(serve: Serve) -> None:
    base, dataset = address(real_file("MR_small_RLE.dcm"))
    dataset.PixelData = encapsulate([b"\x01\x00\x00\x00" + bytes(70)])
    damaged = BytesIO()
    dataset.save_as(damaged)
    server = serve(damaged.getvalue())
    for path in (base, base.rsplit("/instances", 1)[0], base.split("/series")[0]):
        assert server.get(path, DICOM).status_code == 422
        assert server.get(path, f"{DICOM}; transfer-syntax=*").status_code == 200
