"""The set-up page's routes against a fake OpenEMR: what is seen, what is advised, and who may ask."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, cast

import pytest
from werkzeug.test import TestResponse

from sightline.configuration import Configuration
from sightline.openemr.ehr.client import EhrClient, EhrError
from sightline.openemr.ehr.trust import trusted
from sightline.openemr.self_test_result import SelfTestResult
from sightline.openemr.setup import self_tests
from sightline.openemr.setup.fetch import LIMITS, Problem, fetch
from sightline.openemr.setup.routes import ROUTES
from sightline.openemr.setup.self_tests import SELF_TESTS, SelfTest
from sightline.smart_section import Issuer
from tests.support.dicom_files import image_file
from tests.support.openemr.server import FakeOpenEmr
from tests.support.site import URL, Site
from tests.support.smart_site import PIXELS, write_build

RULE = {"source": "pubpid", "prefix": "EMR-"}


@pytest.fixture
def emr() -> Iterator[FakeOpenEmr]:
    with FakeOpenEmr() as running:
        yield running


@pytest.fixture
def site(tmp_path: Path, emr: FakeOpenEmr) -> Iterator[Site]:
    write_build(tmp_path)
    issuer = {"Name": "old", "Issuer": "https://old.example/fhir", "ClientId": "x", "CertificateAuthority": "/ca.pem"}
    files = [
        image_file(
            PIXELS, StudyInstanceUID=f"1.2.{number}", SeriesInstanceUID=f"1.2.{number}.1", PatientID=f"EMR-{name}"
        )
        for number, name in ((1, "0042"), (2, "0042"), (3, "7"))
    ]
    opened = Site(tmp_path, ROUTES, files, Ehr={"Issuers": [issuer]}, FrameAncestors=["https://old.example"])
    opened.clock.now = datetime.now(UTC)
    yield opened
    opened.close()


def ask(site: Site, path: str, value: Any = None) -> TestResponse:
    body = {} if value is None else {"json": value}
    return site.program("POST", f"/sightline/setup/{path}", **body)


def checks(site: Site, address: str) -> dict[str, tuple[str, str, str]]:
    answer = ask(site, "check", {"address": address})
    assert answer.status_code == 200, answer.text
    rows = cast(dict[str, Any], answer.json)["checks"]
    return {row["id"]: (row["state"], row["seen"], row["advice"]) for row in rows}


def test_an_openemr_as_it_should_be(site: Site, emr: FakeOpenEmr) -> None:
    found = checks(site, emr.url)
    states = {name: state for name, (state, _, _) in found.items()}
    good = ("reach", "metadata", "smart", "scopes", "pkce", "site-address", "openid", "clock", "cors", "public-url")
    assert {name: states[name] for name in good} == dict.fromkeys(good, "ok")
    # Loopback without TLS, and nothing is configured yet.
    assert {name for name, state in states.items() if state != "ok"} == {"tls", "frame", "configured"}
    assert "OpenEMR 7.0.3 speaks FHIR 4.0.1" in found["metadata"][1]


def test_only_public_documents_are_asked_for(site: Site, emr: FakeOpenEmr) -> None:
    checks(site, emr.url)
    assert emr.requests == [
        "GET /apis/default/fhir/metadata",
        "GET /apis/default/fhir/.well-known/smart-configuration",
        "GET /oauth2/default/.well-known/openid-configuration",
    ]


def test_scopes_of_smart_2_are_told(site: Site) -> None:
    with FakeOpenEmr("8.0.0") as newer:
        answer = ask(site, "check", {"address": newer.url}).json
    assert answer is not None
    assert answer["v2"] is True


def test_another_site_address_is_found(site: Site, emr: FakeOpenEmr) -> None:
    """OpenEMR makes its addresses of a setting, which may name another host than the one that people use."""
    address = emr.url
    emr.url = "https://wrong.example"
    state, seen, advice = checks(site, address)["site-address"]
    assert (state, "https://wrong.example" in seen) == ("failed", True)
    assert f'"Site Address (required for OAuth2 and FHIR)" to {address}' in advice


def test_an_fhir_interface_that_is_off(site: Site, emr: FakeOpenEmr) -> None:
    emr.is_down = True
    found = checks(site, emr.url)
    assert found["reach"][0] == "ok"
    assert found["metadata"][0] == "failed"
    assert "Enable OpenEMR Standard FHIR REST API" in found["metadata"][2]
    assert found["scopes"][0] == found["pkce"][0] == "skipped"


def test_nobody_there(site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    found = checks(site, f"http://127.0.0.1:{port}")
    assert found["reach"][0] == "failed"
    assert "firewall" in found["reach"][2]
    assert found["metadata"][0] == "skipped"


@pytest.mark.parametrize(("seconds", "state"), [(2, "ok"), (30, "warning"), (-300, "failed")])
def test_clocks_are_compared(site: Site, emr: FakeOpenEmr, seconds: int, state: str) -> None:
    site.clock.advance(seconds=seconds)
    assert checks(site, emr.url)["clock"][0] == state


def test_what_is_never_asked_is_refused(site: Site) -> None:
    answer = ask(site, "check", {"address": "http://169.254.169.254/latest"})
    assert (answer.status_code, cast(Any, answer.json)["code"]) == (400, "emr-address")


class Trap(BaseHTTPRequestHandler):
    """Leads elsewhere, or goes on for ever."""

    asked: list[str] = []  # noqa: RUF012 - one test at a time

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_address[1]}/trap")
            self.end_headers()
            return
        self.send_response(200)
        self.end_headers()
        if self.path == "/long":
            with pytest.raises(OSError):
                while True:
                    self.wfile.write(b" " * 65_536)
        elif self.path == "/deep":
            self.wfile.write(b"[" * 100_000)

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing."""


