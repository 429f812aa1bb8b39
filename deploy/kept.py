"""What the tests fetch from elsewhere: once, kept outside the checkout."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from deploy.root import UNUSED_DAYS


def keep(target: Path, fetch: Callable[[Path, Path], None]) -> None:
    """Have a folder fetched unless it is there already, and remove those beside it that nobody has used for long.

    Parameters
    ----------
    target : Path
        Where it is to be.
    fetch : callable
        Fills its first argument, an empty folder; the second is one for what is needed on the way.
    """
    if target.is_dir():
        os.utime(target)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="fetching-") as name:
        scratch, fetched = Path(name), Path(name) / "fetched"
        fetched.mkdir()
        fetched.chmod(0o755)
        fetch(fetched, scratch)
        try:
            fetched.rename(target)
        except OSError:
            # Another run was faster; it has fetched the same.
            if not target.is_dir():
                raise
    for other in target.parent.iterdir():
        if time.time() - other.stat().st_mtime > UNUSED_DAYS * 86_400:
            shutil.rmtree(other, ignore_errors=True)
