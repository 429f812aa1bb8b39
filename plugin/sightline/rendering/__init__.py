"""A view (what, plane, window, size) becomes a picture: workers, volumes, caches, encoding."""
