"""What workers do for the engine."""
