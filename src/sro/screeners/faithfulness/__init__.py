"""A small cross-encoder that reads a comment and its rewrite, and estimates if the rewrite keeps the meaning."""
