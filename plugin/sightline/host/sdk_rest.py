"""The core's REST API through the SDK. Call it from our own threads only: the core parses on the caller's stack."""

from __future__ import annotations

import orthanc

from sightline.archive.rest import CoreError

_UNKNOWN_RESOURCE = 17
_INEXISTENT_ITEM = 7
_BAD_REQUESTS = frozenset({2, 8, 11, 15, 16})
"""Orthanc's error codes that are the caller's fault: range, request, unavailable range, file format, JSON."""


class SdkRest:
    """`CoreRest` from inside Orthanc."""

    def get(self, path: str) -> bytes | None:
        """Return the answer's body, None where there is no such resource."""
        try:
            return orthanc.RestApiGet(path)
        except orthanc.OrthancException as error:
            if _code(error) in (_UNKNOWN_RESOURCE, _INEXISTENT_ITEM):
                return None
            raise _core_error(error) from None

    def post(self, path: str, body: bytes | memoryview) -> bytes:
        """Return the answer's body."""
        try:
            return orthanc.RestApiPost(path, body)
        except orthanc.OrthancException as error:
            raise _core_error(error) from None

    def put(self, path: str, body: bytes) -> bytes:
        """Return the answer's body."""
        try:
            return orthanc.RestApiPut(path, body)
        except orthanc.OrthancException as error:
            raise _core_error(error) from None

    def delete(self, path: str) -> bool:
        """Delete a resource; False where there is none."""
        try:
            orthanc.RestApiDelete(path)
        except orthanc.OrthancException as error:
            if _code(error) in (_UNKNOWN_RESOURCE, _INEXISTENT_ITEM):
                return False
            raise _core_error(error) from None
        return True


def _code(error: Exception) -> int:
    return int(error.args[0]) if error.args else 0


def _core_error(error: Exception) -> CoreError:
    code = _code(error)
    status = 404 if code == _UNKNOWN_RESOURCE else 400 if code in _BAD_REQUESTS else 500
    message = str(error.args[1]) if len(error.args) > 1 else "The archive refused the request."
    return CoreError(message, status, code)
