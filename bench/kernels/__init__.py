"""Kernels against what others have compiled, in one process, in turn, on one thread: ``python -m bench.kernels``."""
