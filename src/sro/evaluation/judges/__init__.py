"""Judges of style, content and fluency; independent of the training follower."""
