"""A screener that reads: one small transformer with six calibrated outputs."""
