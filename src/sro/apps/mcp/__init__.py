"""Screening and rewriting as tools for assistants, by the Model Context Protocol."""
