"""Orders from a folder on a real SFTP server, which is known by its key or not talked to."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from sightline.openemr.orders.folder_watch import FolderWatch
from sightline.openemr.orders.intake import Intake
from sightline.openemr.orders.sftp_drop import SftpDrop
from sightline.section import ConfigurationError
from sightline.sftp_section import SftpFolder
from tests.support.openemr.orders_out import order_message, write_order
from tests.support.openemr.records import Records
from tests.support.openssh import SftpServer, sftp_server
from tests.support.site import Site
from tests.unit.openemr.orders.conftest import SENT


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpServer]:
    base = tmp_path / "sshd"
    base.mkdir()
    with sftp_server(base) as server:
        yield server


def options(server: SftpServer, host_key: str = "") -> SftpFolder:
    return SftpFolder.model_validate(server.section() | {"HostKey": host_key or server.host_key})


def files(folder: Path) -> dict[str, list[str]]:
    names = ("taking", "done", "quarantine")
    return {name: sorted(path.name for path in (folder / name).iterdir()) for name in names}


def test_files_are_taken_and_moved_there(site: Site, intake: Intake, records: Records, server: SftpServer) -> None:
    order = records.add_order(records.add_patient("Jörg", "Müller", "1980-01-01"), 12, ("71020", "Chest"))
    write_order(server.folder, "2", order_message(order, SENT))
    write_order(server.folder, "note", "To whom it may concern\n")
    watch = FolderWatch(SftpDrop(options(server)), intake, site.services.orders.held)
    for _ in range(3):
        watch.look()
    assert files(server.folder) == {"taking": [], "done": ["2.txt"], "quarantine": ["note.txt", "note.txt.reason.txt"]}
    (found,) = site.services.orders.search()
    assert found.patient_name == "Müller^Jörg"
    (held,) = site.services.orders.held.open()
    assert (held.source, held.name) == ("sftp", "note.txt")
    site.services.orders.held.settle(held.id)
    write_order(server.folder, "2", order_message(order, SENT))
    for _ in range(3):
        watch.look()
    watch.close()
    assert files(server.folder) == {"taking": [], "done": ["2-2.txt", "2.txt", "note.txt"], "quarantine": []}


def test_a_server_with_another_key_is_not_talked_to(
    site: Site, intake: Intake, records: Records, server: SftpServer, caplog: pytest.LogCaptureFixture
) -> None:
    write_order(server.folder, "2", "MSH|")
    other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIN9/ibI9tkyqWBjxLOJhUGLWMOj8k9sMP1nBAkvEAoLK"
    watch = FolderWatch(SftpDrop(options(server, other)), intake, site.services.orders.held)
    with caplog.at_level(logging.WARNING, "sightline.orders"):
        watch.look()
        watch.look()
    assert [record.message for record in caplog.records].count("The sftp of orders cannot be used: SftpError") == 1
    assert not (server.folder / "taking").exists()


def test_a_server_that_comes_back_is_used_again(
    site: Site, intake: Intake, records: Records, server: SftpServer, tmp_path: Path
) -> None:
    drop = SftpDrop(options(server))
    watch = FolderWatch(drop, intake, site.services.orders.held)
    watch.look()
    drop.close()  # as if the line had been cut
    order = records.add_order(records.add_patient("John", "Smith", "1980-01-01"), 12, ("71020", "Chest"))
    write_order(server.folder, "2", order_message(order, SENT))
    for _ in range(3):
        watch.look()
    watch.close()
    assert len(site.services.orders.search()) == 1


@pytest.mark.parametrize("key", ["", "ssh-ed25519", "ssh-ed25519 AAAA", "no key at all here", "ssh-klingon AAAA"])
def test_what_is_no_key_stops_the_start(key: str) -> None:
    plain = SftpFolder.model_construct(url="sftp://a@127.0.0.1/b", host_key=key)
    with pytest.raises(ConfigurationError, match=r"Sftp\.HostKey"):
        SftpDrop(plain)
