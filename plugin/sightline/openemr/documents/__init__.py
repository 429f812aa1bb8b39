"""What is in a chart already, and can be had here."""
