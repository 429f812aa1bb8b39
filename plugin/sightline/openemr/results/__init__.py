"""Reports on their way to the EHR."""
