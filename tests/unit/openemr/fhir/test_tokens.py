"""An EHR's token opens one patient's confirmed studies, and everything else is refused without a word of anybody."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from werkzeug.test import Client, TestResponse

from sightline.configuration import Configuration, ConfigurationError
from sightline.objects.patient import read_patient
from sightline.openemr.fhir.tokens import accepted_tokens
from sightline.rendering.channel import Buffer, Reply
from tests.support.dicom_files import image_file
from tests.support.fhir_site import FHIR, FhirSite
from tests.support.openemr.records import Patient, Records
from tests.support.openemr.signed_tokens import FOREIGN_KEY, OWN_KEY, SigningOpenEmr
from tests.support.openemr.tokens import Tokens

PIXELS = np.zeros((2, 2), np.uint16)
JOHN = {"PatientID": "MRN1", "PatientName": "Smith^John", "PatientBirthDate": "19800101"}
STUDIES = (
    {"StudyInstanceUID": "1.2.1"} | JOHN,
    {"StudyInstanceUID": "1.2.2"} | JOHN | {"PatientBirthDate": "19790101"},
    {"StudyInstanceUID": "1.2.3", "PatientID": "MRN2", "PatientName": "Doe^Jane", "PatientBirthDate": "19900101"},
    {"StudyInstanceUID": "1.2.4"} | JOHN | {"PatientBirthDate": ""},
)


class _Engine:
    """Does at once what a worker does."""

    def run(self, task: str, arguments: dict[str, Any], buffers: Sequence[Buffer]) -> Reply:
        assert task == "sightline.objects.patient:read_patient"
        return read_patient(arguments, buffers, ())


class Scene:
    """A site, an EHR with two patients, and somebody who asks."""

    def __init__(self, site: FhirSite, emr: SigningOpenEmr) -> None:
        self.site, self.emr = site, emr
        emr.records, emr.tokens, emr.is_down = Records(), Tokens(lambda: site.clock().timestamp()), False
        emr.requests.clear()
        self.john = emr.records.add_patient("John", "Smith", "1980-01-01", "MRN1", ss="123-45-6789")
        self.jane = emr.records.add_patient("Jane", "Doe", "1990-01-01", "MRN2")

    def get(self, token: str, path: str, address: str = "192.0.2.1") -> TestResponse:
        return Client(self.site).get(
            path, headers={"Authorization": f"Bearer {token}"}, environ_overrides={"REMOTE_ADDR": address}
        )

    def search(self, token: str, patient: Patient | None = None, **more: Any) -> TestResponse:
        return self.get(token, f"{FHIR}/ImagingStudy?patient={(patient or self.john).uuid}", **more)

    def found(self, answer: TestResponse) -> list[str]:
        assert answer.status_code == 200, answer.text
        return [entry["resource"]["id"] for entry in answer.json.get("entry", [])]  # type: ignore[union-attr]

    def reads(self) -> int:
        """How often the EHR was asked for a patient."""
        return sum("/Patient/" in line for line in self.emr.requests)


def options(emr: SigningOpenEmr, **more: Any) -> dict[str, Any]:
    issuer = {
        "Name": "emr", "Issuer": emr.fhir, "ClientId": "sightline", "PatientId": {"Source": "pubpid"},
        "AcceptTokens": True, "TokenClients": ["app", "other-app"],
    }  # fmt: skip
    return {"Ehr": {"Issuers": [issuer | more]}}


@pytest.fixture(scope="module")
def emr() -> Iterator[SigningOpenEmr]:
    with SigningOpenEmr() as server:
        yield server


@pytest.fixture
def scene(tmp_path: Path, emr: SigningOpenEmr) -> Iterator[Scene]:
    files = [image_file(PIXELS, **study, SeriesInstanceUID=f"{study['StudyInstanceUID']}.1") for study in STUDIES]
    site = FhirSite(tmp_path, files, **options(emr))
    tokens = accepted_tokens(site.services.configuration.ehr, site.access.throttle, site.clock)
    site.with_services(engine=_Engine(), ehr_tokens=tokens)
    yield Scene(site, emr)
    site.close()


def test_a_token_opens_its_patients_confirmed_studies(scene: Scene) -> None:
    """Another birth date holds a study back, a missing one is not confirmed either; neither opens by token."""
    token = scene.emr.signed(scene.john.uuid)
    answer = scene.search(token)
    assert scene.found(answer) == ["1.2.1"]
    subject = answer.json["entry"][0]["resource"]["subject"]  # type: ignore[index]
    assert subject["reference"] == f"{scene.emr.fhir}/Patient/{scene.john.uuid}"
    assert scene.get(token, "/dicom-web/studies/1.2.1/series").status_code == 200
    for study in ("1.2.2", "1.2.3", "1.2.4", "1.2.9"):
        assert scene.get(token, f"/dicom-web/studies/{study}/series").status_code == 403
        assert scene.get(token, f"{FHIR}/ImagingStudy/{study}").status_code == 403
    assert scene.get(token, "/dicom-web/studies").status_code == 403
    assert scene.reads() == 1
    assert scene.site.events()[0] == ("login", "0")


def test_a_token_is_for_dicomweb_and_fhir_only(scene: Scene) -> None:
    token = scene.emr.signed(scene.john.uuid)
    assert scene.found(scene.search(token)) == ["1.2.1"]
    for path in ("/sightline/api/studies/1.2.1", "/sightline/openemr/links", "/sightline/api/audit"):
        assert scene.get(token, path).status_code == 401


def test_the_token_of_one_patient_does_not_open_anothers(scene: Scene) -> None:
    token = scene.emr.signed(scene.john.uuid)
    assert scene.search(token, scene.jane).status_code == 401
    assert scene.found(scene.search(token)) == ["1.2.1"]
    answer = scene.search(token, scene.jane)
    assert (answer.status_code, answer.json["issue"][0]["details"]["text"]) == (403, "patient-mismatch")  # type: ignore[index]
    assert "Jane" not in answer.text
    assert scene.site.events()[-1] == ("denial", "4")


def test_one_token_is_for_one_patient_even_if_it_could_read_all(scene: Scene) -> None:
    """A clinician's token that no `patient` scope binds is for whom it was used first."""
    token = scene.emr.signed("", "app", "patient/Patient.read")
    assert scene.found(scene.search(token)) == ["1.2.1"]
    assert scene.search(token, scene.jane).status_code == 403


