"""Stored objects that are no images: reports and documents, read in workers and made into what people read."""
