"""A screener that reads words in context: a small transformer with six calibrated outputs."""
