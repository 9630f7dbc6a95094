"""Rewrite comments: candidates, search, the result, the phrase table, export."""
