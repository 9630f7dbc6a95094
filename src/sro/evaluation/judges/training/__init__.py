"""Train the embedded judges: `sro judge train`."""
