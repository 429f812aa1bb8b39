"""The archive's contract, kept through the SDK inside a real Orthanc."""

from __future__ import annotations

import site
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from tests.support.orthanc_server import REPOSITORY, OrthancServer


def test_contract_through_the_sdk(tmp_path: Path) -> None:
    """The same tests as over HTTP, run by Orthanc's own interpreter; all pass."""
    report, done = tmp_path / "report.xml", tmp_path / "done"
    server = OrthancServer(tmp_path)
    server.configuration["PythonScript"] = str(REPOSITORY / "tests" / "support" / "contract_inside.py")
    server.configuration["Contract"] = {
        "Path": [*site.getsitepackages(), str(REPOSITORY / "plugin"), str(REPOSITORY)],
        "Repository": str(REPOSITORY),
        "Report": str(report),
        "Done": str(done),
    }
    server.launch()
    try:
        deadline = time.monotonic() + 90
        while not done.exists() and time.monotonic() < deadline:
            time.sleep(0.2)
    finally:
        server.stop()
    assert done.exists(), server.log()[-4000:]
    suite = ElementTree.parse(report).getroot().find("testsuite")
    assert suite is not None
    assert int(suite.attrib["tests"]) >= 20
    assert (suite.attrib["failures"], suite.attrib["errors"], suite.attrib["skipped"]) == ("0", "0", "0"), server.log()
