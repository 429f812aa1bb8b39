"""Orthanc's ``PythonScript`` of one test: runs the archive's contract inside Orthanc's interpreter, on a thread."""

import json
import os
import sys
import threading
from pathlib import Path

import orthanc

_settings = json.loads(orthanc.GetConfiguration())["Contract"]
os.environ["SIGHTLINE_CONTRACT_INSIDE"] = "1"
os.environ["SIGHTLINE_STORAGE"] = json.loads(orthanc.GetConfiguration())["StorageDirectory"]
sys.path[:0] = _settings["Path"]
os.chdir(_settings["Repository"])

import pytest  # noqa: E402 - only now can it be found


def _run() -> None:
    code = pytest.main(["tests/contract", "-q", "-p", "no:cacheprovider", f"--junitxml={_settings['Report']}"])
    Path(_settings["Done"]).write_text(str(int(code)))


def on_stored(instance: orthanc.DicomInstance, _identifier: str) -> None:
    """Tell the archive under test, as the host does."""
    from sightline.archive.identity import identify

    for archive in sys.modules["__main__"].__dict__.get("sightline_told", []):
        archive.stored(identify(instance.GetInstanceData()).study_instance_uid)


def on_change(change: int, _level: int, _resource: str) -> None:
    """Begin when Orthanc answers."""
    if change == orthanc.ChangeType.ORTHANC_STARTED:
        threading.Thread(target=_run, daemon=True).start()


orthanc.RegisterOnStoredInstanceCallback(on_stored)
orthanc.RegisterOnChangeCallback(on_change)
