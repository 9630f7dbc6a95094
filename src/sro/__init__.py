"""Text detoxification by Stackelberg response optimization (SRO, arXiv 2410.20298)."""
