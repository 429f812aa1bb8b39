"""What the tests fetch of npm is pinned, and comes from whichever registry the machine has."""

from __future__ import annotations

import json

from deploy import oidc_provider


def test_every_package_is_pinned_by_its_content() -> None:
    lock = json.loads((oidc_provider.PIN / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert lock["packages"][""]["dependencies"] == {"oidc-provider": packages["node_modules/oidc-provider"]["version"]}
    for name, package in packages.items():
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, "no address of a registry: each machine has its own"
        assert not package.get("hasInstallScript"), name
