"""Compare judges with people and with the official classifiers: `sro judge check`."""
