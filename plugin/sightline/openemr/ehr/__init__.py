"""EHRs, as far as Sightline asks them something: for a person who was launched, or in its own name."""
