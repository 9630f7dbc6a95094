"""Tools without a domain word in them: errors, configuration, files, provenance, the machine, progress, Markdown."""
