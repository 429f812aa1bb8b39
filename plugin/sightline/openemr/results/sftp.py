"""A folder of another machine, by SFTP. Only the server whose key is configured is written to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import paramiko

from sightline.openemr.results.file_drop import Place
from sightline.openemr.results.target import DeliveryError
from sightline.openemr.sftp import SftpConnection, sftp_errors
from sightline.sftp_section import SftpFolder


@contextmanager
def open_sftp(settings: SftpFolder) -> Iterator[Place]:
    """Log in and open the folder. Whatever goes wrong is told as `DeliveryError`."""
    try:
        connection = SftpConnection(settings)
    except ValueError:
        raise DeliveryError("sftp-host-key", "The configured key cannot be read.") from None
    try:
        with closing(connection), sftp_errors():
            connection.open()
            connection.client.chdir(connection.folder)
            yield _SftpFolder(connection.client)
    except OSError as error:
        raise DeliveryError(getattr(error, "reason", "sftp"), error.strerror or error) from error


class _SftpFolder:
    def __init__(self, client: paramiko.SFTPClient) -> None:
        self._client = client

    def names(self) -> frozenset[str]:
        """Return the names of all files."""
        return frozenset(self._client.listdir("."))

    def write(self, name: str, content: bytes) -> None:
        """Write a file; how many bytes have arrived is asked for, as nothing else can be."""
        with self._client.open(name, "wb") as file:
            file.set_pipelined(True)
            file.write(content)
        size = self._client.stat(name).st_size
        if size != len(content):
            raise DeliveryError("sftp", f"{size} of {len(content)} bytes have arrived.")

    def rename(self, old: str, new: str) -> None:
        """Give a file another name; what has that name is replaced, for which the plain operation is not enough."""
        if new in self.names():
            self._client.posix_rename(old, new)
        else:
            self._client.rename(old, new)

    def remove(self, name: str) -> None:
        """Remove a file."""
        self._client.remove(name)
