"""FHIR R4 and R5: studies, where their images are, and signed reports, for EHRs and their apps."""
