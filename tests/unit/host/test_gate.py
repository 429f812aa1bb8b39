"""Who is admitted, before a body is read."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import pytest

from sightline.access.audit import AuditEvent, AuditKind
from sightline.access.grant import ANONYMOUS, Grant, Permission, Verb, administrator
from sightline.dicomweb_section import DicomwebSection
from sightline.errors import ForbiddenError

UPLOAD_BOUND = 10_000_000


class Access:
    """Knows two people by a header, and refuses state changes of one origin."""

    def identify(self, headers: Mapping[str, str], address: str) -> Grant:
        link = Grant("link:x", (Permission(frozenset({Verb.VIEW}), "1.2.3"),))
        return {"admin": administrator("admin", address=address), "link": link}.get(headers.get("who", ""), ANONYMOUS)

    def check_origin(self, method: str, headers: Mapping[str, str], public_url: str) -> None:
        if method != "GET" and headers.get("origin") == "https://evil.example":
            raise ForbiddenError("elsewhere")


class Harness:
    """A gate and what it wrote."""

    def __init__(
        self,
        chunked: bool = False,
        writable: bool = True,
        section: DicomwebSection = DicomwebSection(),  # noqa: B008
    ) -> None:
        from sightline.host.gate import Gate

        self.events: list[AuditEvent] = []
        access: Any = Access()
        self.gate = Gate(access, "http://here", UPLOAD_BOUND, chunked, self.record, section)
        self.gate.is_open = True
        self.writable = writable

    def record(self, event: AuditEvent) -> bool:
        self.events.append(event)
        return self.writable

    def admit(self, uri: str, method: str = "GET", **headers: str) -> bool:
        plain = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.gate.admit(uri, method, "192.0.2.1", plain)


@pytest.fixture
def harness(orthanc_module: object) -> Harness:
    """Return a gate."""
    return Harness()


@pytest.mark.parametrize("uri", ["/system", "/studies", "/sightlines", "/dicom-webs", "/wados", "/webdav/x", "/apps"])
@pytest.mark.parametrize("who", ["", "link"])
def test_core_is_for_administrators(harness: Harness, uri: str, who: str) -> None:
    """Nobody else gets to any route that is not ours; the refusal is written down."""
    assert not harness.admit(uri, who=who)
    assert [event.kind for event in harness.events] == [AuditKind.DENIAL]


@pytest.mark.parametrize("uri", ["/", "/instances", "/sightline", "/sightline/x", "/dicom-web/y", "/wado"])
def test_own_routes_decide_for_themselves(harness: Harness, uri: str) -> None:
    """The gate lets everybody through to our own routes, which check permissions."""
    assert harness.admit(uri)


def test_anybody_at_explorer(harness: Harness) -> None:
    """Orthanc Explorer's page, once we answer it, may refuse by itself and lead to the login; the rest is closed."""
    assert not harness.admit("/app/explorer.html")
    harness.gate.led_pages = frozenset({"/app/explorer.html"})
    assert harness.admit("/app/explorer.html", who="admin")
    assert [event.kind for event in harness.events] == [AuditKind.DENIAL]
    assert harness.admit("/app/explorer.html")
    assert harness.admit("/app/explorer.html", who="link")
    assert [event.kind for event in harness.events] == [AuditKind.DENIAL] * 3
    assert harness.admit("/app/libs/jquery.js", who="admin")
    assert not harness.admit("/app/libs/jquery.js")


def test_administrator_reads_without_a_word(harness: Harness) -> None:
    """What only lists is not written down; what hands out files or changes something is, first."""
    assert harness.admit("/studies", who="admin")
    assert harness.events == []
    assert harness.admit("/studies/abc/archive", who="admin")
    assert harness.admit("/studies/abc", "DELETE", who="admin")
    assert [(event.kind, event.detail) for event in harness.events] == [
        (AuditKind.CORE, "GET /studies/abc/archive"),
        (AuditKind.CORE, "DELETE /studies/abc"),
    ]


def test_nothing_happens_without_an_audit_log(orthanc_module: object) -> None:
    """Where it cannot be written, an administrator's deletion is refused."""
    assert not Harness(writable=False).admit("/studies/abc", "DELETE", who="admin")


def test_cross_site_change_of_the_core(harness: Harness) -> None:
    """Another site cannot use an administrator's cookie on the core."""
    assert not harness.admit("/studies/abc", "DELETE", who="admin", origin="https://evil.example")


def test_moved_dicomweb(orthanc_module: object) -> None:
    """Where the configuration moves DICOMweb, its routes and its bound go with it; the former paths are the core's."""
    gate = Harness(section=DicomwebSection(root="/images/web", wado_root="/images/uri")).gate
    assert gate.admit("/images/web/studies", "GET", "", {})
    assert gate.admit("/images/uri", "GET", "", {})
    assert gate.admit("/images/web/studies", "POST", "", {"content-length": str(UPLOAD_BOUND)})
    assert not gate.admit("/images/web/series", "POST", "", {"content-length": "65537"})
    assert not gate.admit("/dicom-web/studies", "GET", "", {})
    assert not gate.admit("/wado", "GET", "", {})
    closed = Harness(section=DicomwebSection(is_enabled=False)).gate
    assert not closed.admit("/dicom-web/studies", "GET", "", {})


