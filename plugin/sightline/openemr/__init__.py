"""The way in from an EHR: links."""
