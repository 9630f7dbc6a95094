"""Prepare comments before any model sees them: read, clean, normalise, cut into sentences."""
