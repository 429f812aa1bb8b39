"""Sightline: DICOMweb, server-rendered pictures, a viewer and an EHR link for the Orthanc DICOM server.

The rooms, from the door inwards: `host` (the only one that knows Orthanc) -> `application` (which routes there are) ->
`dicomweb`, `viewer`, `openemr` (what they answer) -> `web` (HTTP vocabulary) -> `rendering` (views to pictures) ->
`archive` (stored DICOM) -> `access` (who may do what) -> `state` (what is remembered). `kernels` are numpy only.
"""

__version__ = "0.1.0"
