"""The audit log: nothing is shown before it is written, and whoever edits it is found out."""

from __future__ import annotations

import json
import logging
import threading
import time
from base64 import b64decode
from collections.abc import Sequence
from hashlib import sha256

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, text, update

from sightline.access import audit as audit_module
from sightline.access.audit import AuditEvent, AuditKind, AuditLog, Outcome
from sightline.access.grant import Grant, Permission, Verb, administrator, union
from sightline.access.opening import Access
from sightline.errors import UnavailableError
from sightline.state.database import Database
from sightline.state.tables import audit_events
from tests.support.clock import Clock

ADA = administrator("ada", session="s1", address="192.0.2.1")


@pytest.fixture
def audit(database: Database) -> AuditLog:
    return AuditLog(database, "https://pacs.example")


def rows(database: Database) -> list[tuple[int, str, str, str]]:
    columns = audit_events.c
    query = select(columns.sequence, columns.document, columns.previous_sha256, columns.sha256)
    with database.read() as connection:
        return [tuple(row) for row in connection.execute(query.order_by(columns.sequence))]


def reads(audit: AuditLog) -> list[tuple[str, str, str]]:
    """Return session, description and count of the read events, oldest first."""
    found = []
    for row in reversed(audit.page(1000)):
        event = row["event"]
        if event["subtype"][1]["code"] == "read":
            study = event["entity"][-1]
            count = study["detail"][0]["valueString"] if "detail" in study else "1"
            session = event["agent"][0].get("policy", [""])[0].rpartition(":")[2]
            found.append((session, event["outcomeDesc"], count))
    return found


def test_an_event_has_the_fields_of_balp_patient_read(audit: AuditLog) -> None:
    audit.record(AuditEvent(AuditKind.READ, ADA, study_instance_uid="1.2.3", patient_id="P1"))
    event = audit.page()[0]["event"]
    assert event["resourceType"] == "AuditEvent"
    assert event["type"]["code"] == "rest"
    assert event["subtype"][0] == {
        "system": "http://hl7.org/fhir/restful-interaction",
        "code": "read",
        "display": "read",
    }
    assert (event["action"], event["outcome"]) == ("R", "0")
    assert event["recorded"] == "2026-11-21T12:00:00.000+00:00"
    user, client, server = event["agent"]
    assert user["type"]["coding"][0]["code"] == "IRCP"
    assert user["who"] == {"identifier": {"value": "ada"}}
    assert user["policy"] == ["urn:sightline:session:s1"]
    assert (user["requestor"], client["requestor"], server["requestor"]) == (True, False, False)
    assert client["type"]["coding"][0]["code"] == "110152"
    assert client["network"] == {"address": "192.0.2.1", "type": "2"}
    assert server["type"]["coding"][0]["code"] == "110153"
    assert server["network"] == {"address": "https://pacs.example", "type": "5"}
    patient, study = event["entity"]
    assert (patient["type"]["code"], patient["role"]["code"]) == ("1", "1")
    assert patient["what"]["identifier"] == {"value": "P1"}
    assert (study["type"]["code"], study["role"]["code"]) == ("2", "4")
    assert study["what"]["identifier"] == {"system": "urn:dicom:uid", "value": "urn:oid:1.2.3"}
    assert event["source"]["observer"]["display"] == "Sightline"


@pytest.mark.parametrize(
    ("kind", "type_code", "subtype_code", "action"),
    [
        (AuditKind.READ, "rest", "read", "R"),
        (AuditKind.SEARCH, "rest", "search-type", "E"),
        (AuditKind.STORE, "rest", "create", "C"),
        (AuditKind.DELETE, "rest", "delete", "D"),
        (AuditKind.EXPORT, "110106", "read", "R"),
        (AuditKind.LOGIN, "110114", "110122", "E"),
        (AuditKind.LOGOUT, "110114", "110123", "E"),
        (AuditKind.DENIAL, "110113", "110132", "E"),
        (AuditKind.LINK_CREATE, "rest", "create", "C"),
        (AuditKind.LINK_OPEN, "110114", "110122", "E"),
        (AuditKind.LINK_REVOKE, "rest", "delete", "D"),
        (AuditKind.AUDIT_READ, "110101", "search-type", "R"),
        (AuditKind.CORE, "rest", "operation", "E"),
    ],
)
def test_codes(audit: AuditLog, kind: AuditKind, type_code: str, subtype_code: str, action: str) -> None:
    audit.record(AuditEvent(kind, ADA))
    event = audit.page()[0]["event"]
    assert (event["type"]["code"], event["subtype"][0]["code"], event["action"]) == (type_code, subtype_code, action)


