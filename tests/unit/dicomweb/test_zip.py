"""Studies as ZIP archives: every file in it, and a DICOMDIR that other programs read as they read their own."""

from __future__ import annotations

import re
import shutil
import subprocess
import tracemalloc
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import UID
from werkzeug.test import TestResponse

from sightline.access.grant import Grant, Permission, Verb
from sightline.dicomweb import media_directory
from sightline.dicomweb.media_records import LEAVES, record_type
from sightline.web.zip_writing import zip_pieces
from tests.support.corpus import corpus_files, real_file
from tests.support.dicom_files import image_file
from tests.support.file_sets import file_set
from tests.unit.dicomweb.conftest import Serve
from tests.unit.dicomweb.test_frames import address

pytestmark = pytest.mark.filterwarnings("ignore")

STUDY, SERIES = "1.2.826.0.1.1", "1.2.826.0.1.1.1"
ZIP, AS_STORED = "application/zip", "application/zip; transfer-syntax=*"
EXPLICIT, JPEG_LS = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.80"


def unpacked(answer: TestResponse, folder: Path) -> Path:
    """Unpack an archive into a new folder, its checksums verified; every entry is stored, with its sizes before it."""
    with zipfile.ZipFile(BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        for entry in archive.infolist():
            assert (entry.compress_type, entry.flag_bits & 0x08) == (zipfile.ZIP_STORED, 0)
        archive.extractall(folder)
    return folder


def files() -> list[bytes]:
    """Return two series of one study, in an order other than that of their numbers, with a name in another script."""
    described = {"PatientName": "山田^太郎", "SpecificCharacterSet": "ISO_IR 192", "StudyDescription": "Thorax & Ärzte"}
    first = [
        image_file(np.full((2, 3), n, np.uint16), SOPInstanceUID=f"1.2.3.{n}", InstanceNumber=n, **described)
        for n in range(4)
    ]
    other = image_file(
        np.zeros((2, 3), np.uint16), SOPInstanceUID="1.2.4", SeriesInstanceUID="1.9", SeriesNumber=7, **described
    )
    return [*first, other]


def test_a_study_is_a_file_set(serve: Serve, tmp_path: Path) -> None:
    server = serve(*files())
    answer = server.get(f"/studies/{STUDY}", AS_STORED)
    assert (answer.status_code, answer.mimetype) == (200, ZIP)
    assert re.fullmatch(r'attachment; filename="dicom-[0-9a-f]{8}\.zip"', answer.headers["Content-Disposition"])
    folder = unpacked(answer, tmp_path / "unpacked")
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert names[-1] == "DICOMDIR"
    assert all(re.fullmatch(r"[A-Z0-9_]{1,8}", part) for name in names for part in name.split("/"))
    assert sorted(path.read_bytes() for path in folder.rglob("IM*")) == sorted(files())

    with file_set(folder) as found:
        assert {instance.SOPInstanceUID for instance in found} == {"1.2.4", *(f"1.2.3.{n}" for n in range(4))}
        for instance in found:
            stored = instance.load()
            assert stored.SOPInstanceUID == instance.SOPInstanceUID
            assert instance.ReferencedTransferSyntaxUIDInFile == stored.file_meta.TransferSyntaxUID
            assert instance.PatientName == "山田^太郎"
            assert instance.StudyDescription == "Thorax & Ärzte"
            assert (instance.StudyDate, instance.Modality) == ("20260102", "CT")
        assert sorted(found.find_values("SeriesNumber"), key=str) == [7, None]


def offsets(folder: Path) -> tuple[Dataset, dict[int, Dataset]]:
    """Read a DICOMDIR's records by where their items really begin in the file."""
    content = (folder / "DICOMDIR").read_bytes()
    directory = dcmread(BytesIO(content))
    records = {item.seq_item_tell: item for item in directory.DirectoryRecordSequence}
    for position in records:
        assert content[position : position + 4] == b"\xfe\xff\x00\xe0"
    return directory, records


def chain(records: dict[int, Dataset], start: int) -> Iterator[Dataset]:
    while start:
        yield records[start]
        start = records[start].OffsetOfTheNextDirectoryRecord


def test_every_record_is_reached_by_its_links(serve: Serve, tmp_path: Path) -> None:
    folder = unpacked(serve(*files()).get(f"/studies/{STUDY}", AS_STORED), tmp_path / "unpacked")
    directory, records = offsets(folder)
    assert directory.file_meta.MediaStorageSOPClassUID == "1.2.840.10008.1.3.10"
    assert directory.file_meta.TransferSyntaxUID == EXPLICIT
    reached = []
    (patient,) = chain(records, directory.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity)
    assert records[directory.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity] is patient
    for study in chain(records, patient.OffsetOfReferencedLowerLevelDirectoryEntity):
        for series in chain(records, study.OffsetOfReferencedLowerLevelDirectoryEntity):
            for leaf in chain(records, series.OffsetOfReferencedLowerLevelDirectoryEntity):
                reached.append((study.StudyInstanceUID, series.SeriesInstanceUID, leaf.ReferencedSOPInstanceUIDInFile))
                assert leaf.OffsetOfReferencedLowerLevelDirectoryEntity == 0
                assert (folder / "/".join(leaf.ReferencedFileID)).is_file()
    assert sorted(reached) == sorted([(STUDY, SERIES, f"1.2.3.{n}") for n in range(4)] + [(STUDY, "1.9", "1.2.4")])
    assert len(records) == 1 + 1 + 2 + 5


@pytest.mark.skipif(shutil.which("dcmmkdir") is None, reason="DCMTK is not here")
def test_dcmtk_reads_it_and_writes_the_same(serve: Serve, tmp_path: Path) -> None:
    """Record by record what DCMTK makes of the same files, and its dump reads ours without a complaint."""
    described = [
        image_file(
            np.full((2, 3), n, np.uint16), SOPInstanceUID=f"1.2.3.{n}", InstanceNumber=n, SeriesNumber=3,
            StudyID="S1", AccessionNumber="A1", StudyDescription="Head",
        )
        for n in range(1, 4)
    ]  # fmt: skip
    folder = unpacked(serve(*described).get(f"/studies/{STUDY}", AS_STORED), tmp_path / "unpacked")
    ours = folder / "DICOMDIR"
    dump = subprocess.run(["dcmdump", str(ours)], capture_output=True, text=True, check=True)
    assert dump.stderr == ""
    assert dump.stdout.count("DirectoryRecordType") == 6
    theirs = tmp_path / "THEIRS"
    command = ["dcmmkdir", "+r", "+id", str(folder), "+D", str(theirs), "-Pgp", "DICOM"]
    subprocess.run(command, capture_output=True, check=True)
    kinds = {}
    for path in (ours, theirs):
        items = dcmread(path).DirectoryRecordSequence
        kinds[path] = [
            (record.DirectoryRecordType, {e.keyword: e.value for e in record if "Offset" not in e.keyword})
            for record in items
        ]
    for own in kinds[ours]:
        match = [other for kind, other in kinds[theirs] if _same(kind, other, own)]
        assert match, own
        for keyword, value in match[0].items():
            if keyword != "SpecificCharacterSet":
                assert own[1][keyword] == value or not value, keyword


def _same(kind: str, other: dict[str, object], own: tuple[str, dict[str, object]]) -> bool:
    key = {"PATIENT": "PatientID", "STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID"}.get(
        kind, "ReferencedSOPInstanceUIDInFile"
    )
    return kind == own[0] and other[key] == own[1][key]


def test_transfer_syntax_is_honoured(serve: Serve, tmp_path: Path) -> None:
    """Explicit VR Little Endian unless said otherwise; what cannot be made is refused with what there is."""
    base, original = address(real_file("MR_small_RLE.dcm"))
    server = serve(real_file("MR_small_RLE.dcm").read_bytes())
    for number, (accept, expected) in enumerate(
        [(ZIP, EXPLICIT), (AS_STORED, "1.2.840.10008.1.2.5"), (f"{ZIP}; transfer-syntax={JPEG_LS}", JPEG_LS)]
    ):
        for path in (base, base.rsplit("/instances", 1)[0], base.split("/series")[0]):
            folder = unpacked(server.get(path, accept), tmp_path / f"{number}{path.count('/')}")
            (file,) = (dcmread(path) for path in folder.rglob("IM*"))
            assert file.file_meta.TransferSyntaxUID == expected
            assert file.SOPInstanceUID == original.SOPInstanceUID
            with file_set(folder) as (instance,):
                assert instance.ReferencedTransferSyntaxUIDInFile == expected
    stored = next((tmp_path / "16").rglob("IM*"), None) or next((tmp_path / "12").rglob("IM*"))
    assert stored.read_bytes() == real_file("MR_small_RLE.dcm").read_bytes()
    refused = server.get(base, f"{ZIP}; transfer-syntax=1.2.840.10008.1.2.4.203")
    assert refused.status_code == 406
    assert refused.json and "application/zip; transfer-syntax=1.2.840.10008.1.2.5" in refused.json["message"]


def test_the_query_parameter_and_the_header(serve: Serve) -> None:
    server = serve(*files())
    asked = server.get(f"/studies/{STUDY}?accept=application/zip", "text/html")
    assert asked.mimetype == ZIP
    assert server.get(f"/studies/{STUDY}", "*/*").mimetype == "multipart/related"
    assert server.get(f"/studies/{STUDY}", f'multipart/related; type="application/dicom"; q=0.2, {ZIP}').mimetype == ZIP


def test_it_has_an_etag_and_is_the_same_each_time(serve: Serve) -> None:
    server = serve(*files())
    first, again = server.get(f"/studies/{STUDY}", AS_STORED), server.get(f"/studies/{STUDY}", AS_STORED)
    assert first.data == again.data
    tag = first.headers["ETag"]
    unchanged = server.get(f"/studies/{STUDY}", AS_STORED, headers={"If-None-Match": tag})
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    assert server.get(f"/studies/{STUDY}", f"{ZIP}; transfer-syntax={JPEG_LS}").headers["ETag"] != tag
    server.archive.forget("1.2.3.0")
    changed = server.get(f"/studies/{STUDY}", AS_STORED, headers={"If-None-Match": tag})
    assert (changed.status_code, changed.data == first.data) == (200, False)


def test_it_leaves_only_with_the_verb_download_and_is_recorded(serve: Serve) -> None:
    server = serve(*files())
    server.grant = Grant("link:1", (Permission(frozenset({Verb.VIEW}), STUDY),))
    assert server.get(f"/studies/{STUDY}", ZIP).status_code == 403
    server.grant = Grant("link:2", (Permission(frozenset({Verb.VIEW, Verb.DOWNLOAD}), STUDY),))
    assert server.get(f"/studies/{STUDY}", ZIP).status_code == 200
    assert server.audit.events[-1].kind == "export"
    assert server.get("/studies/9.9", ZIP).status_code == 403


def test_it_is_made_while_it_is_sent(serve: Serve) -> None:
    """Files are read one after the other, not before the answer begins."""
    server = serve(*(image_file(np.zeros((2, 3), np.uint16), SOPInstanceUID=f"1.2.3.{n}") for n in range(40)))
    reads = []
    original = server.archive.read
    server.archive.read = lambda grant, record: (reads.append(record), original(grant, record))[1]  # type: ignore[method-assign]
    server.archive._by_path = None
    answer = server.get(f"/studies/{STUDY}", AS_STORED, buffered=False)
    begun = len(reads)
    pieces = answer.iter_encoded()
    next(pieces)
    assert begun == len(reads) <= 40 + 40 + 2  # headers, transfer syntaxes, and no more files than are made at once
    assert len(b"".join(pieces)) > 40 * 500
    assert len(reads) == 120


def test_memory_holds_one_entry_at_a_time() -> None:
    tracemalloc.start()
    size = sum(len(piece) for piece in zip_pieces((f"F{n}", bytes(2_000_000)) for n in range(50)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 100_000_000
    assert peak < 12_000_000


def test_large_archives_are_zip64(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 1000)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 3)
    contents = {f"F{number}": bytes([number]) * 600 for number in range(6)}
    whole = b"".join(zip_pieces(contents.items()))
    assert b"PK\x06\x06" in whole
    monkeypatch.undo()
    with zipfile.ZipFile(BytesIO(whole)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == contents


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("reportsi.dcm", "SR DOCUMENT"),
        ("rtplan.dcm", "RT PLAN"),
        ("rtdose.dcm", "RT DOSE"),
        ("waveform_ecg.dcm", "WAVEFORM"),
        ("CT_small.dcm", "IMAGE"),
        ("test-SR.dcm", "SR DOCUMENT"),
    ],
)
def test_kinds_of_records(serve: Serve, tmp_path: Path, name: str, kind: str) -> None:
    base, original = address(real_file(name))
    folder = unpacked(serve(real_file(name).read_bytes()).get(base, AS_STORED), tmp_path / "unpacked")
    (leaf,) = [
        record
        for record in dcmread(folder / "DICOMDIR").DirectoryRecordSequence
        if record.DirectoryRecordType not in ("PATIENT", "STUDY", "SERIES")
    ]
    assert leaf.DirectoryRecordType == kind
    for keyword in LEAVES[kind]:
        if keyword in leaf and keyword != "ContentSequence":
            told, said = leaf.get(keyword), original.get(keyword)
            assert told == said or (not told and not said), keyword
    assert all(item.RelationshipType == "HAS CONCEPT MOD" for item in leaf.get("ContentSequence") or ())


def test_record_types_are_those_of_pydicom() -> None:
    """Against pydicom's table of SOP classes; where theirs knows no better than IMAGE, ours may."""
    from pydicom.fileset import _FOUR_LEVEL_SOP_CLASSES

    for sop_class, kind in _FOUR_LEVEL_SOP_CLASSES.items():
        assert record_type(str(sop_class)) == kind, UID(sop_class).keyword
    assert set(map(record_type, ["1.2.3", ""])) == {"IMAGE"}


def test_every_study_of_the_corpus_is_a_file_set(serve: Serve, tmp_path: Path) -> None:
    """Whatever real files leave out or write wrongly, pydicom and DCMTK read the directory of them."""
    topics = ("sr", "seg", "rt", "pr", "doc", "hp", "rwvm", "pm", "sm", "nm", "broken", "xa", "us", "enhanced")
    chosen = [path for path in corpus_files(*topics) if path.stat().st_size < 500_000]
    if not chosen:
        pytest.skip("there is no corpus")
    archived = 0
    for number, path in enumerate(chosen[::2]):
        try:
            server = serve(path.read_bytes())
            (record, _, _) = next(iter(server.archive._stored.values()))
        except Exception:  # noqa: S112 - what cannot be stored cannot be retrieved
            continue
        answer = server.get(f"/studies/{record.study_instance_uid}", AS_STORED)
        assert answer.status_code == 200, path
        folder = unpacked(answer, tmp_path / str(number))
        with file_set(folder) as found:
            assert len(found) == 1, path
        if shutil.which("dcmdump"):
            dump = subprocess.run(["dcmdump", str(folder / "DICOMDIR")], capture_output=True, check=True)
            assert b"Directory" in dump.stdout
        archived += 1
    assert archived > 10


def test_more_files_than_names_are_refused(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sightline.dicomweb.retrieve_archive.MAXIMUM_FILES", 3)
    assert serve(*files()).get(f"/studies/{STUDY}", ZIP).status_code == 422
    assert media_directory.MAXIMUM_FILES == 999_999
