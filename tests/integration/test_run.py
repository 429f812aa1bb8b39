"""``make run`` with the Orthanc that is installed here: start, doors, demo, stop."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from demo import phantom
from deploy import viewer
from tests.support.orthanc_server import free_port

if shutil.which("Orthanc") is None:
    pytest.skip("Orthanc is not installed here", allow_module_level=True)
if not viewer.DIST.is_dir():
    pytest.skip("the viewer is not built here: make test builds it", allow_module_level=True)

READY = "Ctrl-C stops it."


class Run:
    """One ``make run``, without make."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.port, self.dicom_port = free_port(), free_port()
        self.data = folder / "data"
        self.url = f"http://127.0.0.1:{self.port}"
        environment = {
            **os.environ,
            "ORTHANC": "host",
            "HTTP_PORT": str(self.port),
            "DICOM_PORT": str(self.dicom_port),
            "DATA_DIR": str(self.data),
            "DEMO": "0",
            "SIGHTLINE_CACHE": str(folder / "cache"),
            "SIGHTLINE_ENVIRONMENT": sys.prefix,
            **variables,
        }
        self.process = subprocess.Popen(
            # What stands between it and a missing npm is another test's matter: here the viewer is built.
            [sys.executable, "-c", "from deploy import run, viewer; viewer.ensure = lambda say: None; run.main()"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.printed = ""

    def until_ready(self) -> str:
        """Read up to the last line of the welcome."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.printed += line
            if READY in line:
                return self.printed
        raise AssertionError(f"it ended (exit code {self.process.wait()}):\n{self.printed}")

    def until_end(self) -> str:
        """Read everything, wait for the end."""
        assert self.process.stdout is not None
        self.printed += self.process.stdout.read()
        self.process.wait(30)
        return self.printed

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, wait, return the exit code."""
        self.process.send_signal(number)
        self.until_end()
        return self.process.returncode

    def password(self) -> str:
        """Return the generated password."""
        return (self.data / "admin-password").read_text().strip()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[type[Run]]:
    """Give `Run`, and end whatever a failing test left."""
    started: list[Run] = []

    class Tracked(Run):
        def __init__(self, folder: Path, **variables: str) -> None:
            super().__init__(folder, **variables)
            started.append(self)

    yield Tracked
    for run in started:
        run.process.kill()
        run.process.wait()
        if run.process.stdout:
            run.process.stdout.close()


def is_listening(port: int) -> bool:
    """Whether somebody accepts connections there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_first_start_shows_the_demo_and_a_later_start_keeps_everything(start: type[Run], tmp_path: Path) -> None:
    demo = tmp_path / "studies"
    demo.mkdir()
    for number, dataset in enumerate(phantom.chest_ct(slices=4, size=64)):
        (demo / f"{number}.dcm").write_bytes(phantom.encoded(dataset))
    (demo / "note.txt").write_text("not DICOM")
    run = start(tmp_path, DEMO=str(demo))
    printed = run.until_ready()
    assert "Stored 4 of 5 files, 1 refused" in printed
    assert f"{run.url}/sightline/" in printed
    assert str(run.data / "admin-password") in printed
    assert run.password() not in printed
    assert (run.data / "admin-password").stat().st_mode & 0o777 == 0o600
    link = next(line.split()[-1] for line in printed.splitlines() if "Demo link" in line)
    assert requests.get(link, timeout=10).status_code == 200
    assert requests.get(f"{run.url}/system", timeout=10).status_code in (401, 403)
    administrator = ("admin", run.password())
    assert requests.get(f"{run.url}/statistics", auth=administrator, timeout=10).json()["CountInstances"] == 4
    assert run.stop() == 0
    assert not is_listening(run.port)
    assert not is_listening(run.dicom_port)
    again = start(tmp_path, DEMO=str(demo))
    started = time.monotonic()
    printed = again.until_ready()
    assert time.monotonic() - started < 10
    assert "Stored" not in printed
    assert requests.get(f"{again.url}/statistics", auth=administrator, timeout=10).json()["CountInstances"] == 4
    assert again.stop(signal.SIGINT) == 0


def test_it_says_where_a_given_password_is(start: type[Run], tmp_path: Path) -> None:
    run = start(tmp_path, SIGHTLINE_ADMIN_PASSWORD="my own", DICOM_PORT="0")
    printed = run.until_ready()
    assert "SIGHTLINE_ADMIN_PASSWORD" in printed
    assert "my own" not in printed
    assert not (run.data / "admin-password").exists()
    assert requests.get(f"{run.url}/system", auth=("admin", "my own"), timeout=10).status_code == 200
    assert not is_listening(run.dicom_port)
    assert run.stop() == 0


def test_further_configuration_is_merged(start: type[Run], tmp_path: Path) -> None:
    further = tmp_path / "further.json"
    further.write_text('{ "Name": "Ward 3", // ours\n "RegisteredUsers": {"ann": "her password"} }')
    run = start(tmp_path, ORTHANC_CONFIG=str(further))
    run.until_ready()
    system = requests.get(f"{run.url}/system", auth=("ann", "her password"), timeout=10).json()
    assert system["Name"] == "Ward 3"
    assert requests.get(f"{run.url}/system", auth=("admin", run.password()), timeout=10).status_code == 200
    assert run.stop() == 0


def test_a_configuration_that_must_not_start_is_explained(start: type[Run], tmp_path: Path) -> None:
    further = tmp_path / "further.json"
    further.write_text(json.dumps({"Sightline": {"Linksss": {}}}))
    run = start(tmp_path, ORTHANC_CONFIG=str(further))
    printed = run.until_end()
    assert run.process.returncode == 1
    assert '"Sightline.Linksss" is not an option' in printed
    assert not is_listening(run.port)


def test_an_orthanc_without_our_plugins_protection_is_stopped(start: type[Run], tmp_path: Path) -> None:
    """As if somebody had pointed `PythonScript` elsewhere: healthy in its own eyes, but open."""
    script = tmp_path / "open.py"
    script.write_text(
        "import orthanc\n"
        "def health(output, uri, **request):\n"
        "    output.AnswerBuffer('{}', 'application/json')\n"
        "orthanc.RegisterRestCallback('/sightline/health', health)\n"
    )
    further = tmp_path / "further.json"
    further.write_text(json.dumps({"PythonScript": str(script)}))
    run = start(tmp_path, ORTHANC_CONFIG=str(further))
    printed = run.until_end()
    assert run.process.returncode == 1
    assert "answered an anonymous GET /system with 200" in printed
    assert not is_listening(run.port)


def test_a_port_in_use_and_a_data_directory_in_use(start: type[Run], tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        printed = start(tmp_path, HTTP_PORT=str(port)).until_end()
        assert f"Port {port} is in use" in printed
    first = start(tmp_path)
    first.until_ready()
    assert "Another Sightline runs on" in start(tmp_path).until_end()
    assert requests.get(f"{first.url}/sightline/health", timeout=10).status_code == 200
    assert first.stop() == 0


def test_an_end_of_orthanc_itself_is_reported(start: type[Run], tmp_path: Path) -> None:
    run = start(tmp_path)
    run.until_ready()
    children = subprocess.run(
        ["pgrep", "-f", str(run.data / "orthanc.json")], capture_output=True, text=True, check=True
    )
    os.kill(int(children.stdout.split()[0]), signal.SIGKILL)
    printed = run.until_end()
    assert run.process.returncode == 1
    assert "Orthanc ended by itself (exit code 137)" in printed


def test_nothing_is_left_when_it_is_killed_outright(start: type[Run], tmp_path: Path) -> None:
    run = start(tmp_path)
    run.until_ready()
    run.process.kill()
    run.process.wait()
    for _ in range(200):
        if not is_listening(run.port):
            break
        time.sleep(0.1)
    left = subprocess.run(["pgrep", "-f", str(run.data)], capture_output=True, text=True, check=False).stdout
    for _ in range(100):
        left = subprocess.run(["pgrep", "-f", str(run.data)], capture_output=True, text=True, check=False).stdout
        if not left:
            break
        time.sleep(0.1)
    assert left == ""
    assert "Orthanc has stopped" in (run.data / "orthanc.log").read_text()
