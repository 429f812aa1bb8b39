"""Orders over the network: HL7's Minimal Lower Layer Protocol, each message acknowledged once it is kept or refused."""

from __future__ import annotations

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from ipaddress import ip_address, ip_network

from hl7.mllp import HL7StreamReader, HL7StreamWriter, InvalidBlockError, start_hl7_server

from sightline.errors import SightlineError
from sightline.openemr.orders.hl7_text import MOST_BYTES
from sightline.openemr.orders.intake import Intake
from sightline.orders_section import OrderMllp

MOST_CONNECTIONS = 16
_REJECTED = frozenset({"not-hl7", "character-set", "message-type"})
"""What no repetition makes better: AR (HL7 table 0008). What is wrong in a message otherwise: AE."""

_log = logging.getLogger("sightline.orders")


class MllpServer:
    """Listens on one port, on a thread of its own.

    Parameters
    ----------
    options : OrderMllp
    intake : Intake
    """

    def __init__(self, options: OrderMllp, intake: Intake) -> None:
        self._options, self._intake = options, intake
        self._peers = [ip_network(peer) for peer in options.peers]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="sightline-mllp", daemon=True)
        self._workers = ThreadPoolExecutor(2, "sightline-mllp")
        self._is_open = threading.Event()
        self._stopping = asyncio.Event()
        self._connections: set[asyncio.Task[None]] = set()

    def begin(self) -> None:
        """Listen. Where the port cannot be had, that is said in the log."""
        self._thread.start()
        self._is_open.wait(10)

    def close(self) -> None:
        """End all connections; a message that is being kept is kept."""
        if self._thread.ident is None:
            self._loop.close()
        else:
            with suppress(RuntimeError):  # it has ended already
                self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join()
        self._workers.shutdown(wait=True)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        except OSError as error:
            _log.error("Orders cannot be received on port %d: %s", self._options.port, error.strerror)
        finally:
            self._is_open.set()
            self._loop.close()

    async def _serve(self) -> None:
        options = self._options
        server = await start_hl7_server(self._connected, options.address, options.port, limit=MOST_BYTES)
        self._is_open.set()
        async with server:
            await self._stopping.wait()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _connected(self, reader: HL7StreamReader, writer: HL7StreamWriter) -> None:
        task = self._loop.create_task(self._talk(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _talk(self, reader: HL7StreamReader, writer: HL7StreamWriter) -> None:
        """Take messages from one peer until it ends, or says something that is none."""
        address = str((writer.get_extra_info("peername") or ("",))[0])
        try:
            if not self._may(address) or len(self._connections) > MOST_CONNECTIONS:
                _log.warning("A connection for orders from %s was refused", address)
                return
            while True:
                block = await asyncio.wait_for(reader.readblock(), self._options.idle_seconds)
                # What is begun is ended, also when we stop meanwhile; a peer that hears nothing of it sends it again.
                writer.writeblock(await self._loop.run_in_executor(self._workers, self._answer, block, address))
                await writer.drain()
        except (InvalidBlockError, ValueError):
            _log.warning("A peer for orders, %s, sent what is no MLLP block, or too long", address)
        except (asyncio.IncompleteReadError, TimeoutError, ConnectionError):
            pass
        finally:
            writer.close()

    def _may(self, address: str) -> bool:
        try:
            found = ip_address(address)
        except ValueError:
            return False
        mapped = getattr(found, "ipv4_mapped", None) or found
        return any(mapped in network for network in self._peers)

    def _answer(self, block: bytes, address: str) -> bytes:
        """Take a message and return its acknowledgement."""
        try:
            taken = self._intake.take(block, "mllp", address)
        except SightlineError as error:
            return acknowledgement(block, "AE", error.message)
        except Exception:
            _log.exception("An order could not be taken")
            return acknowledgement(block, "AE", "Something went wrong here. Send it again later.")
        held = next((one for one in taken if one.is_held), None)
        if held is None:
            return acknowledgement(block, "AA", "")
        return acknowledgement(block, "AR" if held.code in _REJECTED else "AE", held.reason)


def acknowledgement(message: bytes, code: str, text: str) -> bytes:
    """Return the ACK for a message (HL7 2.9.2), with the separators that it uses itself.

    >>> acknowledgement(b"MSH|^~\\\\&|A|B|C|D|||ORM^O01|7|P|2.3\\r", "AA", "").split(b"\\r")[1]
    b'MSA|AA|7|'
    """
    head = message.split(b"\r", 1)[0].decode("latin-1")
    is_hl7 = head.startswith("MSH") and len(head) > 8
    mark = head[3] if is_hl7 else "|"
    fields = (head.split(mark) if is_hl7 else ["MSH", "^~\\&"]) + [""] * 18
    component = fields[1][:1] or "^"
    trigger = [*fields[8].split(component), ""][1]
    kind = f"ACK{component}{trigger}" if trigger else "ACK"
    now = f"{datetime.now().astimezone():%Y%m%d%H%M%S%z}"
    header = ["MSH", fields[1], *fields[4:6], *fields[2:4], now, "", kind, f"SL{now[:14]}", fields[10] or "P",
              fields[11] or "2.3"]  # fmt: skip
    clean = "".join(one if one.isprintable() and one != mark else " " for one in text)
    segments = (header, ["MSA", code, fields[9], clean])
    return "".join(mark.join(segment) + "\r" for segment in segments).encode("latin-1", "replace")
