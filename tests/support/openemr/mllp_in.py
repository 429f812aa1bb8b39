"""A system that takes HL7 over MLLP on loopback, and answers as a test says."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable


class MllpReceiver:
    """Takes one message per connection.

    `answer` makes the acknowledgement of a message; None closes the connection without one.
    """

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.answer: Callable[[str], str | None] = lambda message: acknowledgement(message, "AA")
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._server.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> MllpReceiver:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            with connection:
                self._take(connection)

    def _take(self, connection: socket.socket) -> None:
        content = b""
        while not content.endswith(b"\x1c\r"):
            part = connection.recv(65_536)
            if not part:
                return
            content += part
        message = content.strip(b"\x0b\x1c\r").decode()
        self.messages.append(message)
        answer = self.answer(message)
        if answer is not None:
            connection.sendall(b"\x0b" + answer.encode() + b"\x1c\r")


def acknowledgement(message: str, code: str, text: str = "") -> str:
    """Return an answer to a message (HL7 v2.3 chapter 2.13)."""
    control_id = message.split("\r")[0].split("|")[9]
    return f"MSH|^~\\&|EMR|X|SIGHTLINE|RAD|20261121||ACK|1|P|2.3\rMSA|{code}|{control_id}|{text}\r"
