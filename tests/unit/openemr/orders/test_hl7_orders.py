"""Orders as OpenEMR writes them, and as others may, are read; what cannot be is refused with a reason."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sightline.errors import UnprocessableError
from sightline.openemr.orders.hl7_orders import OrderMessage, read_message
from sightline.openemr.orders.hl7_text import moment, split
from sightline.openemr.orders.mapping import OPENEMR, read_maps
from sightline.section import ConfigurationError
from tests.support.openemr.orders_out import order_message
from tests.support.openemr.records import Records

SENT = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


def read(text: str, codec: str = "utf-8") -> OrderMessage:
    (message,) = split(text.encode(codec))
    return read_message(message, (OPENEMR,), UTC)


def chest(*lines: tuple[str, str]) -> str:
    records = Records()
    patient = records.add_patient("John", "O'Brien & Söhne", "1980-01-01", ss="123-45-6789")
    order = records.add_order(patient, 12, *(lines or (("71020", "Chest XR ^ 2 views"),)))
    return order_message(order, SENT)


def test_an_order_as_openemr_writes_it() -> None:
    message = read(chest(("71020", "Chest XR ^ 2 views"), ("73030", "Shoulder")))
    assert message.control_id == "2"
    assert message.is_whole
    first, second = message.lines
    assert first.sender == "OPENEMR|CLINIC|SIGHTLINE|RAD"
    assert (first.placer_order_number, first.placer_key, first.line) == ("0002", "2", 1)
    assert (first.code, first.code_text) == ("71020", "Chest XR ^ 2 views")
    assert first.ehr_patient_id == "1"
    assert first.patient_name == "O'Brien & Söhne^John"
    assert (first.birth_date, first.sex) == ("19800101", "M")
    assert first.encounter == "12"
    assert (first.requester, first.requester_id) == ("Doe^Jane", "1234567890")
    assert first.reason == "Chest pain"
    assert first.priority == "ROUTINE"
    assert first.scheduled is None
    assert first.sent == SENT
    assert not first.is_cancelled
    assert (second.line, second.code, second.placer_key) == (2, "73030", "2")
    assert "123-45-6789" not in repr(message)


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_any_line_end_says_the_same(end: str) -> None:
    assert read(chest().replace("\r", end)) == read(chest())


@pytest.mark.parametrize(
    ("named", "codec"), [("", "utf-8"), ("UNICODE UTF-8", "utf-8"), ("8859/1", "latin-1"), ("8859/15", "iso8859-15")]
)
def test_text_is_read_in_the_character_set_that_it_names(named: str, codec: str) -> None:
    text = chest().replace("|P|2.3\r", f"|P|2.3||||||{named}\r")
    assert read(text, codec).lines[0].patient_name == "O'Brien & Söhne^John"


def test_one_file_may_hold_several_messages() -> None:
    content = (chest() + "\r\n" + chest(("1", "MSH"))).encode()
    assert [read_message(one, (OPENEMR,), UTC).lines[0].code for one in split(content)] == ["71020", "1"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("MSH|", "XYZ|", "not-hl7"),
        ("ORM^O01", "ADT^A01", "message-type"),
        ("ORC|NW|", "ORC|ZZ|", "order-control"),
        ("PID|1|1|1|", "PID|1|||", "missing"),
        ("|0002|", "||", "missing"),
        ("|71020^", "|^", "missing"),
        ("O'Brien \\T\\ Söhne^John", "", "missing"),
        ("OBR|1|", "NTE|1|", "missing"),
        ("OBR|1|", "OBR|x|", "missing"),
        ("|19800101|", "|01.01.1980|", "time"),
        ("|20261121100000||ORM", "|yesterday||ORM", "time"),
        ("|P|2.3\r", "|P|2.3||||||KLINGON\r", "character-set"),
        ("|71020^", "|" + "7" * 65 + "^", "too-long"),
        ("|71020^", "|" + "&" * 30_000 + "^", "too-large"),
        ("|71020^", '|""^', "missing"),
        ("NTE|1|L|", "PID|2|9|9||Roe^Rita||19900101|F\rNTE|1|L|", "mixed"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(old: str, new: str, code: str) -> None:
    text = chest()
    assert old in text
    with pytest.raises(UnprocessableError) as refusal:
        read(text.replace(old, new))
    assert refusal.value.code == code
    assert "Brien" not in refusal.value.message


def test_text_in_another_character_set_than_it_says_is_refused() -> None:
    with pytest.raises(UnprocessableError, match="UTF-8") as refusal:
        read(chest(), "latin-1")
    assert refusal.value.code == "character-set"


@pytest.mark.parametrize("control", ["CA", "OC", "DC"])
def test_an_order_can_be_taken_back(control: str) -> None:
    (line,) = read(chest().replace("ORC|NW|", f"ORC|{control}|")).lines
    assert line.is_cancelled


def test_a_change_of_status_takes_back_only_if_it_says_so() -> None:
    assert read(chest().replace("ORC|NW|0002|||||", "ORC|SC|0002|||IP||")).lines == ()
    (line,) = read(chest().replace("ORC|NW|0002|||||", "ORC|SC|0002|||CA||")).lines
    assert line.is_cancelled


def test_an_escape_sequence_cannot_fill_the_memory() -> None:
    (line,) = read(chest(("71020", "Chest")).replace("^Chest|", "^Chest\\.sp999999999\\XR\\X41\\|")).lines
    assert line.code_text == "ChestXRA"


def test_another_systems_messages_are_read_by_its_map(tmp_path: Path) -> None:
    table = {
        "sender": "RIS|*",
        "types": ["OMI^O23", "ORU^R01"],
        "fields": {
            "accession_number": "IPC-1.1",
            "study_instance_uid": ["ZDS-1.1", "IPC-3.1"],
            "modality": "IPC-5.1",
            "station_aet": "IPC-9",
            "scheduled": "TQ1-7.1",
        },
    }
    file = tmp_path / "maps.json"
    file.write_text(json.dumps([table]))
    text = (
        "MSH|^~\\&|RIS|NORTH|||20260102101500+0200||OMI^O23|1|P|2.5\rPID|1||P77^^^N||Roe^Rita^M^Jr^Dr||19700203|F\r"
        "ORC|XO|RIS-1\rTQ1|1||||||20260103083000\rOBR|1|RIS-1||CTCH^CT chest\r"
        "IPC|ACC7^X||1.2.840.99||CT||||CT_ROOM\r"
    )
    (line,) = read_message(text.encode(), read_maps(str(file)), UTC).lines
    assert line.accession_number == "ACC7"
    assert line.study_instance_uid == "1.2.840.99"
    assert (line.modality, line.station_aet) == ("CT", "CT_ROOM")
    assert line.scheduled == datetime(2026, 1, 3, 8, 30, tzinfo=UTC)
    assert line.sent == datetime(2026, 1, 2, 8, 15, tzinfo=UTC)
    assert line.patient_name == "Roe^Rita^M^Dr^Jr"
    result = text.replace("OMI^O23", "ORU^R01").replace("ORC|XO|RIS-1\r", "").replace("ACC7", "ACC8")
    (line,) = read_message(result.encode(), read_maps(str(file)), UTC).lines
    assert (line.accession_number, line.placer_order_number) == ("ACC8", "RIS-1")
    assert read_message(chest().encode(), read_maps(str(file)), UTC).lines[0].code == "71020"


@pytest.mark.parametrize(
    "text", ["{", "{}", '[{"types": []}]', '[{"sender": "A", "fields": {"colour": "OBR-1"}}]',
             '[{"sender": "A", "fields": {"code": "OBR4"}}]', '[{"sender": "A", "types": "ORM"}]'],
)  # fmt: skip
def test_a_map_that_is_wrong_stops_the_start(tmp_path: Path, text: str) -> None:
    file = tmp_path / "maps.json"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match="MappingFile"):
        read_maps(str(file))


def test_times_without_a_zone_are_the_sites() -> None:
    assert moment("202607011000", ZoneInfo("Europe/Paris")) == datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
    assert moment("", UTC) is None