@pytest.fixture
def trap() -> Iterator[str]:
    Trap.asked = []
    server = HTTPServer(("127.0.0.1", 0), Trap)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_redirects_are_not_followed(trap: str) -> None:
    assert fetch(f"{trap}/away").status == 302
    assert Trap.asked == ["/away"]


def test_answers_are_bounded(trap: str) -> None:
    assert fetch(f"{trap}/long").problem is Problem.TOO_LONG
    assert fetch(f"{trap}/deep").problem is Problem.NOT_JSON
    assert LIMITS.most_bytes < 10_000_000


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Certificate and key of the name ``localhost``, signed by nobody else."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key)]
    subprocess.run([*command, "-out", str(certificate)], check=True, capture_output=True)
    return certificate, key


def test_a_certificate_is_checked_for_the_name_that_was_typed(site: Site, certificate: tuple[Path, Path]) -> None:
    """By the name, though what it was looked up to is what is asked."""
    own, key = certificate
    with FakeOpenEmr(host="localhost", tls=(str(own), str(key))) as emr:
        assert checks(site, emr.url)["tls"][0] == "failed"
        asked = {"address": emr.url, "authority": str(own)}
        rows = cast(Any, ask(site, "check", asked).json)["checks"]
        assert {row["id"]: row["state"] for row in rows if row["id"] in ("tls", "openid")} == {
            "tls": "ok",
            "openid": "ok",
        }
        other = fetch(f"{emr.fhir.replace('localhost', '127.0.0.1')}/metadata", str(own))
        assert other.problem is Problem.TLS


