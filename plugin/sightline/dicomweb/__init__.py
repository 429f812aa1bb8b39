"""DICOMweb (DICOM PS3.18): QIDO-RS, WADO-RS, STOW-RS and rendered resources."""