def test_every_kind_can_be_written(audit: AuditLog) -> None:
    for kind in AuditKind:
        audit.record(AuditEvent(kind))
    assert len(audit.page()) == len(AuditKind)


def test_a_search_is_kept_as_fhir_wants_it(audit: AuditLog) -> None:
    audit.record(AuditEvent(AuditKind.SEARCH, ADA, query="PatientName=DOE*"))
    entity = audit.page()[0]["event"]["entity"][0]
    assert entity["role"]["code"] == "24"
    assert b64decode(entity["query"]) == b"PatientName=DOE*"


def test_the_chain_can_be_checked_by_anybody(audit: AuditLog, database: Database) -> None:
    for number in range(3):
        audit.record(AuditEvent(AuditKind.LOGIN, ADA, detail=str(number)))
    previous = "0" * 64
    for number, (sequence, document, stored_previous, digest) in enumerate(rows(database), 1):
        assert (sequence, stored_previous) == (number, previous)
        assert digest == sha256(f"{previous}\n{document}".encode()).hexdigest()
        previous = digest
    assert audit.verify() is None


def test_the_end_of_the_chain_is_named_in_the_servers_log(
    audit: AuditLog, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    audit.record(AuditEvent(AuditKind.LOGIN, ADA))
    audit.report_end()
    assert caplog.messages == []
    clock.advance(hours=1)
    audit.report_end()
    audit.report_end(now=True)
    assert caplog.messages == [f"The audit log ends at event 1 with hash {audit.page(1)[0]['sha256']}"]
    audit.record(AuditEvent(AuditKind.LOGIN, ADA))
    audit.close()
    assert caplog.messages[1:] == [f"The audit log ends at event 2 with hash {audit.page(1)[0]['sha256']}"]


def test_an_empty_log_is_whole(audit: AuditLog) -> None:
    assert audit.verify() is None


@pytest.mark.parametrize("batch", [1, 2, 1000])
@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        (update(audit_events).where(audit_events.c.sequence == 3).values(document='{"outcome":"0"}'), 3),
        (delete(audit_events).where(audit_events.c.sequence == 2), 2),
        (delete(audit_events).where(audit_events.c.sequence == 1), 1),
        (update(audit_events).where(audit_events.c.sequence == 4).values(sha256="f" * 64), 4),
        (update(audit_events).where(audit_events.c.sequence == 5).values(sequence=9), 5),
        (update(audit_events).where(audit_events.c.sequence == 1).values(previous_sha256="1" * 64), 1),
    ],
)
def test_tampering_shows(
    audit: AuditLog, database: Database, monkeypatch: pytest.MonkeyPatch, batch: int, tampering: object, found: int
) -> None:
    monkeypatch.setattr(audit_module, "_BATCH", batch)
    for number in range(5):
        audit.record(AuditEvent(AuditKind.LOGIN, ADA, detail=str(number)))
    assert audit.verify() is None
    with database.write() as connection:
        connection.execute(tampering)
    assert audit.verify() == found


def test_an_edit_shows_even_when_its_own_hash_was_made_to_fit(audit: AuditLog, database: Database) -> None:
    for number in range(3):
        audit.record(AuditEvent(AuditKind.LOGIN, ADA, detail=str(number)))
    previous = rows(database)[0][3]
    forged = sha256(f"{previous}\n{{}}".encode()).hexdigest()
    with database.write() as connection:
        row = audit_events.c.sequence == 2
        connection.execute(update(audit_events).where(row).values(document="{}", sha256=forged))
    assert audit.verify() == 3


def test_the_first_read_is_written_at_once_and_further_ones_are_counted(audit: AuditLog, clock: Clock) -> None:
    for _ in range(4):
        audit.read_study(ADA, "1.2.3", "P1")
    assert reads(audit) == [("s1", "first read", "1")]
    audit.write_counts()
    assert reads(audit) == [("s1", "first read", "1"), ("s1", "further reads", "3")]
    audit.write_counts()
    clock.advance(hours=5)
    audit.read_study(ADA, "1.2.3", "P1")
    audit.close()
    assert reads(audit)[2:] == [("s1", "further reads", "1")]