def test_what_the_machine_trusts_is_trusted(
    site: Site, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    own, key = certificate
    with FakeOpenEmr(host="localhost", tls=(str(own), str(key))) as emr:
        issuer = Issuer.model_validate({"Name": "clinic", "Issuer": emr.fhir, "ClientId": "x"})
        assert checks(site, emr.url)["tls"][0] == "failed"
        with pytest.raises(EhrError):
            EhrClient(issuer).get(f"{emr.fhir}/metadata")
        monkeypatch.setenv("SSL_CERT_FILE", str(own))
        assert checks(site, emr.url)["tls"][0] == "ok"
        assert EhrClient(issuer).get(f"{emr.fhir}/metadata")["resourceType"] == "CapabilityStatement"


def test_a_machine_that_trusts_nobody_has_the_list_that_comes_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert trusted("") is True
    (tmp_path / "5ed36f99.0").touch()
    assert trusted("") == str(tmp_path)
    assert trusted("/ca.pem") == "/ca.pem"


def test_an_authority_that_an_ehr_names_has_signed_for_us_too(site: Site, certificate: tuple[Path, Path]) -> None:
    own, key = certificate
    with FakeOpenEmr(host="localhost", tls=(str(own), str(key))) as ourselves:
        ourselves.is_down = True  # as a site that is not well answers: with 503
        services = replace(site.services, public_url=ourselves.url)
        result = self_tests.run_self_test(services, "address")
        assert result is not None
        assert (result.is_ok, "not trusted" in result.seen) == (False, True)
        issuer = {"Name": "clinic", "Issuer": "https://e.example", "ClientId": "x", "CertificateAuthority": str(own)}
        known = replace(services, configuration=Configuration.parse({"Ehr": {"Issuers": [issuer]}}))
        expected = SelfTestResult(True, f"Sightline answers at {ourselves.url}.")
        assert self_tests.run_self_test(known, "address") == expected


def test_a_file_that_is_no_authority_is_a_check_that_failed(site: Site, certificate: tuple[Path, Path]) -> None:
    own, key = certificate
    with FakeOpenEmr(host="localhost", tls=(str(own), str(key))) as emr:
        for file in ("/nonexistent.pem", str(key)):
            answer = ask(site, "check", {"address": emr.url, "authority": file})
            assert answer.status_code == 200
            assert cast(Any, answer.json)["checks"][1]["state"] != "ok"


def test_the_plan_names_fields_as_openemr_does(site: Site, emr: FakeOpenEmr) -> None:
    asked = {"address": emr.url, "rule": RULE, "orders": "/var/spool/o", "results": "/var/spool/r", "name": "clinic"}
    answer = cast(dict[str, Any], ask(site, "plan", asked).json)
    entries = {row["label"]: row["value"] for row in answer["entries"]}
    assert entries["Site Address (required for OAuth2 and FHIR)"] == emr.url
    assert (entries["Orders Path"], entries["Results Path"]) == ("/var/spool/o", "/var/spool/r")
    assert entries["Protocol"] == "Local Filesystem, Bidirectional"
    registration = json.loads(answer["registration"])
    assert registration["initiate_login_uri"] == f"{URL}/sightline/smart/launch"
    assert "?" not in registration["initiate_login_uri"]
    assert answer["curl"].endswith(f" {emr.url}/oauth2/default/registration")


def test_the_configuration_is_one_that_is_taken(site: Site, emr: FakeOpenEmr) -> None:
    """What was there stays: the configured frame ancestor is among those to paste."""
    asked = {"address": emr.url, "rule": RULE, "client": "abc", "authority": "/etc/ca.pem"}
    text = cast(dict[str, Any], ask(site, "plan", asked).json)["configuration"]
    (section,) = json.loads(text).values()
    parsed = Configuration.parse(section)
    issuer = parsed.ehr.issuers[0]
    assert (issuer.issuer, issuer.client_id, issuer.certificate_authority) == (emr.fhir, "abc", "/etc/ca.pem")
    assert issuer.patient_id is not None
    assert (issuer.patient_id.source, issuer.patient_id.prefix) == ("pubpid", "EMR-")
    assert parsed.frame_ancestors == ("https://old.example", emr.url)


def test_folders_are_configured_where_those_sections_are_there(site: Site, emr: FakeOpenEmr) -> None:
    for source in ("pid", "pubpid"):
        rule = {"source": source, "prefix": "EMR-", "issuer": "HERE"}
        asked = {"address": emr.url, "rule": rule, "orders": "/var/spool/o", "results": "/var/spool/r"}
        text = cast(dict[str, Any], ask(site, "plan", asked).json)["configuration"]
        assert json.loads(text)["DefaultEncoding"] == "Utf8"  # else names on the worklist lose letters
        parsed: Any = Configuration.parse(json.loads(text)["Sightline"])
        assert (parsed.orders.folder.path, parsed.results.folder) == ("/var/spool/o", "/var/spool/r")
        assert parsed.order_rule == parsed.ehr.issuers[0].patient_id
        assert (parsed.order_rule.source, parsed.order_rule.prefix) == (source, "EMR-")


@pytest.mark.parametrize(("source", "needs"), [("pid", False), ("pubpid", True)])
def test_orders_name_the_internal_number_only(site: Site, emr: FakeOpenEmr, source: str, needs: bool) -> None:
    """With the other one, Sightline asks by FHIR, as a client of its own with keys."""
    asked = {"address": emr.url, "rule": {"source": source}, "orders": "/var/spool/o", "backend": "def"}
    answer = cast(dict[str, Any], ask(site, "plan", asked).json)
    labels = {row["label"] for row in answer["entries"]}
    assert ("Enable OpenEMR FHIR System Scopes" in labels) is needs
    assert ("/sightline/openemr/jwks" in (answer["backend"] or "")) is needs
    (issuer,) = Configuration.parse(json.loads(answer["configuration"])["Sightline"]).ehr.issuers
    assert (issuer.backend.client_id if issuer.backend else None) == ("def" if needs else None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": "https://e.example"}, {"address": "https://e.example", "rule": {"source": "ssn"}},
        {"address": "https://e.example", "rule": RULE, "orders": "relative"}, {"address": 1, "rule": RULE},
        {"address": "https://e.example", "rule": RULE, "name": "A b"}, [],
        {"address": "https://e.example", "rule": {"source": "pid", "prefix": "a*"}},
        {"address": "https://e.example", "rule": RULE, "backend": "a b"},
    ],
)  # fmt: skip
def test_a_wish_that_is_none_is_refused(site: Site, wrong: Any) -> None:
    answer = ask(site, "plan", wrong)
    assert answer.status_code == 400, answer.text


