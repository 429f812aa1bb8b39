"""Whose certificates are believed."""

from __future__ import annotations

import ssl
from pathlib import Path


def trusted(certificate_authority: str) -> str | bool:
    """Return what `requests` takes as ``verify``: the file that is named, or else what the machine trusts.

    By itself `requests` trusts a list that it brings along, on which an authority that the site has added to its
    machines is missing. That list is for machines that have none.
    """
    if certificate_authority:
        return certificate_authority
    paths = ssl.get_default_verify_paths()
    if paths.cafile:
        return paths.cafile
    folder = paths.capath
    return folder if folder and any(Path(folder).glob("*.0")) else True
