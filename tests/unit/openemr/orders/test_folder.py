"""A folder of orders: whole files are taken, once; half ones wait; bad ones go to quarantine with the reason."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from sightline.errors import UnavailableError
from sightline.openemr.orders.drop import LocalDrop
from sightline.openemr.orders.folder_watch import HALF_SECONDS, FolderWatch
from sightline.openemr.orders.intake import Intake
from sightline.openemr.orders.patient_numbers import patient_numbers
from sightline.state.order import OrderStatus
from tests.support.openemr.orders_out import order_message, write_order
from tests.support.openemr.records import Records
from tests.support.site import Site
from tests.unit.openemr.orders.conftest import CHEST, SENT, MakeSite


class Monotonic:
    """Seconds that pass when a test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def folder(site: Site) -> Path:
    return Path(site.services.configuration.orders.folder.path)


@pytest.fixture
def seconds() -> Monotonic:
    return Monotonic()


@pytest.fixture
def watch(site: Site, intake: Intake, folder: Path, seconds: Monotonic) -> FolderWatch:
    return FolderWatch(LocalDrop(folder), intake, site.services.orders.held, seconds)


def files(folder: Path) -> dict[str, list[str]]:
    return {
        name or ".": sorted(path.name for path in (folder / name).iterdir() if path.is_file())
        for name in ("", "taking", "done", "quarantine")
    }


def text_of(records: Records, *lines: tuple[str, str]) -> str:
    patient = records.add_patient("John", "Smith", "1980-01-01")
    return order_message(records.add_order(patient, 12, *(lines or (("71020", "Chest"),))), SENT)


def test_a_file_is_taken_once_nobody_writes_into_it(
    site: Site, folder: Path, watch: FolderWatch, records: Records
) -> None:
    text = text_of(records).encode()
    (folder / "2.txt").write_bytes(text[:200])
    watch.look()
    (folder / "2.txt").write_bytes(text)
    watch.look()
    assert files(folder)["."] == ["2.txt"]
    watch.look()
    watch.look()
    assert files(folder) == {".": [], "taking": [], "done": ["2.txt"], "quarantine": []}
    assert (folder / "done" / "2.txt").read_bytes() == text
    assert site.services.orders.of_accession("0002-1") is not None


def test_a_thousand_files_are_exactly_a_thousand_orders(
    site: Site, folder: Path, watch: FolderWatch, records: Records
) -> None:
    patients = [records.add_patient(f"Given{n}", f"Family{n}", "1980-01-01") for n in range(500)]
    orders = [records.add_order(patients[n % 500], n, *[("71020", "Chest")] * (1 + n % 2)) for n in range(1_000)]
    for number, order in enumerate(orders):
        text = order_message(order, SENT)
        text = text.replace("\r", "\r\n") if number % 3 == 0 else text
        text = text.replace("ORC|NW|", "ORC|ZZ|") if number % 100 == 99 else text
        write_order(folder, str(order.id), text)
    for again in orders[:50]:
        write_order(folder, f"again-{again.id}", order_message(again, SENT))
    for cancelled in orders[50:60]:
        text = order_message(cancelled, SENT + timedelta(hours=1)).replace("ORC|NW|", "ORC|CA|")
        write_order(folder, f"{cancelled.id}x", text)
    for _ in range(3):
        watch.look()
    good = [order for number, order in enumerate(orders) if number % 100 != 99]
    expected = {f"{order.id:04d}-{line}" for order in good for line in range(1, len(order.lines) + 1)}
    gone = {f"{order.id:04d}-{line}" for order in orders[50:60] for line in range(1, len(order.lines) + 1)}
    window = (site.clock() - timedelta(days=1), site.clock() + timedelta(days=1))
    found = site.services.orders.scheduled(*window)
    assert len(found) == len({order.study_instance_uid for order in found})
    assert {order.accession_number for order in found} == expected - gone
    assert {order.accession_number for order in site.services.orders.search(OrderStatus.CANCELLED)} == gone
    by_number = {order.accession_number: order for order in found}
    for order in good:
        if f"{order.id:04d}-1" not in gone:
            one = by_number[f"{order.id:04d}-1"]
            assert (one.patient_id, one.patient_name) == (
                str(order.patient.pid),
                f"{order.patient.lname}^{order.patient.fname}",
            )
    assert site.services.orders.held.count() == 10
    there = files(folder)
    assert there["."] == there["taking"] == []
    assert len(there["done"]) == 1_050
    assert len(there["quarantine"]) == 20


