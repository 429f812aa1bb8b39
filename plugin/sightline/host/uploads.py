"""The core's upload route, shadowed: what nests too deeply is refused before the core reads it on a small stack.

Otherwise `POST /instances` answers as the core does: one DICOM file, the same gzipped, or a ZIP archive of files.
"""

from __future__ import annotations

import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from sightline.access.audit import AuditEvent, AuditKind, AuditLog
from sightline.access.grant import Grant, Verb
from sightline.archive.nesting import check_nesting
from sightline.archive.rest import CoreError
from sightline.errors import SightlineError, TooLargeError, UnauthenticatedError, UnprocessableError
from sightline.host.bridge import Answer
from sightline.host.sdk_rest import SdkRest

_ZIP = b"PK\x03\x04"
_GET = "GET"
_JSON = "application/json"
_CHUNK = 1 << 20
_BAD_FILE_FORMAT = 15
"""The core's own code for what is no DICOM file."""


class Uploads:
    """Handles the core's ``/instances``.

    Parameters
    ----------
    rest : SdkRest
        The core.
    audit : AuditLog
        Where uploads and refusals are written down.
    bound : int
        Most bytes that one upload may unpack to.
    """

    def __init__(self, rest: SdkRest, audit: AuditLog, bound: int) -> None:
        self._rest = rest
        self._audit = audit
        self._bound = bound

    def handle(self, uri: str, request: Mapping[str, Any], grant: Grant) -> Answer:
        """Answer one request for ``/instances``; administrators only, as all core routes."""
        try:
            grant.require(Verb.ADMINISTER)
        except SightlineError as error:
            self._audit.denial(grant, str(request["method"]), uri)
            is_unknown = isinstance(error, UnauthenticatedError)
            headers = [("WWW-Authenticate", 'Basic realm="Sightline"')] if is_unknown else []
            return Answer(error.status, error.message.encode(), headers=headers)
        try:
            if request["method"] == _GET:
                return self._list(request.get("get") or {})
            return self._upload(request, grant)
        except CoreError as error:
            return _core_refusal(error, str(request["method"]))
        except SightlineError as error:
            body = {"HttpStatus": error.status, "Message": error.message, "Method": request["method"], "Uri": uri}
            return Answer(error.status, json.dumps(body).encode(), _JSON)

    def _list(self, query: Mapping[str, str]) -> Answer:
        arguments = "&".join(f"{key}={value}" for key, value in query.items())
        return Answer(200, self._rest.get(f"/instances?{arguments}" if arguments else "/instances") or b"[]", _JSON)

    def _upload(self, request: Mapping[str, Any], grant: Grant) -> Answer:
        content: bytes = request.get("body") or b""
        if request["headers"].get("content-encoding", "").lower() == "gzip":
            content = self._gunzip(content)
        answer = self._store_archive(content) if content.startswith(_ZIP) else self._store(content)
        for study in self._studies(json.loads(answer)):
            self._audit.record(AuditEvent(AuditKind.STORE, grant, study_instance_uid=study, detail="POST /instances"))
        return Answer(200, answer, _JSON)

    def _studies(self, stored: dict[str, str] | list[dict[str, str]]) -> list[str]:
        """Return the Study Instance UIDs of what was stored; one empty text where nothing was."""
        results = stored if isinstance(stored, list) else [stored]
        parents = sorted({result["ParentStudy"] for result in results if "ParentStudy" in result})
        found = [json.loads(self._rest.get(f"/studies/{parent}") or b"{}") for parent in parents]
        return [study.get("MainDicomTags", {}).get("StudyInstanceUID", "") for study in found] or [""]

    def _store(self, content: bytes) -> bytes:
        try:
            check_nesting(content)
        except UnprocessableError as error:
            if error.code != "not-dicom":
                raise
            raise CoreError("Bad file format", 400, _BAD_FILE_FORMAT) from error
        return self._rest.post("/instances", content)

    def _store_archive(self, content: bytes) -> bytes:
        """Let the core unpack an archive that holds nothing deep; else store the rest of it one by one."""
        refused: UnprocessableError | None = None
        members = []
        for member in self._members(content):
            try:
                check_nesting(member)
                members.append(member)
            except UnprocessableError as error:
                if error.code != "not-dicom":
                    refused = error
        if refused is None:
            return self._rest.post("/instances", content)
        answers = []
        for member in members:
            try:
                answers.append(json.loads(self._rest.post("/instances", member)))
            except CoreError:
                continue  # the core leaves out what is no DICOM file, too
        if not answers:
            raise refused
        return json.dumps(answers).encode()

    def _members(self, content: bytes) -> Iterator[bytes]:
        unpacked = 0
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                for entry in archive.infolist():
                    if entry.is_dir():
                        continue
                    # What an entry says of its size is not to be trusted: read no more than is left.
                    with archive.open(entry) as file:
                        member = file.read(self._bound - unpacked + 1)
                    unpacked += len(member)
                    if unpacked > self._bound:
                        raise TooLargeError("The archive unpacks to more than is accepted here.")
                    yield member
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
            raise UnprocessableError("The ZIP archive is damaged.", "bad-archive") from error

    def _gunzip(self, content: bytes) -> bytes:
        unpacked = io.BytesIO()
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
                while chunk := file.read(_CHUNK):
                    unpacked.write(chunk)
                    if unpacked.tell() > self._bound:
                        raise TooLargeError("The body unpacks to more than is accepted here.")
        except (OSError, EOFError, zlib.error) as error:
            raise UnprocessableError("The gzip body is damaged.", "bad-archive") from error
        return unpacked.getvalue()


def _core_refusal(error: CoreError, method: str) -> Answer:
    """Say what the core says when it refuses, in its own words and layout."""
    reason = {400: "Bad Request", 404: "Not Found"}.get(error.status, "Internal Server Error")
    body = {
        "HttpError": reason,
        "HttpStatus": error.status,
        "Message": error.message,
        "Method": method,
        "OrthancError": error.message,
        "OrthancStatus": error.orthanc_status,
        "Uri": "/instances",
    }
    return Answer(error.status, json.dumps(body, indent=1).encode(), _JSON)
