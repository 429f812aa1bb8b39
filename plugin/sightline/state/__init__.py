"""What Sightline itself must remember, in a relational database."""
