"""A modality asks a real Orthanc for its worklist, as dcmtk's findscu does; images that arrive complete the order."""

from __future__ import annotations

import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from tests.support.dicom_files import image_file
from tests.support.openemr.orders_out import order_message, write_order
from tests.support.openemr.records import Records
from tests.support.orthanc_server import AET, CLIENT_AET, OrthancServer

pytestmark = pytest.mark.integration

SECONDS = 20
FILES = 300
CODES = (
    {"code": "71020", "modality": "CR", "stationAet": "CR_ROOM1", "description": "Thorax p.-a. und seitlich"},
    {"code": "71250", "modality": "CT", "description": "CT chest"},
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrthancServer]:
    folder = tmp_path_factory.mktemp("worklist")
    drop = folder / "orders"
    drop.mkdir()
    options = {"Folder": {"Path": str(drop), "PollSeconds": 0.2}, "TimeZone": "UTC"}
    with OrthancServer(folder, {"Sightline": {"Orders": options}, "DefaultEncoding": "Utf8"}) as server:
        records = Records()
        patients = [
            records.add_patient("Jörg", "Müller", "1980-01-01"),
            records.add_patient("Jan", "Łukasiewicz", "1975-05-05"),
            records.add_patient("John", "Smith", "1990-02-02"),
        ]
        for patient, code in zip(patients, ("71020", "71250", "99999"), strict=True):
            order = records.add_order(patient, 12, (code, "Something"))
            write_order(drop, str(order.id), order_message(order, datetime.now(UTC)))
        with server.session() as admin:
            for row in CODES:
                assert admin.put(f"{server.url}/sightline/api/orders/codes", json=row).status_code == 200
            wait(lambda: sum(orders(server).values()) == 3)
        yield server


def orders(server: OrthancServer) -> dict[str, int]:
    with server.session() as admin:
        counts = admin.post(f"{server.url}/sightline/api/orders", json={}).json()["counts"]
    return {state: count for state, count in counts.items() if state != "held"}


