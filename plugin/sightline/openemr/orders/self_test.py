"""The self-test of orders: a made-up order goes the whole way in a database of its own, and each way in is tried."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from pydicom import Dataset, dcmread

from sightline.errors import SightlineError
from sightline.openemr.orders.drop import LocalDrop
from sightline.openemr.orders.fhir_poll import IMAGING
from sightline.openemr.orders.hl7_orders import read_message
from sightline.openemr.orders.mapping import OPENEMR
from sightline.openemr.orders.patient_numbers import patient_numbers
from sightline.openemr.orders.sftp_drop import SftpDrop
from sightline.openemr.orders.worklist import matching
from sightline.openemr.orders.worklist_item import encoded
from sightline.openemr.self_test_result import SelfTestResult
from sightline.state.database import open_database, sqlite_url
from sightline.state.order_codes import OrderCode
from sightline.state.orders import StoredOrders
from sightline.web.services import Services

_MESSAGE = (
    "MSH|^~\\&|OPENEMR|SELFTEST|SIGHTLINE|RAD|20260102101500||ORM^O01|1|P|2.3\r"
    "PID|1|1|1||Doe^Jane||19800101|F\rPV1|1|O\r"
    "ORC|NW|0001\rOBR|1|0001||SELFTEST^Self-test|R\r"
)
_SECONDS = 5


def self_test(services: Services) -> SelfTestResult:
    """Try whether an order would come in and onto the worklist here. Nothing of the site's own orders is touched."""
    options = services.configuration.orders
    if not options.is_on:
        return SelfTestResult(
            False,
            "No way in for orders is set up.",
            'Set a folder, a port or an address in "Sightline": {"Orders": …}.',
        )
    problem = _went_through(services)
    if problem:
        return SelfTestResult(False, problem, "Send us Orthanc's log: this does not depend on your site.")
    tried = []
    for name, advice, attempt in _ways(services):
        try:
            attempt()
        except (OSError, SightlineError) as error:
            why = error.message if isinstance(error, SightlineError) else type(error).__name__
            return SelfTestResult(False, f"{name}: {why}", advice)
        tried.append(name)
    return SelfTestResult(
        True, f"A made-up order came through and onto the worklist; reached: {', '.join(tried)}.",
        "" if services.site.get("dicom_encoding", "Utf8") == "Utf8" else
        'Letters beyond Orthanc\'s "DefaultEncoding" are written without accents on the worklist; "Utf8" has all.',
    )  # fmt: skip


def _went_through(services: Services) -> str:
    """Send the order all the way and return what went wrong; empty if nothing did."""
    with TemporaryDirectory() as folder, closing(open_database(sqlite_url(Path(folder)), services.clock)) as database:
        begun = services.clock()
        orders, message = StoredOrders(database), read_message(_MESSAGE.encode(), (OPENEMR,), None)
        orders.codes.put(OrderCode("", "SELFTEST", "OT"))
        (number,) = orders.take([replace(line, sent=None) for line in message.lines], message.is_whole)
        query = Dataset()
        query.PatientName, query.AccessionNumber = "doe*", number
        found = matching(query, orders.scheduled(begun, services.clock()), None)
        if len(found) != 1:
            return "A made-up order did not come onto the worklist."
        item = dcmread(BytesIO(encoded(found[0])))
        is_same = (str(item.PatientName), item.PatientID, item.AccessionNumber) == ("Doe^Jane", "1", number)
        return "" if is_same else "A made-up order came out of the worklist as another one."


def _ways(services: Services) -> Iterator[tuple[str, str, Callable[[], object]]]:
    """Give each way in that is set up: its name, what to do if it fails, and how it is tried."""
    options = services.configuration.orders
    if options.folder.path:
        advice = "Does the folder exist, and may Orthanc write into it?"
        yield "folder", advice, LocalDrop(Path(options.folder.path)).prepare
    if options.folder.sftp.url:
        drop = SftpDrop(options.folder.sftp)

        def connect() -> None:
            try:
                drop.prepare()
            finally:
                drop.close()

        yield "SFTP folder", "Check address, host key, user and password or key.", connect
    if options.mllp.port:
        address = (options.mllp.address, options.mllp.port)
        advice = "Is the port taken by another program? Orthanc's log says more."
        yield "MLLP port", advice, lambda: socket.create_connection(address, _SECONDS).close()
    _, client = patient_numbers(services)
    if client is not None:
        query = (
            {"category": IMAGING, "_count": "1"} if options.fhir.poll_seconds else {"identifier": "sightline-self-test"}
        )
        kind = "ServiceRequest" if options.fhir.poll_seconds else "Patient"
        yield (
            "FHIR",
            "Register the backend client with this site's public key, and enable it in the EHR.",
            (lambda: client.resource(kind, query)),
        )
