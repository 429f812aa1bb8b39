"""Getting Sightline to run: private Debian roots, Orthanc's configuration, start and stop, the bundle."""