def test_refused_trees(harness: Harness) -> None:
    """Left-over routes of another DICOMweb server are closed for administrators, too."""
    harness.gate.refused_trees = ("/wado", "/dicom-web")
    assert not harness.admit("/wado", who="admin")
    assert not harness.admit("/dicom-web/studies", who="admin")
    assert harness.admit("/sightline/api/studies", who="admin")


def test_bodies_that_another_plugin_would_get(harness: Harness) -> None:
    """Reading goes on; what is stored would be handed past us, so it is refused, and that is written down."""
    harness.gate.closed_to_bodies = ("/dicom-web",)
    assert harness.admit("/dicom-web/studies", who="admin")
    assert harness.admit("/dicom-web/studies/1.2", "DELETE", who="admin")
    assert not harness.admit("/dicom-web/studies", "POST", who="admin")
    assert not harness.admit("/dicom-web/studies/1.2", "PUT", who="admin")
    assert [event.kind for event in harness.events] == [AuditKind.DENIAL, AuditKind.DENIAL]
    assert harness.admit("/sightline/login", "POST")


def test_closed_while_starting(harness: Harness) -> None:
    """Until it is known who answers, only the health and our own question pass, administrators included."""
    harness.gate.is_open = False
    for uri in ("/dicom-web/studies", "/sightline/", "/system", "/app/explorer.html", "/"):
        assert not harness.admit(uri, who="admin")
    assert harness.admit("/sightline/health")
    assert harness.admit("/sightline/query-probe")
    assert harness.admit("/app/explorer.html", x_sightline_start=harness.gate.start_token)
    assert not harness.admit("/app/explorer.html", x_sightline_start="é")
    harness.gate.is_open = True
    assert not harness.admit("/app/explorer.html", x_sightline_start=harness.gate.start_token)


@pytest.mark.parametrize(
    ("uri", "length", "admitted"),
    [
        ("/dicom-web/studies", str(UPLOAD_BOUND), True),
        ("/dicom-web/studies", str(UPLOAD_BOUND + 1), False),
        ("/dicom-web/studies/1.2.3", str(UPLOAD_BOUND), True),
        ("/instances", str(UPLOAD_BOUND + 1), False),
        ("/sightline/login", "65536", True),
        ("/sightline/login", "65537", False),
        ("/sightline/login", "9" * 5000, False),
        ("/sightline/login", "-1", False),
        ("/sightline/login", "²", False),
        ("/sightline/login", "", False),
    ],
)
def test_declared_length(harness: Harness, uri: str, length: str, admitted: bool) -> None:
    """A body that is too large, or whose length is no number, is refused before it is read."""
    assert harness.admit(uri, "POST", content_length=length) is admitted


def test_chunked(orthanc_module: object) -> None:
    """A body of undeclared length: only for uploads, and only where the site allows it."""
    assert not Harness().admit("/dicom-web/studies", "POST", transfer_encoding="chunked")
    assert Harness(chunked=True).admit("/dicom-web/studies", "POST", transfer_encoding="chunked")
    assert not Harness(chunked=True).admit("/sightline/login", "POST", transfer_encoding="chunked")


@pytest.mark.parametrize("uri", ["/dicom-web/studies", "/dicom-web/studies/1.2.3", "/sightline/login"])
def test_forms(harness: Harness, uri: str) -> None:
    """Orthanc would say 200 to them, and no plugin would ever see what was sent. Its own upload page needs them."""
    form = {"content_type": "Multipart/Form-Data; boundary=x", "content_length": "100", "who": "admin"}
    assert not harness.admit(uri, "POST", **form)
    assert harness.events
    assert harness.admit(uri, "POST", **(form | {"content_type": "multipart/related; boundary=x"}))
    assert harness.admit("/instances", "POST", **form)


def test_claim_is_for_this_very_request(harness: Harness) -> None:
    """The callback gets whom the gate saw on this thread for this request, once."""
    harness.admit("/sightline/x", who="admin")
    assert harness.gate.claim("/sightline/other", "GET") is ANONYMOUS
    harness.admit("/sightline/x", who="admin")
    assert harness.gate.claim("/sightline/x", "GET").subject == "admin"
    assert harness.gate.claim("/sightline/x", "GET") is ANONYMOUS


def test_claim_is_for_this_thread(harness: Harness) -> None:
    """Another thread gets nobody."""
    harness.admit("/sightline/x", who="admin")
    found: list[Grant] = []
    thread = threading.Thread(target=lambda: found.append(harness.gate.claim("/sightline/x", "GET")))
    thread.start()
    thread.join()
    assert found == [ANONYMOUS]


def test_nobody_inside(harness: Harness) -> None:
    """Whoever was admitted is waited for until the callback has answered; nobody else gets in meanwhile."""
    assert harness.admit("/sightline/x")
    with harness.gate.nobody_inside(0.01) as is_quiet:
        assert not is_quiet
        assert not harness.admit("/sightline/health")
    assert harness.admit("/sightline/x")  # on the same thread: the one before is over, whatever became of it
    harness.gate.left()
    with harness.gate.nobody_inside(5) as is_quiet:
        assert is_quiet
    assert not harness.admit("/system")
    with harness.gate.nobody_inside(0.01) as is_quiet:
        assert is_quiet  # who was refused is not inside
