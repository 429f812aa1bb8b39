"""Demo studies: a chest of our own making, and real files that pydicom ships."""
