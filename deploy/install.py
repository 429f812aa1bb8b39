#!/usr/bin/env python3
"""Install this bundle: ``python3 install.py --help``."""

from deploy.installer import main

if __name__ == "__main__":
    main()
