"""The same application outside Orthanc, under any WSGI server, with the archive reached over HTTP.

Behind a reverse proxy this gives what Orthanc's embedded server cannot: HEAD, OPTIONS, repeated query keys, exact media
types of error bodies. ``python -m sightline.standalone settings.json`` runs it for a try; a WSGI server calls `create`.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from werkzeug.serving import run_simple

from sightline import __version__
from sightline.archive.orthanc_archive import OrthancArchive
from sightline.archive.rest import HttpRest
from sightline.assembly import Assembly, Site, assemble, interpreter
from sightline.configuration import Configuration, ConfigurationError
from sightline.dicomweb_section import read_section, unheeded
from sightline.web.request import GRANT_KEY

_log = logging.getLogger(__name__)

REQUIRED = ("Orthanc", "User", "Password", "RegisteredUsers", "Sightline")


class Standalone:
    """A WSGI application that finds out by itself who asks.

    Parameters
    ----------
    settings : Mapping[str, Any]
        ``Orthanc`` (base URL of its REST API), ``User`` and ``Password`` (an administrator there), ``RegisteredUsers``
        (administrators here) and ``Sightline`` (the section as in Orthanc's configuration, with ``PublicUrl`` and
        ``StateDirectory`` set). ``DicomWeb`` and ``ReadOnly`` as in Orthanc's configuration, if wanted.

    Raises
    ------
    ConfigurationError
        Something is missing, unknown or wrong.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        missing = [name for name in REQUIRED if name not in settings]
        if missing:
            raise ConfigurationError(f"Missing in the settings: {', '.join(missing)}.")
        configuration = Configuration.parse(settings["Sightline"])
        section = read_section(settings)
        if not configuration.public_url or not configuration.state_directory:
            raise ConfigurationError('Set "PublicUrl" and "StateDirectory" in the section "Sightline".')
        self._rest = HttpRest(settings["Orthanc"], settings["User"], settings["Password"])
        self.assembly: Assembly = assemble(
            configuration,
            Site(
                public_url=configuration.public_url,
                state_directory=Path(configuration.state_directory),
                interpreter=interpreter(configuration) if configuration.environment else Path(sys.executable),
                users=settings["RegisteredUsers"],
                facts={"dicom_aet": settings.get("DicomAet", ""), "dicom_port": settings.get("DicomPort", 0)},
                health=_health,
                dicomweb=section,
            ),
            OrthancArchive(self._rest),
        )
        self.assembly.begin()
        for sentence in unheeded(settings):
            _log.warning("%s", sentence)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one WSGI request."""
        headers = {
            name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")
        }
        control = self.assembly.services.access
        environ[GRANT_KEY] = control.identify(headers, environ.get("REMOTE_ADDR", ""))
        return self.assembly.application(environ, start_response)

    def close(self) -> None:
        """End workers and connections."""
        self.assembly.close()
        self._rest.close()


def create(settings_file: str | Path) -> Standalone:
    """Return the application of a settings file, for a WSGI server."""
    return Standalone(json.loads(Path(settings_file).read_text(encoding="utf-8")))


def _health(workers: Mapping[str, int]) -> dict[str, Any]:
    return {
        "status": "ok" if workers["alive"] else "no workers",
        "versions": {"sightline": __version__, "python": sys.version.split()[0]},
        "workers": dict(workers),
        "warnings": [],
    }


if __name__ == "__main__":
    run_simple("127.0.0.1", int(sys.argv[2]) if len(sys.argv) > 2 else 8043, create(sys.argv[1]), threaded=True)
