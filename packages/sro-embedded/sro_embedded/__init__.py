"""Trained parts for `sro` that only some of its commands need. Data alone: `sro.core.files.asset` finds them."""
