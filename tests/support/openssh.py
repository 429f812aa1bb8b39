"""A real OpenSSH server for SFTP on loopback, for one user with one key."""

from __future__ import annotations

import getpass
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.orthanc_server import free_port

_SSHD, _SFTP = "/usr/sbin/sshd", "/usr/lib/openssh/sftp-server"


@dataclass(frozen=True)
class SftpServer:
    """Where it is, and how one logs in."""

    port: int
    host_key: str
    key_file: Path
    folder: Path
    process: subprocess.Popen[bytes]

    def section(self, user: str = "", port: int = 0, folder: str = "", **more: str) -> dict[str, Any]:
        """Return the options by which it is written to, or where a test says instead."""
        url = f"sftp://{user or getpass.getuser()}@127.0.0.1:{port or self.port}{folder or self.folder}"
        return {"Url": url, "KeyFile": str(self.key_file), "HostKey": self.host_key} | more


@contextmanager
def sftp_server(base: Path) -> Iterator[SftpServer]:
    """Start one, until left."""
    host, user, folder, port = base / "host", base / "user", base / "results", free_port()
    folder.mkdir()
    for path in (host, user):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path], check=True)
    (base / "authorized").write_bytes(user.with_suffix(".pub").read_bytes())
    # Tests log in wrongly again and again, all from one address.
    patience = "PerSourcePenalties no\nMaxStartups 100\n"
    (base / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {host}\nAuthorizedKeysFile {base / 'authorized'}\n"
        f"StrictModes no\nUsePAM no\nPasswordAuthentication no\nPidFile none\nSubsystem sftp {_SFTP}\n{patience}"
    )
    Path("/run/sshd").mkdir(exist_ok=True)
    process = subprocess.Popen([_SSHD, "-D", "-e", "-f", base / "config"], stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        key = " ".join(host.with_suffix(".pub").read_text().split()[:2])
        yield SftpServer(port, key, user, folder, process)
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError
