"""What Orthanc calls. Module-level functions, since Orthanc crashes at its end if it alone holds a callback."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from typing import Any

import orthanc

from sightline.configuration import ConfigurationError
from sightline.host.bridge import Bridge
from sightline.host.explorer import OPEN_IN_SIGHTLINE
from sightline.host.gate import QUERY_PROBE, method_name
from sightline.host.host import Host
from sightline.host.threads import keep_thread_state

_host: Host


class _OrthancLog(logging.Handler):
    """Python's log goes into Orthanc's, one line an event."""

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record).replace("\n", " | ")
        if record.levelno >= logging.ERROR:
            orthanc.LogError(line)
        elif record.levelno >= logging.WARNING:
            orthanc.LogWarning(line)
        else:
            orthanc.LogInfo(line)


def start() -> None:
    """Start Sightline and register everything. Raises where it must not start, which stops Orthanc."""
    global _host
    logger = logging.getLogger("sightline")
    logger.addHandler(_OrthancLog())
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        _host = Host(json.loads(orthanc.GetConfiguration()), on_explorer_page)
    except ConfigurationError as error:
        orthanc.LogError(f"Sightline does not start. {error}")
        raise
    orthanc.RegisterIncomingHttpRequestFilter(on_http_request)
    orthanc.RegisterReceivedInstanceCallback(on_received_instance)
    orthanc.RegisterIncomingCStoreInstanceFilter(on_c_store)
    orthanc.RegisterOnStoredInstanceCallback(on_stored_instance)
    orthanc.RegisterOnChangeCallback(on_change)
    orthanc.RegisterRestCallback("/", on_root)
    orthanc.RegisterRestCallback("/instances", on_instances)
    orthanc.RegisterRestCallback(QUERY_PROBE, on_query_probe)
    if _host.worklist is not None:  # Orthanc takes one such callback: another plugin may need it where we do not
        orthanc.RegisterWorklistCallback(on_worklist)
    for tree in _host.trees:
        orthanc.RegisterRestCallback(f"{re.escape(tree)}(/.*)?", on_application)
    orthanc.ExtendOrthancExplorer(OPEN_IN_SIGHTLINE)


def on_http_request(uri: str, **request: Any) -> bool:
    """Decide on every request before its body is read. Fails closed: an exception is a refusal."""
    keep_thread_state()
    return _host.gate.admit(uri, method_name(request["method"]), request.get("ip", ""), request["headers"])


def on_application(output: orthanc.RestOutput, uri: str, **request: Any) -> None:
    """Answer our own routes."""
    _serve(_host.application, output, uri, request)


def on_root(output: orthanc.RestOutput, uri: str, **request: Any) -> None:
    """Answer ``/``."""
    _serve(_host.root, output, uri, request)


def on_explorer_page(output: orthanc.RestOutput, uri: str, **request: Any) -> None:
    """Answer Orthanc Explorer's page in the core's place."""
    _serve(_host.explorer, output, uri, request)


def on_instances(output: orthanc.RestOutput, uri: str, **request: Any) -> None:
    """Answer the core's upload route in its place."""
    _serve(_host.uploads, output, uri, request)


def on_query_probe(output: orthanc.RestOutput, uri: str, **request: Any) -> None:
    """Answer our own question to ourselves."""
    _serve(_host.probe, output, uri, request)


def on_received_instance(content: bytes, _origin: int) -> tuple[int, None]:
    """Decide on every file before it is stored, wherever it comes from."""
    return _host.receiving.on_received(content)


def on_c_store(instance: orthanc.DicomInstance) -> int:
    """Decide on every instance that a modality sends; answers with a DIMSE status."""
    return _host.receiving.on_c_store(instance)


def on_stored_instance(instance: orthanc.DicomInstance, identifier: str) -> None:
    """Forget what a store may have changed, before the store is acknowledged."""
    _host.archive.stored(_host.receiving.stored_study(instance, identifier))


def on_worklist(
    answers: orthanc.WorklistAnswers, query: orthanc.WorklistQuery, remote_aet: str, _called_aet: str
) -> None:
    """Answer a modality that asks what it has to do; Orthanc has let in those only that it knows."""
    if _host.worklist is not None:
        _host.worklist.answer(answers, query, remote_aet)


def on_change(change: int, _level: int, resource: str) -> None:
    """Follow Orthanc's own start and stop, and take note of series to which nothing has come for a while."""
    if change == orthanc.ChangeType.STABLE_SERIES:
        _host.is_complete(resource)
    elif change == orthanc.ChangeType.ORTHANC_STARTED:
        _host.started()
    elif change == orthanc.ChangeType.ORTHANC_STOPPED:
        _host.stop()


def _serve(bridge: Bridge, output: orthanc.RestOutput, uri: str, request: Mapping[str, Any]) -> None:
    try:
        bridge.serve(output, uri, request, _host.gate.claim(uri, request["method"]))
    finally:
        _host.gate.left()
