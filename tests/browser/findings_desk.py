"""Readers of one archive, each with rights and a page of their own, whose findings are kept in one database."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import numpy as np
import requests
from pydicom import Dataset, dcmread

from sightline.access.grant import Grant, Permission, Verb
from tests.browser.ohif_study import measurements
from tests.support.dicom_files import slices_of
from tests.support.fake_archive import FakeArchive
from tests.support.findings import finding
from tests.support.viewer_server import running_services, served

STUDY, PRIOR = "1.2.826.0.7.61", "1.2.826.0.7.62"
SLICES, ROWS, COLUMNS = 12, 96, 128
SPACING = 0.75
"""mm between pixels, in both directions."""


def study_files() -> list[bytes]:
    """Two CT series of today, and one of half a year ago."""
    z, y, x = np.mgrid[0:SLICES, 0:ROWS, 0:COLUMNS]
    ball = np.where((z - 5) ** 2 * 9 + (y - 48) ** 2 + (x - 64) ** 2 < 900, 60, -800).astype(np.int16)
    positions = [(-48.0, -36.0, 5.0 * k) for k in range(SLICES)]
    common: dict[str, Any] = {
        "PatientName": "Doe^Jane", "PatientID": "P-6161", "PatientBirthDate": "19601231", "PatientSex": "F",
        "StudyTime": "091500", "StudyID": "61", "AccessionNumber": "A61", "Modality": "CT",
        "BodyPartExamined": "CHEST", "WindowCenter": -300, "WindowWidth": 1400, "RescaleSlope": 1,
        "RescaleIntercept": 0, "RescaleType": "HU", "spacing": (SPACING, SPACING),
    }  # fmt: skip
    today = {"StudyInstanceUID": STUDY, "StudyDate": "20261120", "StudyDescription": "CT chest, follow-up"}
    before = {"StudyInstanceUID": PRIOR, "StudyDate": "20260518", "StudyDescription": "CT chest"}
    return [
        *slices_of(ball, positions, SeriesInstanceUID=f"{STUDY}.1", SeriesNumber=2, SeriesDescription="Lung 5.0 B60f",
                   **today, **common),
        *slices_of(ball, positions, SeriesInstanceUID=f"{STUDY}.2", SeriesNumber=3,
                   SeriesDescription="Soft tissue 5.0 B30f", **today, **common),
        *slices_of(ball, positions, SeriesInstanceUID=f"{PRIOR}.1", SeriesNumber=2, SeriesDescription="Lung 5.0",
                   **before, **common),
    ]  # fmt: skip


def person(name: str, *verbs: Verb) -> Grant:
    """Somebody who may do that on every study."""
    return Grant(name, (Permission(frozenset(verbs)),), name=name)


def annotator(name: str) -> Grant:
    """Somebody who may do all that a reader does."""
    return person(name, Verb.SEARCH, Verb.VIEW, Verb.DOWNLOAD, Verb.ANNOTATE)


class Desk:
    """An archive with findings, at which several people sit."""

    def __init__(self, stack: ExitStack, with_report: bool) -> None:
        files = study_files()
        self._instances = instances_of(files)
        self.report, self.tracking = "", ""
        """SOP Instance UID of another program's report, and the tracking of the finding in it."""
        if with_report:
            files.append(measurements(lung_slices(files)))
            header = dcmread(io.BytesIO(files[-1]))
            self.report = str(header.SOPInstanceUID)
            self.tracking = next(uids(header))
        self.archive = FakeArchive(files)
        self._stack = stack
        self._services = stack.enter_context(running_services(self.archive))

    def sit(self, grant: Grant) -> str:
        """Give somebody the address of the server as they see it, until the end."""
        return self._stack.enter_context(self.serve(grant))

    def serve(self, grant: Grant, port: int = 0) -> AbstractContextManager[str]:
        """Serve for somebody until left."""
        return served(self._services, grant, port)

    def instance(self, number: int, series: str = f"{STUDY}.1") -> str:
        """UID of a slice, counted from 0."""
        return self._instances[series][number]

    def read(self, series: str, instance: str) -> Dataset:
        """What is stored of an instance."""
        record = self.archive.instance(annotator("test"), STUDY, series, instance)
        return dcmread(io.BytesIO(self.archive.read(annotator("test"), record)))

    def line(self, name: str, number: int = 5, length: float = 20, series: str = f"{STUDY}.1", **more: Any) -> Any:
        """A length of so many pixels along a row."""
        study = series.rsplit(".", 1)[0]
        points = [[20.0, 40.0], [20.0 + length, 40.0]]
        known = {"points": points, "label": name} | more
        return finding(study, series, self.instance(number, series), name=name) | known


def instances_of(files: Iterable[bytes]) -> dict[str, list[str]]:
    """UIDs of the slices of each series, from the feet upwards."""
    headers = [dcmread(io.BytesIO(content), stop_before_pixels=True) for content in files]
    found: dict[str, list[str]] = {}
    for header in sorted(headers, key=lambda one: float(one.ImagePositionPatient[2])):
        found.setdefault(str(header.SeriesInstanceUID), []).append(str(header.SOPInstanceUID))
    return found


def lung_slices(files: Iterable[bytes]) -> list[Dataset]:
    """Headers of the first series, from the feet upwards."""
    headers = [dcmread(io.BytesIO(content), stop_before_pixels=True) for content in files]
    lung = [header for header in headers if header.SeriesInstanceUID == f"{STUDY}.1"]
    return sorted(lung, key=lambda one: float(one.ImagePositionPatient[2]))


def uids(item: Dataset) -> Iterator[str]:
    """The Tracking Unique Identifiers of a report's content."""
    for child in item.get("ContentSequence", ()):
        name = child.ConceptNameCodeSequence[0].CodeValue if "ConceptNameCodeSequence" in child else ""
        if name == "112040":
            yield str(child.UID)
        yield from uids(child)


def send(url: str, *findings: dict[str, Any], base: int = 0, study: str = STUDY) -> dict[str, Any]:
    """Keep findings as another program does."""
    changes = [{"finding": each, "base": base} for each in findings]
    answer = requests.post(f"{url}/sightline/api/studies/{study}/findings", json={"changes": changes}, timeout=10)
    assert answer.status_code == 200, answer.text
    value: dict[str, Any] = answer.json()
    return value


def kept(url: str, study: str = STUDY) -> list[dict[str, Any]]:
    """What the server has of a study."""
    answer = requests.get(f"{url}/sightline/api/studies/{study}/findings", timeout=10)
    assert answer.status_code == 200, answer.text
    return [each["finding"] for each in answer.json()["findings"]]


@contextmanager
def desk(with_report: bool = False) -> Iterator[Desk]:
    """Give a desk, with a report of another program in its study or without, and clear it."""
    with ExitStack() as stack:
        yield Desk(stack, with_report)
