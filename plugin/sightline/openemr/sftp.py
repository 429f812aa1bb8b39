"""SFTP servers: each is known by its key, or not talked to."""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import paramiko
from paramiko.pkey import UnknownKeyType

from sightline.sftp_section import SftpFolder

_CONNECT_SECONDS, _ANSWER_SECONDS = 5, 20


class SftpError(OSError):
    """The server cannot be used.

    `reason` is ``sftp-host-key`` where it is another one, ``sftp-login`` where it does not let us in, or ``sftp``.
    """

    def __init__(self, reason: str, detail: object = "") -> None:
        self.reason = reason
        super().__init__(str(detail))


class SftpConnection:
    """A line to the server of one folder, to be opened and closed as often as it takes.

    Raises
    ------
    ValueError
        The configured host key is none.
    """

    def __init__(self, options: SftpFolder) -> None:
        url = urlsplit(options.url)
        self.folder = unquote(url.path).rstrip("/") or "/"
        self._address, self._user = (url.hostname or "", url.port or 22), unquote(url.username or "")
        self._options, self._host_key = options, _host_key(options.host_key)
        self._transport: paramiko.Transport | None = None
        self._client: paramiko.SFTPClient | None = None

    @property
    def is_open(self) -> bool:
        """Whether it was opened, and is not known to be cut since."""
        return self._client is not None and self._transport is not None and self._transport.is_active()

    @property
    def client(self) -> paramiko.SFTPClient:
        """What asks the server. Raises `SftpError` before it was opened."""
        if self._client is None:
            raise SftpError("sftp", "not connected")
        return self._client

    def open(self) -> None:
        """Connect, look at the server's key, and log in. Raises `SftpError`."""
        self.close()
        with sftp_errors():
            line = socket.create_connection(self._address, _CONNECT_SECONDS)
            self._transport = paramiko.Transport(line)
            self._log_in(self._transport)
            self._client = paramiko.SFTPClient.from_transport(self._transport)
            channel = self.client.get_channel()
            if channel is not None:
                channel.settimeout(_ANSWER_SECONDS)

    def close(self) -> None:
        """Disconnect."""
        if self._transport is not None:
            self._transport.close()
        self._client = self._transport = None

    def _log_in(self, transport: paramiko.Transport) -> None:
        transport.banner_timeout = transport.auth_timeout = _ANSWER_SECONDS
        # Only the kind of key that is known is asked for: a server has several.
        transport.get_security_options().key_types = _algorithms(self._host_key.get_name())
        transport.start_client(timeout=_ANSWER_SECONDS)
        if transport.get_remote_server_key().asbytes() != self._host_key.asbytes():
            raise SftpError("sftp-host-key", "It shows another key than the configured one.")
        if self._options.key_file:
            transport.auth_publickey(self._user, _private_key(self._options.key_file))
        else:
            transport.auth_password(self._user, _password(self._options.password_file))


@contextmanager
def sftp_errors() -> Iterator[None]:
    """Make of whatever the library raises an `OSError`, by which callers know that the folder is out of reach."""
    try:
        yield
    except paramiko.AuthenticationException as error:
        raise SftpError("sftp-login", error) from error
    except (paramiko.SSHException, EOFError) as error:
        raise SftpError("sftp", str(error) or type(error).__name__) from error


def _host_key(line: str) -> paramiko.PKey:
    """Return the key that a line of `known_hosts` has, without or with the host before it. Raises `ValueError`."""
    words = line.split()
    try:
        kind, text = words[-2:] if len(words) <= 3 else words[:2]
        return paramiko.PKey.from_type_string(kind, base64.b64decode(text))
    except (IndexError, paramiko.SSHException, UnknownKeyType) as error:
        raise ValueError("it is no key") from error


def _algorithms(kind: str) -> tuple[str, ...]:
    """Return the host key algorithms (RFC 8332) that a kind of key is used with."""
    return ("rsa-sha2-512", "rsa-sha2-256") if kind == "ssh-rsa" else (kind,)


def _private_key(path: str) -> paramiko.PKey:
    try:
        return paramiko.PKey.from_path(path)
    except (UnknownKeyType, paramiko.SSHException, ValueError, OSError) as error:
        raise SftpError("sftp-login", "The private key cannot be read.") from error


def _password(path: str) -> str:
    """Return what a file holds, without the line feed that editors put at the end."""
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:
        raise SftpError("sftp-login", "The file of the password cannot be read.") from error
