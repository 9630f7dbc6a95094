"""What a comment is before any model sees it: read, clean, normalised, cut into sentences."""
