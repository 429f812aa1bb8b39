"""SMART App Launch (HL7 SMART 2.2): an EHR sends somebody here for one patient."""
