"""The only room that imports `orthanc`: callbacks become WSGI calls on our own threads."""
