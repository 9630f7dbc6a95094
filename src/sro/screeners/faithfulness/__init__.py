"""Does a rewrite still say what the comment says? A small cross-encoder that reads both."""
