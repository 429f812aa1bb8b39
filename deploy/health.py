"""The container's health check: ``python3 -m deploy.health PORT`` exits with 0 if the server is well and closed."""

from __future__ import annotations

import sys

from deploy.client import HEALTH, Client, is_healthy, require_closed
from deploy.machine import Problem


def main() -> None:
    """Check once."""
    client = Client(int(sys.argv[1]))
    if not is_healthy(client):
        sys.exit(f"{HEALTH} does not answer 200.")
    try:
        require_closed(client)
    except Problem as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()