def test_dicomweb_without_a_patient_is_refused_until_the_token_names_one(scene: Scene) -> None:
    silent = scene.emr.signed(scene.john.uuid)
    assert scene.get(silent, "/dicom-web/studies/1.2.1/series").status_code == 403
    assert scene.reads() == 0
    assert scene.found(scene.search(silent)) == ["1.2.1"]
    assert scene.get(silent, "/dicom-web/studies/1.2.1/series").status_code == 200
    telling = scene.emr.signed(scene.john.uuid, patient=scene.john.uuid)
    assert scene.get(telling, "/dicom-web/studies/1.2.1/series").status_code == 200
    assert scene.search(scene.emr.signed("", patient=scene.john.uuid), scene.jane).status_code == 403


def test_a_number_for_a_patient_as_old_builds_tell_it(scene: Scene) -> None:
    token = scene.emr.signed(scene.john.uuid)
    answer = scene.get(token, f"{FHIR}/ImagingStudy?patient={scene.john.pid}")
    assert scene.found(answer) == ["1.2.1"]
    assert scene.found(scene.search(token)) == ["1.2.1"]


def text_of(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")


def unsigned(claims: dict[str, Any], algorithm: str = "none") -> str:
    parts = ({"alg": algorithm, "typ": "JWT", "kid": "own"}, claims)
    return ".".join(text_of(json.dumps(part).encode()) for part in parts) + "."


def signed_by_public_key(claims: dict[str, Any]) -> str:
    """What everybody can make who takes the issuer's public key for a shared secret."""
    content = unsigned(claims, "HS256")
    signature = hmac.digest(OWN_KEY.as_pem(private=False), content[:-1].encode(), "sha256")
    return content + text_of(signature)


def test_forged_tokens_are_never_sent_to_the_ehr(scene: Scene) -> None:
    now = int(scene.site.clock().timestamp())
    claims = {"aud": ["app"], "exp": now + 600, "iat": now, "scopes": ["patient/Patient.read"]}
    forged = [
        unsigned(claims),
        signed_by_public_key(claims),
        scene.emr.signed(scene.john.uuid, key=FOREIGN_KEY),
        scene.emr.signed(scene.john.uuid)[:-4] + "AAAA",
        scene.emr.signed(scene.john.uuid, client="stranger"),
        scene.emr.signed(scene.john.uuid, aud=["app", "stranger"]),
        scene.emr.signed(scene.john.uuid, aud=None),
        scene.emr.signed(scene.john.uuid, iss="https://elsewhere.example"),
        "a.b.c",
        "x" * 20_000 + ".y.z",
    ]
    for number, token in enumerate(forged):
        answer = scene.search(token, address=f"192.0.2.{number}")
        assert answer.status_code == 401, number
        assert scene.site.events()[-1] == ("denial", "4")
    assert scene.reads() == 0


@pytest.mark.parametrize(
    "more",
    [
        {"seconds": -1},
        {"exp": None},
        {"nbf": 4_000_000_000},
        {"scopes": "user/Patient.read"},
        {"scopes": "system/ImagingStudy.rs"},
        {"scopes": "openid launch"},
        {"scopes": "patient/Patient.write"},
    ],
)
def test_tokens_that_have_ended_or_are_for_something_else(scene: Scene, more: dict[str, Any]) -> None:
    assert scene.search(scene.emr.signed(scene.john.uuid, **more)).status_code == 401
    assert scene.reads() == 0


@pytest.mark.parametrize("scopes", ["patient/*.rs", "patient/Patient.rs", "openid patient/ImagingStudy.rs"])
def test_scopes_of_both_versions(scene: Scene, scopes: str) -> None:
    token = scene.emr.signed(scene.john.uuid, scopes=scopes)
    like = scene.emr.signed(scene.john.uuid)
    scene.emr.tokens._tokens[token] = scene.emr.tokens._tokens[like]  # an EHR that lets it read the patient
    assert scene.found(scene.search(token)) == ["1.2.1"]


def test_a_revoked_token_ends_here_within_five_minutes(scene: Scene) -> None:
    token = scene.emr.signed(scene.john.uuid)
    assert scene.found(scene.search(token)) == ["1.2.1"]
    scene.emr.tokens.revoke(token)
    scene.site.clock.advance(minutes=4, seconds=59)
    assert scene.found(scene.search(token)) == ["1.2.1"]
    scene.site.clock.advance(seconds=1)
    assert scene.search(token).status_code == 401
    assert scene.get(token, "/dicom-web/studies/1.2.1/series").status_code == 403
    assert scene.reads() == 2


def test_a_token_is_asked_for_again_and_goes_on(scene: Scene) -> None:
    token = scene.emr.signed(scene.john.uuid)
    for _ in range(3):
        assert scene.found(scene.search(token)) == ["1.2.1"]
        scene.site.clock.advance(minutes=6)
        assert scene.get(token, "/dicom-web/studies/1.2.1/series").status_code == 200
    assert scene.reads() == 4


def test_nothing_is_kept_beyond_the_tokens_own_end(scene: Scene) -> None:
    token = scene.emr.signed(scene.john.uuid, seconds=60)
    assert scene.found(scene.search(token)) == ["1.2.1"]
    scene.site.clock.advance(seconds=60)
    assert scene.search(token).status_code == 401
    assert scene.reads() == 1


def test_a_refusal_that_openemr_spells_500(scene: Scene) -> None:
    token = scene.emr.signed(scene.jane.uuid)
    answer = scene.search(token)
    assert answer.status_code == 401
    assert scene.reads() == 1
    assert "Smith" not in answer.text


def test_an_ehr_that_is_down_opens_nothing(scene: Scene) -> None:
    token = scene.emr.signed(scene.john.uuid)
    assert scene.found(scene.search(token)) == ["1.2.1"]
    scene.emr.is_down = True
    other = scene.emr.signed(scene.john.uuid)
    assert scene.search(other).status_code == 401  # 503 is an answer, and any but the patient is a denial
    scene.site.clock.advance(minutes=5)
    assert scene.search(token).status_code in (401, 503)


def test_a_study_that_has_just_come_opens_soon(scene: Scene) -> None:
    token = scene.emr.signed(scene.john.uuid)
    assert scene.found(scene.search(token)) == ["1.2.1"]
    scene.site.archive._put(image_file(PIXELS, StudyInstanceUID="1.2.5", SeriesInstanceUID="1.2.5.1", **JOHN))
    scene.site.clock.advance(seconds=30)
    assert sorted(scene.found(scene.search(token))) == ["1.2.1", "1.2.5"]
    assert scene.reads() == 1


def test_many_requests_at_once_ask_the_ehr_once(scene: Scene) -> None:
    token = scene.emr.signed(scene.john.uuid)
    for moment in range(2):
        with ThreadPoolExecutor(12) as threads:
            statuses = list(threads.map(lambda _: scene.search(token).status_code, range(12)))
        assert statuses == [200] * 12
        assert scene.reads() == moment + 1
        scene.site.clock.advance(minutes=6)
    assert [kind for kind, _ in scene.site.events()].count("login") == 1


def test_guessing_is_slowed_down(scene: Scene) -> None:
    good = scene.emr.signed(scene.john.uuid)
    for _ in range(10):
        assert scene.search(scene.emr.signed(scene.john.uuid, key=FOREIGN_KEY)).status_code == 401
    assert scene.search(good).status_code == 429
    assert scene.found(scene.search(good, address="198.51.100.7")) == ["1.2.1"]


def test_good_tokens_do_not_count_as_failures(scene: Scene) -> None:
    token = scene.emr.signed(scene.john.uuid)
    for _ in range(15):
        assert scene.search(token).status_code == 200


def test_an_ehr_that_answers_with_another_patient_opens_nothing(scene: Scene) -> None:
    token = scene.emr.signed(scene.john.uuid)
    asked, scene.john.uuid = scene.john.uuid, "somebody-else"
    scene.emr.records.patient = lambda uuid: scene.john  # type: ignore[method-assign]
    scene.emr.tokens._tokens[token] = scene.emr.tokens._tokens[scene.emr.signed()]
    assert scene.get(token, f"{FHIR}/ImagingStudy?patient={asked}").status_code == 401


def test_the_same_app_and_patient_id_at_two_ehrs(tmp_path: Path, emr: SigningOpenEmr) -> None:
    """Each token is of the EHR whose keys have signed it, and is sent to that one only."""
    with SigningOpenEmr(key=FOREIGN_KEY) as other:
        (first,), (second,) = (options(one)["Ehr"]["Issuers"] for one in (emr, other))
        files = [image_file(PIXELS, **study, SeriesInstanceUID=f"{study['StudyInstanceUID']}.1") for study in STUDIES]
        site = FhirSite(tmp_path, files, Ehr={"Issuers": [first, second | {"Name": "other"}]})
        tokens = accepted_tokens(site.services.configuration.ehr, site.access.throttle, site.clock)
        site.with_services(engine=_Engine(), ehr_tokens=tokens)
        scene = Scene(site, emr)
        other.tokens.clock = emr.tokens.clock
        jane = other.records.add_patient("Jane", "Doe", "1990-01-01", "MRN2", uuid=scene.john.uuid)
        ours, theirs = scene.emr.signed(scene.john.uuid), other.signed(jane.uuid)
        assert scene.found(scene.search(ours)) == ["1.2.1"]
        assert scene.found(scene.search(theirs)) == ["1.2.3"]
        for server in (emr, other):
            assert sum("/Patient/" in line for line in server.requests) == 1
        site.close()


def test_tokens_are_refused_where_the_site_does_not_take_them(tmp_path: Path, emr: SigningOpenEmr) -> None:
    site = FhirSite(tmp_path, **options(emr, AcceptTokens=False))
    assert accepted_tokens(site.services.configuration.ehr, site.access.throttle, site.clock) is None
    scene = Scene(site, emr)
    assert scene.search(emr.signed(scene.john.uuid)).status_code == 401
    assert emr.requests == []
    site.close()


@pytest.mark.parametrize("more", [{"TokenClients": []}, {"PatientId": None}])
def test_tokens_need_a_list_of_clients_and_a_rule(emr: SigningOpenEmr, more: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="AcceptTokens"):
        Configuration.parse(options(emr, **more))
