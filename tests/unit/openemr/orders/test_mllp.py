"""Orders over MLLP: each message is acknowledged for what became of it; strangers are hung up on."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import hl7
import pytest
from hl7.client import MLLPClient

from sightline.errors import UnavailableError
from sightline.openemr.orders.hl7_text import MOST_BYTES
from sightline.openemr.orders.intake import Intake
from sightline.openemr.orders.mllp_server import MllpServer
from sightline.orders_section import OrderMllp
from tests.support.openemr.orders_out import order_message
from tests.support.openemr.records import Records
from tests.support.orthanc_server import free_port
from tests.support.site import Site
from tests.unit.openemr.orders.conftest import SENT


@contextmanager
def listening(intake: Intake, peers: tuple[str, ...] = ("127.0.0.1",)) -> Iterator[int]:
    port = free_port()
    server = MllpServer(OrderMllp(Port=port, Peers=peers), intake)
    server.begin()
    try:
        yield port
    finally:
        server.close()


def message(records: Records) -> str:
    patient = records.add_patient("Jörg", "Müller", "1980-01-01")
    return order_message(records.add_order(patient, 12, ("71020", "Chest")), SENT)


def send(port: int, text: str) -> hl7.Message:
    with MLLPClient("127.0.0.1", port) as client:
        return hl7.parse(client.send_message(text.encode()).strip(b"\x0b\x1c\r").decode())


def test_an_order_is_acknowledged_once_it_is_kept(site: Site, intake: Intake, records: Records) -> None:
    text = message(records)
    with listening(intake) as port:
        answer = send(port, text)
        again = send(port, text.replace("\r", "\r\n"))
    for one in (answer, again):
        assert [str(part) for part in one.segment("MSA")[1:3]] == ["AA", "2"]
    header = answer.segment("MSH")
    assert [str(header[number]) for number in (3, 4, 5, 6)] == ["SIGHTLINE", "RAD", "OPENEMR", "CLINIC"]
    assert str(header[9]) == "ACK^O01"
    (order,) = site.services.orders.search()
    assert order.patient_name == "Müller^Jörg"


@pytest.mark.parametrize(
    ("old", "new", "code"), [("ORC|NW", "ORC|ZZ", "AE"), ("ORM^O01", "ADT^A01", "AR"), ("MSH|", "ABC|", "AR")]
)
def test_what_cannot_be_taken_is_refused_and_held(
    site: Site, intake: Intake, records: Records, old: str, new: str, code: str
) -> None:
    with listening(intake) as port:
        answer = send(port, message(records).replace(old, new))
        send(port, message(records).replace(old, new))
    assert str(answer.segment("MSA")[1]) == code
    assert str(answer.segment("MSA")[3])
    assert "Müller" not in str(answer)
    assert [one.source for one in site.services.orders.held.open()] == ["mllp", "mllp"]


def test_a_sender_is_told_to_come_again_where_nothing_can_be_kept(
    intake: Intake, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_arguments: object) -> None:
        raise UnavailableError("Sightline could not write its own database; try again.")

    monkeypatch.setattr(intake, "take", breaks)
    with listening(intake) as port:
        answer = send(port, message(records))
    assert [str(part) for part in answer.segment("MSA")[1:3]] == ["AE", "2"]


def test_several_messages_come_over_one_connection(site: Site, intake: Intake, records: Records) -> None:
    with listening(intake) as port, MLLPClient("127.0.0.1", port) as client:
        for _ in range(3):
            assert b"MSA|AA|" in client.send_message(message(records).encode())
    assert len(site.services.orders.search()) == 3


@pytest.mark.parametrize("block", [b"\x0b" + b"x" * (MOST_BYTES + 70_000), b"GET / HTTP/1.1\r\n\r\n\x1c\r"])
def test_what_is_no_block_or_too_long_ends_the_connection(site: Site, intake: Intake, block: bytes) -> None:
    with listening(intake) as port, socket.create_connection(("127.0.0.1", port), 5) as line:
        line.settimeout(5)
        try:
            line.sendall(block)
            assert line.recv(100) == b""
        except ConnectionError:
            pass
    assert site.services.orders.held.count() == 0


def test_a_stranger_is_hung_up_on(site: Site, intake: Intake, records: Records) -> None:
    with listening(intake, ("192.0.2.0/24",)) as port, socket.create_connection(("127.0.0.1", port), 5) as line:
        line.settimeout(5)
        try:
            line.sendall(b"\x0b" + message(records).encode() + b"\x1c\r")
            assert line.recv(100) == b""
        except ConnectionError:
            pass
    assert site.services.orders.search() == ()


def test_a_port_that_is_taken_does_not_stop_the_rest(intake: Intake) -> None:
    with listening(intake) as port:
        other = MllpServer(OrderMllp(Port=port), intake)
        other.begin()
        other.close()
