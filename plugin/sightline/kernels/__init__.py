"""Numeric kernels: numpy in, numpy out. No I/O, no DICOM files, no globals."""
