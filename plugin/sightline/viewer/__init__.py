"""The viewer's pages and the JSON that it asks for."""
