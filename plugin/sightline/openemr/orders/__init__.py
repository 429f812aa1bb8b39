"""Orders in: HL7 v2 and FHIR, kept, mapped, put onto the worklist, and linked to the studies that answer them."""
