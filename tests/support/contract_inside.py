"""Orthanc's ``PythonScript`` of one test: runs the archive's contract inside Orthanc's interpreter, on a thread."""

import json
import os
import sys
import threading
from pathlib import Path

import orthanc

_settings = json.loads(orthanc.GetConfiguration())["Contract"]
os.environ["SIGHTLINE_CONTRACT_INSIDE"] = "1"
sys.path[:0] = _settings["Path"]
os.chdir(_settings["Repository"])

import pytest  # noqa: E402 - only now can it be found


def _run() -> None:
    code = pytest.main(["tests/contract", "-q", "-p", "no:cacheprovider", f"--junitxml={_settings['Report']}"])
    Path(_settings["Done"]).write_text(str(int(code)))


def on_change(change: int, _level: int, _resource: str) -> None:
    """Begin when Orthanc answers."""
    if change == orthanc.ChangeType.ORTHANC_STARTED:
        threading.Thread(target=_run, daemon=True).start()


orthanc.RegisterOnChangeCallback(on_change)