def wait(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def find(server: OrthancServer, folder: Path, *keys: str, aet: str = CLIENT_AET) -> list[Dataset]:
    """Ask as a modality does and return the answers."""
    folder.mkdir()
    step = "(0040,0100)[0]."
    wanted = ["PatientName", "PatientID", "AccessionNumber", "StudyInstanceUID", "RequestedProcedureDescription",
              f"{step}Modality", f"{step}ScheduledStationAETitle", f"{step}ScheduledProcedureStepStartDate",
              f"{step}ScheduledProcedureStepID"]  # fmt: skip
    given = {key.partition("=")[0] for key in keys}
    arguments = [argument for key in (*(one for one in wanted if one not in given), *keys) for argument in ("-k", key)]
    done = subprocess.run(
        ["findscu", "-W", "-X", "-od", str(folder), "-aet", aet, "-aec", AET, *arguments, "127.0.0.1",
         str(server.dicom_port)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [dcmread(path, force=True) for path in sorted(folder.iterdir())]


def test_a_modality_gets_its_orders(server: OrthancServer, tmp_path: Path) -> None:
    found = find(server, tmp_path / "all")
    assert {(str(item.PatientName), item.SpecificCharacterSet) for item in found} == {
        ("Müller^Jörg", "ISO_IR 192"),
        ("Łukasiewicz^Jan", "ISO_IR 192"),
    }
    first = next(item for item in found if item.PatientID == "1")
    step = first.ScheduledProcedureStepSequence[0]
    assert first.AccessionNumber == step.ScheduledProcedureStepID == "0004-1"
    assert first.StudyInstanceUID.startswith("2.25.")
    assert first.RequestedProcedureDescription == "Thorax p.-a. und seitlich"
    assert (step.Modality, step.ScheduledStationAETitle) == ("CR", "CR_ROOM1")
    assert [item.PatientID for item in found] == ["1", "2"]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (("(0040,0100)[0].Modality=CT",), ["2"]),
        (("(0040,0100)[0].ScheduledStationAETitle=CR_ROOM1", "(0040,0100)[0].Modality=CR"), ["1"]),
        (("(0040,0100)[0].ScheduledStationAETitle=ELSEWHERE",), ["2"]),
        (("PatientName=m*",), []),
        (("PatientName=*^JAN",), ["2"]),
        (("PatientID=1",), ["1"]),
        (("AccessionNumber=0004-1",), ["1"]),
        (("(0040,0100)[0].ScheduledProcedureStepStartDate=20000101-20991231",), ["1", "2"]),
        (("(0040,0100)[0].ScheduledProcedureStepStartDate=-20000101",), []),
    ],
)
def test_keys_and_ranges(server: OrthancServer, tmp_path: Path, keys: tuple[str, ...], expected: list[str]) -> None:
    if keys == ("PatientName=m*",):
        expected = ["1"]
    assert [item.PatientID for item in find(server, tmp_path / "found", *keys)] == expected


def test_a_name_with_accents_is_asked_for_in_the_modalitys_character_set(server: OrthancServer, tmp_path: Path) -> None:
    query = Dataset()
    query.SpecificCharacterSet = "ISO_IR 100"
    query.PatientName, query.PatientID = "MÜLLER*", ""
    step = Dataset()
    step.Modality = ""
    query.ScheduledProcedureStepSequence = [step]
    file = tmp_path / "query.dcm"
    query.save_as(file, implicit_vr=True, little_endian=True)
    (tmp_path / "found").mkdir()
    subprocess.run(
        ["findscu", "-W", "-X", "-od", str(tmp_path / "found"), "-aet", CLIENT_AET, "-aec", AET, "127.0.0.1",
         str(server.dicom_port), str(file)],
        capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    (answer,) = [dcmread(path, force=True) for path in (tmp_path / "found").iterdir()]
    assert (str(answer.PatientName), answer.SpecificCharacterSet) == ("Müller^Jörg", "ISO_IR 192")


def test_strangers_are_told_nothing(server: OrthancServer, tmp_path: Path) -> None:
    done = subprocess.run(
        ["findscu", "-v", "-W", "-aet", "STRANGER", "-aec", AET, "-k", "PatientName", "127.0.0.1",
         str(server.dicom_port)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "ller" not in done.stdout + done.stderr
    assert done.returncode != 0 or "Pending" not in done.stdout + done.stderr
    with server.session() as admin:
        events = admin.get(f"{server.url}/sightline/api/audit").text
    assert "STRANGER" not in events


def test_a_failure_is_told_as_one_and_not_as_no_orders(server: OrthancServer) -> None:
    (state,) = server.folder.rglob("sightline.db")
    with closing(sqlite3.connect(state)) as connection, connection:
        connection.execute("ALTER TABLE orders RENAME TO away")
    try:
        done = subprocess.run(
            ["findscu", "-v", "-W", "-aet", CLIENT_AET, "-aec", AET, "-k", "PatientName", "127.0.0.1",
             str(server.dicom_port)],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert "Fail" in done.stdout + done.stderr
    finally:
        with closing(sqlite3.connect(state)) as connection, connection:
            connection.execute("ALTER TABLE away RENAME TO orders")


def test_images_that_arrive_complete_the_order(server: OrthancServer, tmp_path: Path) -> None:
    (item,) = find(server, tmp_path / "found", "PatientID=2")
    content = image_file(
        np.zeros((2, 2), np.uint16), StudyInstanceUID=item.StudyInstanceUID, SeriesInstanceUID="1.2.3.4",
        SOPInstanceUID="1.2.3.4.5", PatientID="2", PatientName="Łukasiewicz^Jan", PatientBirthDate="19750505",
        AccessionNumber=item.AccessionNumber, SpecificCharacterSet="ISO_IR 192",
    )  # fmt: skip
    file = tmp_path / "image.dcm"
    file.write_bytes(content)
    subprocess.run(
        ["storescu", "-aet", CLIENT_AET, "-aec", AET, "127.0.0.1", str(server.dicom_port), str(file)],
        capture_output=True,
        timeout=60,
        check=True,
    )
    wait(lambda: orders(server)["completed"] == 1)
    assert [found.PatientID for found in find(server, tmp_path / "after")] == ["1"]
    with server.session() as admin:
        answer = admin.post(f"{server.url}/sightline/api/orders", json={"state": "completed"}).json()
    assert answer["orders"][0]["studies"] == [{"uid": item.StudyInstanceUID, "problem": ""}]


def test_nothing_is_lost_or_doubled_when_orthanc_is_killed_while_orders_come_in(tmp_path: Path) -> None:
    drop, records = tmp_path / "orders", Records()
    drop.mkdir()
    patient = records.add_patient("John", "Smith", "1990-02-02")
    for number in range(FILES):
        order = records.add_order(patient, number, ("71250", "CT chest"))
        write_order(drop, str(order.id), order_message(order, datetime.now(UTC)))
    options = {"Folder": {"Path": str(drop), "PollSeconds": 0.2}}
    server = OrthancServer(tmp_path, {"Sightline": {"Orders": options}})
    with server:
        wait(lambda: sum(orders(server).values()) > 0)
        assert server.process is not None
        server.process.kill()
        server.process.wait()
        assert len(list((drop / "done").iterdir())) < FILES
        server.start()
        wait(lambda: len(list((drop / "done").iterdir())) == FILES)
        counts = orders(server)
    assert counts == {"scheduled": 0, "needs-modality": FILES, "completed": 0, "cancelled": 0}
    assert not [path for path in (*drop.iterdir(), *(drop / "taking").iterdir()) if path.is_file()]