def test_whose_study_it_is_is_asked_at_the_first_read_only(audit: AuditLog) -> None:
    asked: list[str] = []

    def patient() -> str:
        asked.append("P1")
        return "P1"

    for _ in range(3):
        audit.read_study(ADA, "1.2.3", patient)
    assert asked == ["P1"]
    assert audit.page()[0]["event"]["entity"][0]["what"]["identifier"] == {"value": "P1"}


def test_each_session_and_each_study_has_a_first_read(audit: AuditLog) -> None:
    other = administrator("ada", session="s2")
    for grant, study in ((ADA, "1.2.3"), (other, "1.2.3"), (ADA, "4.5.6"), (ADA, "1.2.3")):
        audit.read_study(grant, study)
    assert [read[:2] for read in reads(audit)] == [("s1", "first read"), ("s2", "first read"), ("s1", "first read")]


def test_an_ended_session_has_its_count_written_and_is_forgotten(audit: AuditLog) -> None:
    other = administrator("ada", session="s2")
    for grant in (ADA, ADA, other, other):
        audit.read_study(grant, "1.2.3")
    audit.write_counts(["s1"])
    assert reads(audit)[2:] == [("s1", "further reads", "1")]
    assert {key[1] for key in audit._reads} == {"s2"}


def test_a_program_without_a_session_reads_for_the_first_time_again_after_a_while(
    audit: AuditLog, clock: Clock
) -> None:
    program = administrator("ada", address="192.0.2.1")
    audit.read_study(program, "1.2.3")
    clock.advance(minutes=14)
    audit.read_study(program, "1.2.3")
    clock.advance(minutes=15)
    audit.read_study(program, "1.2.3")
    assert [read[1] for read in reads(audit)].count("first read") == 2
    clock.advance(minutes=15)
    audit.write_counts()
    assert audit._reads == {}


def test_a_read_through_one_of_several_links_names_that_link(audit: AuditLog) -> None:
    parts = tuple(
        Grant(f"link:{name}", (Permission(frozenset({Verb.VIEW}), study),), f"s-{name}")
        for name, study in (("a", "1.2.3"), ("b", "4.5.6"))
    )
    audit.read_study(union(parts), "4.5.6")
    agent = audit.page()[0]["event"]["agent"][0]
    assert agent["who"]["identifier"]["value"] == "link:b"
    assert agent["policy"] == ["urn:sightline:session:s-b"]


