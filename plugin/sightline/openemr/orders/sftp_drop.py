"""A folder on an SFTP server that orders are dropped into. The server is known by its key, or not talked to."""

from __future__ import annotations

import contextlib
import stat

import paramiko

from sightline.openemr.orders.drop import QUARANTINE, REASON, SUBFOLDERS, DroppedFile, free_name
from sightline.openemr.orders.hl7_text import MOST_BYTES
from sightline.openemr.sftp import SftpConnection, sftp_errors
from sightline.section import ConfigurationError
from sightline.sftp_section import SftpFolder


class SftpDrop:
    """A folder on an SFTP server; connected when it is looked into, and again after a failure.

    Raises
    ------
    ConfigurationError
        The host key is none.
    """

    source = "sftp"

    def __init__(self, options: SftpFolder) -> None:
        try:
            self._connection = SftpConnection(options)
        except ValueError:
            raise ConfigurationError(
                '"Sightline.Orders.Folder.Sftp.HostKey" is no key such as "ssh-ed25519 AAAA…".'
            ) from None

    def prepare(self) -> None:
        """Connect, and make the subfolders."""
        if self._connection.is_open:
            return
        self._connection.open()
        with sftp_errors():
            for name in SUBFOLDERS:
                with contextlib.suppress(OSError):  # it is there; if it cannot be made, moving says so
                    self._sftp.mkdir(self._path(name), 0o770)

    def files(self, subfolder: str = "") -> list[DroppedFile]:
        """Return the regular files in it, by name."""
        with sftp_errors():
            rows = self._sftp.listdir_attr(self._path(subfolder))
        return sorted(
            (
                DroppedFile(row.filename, row.st_size or 0, float(row.st_mtime or 0))
                for row in rows
                if stat.S_ISREG(row.st_mode or 0) and not row.filename.startswith(".")
            ),
            key=lambda file: file.name,
        )

    def read(self, subfolder: str, name: str) -> bytes:
        """Return a file's content."""
        with sftp_errors(), self._sftp.open(self._path(subfolder, name), "rb") as file:
            return file.read(MOST_BYTES + 1)

    def move(self, name: str, old: str, new: str) -> str:
        """Move a file to another subfolder, over no other, and return how it is called there."""
        with sftp_errors():
            free = free_name(name, lambda one: any(self._exists(folder, one) for folder in SUBFOLDERS
                                                   if (folder, one) != (old, name)))  # fmt: skip
            self._sftp.rename(self._path(old, name), self._path(new, free))
        return free

    def explain(self, name: str, reason: str) -> None:
        """Write the reason beside a file in quarantine; an empty one takes it away."""
        path = self._path(QUARANTINE, f"{name}{REASON}")
        with sftp_errors():
            if reason:
                with self._sftp.open(path, "wb") as file:
                    file.write(f"{reason}\n".encode())
            else:
                with contextlib.suppress(FileNotFoundError):
                    self._sftp.remove(path)

    def close(self) -> None:
        """Disconnect."""
        self._connection.close()

    @property
    def _sftp(self) -> paramiko.SFTPClient:
        return self._connection.client

    def _path(self, *parts: str) -> str:
        return "/".join([self._connection.folder, *(part for part in parts if part)])

    def _exists(self, subfolder: str, name: str) -> bool:
        try:
            self._sftp.lstat(self._path(subfolder, name))
        except FileNotFoundError:
            return False
        return True
