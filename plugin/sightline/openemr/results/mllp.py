"""Results over MLLP (HL7 v2 Transport Specification: Minimal Lower Layer Protocol); the answer decides."""

from __future__ import annotations

import socket
from collections.abc import Collection

import hl7
from hl7.client import CR, EB, MLLPClient
from hl7.exceptions import HL7Exception

from sightline.openemr.results.target import DeliveryError, Parcel
from sightline.results_section import host_and_port
from sightline.state.delivery import DeliveryState

_CONNECT_SECONDS, _READ_SECONDS = 5, 20
_LARGEST_ANSWER = 65_536


class MllpTarget:
    """A `Target` that is another system's MLLP port.

    Where no answer came, the message may have been filed or not. It is sent again with the same control id (MSH-10),
    by which a receiver knows a repetition.
    """

    def __init__(self, address: str) -> None:
        self._address = host_and_port(address)

    def deliver(self, parcel: Parcel) -> DeliveryState:
        """Send, and obey the acknowledgement (MSA-1, HL7 table 0008)."""
        try:
            with _Client(*self._address) as client:
                message = parcel.make_message()
                parcel.note_sending()
                answer = client.send_message(message)
        except OSError as error:
            raise DeliveryError("mllp", error.strerror or error or type(error).__name__) from error
        code, detail = _acknowledged(answer, parcel.id)
        if code in ("AA", "CA"):
            return DeliveryState.DELIVERED
        # "Error": what it could not do now. "Reject": what it will never take as it is.
        raise DeliveryError("mllp-error" if code in ("AE", "CE") else "mllp-reject", detail, code in ("AR", "CR"))

    def waiting(self, ids: Collection[str]) -> frozenset[str]:  # noqa: ARG002
        """Return nothing: who acknowledges has taken it."""
        return frozenset()

    def check(self) -> str:
        """Connect, and send nothing."""
        try:
            with _Client(*self._address):
                return "The receiver takes connections. Nothing was sent."
        except OSError as error:
            raise DeliveryError("mllp", error.strerror or error) from error


class _Client(MLLPClient):  # type: ignore[misc]
    """The library's client with time-outs, sending all and receiving all of one answer."""

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.create_connection((host, port), timeout=_CONNECT_SECONDS)
        self.socket.settimeout(_READ_SECONDS)
        self.encoding = "utf-8"

    def send(self, data: bytes) -> bytes:
        """Send a message in its frame, and return the frame that comes back."""
        self.socket.sendall(data)
        answer = b""
        while not answer.endswith(EB + CR):
            part = self.socket.recv(4096)
            if not part or len(answer) > _LARGEST_ANSWER:
                break
            answer += part
        return answer


def _acknowledged(answer: bytes, control_id: str) -> tuple[str, str]:
    """Return acknowledgement code and text of an answer that is to our message."""
    try:
        message = hl7.parse(answer.strip(b"\x0b\x1c\r\n").decode("utf-8", "replace"))
        segment = message.segment("MSA")
        code, answered = str(segment(1)), str(segment(2))
        text = str(segment(3)) if len(segment) > 3 else ""
    except (HL7Exception, KeyError, IndexError, ValueError):
        raise DeliveryError("mllp-no-answer", "" if not answer else "The answer is no acknowledgement.") from None
    if answered != control_id:
        raise DeliveryError("mllp-no-answer", "The answer is to another message.")
    return code, text