def test_no_read_is_lost_or_first_twice_between_threads(audit: AuditLog) -> None:
    threads = [threading.Thread(target=lambda: [audit.read_study(ADA, "1.2.3") for _ in range(50)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    audit.close()
    assert reads(audit) == [("s1", "first read", "1"), ("s1", "further reads", "399")]


def test_many_threads_make_one_chain(audit: AuditLog) -> None:
    threads = [
        threading.Thread(target=lambda: [audit.record(AuditEvent(AuditKind.LOGIN, ADA)) for _ in range(20)])
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert audit.page(1)[0]["sequence"] == 160
    assert audit.verify() is None


def test_who_waits_together_is_written_together(audit: AuditLog, database: Database) -> None:
    """While one transaction is being written, others gather and share the next one; each is told if that fails."""
    begun, go_on = threading.Event(), threading.Event()
    transactions: list[int] = []
    append = audit._append

    def slowly(events: Sequence[AuditEvent]) -> None:
        transactions.append(len(events))
        begun.set()
        assert go_on.wait(10)
        if any(event.detail == "bad" for event in events):
            raise UnavailableError("the disk is full")
        append(events)

    audit._append = slowly  # type: ignore[method-assign]
    failures: list[str] = []

    def record(detail: str) -> None:
        try:
            audit.record(AuditEvent(AuditKind.STORE, ADA, detail=detail))
        except UnavailableError:
            failures.append(detail)

    def run(details: Sequence[str]) -> None:
        begun.clear()
        go_on.clear()
        threads = [threading.Thread(target=record, args=(detail,)) for detail in details]
        threads[0].start()
        assert begun.wait(10)
        for thread in threads[1:]:
            thread.start()
        while len(audit._orders) < len(details) - 1:
            time.sleep(0.001)
        go_on.set()
        for thread in threads:
            thread.join()

    run(["1", "2", "3", "4"])
    assert (transactions, failures, len(rows(database))) == ([1, 3], [], 4)
    run(["5", "bad", "6"])
    assert (sorted(failures), len(rows(database))) == (["6", "bad"], 5)
    assert audit.verify() is None


def test_two_nodes_on_one_database_make_one_chain(database: Database) -> None:
    nodes = [AuditLog(database, f"https://node{number}.example") for number in range(2)]
    for number in range(10):
        nodes[number % 2].record(AuditEvent(AuditKind.LOGIN, ADA))
    assert nodes[0].verify() is None
    assert len(nodes[0].page()) == 10


def test_when_it_cannot_be_written_the_request_fails_and_nothing_is_forgotten(
    audit: AuditLog, database: Database
) -> None:
    audit.read_study(ADA, "1.2.3")
    audit.read_study(ADA, "1.2.3")
    with database.write() as connection:
        connection.execute(text("ALTER TABLE audit_events RENAME TO elsewhere"))
    for attempt in (
        lambda: audit.record(AuditEvent(AuditKind.LOGIN, ADA)),
        lambda: audit.read_study(ADA, "4.5.6"),
        audit.write_counts,
    ):
        with pytest.raises(UnavailableError) as caught:
            attempt()
        assert caught.value.code == "audit-unavailable"
    with database.write() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO audit_events"))
    audit.close()
    assert reads(audit) == [("s1", "first read", "1"), ("s1", "further reads", "1")]
    assert len(audit.page()) == 2


def test_a_denial_names_the_route_and_who_was_refused(audit: AuditLog) -> None:
    audit.denial(Grant("link:a", address="192.0.2.9"), "GET", "/dicom-web/studies/<uid:study>", "4.5.6")
    event = audit.page()[0]["event"]
    assert event["outcome"] == Outcome.MINOR_FAILURE == "4"
    assert event["outcomeDesc"] == "denied: GET /dicom-web/studies/<uid:study>"
    assert event["agent"][0]["who"]["identifier"]["value"] == "link:a"
    assert event["entity"][0]["what"]["identifier"]["value"] == "urn:oid:4.5.6"


def test_paging(audit: AuditLog) -> None:
    for number in range(5):
        audit.record(AuditEvent(AuditKind.LOGIN, ADA, detail=str(number)))
    assert [row["sequence"] for row in audit.page(2)] == [5, 4]
    assert [row["sequence"] for row in audit.page(2, before=4)] == [3, 2]


EVIL = "Doe\r\n2026 root logged in\x1b[2K\x00\x7f\u2028\u202e\ud800"


def test_no_value_can_break_a_line_or_reach_the_servers_log(
    audit: AuditLog, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    grant = Grant(EVIL, address=EVIL, name=EVIL)
    with caplog.at_level(logging.INFO, "sightline.audit"):
        audit.record(AuditEvent(AuditKind.READ, grant, study_instance_uid=EVIL, patient_id=EVIL, link_id=EVIL,
                                detail=EVIL, query=EVIL))  # fmt: skip
    document = rows(database)[0][1]
    assert document.isascii()
    assert document.isprintable()
    assert "\\n" not in document
    assert len(caplog.messages) == 1
    assert caplog.messages[0].isprintable()
    assert "Doe" not in caplog.messages[0]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.text(), st.text())
def test_any_text_can_be_written(audit: AuditLog, user: str, detail: str) -> None:
    audit.record(AuditEvent(AuditKind.LOGIN, Grant(user), detail=detail))
    assert audit.verify() is None


def test_one_request_cannot_fill_the_log(audit: AuditLog, database: Database) -> None:
    huge = "x" * 1_000_000
    audit.record(AuditEvent(AuditKind.SEARCH, Grant(huge, address=huge, name=huge + "y"), query=huge, detail=huge,
                            study_instance_uid=huge, patient_id=huge, link_id=huge))  # fmt: skip
    assert len(rows(database)[0][1]) < 10_000
    assert json.loads(rows(database)[0][1])["resourceType"] == "AuditEvent"


def test_counts_are_written_at_the_end(access: Access) -> None:
    access.audit.read_study(ADA, "1.2.3")
    access.audit.read_study(ADA, "1.2.3")
    access.close()
    assert [read[1:] for read in reads(access.audit)] == [("first read", "1"), ("further reads", "1")]
    assert not access.housekeeping._thread.is_alive()