def test_rules_are_tried_on_patients_of_the_archive(site: Site) -> None:
    found = cast(Any, site.program("GET", "/sightline/setup/examples").json)["patients"]
    assert [one["id"] for one in found] == ["EMR-0042", "EMR-7"]
    examples = {"EMR-0042": "0042", "EMR-7": "8", "EMR-": "\\"}
    rows = cast(Any, ask(site, "preview", {"rule": RULE, "examples": examples}).json)["rows"]
    assert [(row["stored"], row["made"], row["fits"]) for row in rows] == [
        ("EMR-0042", "EMR-0042", True),
        ("EMR-7", "EMR-8", False),
        ("EMR-", "", False),
    ]


@pytest.mark.parametrize("test", [one for one in SELF_TESTS if one.name in ("state", "archive")], ids=lambda t: t.name)
def test_self_tests_of_a_site_that_works(site: Site, test: SelfTest) -> None:
    answer = cast(Any, ask(site, f"self-tests/{test.name}").json)
    assert answer["ok"] is True, answer
    assert answer["advice"] == ""


def test_self_tests_say_what_to_do(site: Site) -> None:
    for name, word in (("address", "PublicUrl"), ("dicom", "DicomServerEnabled"), ("issuers", "address")):
        answer = cast(Any, ask(site, f"self-tests/{name}").json)
        assert answer["ok"] is False, name
        assert word in answer["advice"], name


def test_a_listening_dicom_port_is_found(site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        facts = {"dicom_port": server.getsockname()[1], "dicom_aet": "SIGHTLINE"}
        services = replace(site.services, site=facts)
        result = self_tests.run_self_test(services, "dicom")
    assert result == SelfTestResult(True, f"AE title SIGHTLINE listens on port {facts['dicom_port']}.")


def test_a_configured_ehr_is_asked(site: Site, emr: FakeOpenEmr) -> None:
    issuer = {"Name": "clinic", "Issuer": emr.fhir, "ClientId": "x"}
    services = replace(site.services, configuration=Configuration.parse({"Ehr": {"Issuers": [issuer]}}))
    assert self_tests.run_self_test(services, "issuers") == SelfTestResult(True, "Known and answering: clinic.")


def test_what_is_not_set_up_is_no_failure(site: Site) -> None:
    for name in ("orders", "results", "documents"):
        assert cast(Any, ask(site, f"self-tests/{name}").json)["ok"] is None, name


def test_a_self_test_that_breaks_has_failed(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_services: Any) -> SelfTestResult:
        raise RuntimeError("secret")

    monkeypatch.setattr(self_tests, "SELF_TESTS", (SelfTest("broken", broken),))
    answer = ask(site, "self-tests/broken")
    assert cast(Any, answer.json)["ok"] is False
    assert "secret" not in answer.text
    assert ask(site, "self-tests/other").status_code == 404


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_only_administrators_may(site: Site, route: Any) -> None:
    path = route.path.replace("<name>", "archive")
    body = {"json": {}} if route.method == "POST" else {}
    assert (
        site.browser().open(path, method=route.method, **body, headers={"Origin": URL}, base_url=URL).status_code == 401
    )
    assert site.program(route.method, path, user="link-service", **body).status_code == 403
    assert site.events()[-1] == ("denial", "4")


def test_the_page_knows_no_patient_and_no_secret(site: Site) -> None:
    html = site.program("GET", "/sightline/setup").text
    assert "EMR-" not in html
    assert '"authority": "/ca.pem", "issuer": "https://old.example/fhir"' in html
    assert "ClientSecret" not in html