def test_half_a_file_waits_and_then_goes_to_quarantine(
    site: Site, folder: Path, watch: FolderWatch, seconds: Monotonic, records: Records
) -> None:
    (folder / "2.txt").write_bytes(text_of(records).encode()[:-5])
    for _ in range(5):
        watch.look()
    assert files(folder)["taking"] == ["2.txt"]
    seconds.now += HALF_SECONDS
    watch.look()
    assert files(folder) == {".": [], "taking": [], "done": [], "quarantine": ["2.txt", "2.txt.reason.txt"]}
    assert "broken off" in (folder / "quarantine" / "2.txt.reason.txt").read_text()
    assert site.services.orders.held.open()[0].code == "half-written"


def test_a_bad_file_leaves_quarantine_once_somebody_has_put_it_aside(
    site: Site, folder: Path, watch: FolderWatch
) -> None:
    (folder / "note.txt").write_bytes(b"To whom it may concern\r\n")
    (folder / "large.txt").write_bytes(b"x" * (1 << 21))
    for _ in range(3):
        watch.look()
    held = site.services.orders.held
    assert {one.code for one in held.open()} == {"not-hl7", "too-large"}
    assert len(files(folder)["quarantine"]) == 4
    for one in held.open():
        held.settle(one.id)
    watch.look()
    assert files(folder) == {".": [], "taking": [], "done": ["large.txt", "note.txt"], "quarantine": []}


def test_a_file_of_a_name_that_was_there_is_kept_beside_it(folder: Path, watch: FolderWatch, records: Records) -> None:
    for _ in range(3):
        (folder / "2.txt").write_bytes(text_of(records).encode())
        for _ in range(3):
            watch.look()
    assert files(folder)["done"] == ["2-2.txt", "2-3.txt", "2.txt"]


def test_hidden_files_folders_and_links_are_left_alone(folder: Path, watch: FolderWatch) -> None:
    (folder / ".2.txt.tmp").write_bytes(b"MSH")
    (folder / "subfolder").mkdir()
    (folder / "link.txt").symlink_to("/etc/hostname")
    for _ in range(3):
        watch.look()
    assert files(folder)["taking"] == files(folder)["done"] == files(folder)["quarantine"] == []


def test_nothing_is_lost_when_it_ends_in_the_middle(
    make_site: MakeSite, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site()
    site.services.orders.codes.put(CHEST)
    folder = Path(site.services.configuration.orders.folder.path)
    write_order(folder, "2", text_of(records))
    watch = FolderWatch(
        LocalDrop(folder), Intake(site.services, patient_numbers(site.services)[0]), site.services.orders.held
    )
    watch.look()

    def breaks(*_arguments: object) -> None:
        raise UnavailableError("Sightline could not write its own database; try again.")

    monkeypatch.setattr(site.services.audit, "record", breaks)
    watch.look()
    watch.look()
    assert files(folder)["taking"] == ["2.txt"]
    before = site.services.orders.of_accession("0002-1")
    site.close()
    site = make_site()
    watch = FolderWatch(
        LocalDrop(folder), Intake(site.services, patient_numbers(site.services)[0]), site.services.orders.held
    )
    watch.look()
    watch.look()
    assert files(folder)["done"] == ["2.txt"]
    after = site.services.orders.of_accession("0002-1")
    assert before is not None
    assert after is not None
    assert after.study_instance_uid == before.study_instance_uid
    assert sum(site.services.orders.counts().values()) == 1


def test_a_folder_that_is_not_there_is_waited_for(site: Site, intake: Intake, tmp_path: Path, records: Records) -> None:
    folder = tmp_path / "later"
    watch = FolderWatch(LocalDrop(folder), intake, site.services.orders.held)
    watch.look()
    folder.mkdir()
    write_order(folder, "2", text_of(records))
    for _ in range(3):
        watch.look()
    assert files(folder)["done"] == ["2.txt"]
