"""Sightline beside other web viewers, in one run: ``python -m bench.viewer``."""
