"""The container: valid by the Compose Specification, closed, and made by the same script as the private roots."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from deploy import orthanc_configuration, root, settings, viewer

yaml = pytest.importorskip("yaml")

HERE = Path(__file__).parent
DOCKERFILE = Path("deploy/Dockerfile")


def compose() -> dict[str, Any]:
    """Read the compose file."""
    content: dict[str, Any] = yaml.safe_load(Path("docker-compose.yml").read_text())
    return content


def test_the_compose_file_is_valid() -> None:
    schema = json.loads((HERE / "data" / "compose_spec.json").read_text())
    jsonschema.Draft7Validator(schema).validate(compose())
    broken = {**compose(), "servces": {}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(schema).validate(broken)


def test_every_port_is_published_on_loopback_only() -> None:
    ports = compose()["services"]["sightline"]["ports"]
    assert len(ports) == 2
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_it_has_the_health_check_that_also_tries_the_door() -> None:
    assert "deploy.health" in compose()["services"]["sightline"]["healthcheck"]["test"]


def test_it_is_made_by_the_script_that_makes_the_private_roots() -> None:
    text = DOCKERFILE.read_text()
    assert "/tmp/provision/provision.sh base /tmp/requirements.txt " + root.ENVIRONMENT in text
    assert f"COPY {root.REQUIREMENTS['base'].relative_to(root.CHECKOUT)} " in text
    assert "apt-get" not in text
    assert "pip" not in text


def test_the_viewer_is_built_as_make_builds_it() -> None:
    assert f"npm {' '.join(viewer.INSTALL)} && npm run build" in DOCKERFILE.read_text()


def test_it_starts_as_make_run_does_and_not_as_root() -> None:
    lines = DOCKERFILE.read_text().splitlines()
    assert lines[-1] == 'ENTRYPOINT ["python3", "-B", "-m", "deploy.run"]'
    assert "USER sightline" in lines


def test_its_variables_are_those_of_make_run() -> None:
    known = {variable.name for variable in settings.VARIABLES}
    assert set(compose()["services"]["sightline"]["environment"]) <= known


def test_its_configuration_keeps_modalities_closed() -> None:
    extra = orthanc_configuration.read(Path("orthanc-config/container.json"))
    template = orthanc_configuration.read(orthanc_configuration.TEMPLATE)
    both = orthanc_configuration.merged(template, extra)
    assert both["DicomAlwaysAllowStore"] is False
    assert both["AuthenticationEnabled"] is False
    assert both["RemoteAccessAllowed"] is True
