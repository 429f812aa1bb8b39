"""What everybody else knows of stored DICOM."""
