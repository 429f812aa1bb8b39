"""What Orthanc's option ``PythonScript`` points at: finds the environment, then starts Sightline.

Everything is imported here, at load: a callback's thread has too small a stack to import anything.
"""

import json
import site
import sys
from pathlib import Path

import orthanc

HERE = Path(__file__).resolve().parent


def use_environment() -> None:
    """Put Sightline and its environment, made for this very Python, in front of what the system has."""
    configured = json.loads(orthanc.GetConfiguration()).get("Sightline", {}).get("Environment", "")
    environment = Path(configured) if configured else HERE.parent / "environment"
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = environment / "lib" / version / "site-packages"
    if not packages.is_dir():
        sentence = (
            f"Sightline's environment is missing: there is no {packages}. Make it for {version}, which this Orthanc "
            'uses, and name it in "Sightline": {"Environment": ...}.'
        )
        orthanc.LogError(sentence)
        raise FileNotFoundError(sentence)
    site.addsitedir(str(packages))
    sys.path.insert(0, str(packages))
    sys.path.insert(0, str(HERE))


use_environment()

from sightline.host import callbacks  # noqa: E402 - only now can it be found

callbacks.start()
